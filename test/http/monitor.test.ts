import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { temporaryFolder } from '../support/folder.ts';
import { type Answer, ask, assertWellFormed, gateway, readAll } from './house.ts';
import { hold, minutesAgo, NOW, pin, probeOf, type Wanted, type Watched, watched, well } from './standing.ts';

const get = (house: { port: number }, path: string) => ask(house, path, { method: 'GET' });

/** The status, and what stands in the body, of an answer in JSON. */
function said(answer: Answer) {
  return { code: answer.status, ...assertWellFormed(answer) } as Record<string, unknown> & { code: number };
}

async function readiness(house: Watched, query = '') {
  const { code, status, checks } = said(await get(house, `/readyz${query}`));
  const each = Object.entries(checks as Record<string, { ok: boolean; text: string }>);
  return { code, status, checks: Object.fromEntries(each.map(([name, { ok, text }]) => [name, `${ok}: ${text}`])) };
}

suite('/healthz', () => {
  test('is well as soon as the process answers, and asks nobody', async () => {
    await using house = await watched({ phase: () => 'starting', probe: () => new Promise(() => {}) });
    assert.deepEqual(said(await get(house, '/healthz')), { code: 200, status: 'ok' });
    assert.equal(house.probes, 0);
  });
});

suite('/readyz', () => {
  test('tells what was looked at, with the facts', async () => {
    await using house = await watched();
    const { code, status, checks } = said(await get(house, '/readyz'));
    assert.equal(code, 200);
    assert.equal(status, 'ready');
    assert.deepEqual(checks, {
      phase: { ok: true, text: 'ready' },
      store: { ok: true, text: 'answers' },
      snapshot: {
        ok: true,
        text: 'snapshot 7 is served',
        snapshot: 7,
        published: '2026-03-01T03:00:00.000Z',
        confirmed: '2026-03-01T07:50:00.000Z',
        age_seconds: 600,
      },
      hold: { ok: true, text: 'nothing is held' },
    });
  });

  const cases: readonly (readonly [what: string, settings: Wanted, check: string, text: string])[] = [
    ['starting', { phase: () => 'starting' }, 'phase', 'starting'],
    ['draining', { phase: () => 'draining' }, 'phase', 'draining'],
    [
      'with nothing published',
      { health: { ...well, served: undefined, confirmed: undefined } },
      'snapshot',
      'nothing has been published yet',
    ],
    [
      'when what is pinned is gone',
      { health: { ...well, served: undefined, pin } },
      'snapshot',
      'snapshot 7 is pinned, but not there',
    ],
    [
      'when it is stale',
      { health: { ...well, staleSince: minutesAgo(1500) } },
      'snapshot',
      'stale: runs fail for too long; see "rosterd status"',
    ],
    [
      'while a candidate is held',
      { health: { ...well, hold } },
      'hold',
      'hold 3 waits for a decision: "rosterd review 3"',
    ],
  ];
  for (const [what, settings, check, text] of cases) {
    test(`is not ready ${what}`, async () => {
      await using house = await watched(settings);
      const { code, status, checks } = await readiness(house);
      assert.equal(code, 503);
      assert.equal(status, 'not ready');
      assert.deepEqual(
        Object.entries(checks).filter(([, one]) => !one.startsWith('true')),
        [[check, `false: ${text}`]],
      );
    });
  }

  test('is not ready without a store, whatever is not known then', async () => {
    await using house = await watched({ health: { error: 'connect ECONNREFUSED' } });
    assert.deepEqual(await readiness(house), {
      code: 503,
      status: 'not ready',
      checks: {
        phase: 'true: ready',
        store: 'false: does not answer; the log says why',
        snapshot: 'false: not known: the store does not answer',
        hold: 'false: not known: the store does not answer',
      },
    });
  });

  test('is ready while a snapshot is pinned, whatever is held and however stale', async () => {
    await using house = await watched({ health: { ...well, hold, pin, staleSince: minutesAgo(1500) } });
    const { code, checks } = await readiness(house);
    assert.equal(code, 200);
    assert.equal(checks['snapshot'], 'true: snapshot 7 is pinned');
    assert.equal(checks['hold'], 'true: hold 3 waits for a decision; snapshot 7 is pinned meanwhile');
  });

  test('is ready during a hold where the last snapshot is served meanwhile', async () => {
    await using house = await watched({ health: { ...well, hold }, onHold: () => 'serve_last' });
    const { code, checks } = await readiness(house);
    assert.equal(code, 200);
    assert.equal(checks['hold'], 'true: hold 3 waits for a decision; the last snapshot is served meanwhile');
  });

  test('tells since when a hold stands', async () => {
    await using house = await watched({ health: { ...well, hold } });
    const { checks } = said(await get(house, '/readyz')) as unknown as { checks: { hold: object } };
    assert.deepEqual(checks.hold, {
      ok: false,
      text: 'hold 3 waits for a decision: "rosterd review 3"',
      hold: 3,
      since: minutesAgo(5).toISOString(),
    });
  });

  test('leaves out the checks that it is asked to', async () => {
    await using house = await watched({ health: { ...well, hold, staleSince: minutesAgo(1500) } });
    assert.equal((await readiness(house, '?exclude=hold')).code, 503);
    const { code, checks } = await readiness(house, '?exclude=hold&exclude=snapshot');
    assert.equal(code, 200);
    assert.deepEqual(Object.keys(checks), ['phase', 'store']);
  });

  test('says which checks there are to be left out', async () => {
    await using house = await watched();
    assert.deepEqual(said(await get(house, '/readyz?exclude=hold&exclude=holds')), {
      code: 400,
      status: 'fail',
      message: 'there is no check "holds" to exclude; there are phase, store, snapshot, hold',
    });
  });
});

