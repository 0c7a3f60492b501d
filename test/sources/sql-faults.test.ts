import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Source } from '../../src/sources/source.ts';
import { type Cut, startFaultProxy } from '../support/fault-proxy.ts';
import { startMariadb } from '../support/mariadb.ts';
import { freePort } from '../support/port.ts';
import { sharedAddress } from '../support/shared.ts';
import { opened, pull, readAll, until, whyNot } from './configured.ts';
import { mariadb, type Server, tuples } from './sql-databases.ts';

const ROWS = 200_000;

/** Three tables, of which the people come to 60 MB: more than sockets and queues hold by themselves. */
async function large(options: { on?: string } = {}): Promise<Server> {
  const server = await mariadb(options);
  await server.execute(`create table d (code varchar(9)); insert into d values ('RD'); create table digits (n integer);
    insert into digits values ${tuples(10, number => String(number - 1))};
    create table p (account varchar(9), name varchar(400)); create table m (account varchar(9), code varchar(9));
    insert into p select concat('u', a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n), repeat('林', 100)
      from digits a, digits b, digits c, digits d, digits e where e.n < 2;
    insert into m select account, 'RD' from p`);
  return server;
}

const block = {
  departments: { table: 'd', map: { group_no: 'code' } },
  people: { query: 'select p.* from p, digits', map: { username: 'account', nick_name: 'name' } },
  memberships: { table: 'm', map: { key: 'account', group_no: 'code' } },
};

/** Of a small table. */
const people = { table: 'p', map: { username: 'account' } };

const behindProxy = (of: Server) => startFaultProxy({ host: '127.0.0.1', port: Number(new URL(of.url).port) });

/** Reads until the first people came, does something, and gives what the source then says. */
async function whyNotAfter(source: Source, fault: () => unknown, signal?: AbortSignal): Promise<string> {
  let people = 0;
  const disturbed: Source = {
    name: source.name,
    async *read(of) {
      for await (const batch of source.read(of)) {
        if (batch.kind === 'people' && people === 0) await fault();
        if (batch.kind === 'people') people += batch.rows;
        yield batch;
      }
    },
  };
  const why = await whyNot(disturbed, pull(signal));
  assert.ok(people > 0 && people < ROWS, `${people} people came before the failure`);
  return why;
}

suite('a connection that breaks in the middle', { concurrency: true }, () => {
  for (const how of ['fin', 'rst'] as const) {
    test(`by ${how.toUpperCase()}`, async () => {
      await using server = await large();
      await using proxy = await behindProxy(server);
      for (const bytes of [2_000, 60_000, 1_000_000, 5_000_000]) {
        proxy.cutAfter(bytes, how);
        const why = await whyNot(opened({ ...block, url: proxy.through(server.url) }));
        assert.match(why, /connection|ECONNRESET/i, `${how} after ${bytes}`);
      }
      await until('all connections are closed', async () => (await server.connections()) === 0);
    });
  }

  test('by KILL', async () => {
    await using server = await large();
    const source = opened({ ...block, url: server.url });
    const kill = async () => server.execute(`kill ${(await server.threads())[0]}`);
    assert.match(await whyNotAfter(source, kill), /^the people query: .*(closed|killed)/i);
    const killQuery = async () => server.execute(`kill query ${(await server.threads())[0]}`);
    assert.match(await whyNotAfter(source, killQuery), /^the people query: Query execution was interrupted/);
    await until('all connections are closed', async () => (await server.connections()) === 0);
  });

  test('by KILL between two statements', async () => {
    await using server = await large();
    const source = opened({ ...block, url: server.url });
    let killed = false;
    const between: Source = {
      name: source.name,
      async *read(of) {
        for await (const batch of source.read(of)) {
          yield batch;
          if (batch.kind !== 'departments') continue;
          await server.execute(`kill ${(await server.threads())[0]}`);
          killed = true;
        }
      },
    };
    assert.match(await whyNot(between), /connection|closed|ended by the other party|EPIPE|ECONNRESET/i);
    assert.ok(killed);
  });

  test('by the end of the server', async () => {
    await using instance = await startMariadb();
    await using server = await large({ on: instance.url });
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const source = opened({ ...block, url: server.url });
      await server.rows('select 1');
      assert.match(
        await whyNotAfter(source, () => instance.kill(signal)),
        /^the people query: .*(connection|shutdown|ECONNRESET)/i,
      );
      assert.match(await whyNot(source), /cannot be read: refuses connections; is it running, .* \(ECONNREFUSED\)$/);
      await instance.start();
      assert.equal((await readAll(source)).rows.people, ROWS);
    }
  });
});

