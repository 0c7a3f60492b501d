import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pino } from 'pino';
import type { Authenticator, Throttle, Verdict } from '../../src/logins/authenticate.ts';
import { loginService } from '../../src/logins/service.ts';
import { LogLines } from '../http/house.ts';
import { accepted, barred, Known, refused, unavailable, unweighed } from './known.ts';

const META = { requestId: 'r1', client: 'omflow' };

/** Lets everything be tried. */
const open: Throttle = { attempt: (_, ask) => ask() };

interface Option {
  readonly chain?: readonly Authenticator[];
  readonly verdicts?: Readonly<Record<string, Verdict>>;
  readonly deadline?: number;
  readonly onLogin?: (login: { outcome: string; ms: number }) => void;
}

/** A service on a clock that stands still but when the directory works, which takes it 40 ms, or somebody waits. */
function served({ chain, verdicts = {}, deadline = 10_000, onLogin = () => {} }: Option) {
  const lines = new LogLines();
  let time = 5000;
  const waited: number[] = [];
  const clock = {
    now: () => time,
    async wait(ms: number) {
      waited.push(ms);
      time += Math.max(ms, 0);
    },
  };
  class Slow extends Known {
    override check(login: string, password: string) {
      time += 40;
      return super.check(login, password);
    }
  }
  const service = loginService({
    chain: chain ?? [new Slow('hr', verdicts)],
    throttle: open,
    clock,
    deadline,
    onLogin,
    log: pino({ base: null, timestamp: false }, lines),
    loginOf: async username => (username === 'nobody' ? undefined : username),
  });
  return { waited, lines, check: (username: string, password = 'Hx7qz') => service.check(username, password, META) };
}

suite('what OMFLOW is told', () => {
  test('of each end', async () => {
    const { check } = served({ verdicts: { ada: accepted, ben: refused, cho: barred, dan: unavailable } });
    assert.deepEqual(await check('ada'), { status: 'accepted' });
    assert.deepEqual(await check('ben'), { status: 'refused' });
    assert.deepEqual(await check('cho'), { status: 'barred', bar: 'password_expired' });
    assert.deepEqual(await check('dan'), { status: 'unavailable' });
    assert.deepEqual(await check('nobody'), { status: 'refused' });
  });

  test('when something hangs: an outage, in time', async () => {
    const hanging = new Known('hr', {});
    hanging.check = () => new Promise(() => {});
    const { check, lines } = served({ chain: [hanging], deadline: 20 });
    assert.deepEqual(await check('ada'), { status: 'unavailable' });
    assert.equal(lines.lines[0]?.['why'], 'there was no answer in time');
  });
});

suite('attempts on one name', () => {
  test('are made one after the other, also where nobody has it', async () => {
    const hr = new Known('hr', { ada: refused });
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const check = hr.check.bind(hr);
    hr.check = async (...asked) => {
      await answered;
      return await check(...asked);
    };
    const { check: attempt, lines } = served({ chain: [hr] });
    const all = [attempt('ada', 'one'), attempt('ada', 'two'), attempt('nobody', 'one')];
    await all[2];
    assert.deepEqual(
      lines.lines.map(line => line['username']),
      ['nobody'],
    );
    answer();
    await Promise.all(all);
    assert.deepEqual(hr.asked, ['ada:one', 'ada:two']);
  });

  test('do not wait for ever behind one that hangs', async () => {
    const hanging = new Known('hr', {});
    hanging.check = () => new Promise(() => {});
    const { check } = served({ chain: [hanging], deadline: 20 });
    assert.deepEqual(await Promise.all([check('ada'), check('ada')]), [
      { status: 'unavailable' },
      { status: 'unavailable' },
    ]);
  });
});

suite('the line in the log', () => {
  test('has what an auditor asks for, and nothing else', async () => {
    const { check, lines } = served({ verdicts: { ada: accepted, ben: refused, cho: barred, dan: unavailable } });
    for (const username of ['ada', 'ben', 'cho', 'dan', 'nobody']) await check(username);
    const line = { level: 30, request_id: 'r1', client: 'omflow', by: 'hr', ms: 40, msg: 'login' };
    const { by: _, ...unasked } = line;
    assert.deepEqual(lines.lines, [
      { ...line, username: 'ada', outcome: 'accepted' },
      { ...line, username: 'ben', outcome: 'refused', why: 'another password' },
      { ...line, username: 'cho', outcome: 'barred', bar: 'password_expired', why: 'the password has expired' },
      { ...line, level: 50, username: 'dan', outcome: 'unavailable', why: 'broke the connection' },
      { ...unasked, username: 'nobody', outcome: 'refused', why: 'the name is not in the served snapshot' },
    ]);
  });

  test('of a name as long as a book is short', async () => {
    const { check, lines } = served({});
    await check('x'.repeat(5000));
    assert.equal(String(lines.lines[0]?.['username']).length, 150);
  });
});

test('whoever counts logins is told of each one once, when it is over', async () => {
  const told: unknown[] = [];
  const verdicts = { ada: accepted, ben: refused, cho: barred, dan: unavailable };
  const { check } = served({ verdicts, onLogin: login => told.push(login) });
  for (const username of ['ada', 'ben', 'cho', 'dan', 'nobody']) await check(username);
  assert.deepEqual(told, [
    { outcome: 'accepted', ms: 40 },
    { outcome: 'refused', ms: 40 },
    { outcome: 'barred', ms: 40 },
    { outcome: 'unavailable', ms: 40 },
    { outcome: 'refused', ms: 40 },
  ]);
});

suite('the time that a refusal takes', () => {
  test('is that of a wrong password, also where none was compared', async () => {
    const { check, waited } = served({ verdicts: { ben: refused, gone: unweighed } });
    await check('ben');
    assert.deepEqual(waited, []);
    for (const [username, password] of [['nobody'], ['ben', ''], ['gone']] as const) await check(username, password);
    // The one that is gone took the directory as long as a wrong one.
    assert.deepEqual(waited, [40, 40]);
  });

  test('is not that of a success or an outage', async () => {
    const { check, waited } = served({ verdicts: { ada: accepted, dan: unavailable, cho: barred } });
    for (const username of ['ada', 'dan', 'cho', 'nobody']) await check(username);
    assert.deepEqual(waited, []);
  });
});

test('many accounts that fail at once are one line more, for an administrator to see', async () => {
  const { check, lines } = served({ chain: [new Known('hr', {})] });
  for (let at = 0; at < 100; at++) await check(`user${at}`);
  const alerts = lines.lines.filter(line => line['msg'] !== 'login');
  assert.deepEqual(alerts, [
    { level: 50, failing: 30, tried: 30, minutes: 10, msg: 'logins fail for many accounts at once: see who tries' },
  ]);
});

test('an outage is no attempt that failed', async () => {
  const verdicts = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`user${at}`, unavailable]));
  const { check, lines } = served({ verdicts });
  for (const username of Object.keys(verdicts)) await check(username);
  assert.ok(lines.lines.every(line => line['msg'] === 'login'));
});