suite('one probe', () => {
  test('serves all who ask within a second', async () => {
    const clock = { now: NOW };
    await using house = await watched({ now: () => clock.now });
    await Promise.all([get(house, '/readyz'), get(house, '/metrics'), get(house, '/readyz')]);
    clock.now = new Date(NOW.getTime() + 999);
    await get(house, '/metrics');
    assert.equal(house.probes, 1);
    clock.now = new Date(NOW.getTime() + 1000);
    await get(house, '/readyz');
    assert.equal(house.probes, 2);
    clock.now = NOW;
    await get(house, '/readyz');
    assert.equal(house.probes, 3);
  });

  test('that hangs is an answer, and another is tried after it', async () => {
    const clock = { now: NOW };
    const hanging = [true, false];
    const probe = async () => (hanging.shift() ? await new Promise<never>(() => {}) : probeOf(well));
    await using house = await watched({ now: () => clock.now, probe, patience: 20 });
    const { code, checks } = await readiness(house);
    assert.equal(code, 503);
    assert.equal(checks['store'], 'false: does not answer; the log says why');
    clock.now = new Date(NOW.getTime() + 1000);
    assert.equal((await readiness(house)).code, 200);
    const words = house.log.lines.map(({ msg, why }) => [msg, why]);
    assert.deepEqual(words, [
      ['the store does not answer', 'it did not answer within 0.02 s'],
      ['the store answers again', undefined],
    ]);
  });

  test('is waited for by those who come meanwhile', async () => {
    const clock = { now: NOW };
    const open = gateway();
    const asked = gateway();
    const probe = async () => {
      asked.resolve();
      await open.promise;
      return probeOf(well);
    };
    await using house = await watched({ now: () => clock.now, probe });
    const first = readiness(house);
    await asked.promise;
    clock.now = new Date(NOW.getTime() + 3000);
    // It is answered only after the other has come in.
    const [second] = await Promise.all([readiness(house), get(house, '/healthz').then(() => open.resolve())]);
    assert.deepEqual([(await first).code, second.code, house.probes], [200, 200, 1]);
  });

  test('that tells of the same trouble again is logged once', async () => {
    const clock = { now: NOW };
    await using house = await watched({ now: () => clock.now, health: { error: 'connect ECONNREFUSED' } });
    await get(house, '/readyz');
    clock.now = new Date(NOW.getTime() + 1000);
    await get(house, '/readyz');
    assert.deepEqual(
      house.log.lines.map(({ level, msg, why }) => [level, msg, why]),
      [[50, 'the store does not answer', 'connect ECONNREFUSED']],
    );
  });
});

