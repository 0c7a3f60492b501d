import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { LoginResult, Verdict } from '../../src/logins/authenticate.ts';
import { type Counters, openCounters } from '../../src/logins/counters.ts';
import { LoginThrottle } from '../../src/logins/throttle.ts';
import { Turns } from '../../src/logins/turns.ts';
import { accepted, barred, refused, unavailable, unweighed } from './known.ts';

const MINUTE = 60_000;
const THROTTLE = { failures: 3, within: 30 * MINUTE };
const patient = new AbortController().signal;

/** A throttle that counts in memory, on a clock that the test moves, and a directory that says what it is told to. */
async function throttled({ mock }: TestContext, more: { counters?: Partial<Counters> } = {}) {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: Date.UTC(2026, 0, 1) });
  const memory = await openCounters({ url: 'sqlite:unused' }, THROTTLE);
  const counters: Counters = {
    take: name => memory.take(name),
    keep: name => memory.keep(name),
    giveBack: name => memory.giveBack(name),
    clear: name => memory.clear(name),
    adjust: changed => memory.adjust(changed),
    [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
    ...more.counters,
  };
  const unlocked = new Map<string, Date>();
  const throttle = new LoginThrottle({ counters, unlockedAt: async name => unlocked.get(name), now: Date.now });
  const turns = new Turns();
  const asked: string[] = [];
  let passwords = 0;
  const another = () => {
    passwords += 1;
    return `wrong-${passwords}`;
  };
  return {
    throttle,
    asked,
    /** Tries a password, another one each time unless it is given; the directory says `verdict` if it is asked. */
    async attempt(verdict: Verdict, { username = 'ada', password = another() } = {}) {
      using _ = await turns.take(username, patient);
      return await throttle.attempt({ username, password }, async () => {
        asked.push(`${username}:${password}`);
        return verdict as LoginResult;
      });
    },
    unlock: (username: string) => unlocked.set(username, new Date()),
    pass: (minutes: number) => mock.timers.tick(minutes * MINUTE),
  };
}

const heldSince = (at: string) => ({
  status: 'refused',
  weighed: false,
  why: `too many wrong passwords, the last at ${at}; "rosterd unlock" lets them try again at once`,
});

suite('after three wrong passwords', () => {
  test('even the right one is refused without being tried, until half an hour after the last', async t => {
    const { attempt, asked, pass } = await throttled(t);
    for (let count = 0; count < 3; count++) {
      pass(10);
      assert.deepEqual(await attempt(refused), refused);
    }
    pass(29);
    assert.deepEqual(await attempt(accepted), heldSince('2026-01-01T00:30:00.000Z'));
    assert.equal(asked.length, 3);
    pass(1);
    assert.deepEqual(await attempt(accepted), accepted);
  });

  test('others may log in', async t => {
    const { attempt } = await throttled(t);
    for (let count = 0; count < 3; count++) await attempt(refused);
    assert.deepEqual(await attempt(accepted, { username: 'ben' }), accepted);
  });

  test('refusals do not make it last longer', async t => {
    const { attempt, pass } = await throttled(t);
    for (let count = 0; count < 3; count++) await attempt(refused);
    for (let count = 0; count < 10; count++) {
      pass(2.9);
      assert.deepEqual(await attempt(accepted), heldSince('2026-01-01T00:00:00.000Z'));
    }
    pass(1);
    assert.deepEqual(await attempt(accepted), accepted);
  });

  test('an administrator lets them try again at once; who was let before, has to wait', async t => {
    const { attempt, unlock, pass } = await throttled(t);
    unlock('ada');
    pass(1);
    for (let count = 0; count < 3; count++) await attempt(refused);
    assert.equal((await attempt(accepted)).status, 'refused');
    pass(1);
    unlock('ada');
    assert.deepEqual(await attempt(refused), refused);
    assert.deepEqual(await attempt(accepted), accepted);
  });
});

