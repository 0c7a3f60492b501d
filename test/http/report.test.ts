import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { suite, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ClientConfig } from '../../src/config/schema.ts';
import type { ReportService, ReportTerms } from '../../src/http/report.ts';
import type { ReportAnswer, ReportQuery } from '../../src/report/asked.ts';
import { type Answer, ask, assertFails, assertWellFormed, basic, gateway, TOKEN } from './house.ts';
import { NOW, type Wanted, type Watched, watched } from './standing.ts';

const hashOf = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;

const ALICE: ClientConfig = { name: 'alice', scopes: ['admin'], token_hash: hashOf(TOKEN) };
const OMFLOW: ClientConfig = { name: 'omflow', scopes: ['sync', 'authenticate'], token_hash: hashOf(TOKEN) };
const AS_ALICE = basic('alice', TOKEN);

const POLICY = "default-src 'none'; script-src 'sha256-abc'";
const PAGE = `<!doctype html>${'林'.repeat(2000)}`;

const made = (text: string, policy = ''): ReportAnswer => ({
  status: 'made',
  gzip: new Uint8Array(gzipSync(text)),
  size: Buffer.byteLength(text),
  policy,
});

/** What is asked, in the order in which it was begun. */
interface Asked {
  readonly queries: ReportQuery[];
}

interface Reported extends Watched {
  readonly asked: Asked;
}

/** A monitor with administrators, whose reports say what was asked. */
async function reported(
  report: Partial<ReportService & ReportTerms> = {},
  more: Omit<Wanted, 'report'> = {},
): Promise<Reported> {
  const asked: Asked = { queries: [] };
  const {
    make = async query => (query.what === 'page' ? made(PAGE, POLICY) : made(JSON.stringify(query))),
    mark = async () => 'the same',
    ...terms
  } = report;
  const house = await watched({
    ...more,
    report: {
      clients: [ALICE, OMFLOW],
      ...terms,
      mark,
      make: query => {
        asked.queries.push(query);
        return make(query);
      },
    },
  });
  return Object.assign(house, { asked });
}

const get = (house: { port: number }, path: string, headers = {}, as = AS_ALICE) =>
  ask(house, path, { method: 'GET', as, headers });

/** What a page or JSON carries that was made. */
function assertMade({ status, headers }: Answer, type: string, policy: string): void {
  assert.equal(status, 200);
  assert.equal(headers['content-type'], `${type}; charset=utf-8`);
  assert.equal(headers['content-security-policy'], `${policy}; frame-ancestors 'none'`);
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal(headers.vary, 'Accept-Encoding');
}

