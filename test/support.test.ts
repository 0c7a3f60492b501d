import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientOptions, InvalidCredentialsError } from 'ldapts';
import mysql from 'mysql2/promise';
import { command } from './support/command.ts';
import { company } from './support/company.ts';
import { type Cut, type Endpoint, startFaultProxy } from './support/fault-proxy.ts';
import { temporaryFolder } from './support/folder.ts';
import { freshDatabase, startMariadb } from './support/mariadb.ts';
import { runProgram, startProgram } from './support/program.ts';
import { LAUNCHER } from './support/rosterd.ts';
import { directory, entry, sharedSlapd, startSlapd } from './support/slapd.ts';

suite('a program', () => {
  test('is awaited with its output, and stopped at the end of its block', async () => {
    let pid: number;
    {
      await using program = await startProgram('sh', ['-c', 'echo ready; echo oh >&2; exec sleep 60']);
      assert.equal((await program.waitFor(/rea(dy)/))[1], 'dy');
      await assert.rejects(program.waitFor(/never/, 50), /without printing \/never\/; its output:\n(ready|oh)/);
      pid = program.pid;
    }
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });

  test('is run to its end, with an environment and an input of its own', async () => {
    const exit = await runProgram('sh', ['-c', 'cat; echo "$WHO" >&2; exit 3'], { env: { WHO: 'me' }, input: 'in' });
    assert.deepEqual(exit, { code: 3, signal: null, stdout: 'in', stderr: 'me\n' });
  });

  test('that ends too soon, runs too long or is not there says so', async () => {
    await using program = await startProgram('sh', ['-c', 'echo broken; exit 1']);
    await assert.rejects(program.waitFor(/ready/), /sh -c .*: ended without printing \/ready\/; its output:\nbroken/);
    await assert.rejects(runProgram('sleep', ['60'], { deadlineMs: 50 }), /did not end within 50 ms/);
    await assert.rejects(startProgram('rosterd-no-such-program', []), { code: /^(ENOENT|EACCES)$/ });
  });

  test('does not outlive a process that is told to end', async () => {
    const support = new URL('./support/program.ts', import.meta.url).href;
    const script = `const { startProgram } = await import(${JSON.stringify(support)});
      const program = await startProgram('sleep', ['60']);
      console.log('child ' + program.pid);
      setInterval(() => {}, 1000);`;
    await using parent = await startProgram(process.execPath, ['--input-type=module', '--eval', script]);
    const child = Number((await parent.waitFor(/child (\d+)/))[1]);
    parent.kill('SIGTERM');
    assert.equal((await parent.exited).code, 143);
    await gone(child);
  });
});

test('a command in a thread is what it is as a process, whatever came before it', async () => {
  await using at = await company();
  at.hire({ account: 'a.lin', name: '林雅婷' });
  await at.run('2026-08-20T02:00:00Z');
  const args = ['diff', '--exit-code', '--config', at.configFile];
  const { code, stdout, stderr } = await runProgram(LAUNCHER, args);
  assert.deepEqual([code, stderr], [1, '']);
  const both = await Promise.all([command(args), command(['frobnicate']), command(['help']), command(args)]);
  assert.deepEqual([both[0], both[3]], Array(2).fill({ code, signal: null, stdout, stderr }));
  assert.deepEqual([both[1].code, both[1].stdout, both[2].code, both[2].stderr], [2, '', 0, '']);
});

test('a temporary folder goes with its block', async () => {
  let path: string;
  {
    await using folder = await temporaryFolder();
    path = folder.path;
    assert.ok(existsSync(path));
  }
  assert.ok(!existsSync(path));
});

suite('MariaDB', () => {
  test('a fresh database is empty, and dropped after', async () => {
    let name: string;
    {
      await using database = await freshDatabase();
      name = database.name;
      await database.execute('CREATE TABLE people (name VARCHAR(20)); INSERT INTO people VALUES (?)', ['吳 😀']);
      assert.deepEqual(await database.execute('SELECT name FROM people'), [{ name: '吳 😀' }]);
    }
    await using other = await freshDatabase();
    assert.deepEqual(await other.execute('SHOW DATABASES LIKE ?', [name]), []);
  });

  test('a reader may select and nothing else', async () => {
    await using database = await freshDatabase();
    await database.execute('CREATE TABLE people (id INT); INSERT INTO people VALUES (1)');
    const connection = await mysql.createConnection(await database.reader());
    try {
      assert.deepEqual((await connection.query('SELECT id FROM people'))[0], [{ id: 1 }]);
      await assert.rejects(connection.query('INSERT INTO people VALUES (2)'), { code: 'ER_TABLEACCESS_DENIED_ERROR' });
    } finally {
      await connection.end();
    }
  });

  test('a private server can be killed, and has its data when started again', async () => {
    await using server = await startMariadb();
    await using database = await freshDatabase({ on: server.url });
    await database.execute('CREATE TABLE people (id INT); INSERT INTO people VALUES (1)');
    await server.kill('SIGKILL');
    await assert.rejects(database.execute('SELECT id FROM people'));
    await server.start();
    assert.deepEqual(await database.execute('SELECT id FROM people'), [{ id: 1 }]);
  });
});