suite('a server that says nothing', { concurrency: true }, () => {
  test('when it is connected to', async () => {
    await using silent = await listener(() => {});
    const url = `mysql://reader:secret@127.0.0.1:${silent.port}/hr`;
    const why = await whyNot(opened({ ...block, url, timeouts: { connect: '200ms' } }), pull(), 2000);
    assert.equal(why, `mysql://reader@127.0.0.1:${silent.port}/hr cannot be read: cannot be reached (ETIMEDOUT)`);
    assert.equal(silent.connections(), 2, 'one retry');
  });

  test('after it has greeted', async () => {
    await using server = await mariadb();
    await using greeter = await listener(client => {
      const upstream = connect(Number(new URL(server.url).port), '127.0.0.1', () => {});
      upstream.on('error', () => {}).once('data', greeting => client.write(greeting));
      client.once('close', () => upstream.destroy());
    });
    const url = Object.assign(new URL(server.url), { host: `127.0.0.1:${greeter.port}` }).href;
    const why = await whyNot(opened({ ...block, url, timeouts: { connect: '200ms' } }), pull(), 2000);
    assert.match(why, /cannot be read: cannot be reached \(ETIMEDOUT\)$/);
  });

  test('in the middle of the rows', async () => {
    await using server = await large();
    await using proxy = await behindProxy(server);
    const source = opened({ ...block, url: proxy.through(server.url), timeouts: { idle: '300ms' } });
    assert.equal(await whyNotAfter(source, () => proxy.freeze()), 'the people query: no row came for 0.3 s');
  });

  test('between two statements', async () => {
    await using server = await large();
    await using proxy = await behindProxy(server);
    const source = opened({ ...block, url: proxy.through(server.url), timeouts: { idle: '300ms' } });
    const frozen: Source = {
      name: source.name,
      async *read(of) {
        for await (const batch of source.read(of)) {
          yield batch;
          if (batch.kind === 'departments') proxy.freeze();
        }
      },
    };
    assert.match(await whyNot(frozen), /no (row|answer) came for 0\.3 s/);
  });

  test('for as long as its query takes', async () => {
    await using server = await mariadb();
    const people = { query: 'select sleep(3) as account', map: { username: 'account' } };
    const read = (timeouts: Record<string, string>) =>
      whyNot(opened({ url: server.url, people, timeouts }), pull(), 1500);
    assert.equal(await read({ query: '300ms' }), 'the people query: the query took longer than 0.3 s');
    assert.equal(await read({ idle: '200ms' }), 'the people query: no row came for 0.2 s');
    const run = new AbortController();
    const start = performance.now();
    setTimeout(() => run.abort(), 200);
    assert.equal(await whyNot(opened({ url: server.url, people }), pull(run.signal)), 'the reading was broken off');
    assert.ok(performance.now() - start < 1000);
  });
});

suite('a reader that takes its time', () => {
  test('is waited for, and lets no more than a few pages come', async () => {
    await using server = await large();
    const source = opened({ ...block, url: server.url, timeouts: { idle: '100ms' } });
    let people = 0;
    for await (const batch of source.read(pull())) {
      if (batch.kind !== 'people') continue;
      if (people % 50_000 === 0) await sleep(300);
      people += batch.rows;
    }
    assert.equal(people, ROWS);
  });

  test('of 200,000 rows needs little memory', async () => {
    await using server = await large();
    const source = opened({ ...block, url: server.url });
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return (heapUsed + external) / 1024 / 1024;
    };
    const start = used();
    let rows = 0;
    let most = 0;
    for await (const batch of source.read(pull())) {
      if (batch.kind === 'people') rows += batch.rows;
      if (rows === 0 || rows % 20_000 !== 0) continue;
      // Time for far too much to arrive, if anything let it.
      await sleep(50);
      most = Math.max(most, used() - start);
    }
    assert.equal(rows, ROWS);
    assert.ok(most < 16, `${Math.round(most)} MiB more than before`);
  });

  test('and stops, leaves no connection behind', async () => {
    await using server = await large();
    const source = opened({ ...block, url: server.url });
    for (const kind of ['problems', 'departments', 'people', 'memberships']) {
      for await (const batch of source.read(pull())) if (batch.kind === kind) break;
      await until(`stopped at ${kind}`, async () => (await server.connections()) === 0, 2000);
    }
    const run = new AbortController();
    assert.equal(await whyNotAfter(source, () => run.abort(), run.signal), 'the reading was broken off');
    await until('aborted', async () => (await server.connections()) === 0, 2000);
  });
});