suite('what does not count', () => {
  test('an outage, an expired password, a refusal without a comparison', async t => {
    const { attempt } = await throttled(t);
    for (const verdict of [unavailable, barred, unweighed]) {
      for (let count = 0; count < 5; count++) assert.deepEqual(await attempt(verdict), verdict);
    }
  });

  test('wrong ones before a right one', async t => {
    const { attempt } = await throttled(t);
    for (let count = 0; count < 5; count++) {
      for (let wrong = 0; wrong < 2; wrong++) assert.deepEqual(await attempt(refused), refused);
      assert.deepEqual(await attempt(accepted), accepted);
    }
  });

  test('but a password that went out and was not answered does, as often as it went out', async t => {
    const { attempt } = await throttled(t);
    const lost = { ...unavailable, unanswered: 1 };
    for (let count = 0; count < 3; count++) assert.deepEqual(await attempt(lost), lost);
    assert.deepEqual(await attempt(accepted), heldSince('2026-01-01T00:00:00.000Z'));
    const twice = { ...refused, unanswered: 2 };
    assert.deepEqual(await attempt(twice, { username: 'ben' }), twice);
    assert.equal((await attempt(accepted, { username: 'ben' })).status, 'refused');
    for (let count = 0; count < 5; count++) {
      const right = { ...accepted, unanswered: 1 };
      assert.deepEqual(await attempt(right, { username: 'cho' }), right);
    }
  });

  test('the same wrong password within a minute, which is not tried either', async t => {
    const { attempt, asked, pass } = await throttled(t);
    const old = { password: 'last-year' };
    assert.deepEqual(await attempt(refused, old), refused);
    for (let count = 0; count < 50; count++) {
      pass(1 / 60);
      assert.deepEqual(await attempt(accepted, old), {
        status: 'refused',
        weighed: false,
        why: 'the same wrong password as within the last minute',
      });
    }
    assert.equal(asked.length, 1);
    pass(1 / 6);
    assert.deepEqual(await attempt(accepted, old), accepted);
  });
});

suite('many on one account, one after the other', () => {
  test('are three, where they are wrong', async t => {
    const { attempt, asked } = await throttled(t);
    const results = await Promise.all(Array.from({ length: 50 }, () => attempt(refused)));
    assert.equal(asked.length, 3);
    assert.equal(results.filter(result => result.status === 'refused' && result.weighed).length, 3);
  });

  test('are all let in, with the right password', async t => {
    const { attempt } = await throttled(t);
    const results = await Promise.all(Array.from({ length: 50 }, () => attempt(accepted, { password: 'right' })));
    assert.ok(results.every(result => result.status === 'accepted'));
  });
});

suite('when the counters cannot be reached', () => {
  const lost = () => Promise.reject(new Error('the connection is gone'));

  test('before, nothing is tried', async t => {
    const { attempt, asked } = await throttled(t, { counters: { take: lost } });
    assert.deepEqual(await attempt(accepted), {
      status: 'unavailable',
      why: 'what counts against them cannot be read: the connection is gone',
    });
    assert.deepEqual(asked, []);
  });

  test('afterwards, the answer stands and the log hears of it', async t => {
    const { attempt } = await throttled(t, { counters: { keep: lost, clear: lost } });
    assert.deepEqual(await attempt(refused), {
      ...refused,
      why: 'another password; and it could not be counted: the connection is gone',
    });
    assert.deepEqual(await attempt(accepted), accepted);
  });
});

/**
 * A directory that locks an account at its fourth wrong password, answered or not, of which none is further than half an hour from the one
 * before: so does Active Directory, and the throttle allows three.
 */
class Strict {
  #wrong = 0;
  #last = Number.NEGATIVE_INFINITY;
  locked = false;

  check(password: string): LoginResult {
    if (password === 'outage') return unavailable as LoginResult;
    if (password === 'right') {
      this.#wrong = 0;
      return accepted as LoginResult;
    }
    this.#count();
    return password === 'lost' ? { ...(unavailable as LoginResult), unanswered: 1 } : (refused as LoginResult);
  }

  #count(): void {
    this.#wrong = Date.now() - this.#last < THROTTLE.within ? this.#wrong + 1 : 1;
    this.#last = Date.now();
    this.locked ||= this.#wrong > THROTTLE.failures;
  }
}

test('no directory whose threshold is above ours locks an account, whatever is tried when', async t => {
  const outcome = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
    { weight: 1, arbitrary: fc.constantFrom('right', 'outage', 'lost') },
  );
  const step = fc.record({
    minutes: fc.constantFrom(0, 0.5, 2, 10, 15, 28, 29.9, 30),
    passwords: fc.array(outcome, { minLength: 1, maxLength: 4 }),
  });
  const { throttle, pass } = await throttled(t);
  let people = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async steps => {
      people += 1;
      const username = `person${people}`;
      const directory = new Strict();
      const attempt = (password: string) =>
        throttle.attempt({ username, password }, async () => directory.check(password));
      for (const { minutes, passwords } of steps) {
        pass(minutes);
        for (const password of passwords) await attempt(password);
      }
      return !directory.locked;
    }),
    { numRuns: 200 },
  );
});