suite('the monitor', () => {
  test('serves metrics in the format of Prometheus', async () => {
    await using house = await watched({ health: { ...well, hold } });
    const { status, headers, body } = await get(house, '/metrics');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(body.toString(), /^rosterd_ready 0$/m);
    assert.match(body.toString(), /^rosterd_hold_open 1$/m);
  });

  test('answers HEAD with the headers of GET alone', async () => {
    await using house = await watched({ health: { ...well, hold } });
    for (const path of ['/healthz', '/readyz', '/nowhere']) {
      const [whole, head] = [await get(house, path), await ask(house, path, { method: 'HEAD' })];
      assert.equal(head.body.length, 0);
      assert.equal(head.status, whole.status);
      assert.equal(head.headers['content-length'], whole.headers['content-length']);
    }
  });

  test('takes no other method', async () => {
    await using house = await watched();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask(house, '/readyz', { method });
      assert.deepEqual(said(answer), { code: 405, status: 'fail', message: 'this call must use GET or HEAD' });
      assert.equal(answer.headers.allow, 'GET, HEAD');
    }
    assert.equal(house.probes, 0);
  });

  test('says what there is where there is nothing', async () => {
    await using house = await watched();
    for (const path of ['/', '/sync', '/metrics/', '//', '/__proto__']) {
      assert.deepEqual(said(await get(house, path)), {
        code: 404,
        status: 'fail',
        message: 'there is nothing here; there are /healthz, /readyz, /metrics',
      });
    }
  });

  test('tells of its own errors only where to look', async () => {
    await using house = await watched({
      phase: () => {
        throw new Error('a secret');
      },
    });
    const { code, message } = said(await get(house, '/readyz'));
    assert.equal(code, 500);
    const [line] = house.log.lines;
    assert.equal(message, `rosterd made an error; see its log for incident ${line?.['incident']}`);
    assert.equal(line?.['msg'], 'a call of the monitor failed');
  });

  test('gives a caller the id of its own request back', async () => {
    await using house = await watched();
    const { headers } = await ask(house, '/healthz', { method: 'GET', headers: { 'x-request-id': 'mine-1' } });
    assert.equal(headers['x-request-id'], 'mine-1');
  });

  test('answers a health check of HTTP/1.0, which has no Host', async () => {
    await using house = await watched();
    const socket = connect(house.port, '127.0.0.1');
    socket.end('GET /readyz HTTP/1.0\r\n\r\n');
    assert.match((await readAll(socket)).toString(), /^HTTP\/1\.1 200 OK\r\n/);
  });

  test('listens on a socket in the file system, too', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'monitor.sock');
    await using house = await watched({ listen: `unix:${path}` });
    assert.equal(house.monitor.address, `unix:${path}`);
    const call = request({ socketPath: path, path: '/healthz', agent: false }).end();
    const [answer] = await once(call, 'response');
    assert.equal(answer.statusCode, 200);
    answer.resume();
  });

  test('rejects when its address is taken', async () => {
    await using house = await watched();
    const { port } = house;
    await assert.rejects(watched({ listen: `127.0.0.1:${port}` }), { code: 'EADDRINUSE' });
  });

  test('cuts off whoever waits when it is closed, and may be closed twice', async () => {
    const asked = gateway();
    const probe = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    const house = await watched({ probe, patience: 100 });
    const waiting = assert.rejects(get(house, '/readyz'), { code: 'ECONNRESET' });
    await asked.promise;
    await house[Symbol.asyncDispose]();
    await waiting;
    await house[Symbol.asyncDispose]();
    await assert.rejects(get(house, '/healthz'), { code: 'ECONNREFUSED' });
  });
});