suite('slapd', () => {
  test('binds everyone in the directory over ldap', async () => {
    for (const { dn, password } of [directory.reader, ...directory.people]) {
      await bound({ url: sharedSlapd().url }, dn, password);
    }
  });

  test('refuses a wrong password and, unless told otherwise, an empty one', async () => {
    const { url } = sharedSlapd();
    const [person] = directory.people;
    await assert.rejects(bound({ url }, person.dn, 'wrong'), InvalidCredentialsError);
    await assert.rejects(bound({ url }, person.dn, ''), { code: 53 });
  });

  test('speaks ldaps and StartTLS with a certificate of its authority', async () => {
    const { url, ldapsUrl, caFile } = sharedSlapd();
    const { dn, password } = directory.reader;
    const tlsOptions = { ca: await readFile(caFile) };
    await bound({ url: ldapsUrl, tlsOptions }, dn, password);
    await assert.rejects(bound({ url: ldapsUrl }, dn, password), /certificate/);
    const client = new Client({ url });
    await client.startTLS(tlsOptions);
    await client.bind(dn, password);
    await client.unbind();
  });

  test('lets an empty password in, and limits a search, when told to', async () => {
    await using server = await startSlapd({ allowUnauthenticatedBind: true, sizeLimit: 2 });
    await bound({ url: server.url }, directory.people[0].dn, '');
    await assert.rejects(found(server.url, '(uid=*)'), { code: 4 });
    assert.deepEqual(await found(server.url, '(cn=Okafor*)'), ['b.okafor']);
  });

  test('takes new entries, and keeps them over a restart', async () => {
    await using server = await startSlapd();
    await server.add(entry(`uid=n.new,${directory.peopleDn}`, { objectClass: 'inetOrgPerson', cn: 'N', sn: 'New' }));
    await server.stop();
    await assert.rejects(found(server.url, '(uid=n.new)'), { code: 'ECONNREFUSED' });
    await server.start();
    assert.deepEqual(await found(server.url, '(uid=n.new)'), ['n.new']);
  });
});

suite('the fault proxy', () => {
  const cuts: readonly [Cut, string][] = [
    ['fin', 'FIN'],
    ['rst', 'ECONNRESET'],
  ];
  for (const [how, ending] of cuts) {
    test(`cuts with ${ending} after so many bytes, connections made since`, async () => {
      await using database = await freshDatabase();
      await using proxy = await startFaultProxy(endpoint(database.url));
      const older = await mysql.createConnection(proxy.through(database.url));
      proxy.cutAfter(5, how);
      assert.deepEqual(await listen(proxy), { bytes: 5, ending });
      await older.query('SELECT 1');
      await older.end();
    });
  }

  test('counts, freezes, refuses, and restores', async () => {
    await using database = await freshDatabase();
    await using proxy = await startFaultProxy(endpoint(database.url));
    const connection = await mysql.createConnection(proxy.through(database.url));
    assert.equal(proxy.connections, 1);
    const before = proxy.bytesFromClients;
    proxy.freeze();
    const answer = connection.query("SELECT LENGTH(REPEAT('x', 5000000)) AS length, REPEAT('x', 5000000) AS long_text");
    assert.equal(await Promise.race([answer, sleep(100, 'silence')]), 'silence');
    assert.ok(proxy.bytesFromClients > before);
    await proxy.restore();
    assert.deepEqual((await answer)[0], [{ length: 5_000_000, long_text: 'x'.repeat(5_000_000) }]);
    proxy.refuse();
    await assert.rejects(mysql.createConnection(proxy.through(database.url)), { code: 'ECONNREFUSED' });
    await connection.ping();
    await connection.end();
    await proxy.restore();
    assert.equal((await listen(proxy, 1)).bytes > 0, true);
  });
});

function endpoint(url: string): Endpoint {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || 3306) };
}

/** What a client that says nothing is told, up to `enough` bytes, and how that ends. */
async function listen(to: Endpoint, enough = Number.POSITIVE_INFINITY): Promise<{ bytes: number; ending: unknown }> {
  let bytes = 0;
  try {
    for await (const chunk of connect(to.port, to.host)) {
      bytes += chunk.length;
      if (bytes >= enough) break;
    }
    return { bytes, ending: 'FIN' };
  } catch (error) {
    return { bytes, ending: error instanceof Error && 'code' in error ? error.code : error };
  }
}

/** Binds, and leaves. */
async function bound(options: ClientOptions, dn: string, password: string): Promise<void> {
  const client = new Client(options);
  try {
    await client.bind(dn, password);
  } finally {
    await client.unbind();
  }
}

/** The uids that the service account finds. */
async function found(url: string, filter: string): Promise<unknown[]> {
  const client = new Client({ url });
  try {
    await client.bind(directory.reader.dn, directory.reader.password);
    const { searchEntries } = await client.search(directory.suffix, { filter, attributes: ['uid'] });
    return searchEntries.map(({ uid }) => uid);
  } finally {
    await client.unbind();
  }
}

/** Resolves when there is no such process any more; whoever inherits a dead one may take a while to notice. */
async function gone(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(20);
  }
  assert.fail(`process ${pid} is still there`);
}