suite('a server that is not reached', () => {
  test('is named, without the password', async () => {
    await using server = await mariadb();
    const port = await freePort();
    const refused = opened({ ...block, url: `mysql://reader:s3cret@127.0.0.1:${port}/hr` });
    assert.equal(
      await whyNot(refused),
      `mysql://reader@127.0.0.1:${port}/hr cannot be read: refuses connections; is it running, and is the port right? (ECONNREFUSED)`,
    );
    const unknown = opened({ ...block, url: 'mysql://reader:s3cret@nobody.invalid/hr' });
    assert.match(
      await whyNot(unknown),
      /^mysql:\/\/reader@nobody\.invalid:3306\/hr cannot be read: its name cannot be resolved.*\? \(E\w+\)$/,
    );
    const none = opened({ ...block, url: Object.assign(new URL(server.writer), { pathname: 'no_such_db' }).href });
    assert.match(
      await whyNot(none),
      /no_such_db cannot be read: Unknown database 'no_such_db'; make it there, or put the right name into the url$/,
    );
    const wrong = opened({ ...block, url: server.url, password: 's3cret' });
    const why = await whyNot(wrong);
    assert.match(
      why,
      /cannot be read: Access denied for user .*; are user and password right, may that account come from this machine, and does it ask for TLS\?$/,
    );
    assert.ok(!why.includes('s3cret'));
  });

  test('takes the password beside the URL, also one that no URL could hold', async () => {
    await using server = await mariadb();
    await server.execute(`create table p (account varchar(9), name varchar(9)); create user '${server.user}_x'@'%' identified by '@:/ß%41';
      grant select on p to '${server.user}_x'@'%'`);
    const url = Object.assign(new URL(server.url), { username: `${server.user}_x`, password: '' }).href;
    const read = readAll(opened({ people, url, password: '@:/ß%41' }));
    await read.finally(() => server.execute(`drop user '${server.user}_x'@'%'`));
    assert.equal((await read).rows.people, 0);
  });

  for (const how of ['fin', 'rst'] as const) {
    test(`for a moment is tried once more (${how.toUpperCase()})`, async () => {
      await using server = await mariadb();
      await server.execute('create table p (account varchar(9), name varchar(9))');
      for (const bytes of [0, 30, 100, 200]) {
        await using flaky = await breaksOnce(Number(new URL(server.url).port), bytes, how);
        const url = Object.assign(new URL(server.url), { host: `127.0.0.1:${flaky.port}` }).href;
        assert.equal((await readAll(opened({ people, url }))).rows.people, 0, `after ${bytes} bytes`);
        assert.equal(flaky.connections(), 2, `after ${bytes} bytes`);
      }
    });
  }

  test('for longer is not', async () => {
    await using server = await mariadb();
    await using proxy = await behindProxy(server);
    proxy.cutAfter(0, 'fin');
    await whyNot(opened({ people, url: proxy.through(server.url) }));
    assert.equal(proxy.connections, 2);
  });

  test('is not asked again once it refused', async () => {
    await using server = await mariadb();
    await using counter = await breaksOnce(Number(new URL(server.url).port), Number.POSITIVE_INFINITY, 'fin');
    const url = Object.assign(new URL(server.url), { host: `127.0.0.1:${counter.port}`, password: 'wrong' }).href;
    assert.match(await whyNot(opened({ people, url })), /Access denied/);
    assert.equal(counter.connections(), 1);
  });

  test('in the clear is not sent a password where TLS is wanted', async () => {
    const why = await whyNot(opened({ ...block, url: `${sharedAddress('ROSTERD_TEST_MYSQL_URL')}/hr`, tls: {} }));
    assert.match(
      why,
      /cannot be read: .*(secure connection; turn TLS on there, or take tls out|certificate.*; is tls\.ca_file the authority)/,
    );
  });
});

interface Listener extends AsyncDisposable {
  readonly port: number;
  connections(): number;
}

/** A port on which something of the test's own answers. */
async function listener(serve: (client: Socket, number: number) => void): Promise<Listener> {
  const clients = new Set<Socket>();
  let count = 0;
  const server = createServer(client => {
    clients.add(client.on('error', () => {}));
    count += 1;
    serve(client, count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}

/** Passes everything on, but breaks its first connection after so many bytes of the server. */
function breaksOnce(port: number, bytes: number, how: Cut): Promise<Listener> {
  return listener((client, number) => {
    const end = () => (how === 'fin' ? client.end() : client.resetAndDestroy());
    if (number === 1 && bytes === 0) {
      end();
      return;
    }
    const upstream = connect(port, '127.0.0.1').on('error', () => {});
    let left = number === 1 ? bytes : Number.POSITIVE_INFINITY;
    client.on('data', chunk => upstream.write(chunk)).once('close', () => upstream.destroy());
    upstream.on('data', chunk => {
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) return;
      upstream.destroy();
      end();
    });
  });
}