suite('the report', () => {
  test('is a page, packed for whoever takes it so', async () => {
    await using house = await reported();
    const plain = await get(house, '/report');
    assertMade(plain, 'text/html', POLICY);
    assert.equal(plain.body.toString(), PAGE);
    assert.equal(Number(plain.headers['content-length']), Buffer.byteLength(PAGE));
    for (const accepted of ['gzip', 'br, GZIP;q=0.5', 'deflate,x-gzip']) {
      const packed = await get(house, '/report', { 'accept-encoding': accepted });
      assertMade(packed, 'text/html', POLICY);
      assert.equal(packed.headers['content-encoding'], 'gzip', accepted);
      assert.equal(Number(packed.headers['content-length']), packed.body.length);
      assert.equal(gunzipSync(packed.body).toString(), PAGE);
    }
    for (const accepted of ['br', 'gzip;q=0', 'gzip; q=0.00, br', 'gzipped']) {
      const { headers, body } = await get(house, '/report', { 'accept-encoding': accepted });
      assert.equal(headers['content-encoding'], undefined, accepted);
      assert.equal(body.toString(), PAGE);
    }
  });

  test('has the headers of GET alone for HEAD', async () => {
    await using house = await reported();
    for (const accepted of ['gzip', 'identity']) {
      const headers = { 'accept-encoding': accepted };
      const [whole, head] = [
        await get(house, '/report', headers),
        await ask(house, '/report', { method: 'HEAD', as: AS_ALICE, headers }),
      ];
      assertMade(head, 'text/html', POLICY);
      assert.deepEqual([head.body.length, head.headers['content-length']], [0, whole.headers['content-length']]);
    }
  });

  test('takes no other method', async () => {
    await using house = await reported();
    for (const path of ['/report', '/report/diff.json?a=1&b=2', '/report/person.json?name=a.lin']) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const answer = await ask(house, path, { method, as: AS_ALICE });
        assert.equal(assertFails(answer, 405), 'this call must use GET or HEAD');
      }
    }
    assert.deepEqual(house.asked.queries, []);
  });

  test('is of the two that are named', async () => {
    await using house = await reported();
    const cases: [path: string, query: ReportQuery][] = [
      ['/report', { what: 'page', pair: {} }],
      ['/report?a=41&b=57', { what: 'page', pair: { a: 41, b: 57 } }],
      ['/report?a=0&b=head', { what: 'page', pair: { a: 0, b: 'head' } }],
      ['/report?a=head&b=held', { what: 'page', pair: { a: 'head', b: 'held' } }],
      ['/report?a=held', { what: 'page', pair: { b: 'held' } }],
      ['/report?b=7&theme=dark', { what: 'page', pair: { b: 7 } }],
      ['/report/diff.json?a=0&b=held', { what: 'diff', pair: { a: 0, b: 'held' } }],
      ['/report/person.json?name=%E6%9E%97+x%26', { what: 'history', name: '林 x&' }],
    ];
    for (const [path, query] of cases) {
      const answer = await get(house, path);
      assert.equal(answer.status, 200, path);
      if (query.what === 'page') continue;
      assertMade(answer, 'application/json', "default-src 'none'");
      assert.deepEqual(JSON.parse(answer.body.toString()), query);
    }
    assert.deepEqual(
      house.asked.queries,
      cases.map(([, query]) => query),
    );
  });

  test('says what is wrong with what was asked', async () => {
    await using house = await reported();
    const cases: [path: string, message: string][] = [
      ['/report?a=new', 'a names no snapshot; write its number, head or held'],
      ['/report?a=-1', 'a names no snapshot; write its number, head or held'],
      ['/report?a=', 'a names no snapshot; write its number, head or held'],
      ['/report?b=1e3', 'b names no snapshot; write its number, head or held'],
      [`/report?b=${'9'.repeat(16)}`, 'b names no snapshot; write its number, head or held'],
      ['/report?b=0', 'b cannot be 0: nothing comes before everything'],
      ['/report?a=held&b=4', 'what is held comes last: write it as b'],
      ['/report/diff.json?a=4', 'a and b are needed: which two to compare'],
      ['/report/diff.json', 'a and b are needed: which two to compare'],
      ['/report/person.json', 'name is needed: the username of whose history it is to be'],
      ['/report/person.json?name=', 'name is needed: the username of whose history it is to be'],
    ];
    for (const [path, message] of cases) assert.equal(assertFails(await get(house, path), 400, path), message);
    assert.deepEqual(house.asked.queries, []);
  });

  test('says what is not there', async () => {
    await using house = await reported({ make: async () => ({ status: 'missing', message: 'nothing is held' }) });
    assert.equal(assertFails(await get(house, '/report?b=held'), 404), 'nothing is held');
  });

  test('tells of errors only where to look', async () => {
    await using house = await reported({ make: () => Promise.reject(new Error('a.lin is a secret')) });
    const message = assertFails(await get(house, '/report'), 500);
    const line = await house.log.line(one => one['msg'] === 'a call of the monitor failed');
    assert.equal(message, `rosterd made an error; see its log for incident ${line['incident']}`);
    // What went wrong with one does not hold up the next.
    assert.equal((await get(house, '/report')).status, 500);
  });

  test('leaves one line in the log, without whom it was about', async () => {
    await using house = await reported();
    await get(house, '/report/person.json?name=a.lin', { 'x-request-id': 'mine' });
    const { ms, time, pid, hostname, ...line } = await house.log.line(one => one['request_id'] === 'mine');
    assert.deepEqual(line, {
      level: 30,
      request_id: 'mine',
      method: 'GET',
      path: '/report/person.json',
      from: '127.0.0.1',
      client: 'alice',
      status: 200,
      msg: 'answered',
    });
    assert.ok(!house.log.text.includes('a.lin'));
  });
});

suite('who may look at the report', () => {
  test('is nobody where there is no administrator, and it says how there is one', async () => {
    await using house = await reported({ clients: [OMFLOW] });
    for (const path of ['/report', '/report/diff.json?a=1&b=2', '/report/person.json?name=a.lin']) {
      assert.equal(
        assertFails(await get(house, path), 404),
        'nobody may look at the report; "rosterd token NAME --scope admin" prints a line for server.clients that lets somebody in',
      );
    }
    assert.deepEqual(house.asked.queries, []);
  });

  test('is asked by the browser', async () => {
    await using house = await reported();
    for (const as of ['', basic('alice', 'guess'), basic('Alice', TOKEN), `Bearer ${TOKEN}`]) {
      const answer = await get(house, '/report', {}, as);
      assert.equal(assertFails(answer, 401), 'the name or token of the client (Basic auth) is missing or wrong');
      assert.equal(answer.headers['www-authenticate'], 'Basic realm="rosterd", charset="UTF-8"');
    }
    assert.deepEqual(house.asked.queries, []);
  });

  test('is not OMFLOW', async () => {
    await using house = await reported();
    for (const path of ['/report', '/report/diff.json?a=1&b=2', '/report/person.json?name=a.lin']) {
      const answer = await get(house, path, {}, basic('omflow', TOKEN));
      assert.match(assertFails(answer, 403), /^this client is not allowed to make this call; /);
    }
    assert.deepEqual(house.asked.queries, []);
  });

  test('is not found out by trying; the right token passes all the same', async () => {
    await using house = await reported();
    const guess = () => get(house, '/report', {}, basic('alice', 'guess'));
    for (let count = 0; count < 10; count++) assertFails(await guess(), 401);
    const answer = await guess();
    assert.equal(assertFails(answer, 429), 'too many calls with a missing or wrong token; try again later');
    const seconds = Number(answer.headers['retry-after']);
    assert.ok(seconds >= 1 && seconds <= 60);
    // Health checks have nothing to do with it.
    assert.equal((await get(house, '/healthz', {}, '')).status, 200);
    assert.equal((await get(house, '/report')).status, 200);
  });

  test('is told apart by the address that a trusted proxy names', async () => {
    await using house = await reported({ trustedProxies: ['127.0.0.1'] });
    const from = (address: string) => get(house, '/report', { 'x-forwarded-for': address }, '');
    for (let count = 0; count < 10; count++) assertFails(await from('192.0.2.1'), 401);
    assertFails(await from('192.0.2.1'), 429);
    assertFails(await from('192.0.2.2'), 401);
  });

  test('may change while it is served, and what was kept goes with it', async () => {
    await using house = await reported({ clients: [OMFLOW] });
    assertFails(await get(house, '/report'), 404);
    house.monitor.change({ clients: [ALICE] });
    assert.equal((await get(house, '/report')).status, 200);
    house.monitor.change({ clients: [{ ...ALICE, name: 'bob' }] });
    assertFails(await get(house, '/report'), 401);
    assert.equal((await get(house, '/report', {}, basic('bob', TOKEN))).status, 200);
    assert.equal(house.asked.queries.length, 2);
  });
});

suite('a page that was made', () => {
  test('is kept for whoever asks the same while nothing changes, for a minute', async () => {
    const state = { mark: 'one', now: NOW };
    await using house = await reported({ mark: async () => state.mark }, { now: () => state.now });
    const times = async (path: string) => {
      assert.equal((await get(house, path)).status, 200);
      return house.asked.queries.splice(0).length;
    };
    assert.equal(await times('/report'), 1);
    assert.equal(await times('/report'), 0);
    state.mark = 'two';
    assert.equal(await times('/report'), 1, 'the store says something else');
    assert.equal(await times('/report?a=1'), 1, 'another one was asked for');
    assert.equal(await times('/report'), 1, 'only one is kept');
    state.now = new Date(NOW.getTime() + 59_999);
    assert.equal(await times('/report'), 0);
    state.now = new Date(NOW.getTime() + 60_000);
    assert.equal(await times('/report'), 1, 'a minute has gone by');
    state.now = NOW;
    assert.equal(await times('/report'), 1, 'the clock was put back');
    assert.equal(await times('/report/diff.json?a=1&b=2'), 1);
    assert.equal(await times('/report/diff.json?a=1&b=2'), 1, 'what it asks for by itself is not kept');
    assert.equal(await times('/report'), 0);
  });

  test('is not kept where it was not there', async () => {
    const answers: ReportAnswer[] = [{ status: 'missing', message: 'nothing is held' }, made(PAGE, POLICY)];
    await using house = await reported({ make: async () => answers.shift() ?? assert.fail('asked too often') });
    assertFails(await get(house, '/report?b=held'), 404);
    assert.equal((await get(house, '/report?b=held')).status, 200);
    assert.equal((await get(house, '/report?b=held')).status, 200);
  });
});

suite('reports that are asked for at once', () => {
  /** A monitor whose reports are made when they are let, with how many are under way. */
  async function slow() {
    const gates: ReturnType<typeof gateway>[] = [];
    const begun = gateway();
    const now = { making: 0, most: 0 };
    const house = await reported({
      async make(query) {
        now.making += 1;
        now.most = Math.max(now.most, now.making);
        begun.resolve();
        const gate = gateway();
        gates.push(gate);
        await gate.promise;
        now.making -= 1;
        return made(JSON.stringify(query));
      },
    });
    /** Lets one after the other be made, until all of these are answered. */
    const finish = async <Answers>(all: Promise<Answers>): Promise<Answers> => {
      let isOver = false;
      void all.finally(() => {
        isOver = true;
      });
      while (!isOver) {
        gates.shift()?.resolve();
        await new Promise(resolve => setImmediate(resolve));
      }
      return await all;
    };
    return { house, now, begun: begun.promise, finish };
  }

  const person = (house: Reported, name: string) => get(house, `/report/person.json?name=${name}`);

  test('are made one after another; when eight wait, one more is sent away', async () => {
    const { house, now, begun, finish } = await slow();
    await using _ = house;
    const first = person(house, 'p0');
    await begun;
    const others = Array.from({ length: 12 }, (_, at) => person(house, `p${at + 1}`));
    const refused: Answer[] = [];
    await new Promise<void>(resolve => {
      for (const other of others) void other.then(answer => refused.push(answer) === 4 && resolve());
    });
    const answers = await finish(Promise.all([first, ...others]));
    for (const answer of refused.slice(0, 4)) {
      assert.equal(assertFails(answer, 503), 'too many reports are asked for at once; try again later');
      assert.equal(answer.headers['retry-after'], '10');
    }
    assert.deepEqual([now.most, answers.filter(answer => answer.status === 200).length], [1, 9]);
    assert.equal(answers[0]?.status, 200);
    assert.equal((await finish(person(house, 'p'))).status, 200, 'there is room again');
  });

  test('are not made for those who have gone away meanwhile', async () => {
    const { house, begun, finish } = await slow();
    await using _ = house;
    const first = person(house, 'first');
    await begun;
    const leaving = request({
      port: house.port,
      path: '/report/person.json?name=gone',
      headers: { authorization: AS_ALICE },
      agent: false,
    }).on('error', () => {});
    leaving.end();
    // Whoever is told this was let in after the one who leaves.
    await once(leaving, 'socket');
    await get(house, '/healthz');
    leaving.destroy();
    const last = person(house, 'last');
    await get(house, '/healthz');
    await finish(Promise.all([first, last]));
    assert.deepEqual(
      house.asked.queries.map(query => query.what === 'history' && query.name),
      ['first', 'last'],
    );
  });

  test('hold up no health check', async () => {
    const { house, begun, finish } = await slow();
    await using _ = house;
    const first = person(house, 'first');
    await begun;
    assert.equal((await get(house, '/readyz')).status, 200);
    await finish(first);
  });
});

test('where there are no reports the monitor does not speak of any', async () => {
  await using house = await watched();
  const { message } = assertWellFormed(await get(house, '/report'));
  assert.equal(message, 'there is nothing here; there are /healthz, /readyz, /metrics');
});
