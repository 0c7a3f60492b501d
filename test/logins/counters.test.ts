import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, suite, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { DatabaseConfig } from '../../src/config/connections.ts';
import { type Counters, openCounters } from '../../src/logins/counters.ts';
import { mariadb, type Place } from '../store/engines.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';

const MINUTE = 60_000;
const THROTTLE = { failures: 3, within: 30 * MINUTE };
const START = Date.UTC(2026, 0, 1);

/** The store whose counts are shared; it is made once, for every test has usernames of its own. */
let shared: Place & { readonly database: string };
before(async () => {
  shared = await mariadb();
  await (await shared.open())[Symbol.asyncDispose]();
});
after(() => shared[Symbol.asyncDispose]());

interface Engine {
  readonly config: () => DatabaseConfig;
  /** What has to be put off its clock; the connection to a server needs its timers. */
  readonly apis: ('Date' | 'setTimeout')[];
  /** A run of a property costs as much as there is to ask over a network. */
  readonly runs: number;
}

const engines: Readonly<Record<string, Engine>> = {
  memory: { config: () => ({ url: 'sqlite:unused' }), apis: ['Date', 'setTimeout'], runs: 100 },
  MariaDB: { config: () => shared.config, apis: ['Date'], runs: 5 },
};

let names = 0;
const somebody = () => {
  names += 1;
  return `somebody-${names}`;
};

const minutes = (count: number) => new Date(START + count * MINUTE);

/** Takes tries until there is none, at most ten. */
async function takeAll(counters: Counters, username: string): Promise<number> {
  for (let count = 0; count < 10; count++) if (!(await counters.take(username)).taken) return count;
  return 10;
}

async function fail(counters: Counters, username: string, times = 1): Promise<void> {
  for (let time = 0; time < times; time++) {
    assert.deepEqual(await counters.take(username), { taken: true });
    await counters.keep(username);
  }
}

for (const [name, { config, apis, runs }] of Object.entries(engines)) {
  suite(`failed logins counted in ${name}`, () => {
    const opened = (throttle = THROTTLE) => openCounters(config(), throttle);
    const clock = ({ mock }: TestContext) => {
      mock.timers.enable({ apis, now: START });
      return { pass: (count: number) => mock.timers.tick(count * MINUTE) };
    };

    test('leave as many tries as are allowed, of each username by itself', async t => {
      clock(t);
      await using counters = await opened();
      const [one, other] = [somebody(), somebody()];
      await fail(counters, one, 3);
      assert.deepEqual(await counters.take(one), { taken: false, since: minutes(0) });
      assert.equal(await takeAll(counters, one.toUpperCase()), 3);
      assert.equal(await takeAll(counters, other), 3);
      await counters.clear(one);
      assert.equal(await takeAll(counters, one), 3);
    });

    test('count from the newest on, all of them together', async t => {
      const { pass } = clock(t);
      await using counters = await opened();
      const username = somebody();
      await fail(counters, username);
      pass(29);
      await fail(counters, username);
      pass(29);
      await fail(counters, username);
      pass(29);
      assert.deepEqual(await counters.take(username), { taken: false, since: minutes(58) });
      pass(1);
      assert.equal(await takeAll(counters, username), 3);
    });

    test('that are refused a try, or get it back, wait no longer for that', async t => {
      const { pass } = clock(t);
      await using counters = await opened();
      const [held, tried] = [somebody(), somebody()];
      await fail(counters, held, 3);
      await fail(counters, tried, 2);
      pass(20);
      assert.deepEqual(await counters.take(held), { taken: false, since: minutes(0) });
      await counters.take(tried);
      await counters.giveBack(tried);
      pass(9);
      assert.deepEqual(await counters.take(held), { taken: false, since: minutes(0) });
      assert.equal(await takeAll(counters, tried), 1);
      pass(1);
      assert.equal(await takeAll(counters, held), 3);
      assert.equal(await takeAll(counters, tried), 3);
    });

    test('may expire, or be cleared, while a password is tried', async t => {
      const { pass } = clock(t);
      await using counters = await opened();
      const [wrong, unclear, cleared] = [somebody(), somebody(), somebody()];
      for (const username of [wrong, unclear, cleared]) await fail(counters, username, 2);
      pass(29);
      for (const username of [wrong, unclear, cleared]) assert.ok((await counters.take(username)).taken);
      await counters.clear(cleared);
      pass(2);
      await counters.keep(wrong);
      await counters.giveBack(unclear);
      await counters.giveBack(cleared);
      assert.equal(await takeAll(counters, wrong), 2, 'that one counts');
      assert.equal(await takeAll(counters, unclear), 3, 'nothing is given that was not taken');
      assert.equal(await takeAll(counters, cleared), 3);
      pass(29);
      assert.equal(await takeAll(counters, wrong), 0, 'from when it was known to be wrong');
    });

    test('leave as many tries as a simple count does, whatever happens one after the other', async t => {
      const { pass } = clock(t);
      await using counters = await opened();
      const step = fc.constantFrom('take', 'keep', 'giveBack', 'clear', 'pass');
      const oneAfterTheOther = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const username = somebody();
        const expected = new SimpleCount();
        for (const one of steps) {
          if (one === 'take') assert.equal((await counters.take(username)).taken, expected.take());
          else if (one === 'clear') await Promise.all([counters.clear(username), expected.clear()]);
          else if (one === 'pass') pass(11);
          else if (expected.settle(one)) await counters[one](username);
        }
      });
      await fc.assert(oneAfterTheOther, { numRuns: runs });
    });

    test('let no more tries be under way at once than are allowed, whoever comes when', async () => {
      await using one = await opened();
      await using other = name === 'memory' ? one : await opened();
      const end = fc.constantFrom('keep', 'giveBack', 'hold' as const);
      const some = fc.array(fc.record({ end, comes: fc.nat(20), stays: fc.nat(20) }), { minLength: 1, maxLength: 12 });
      const atOnce = fc.asyncProperty(some, async attempts => {
        const username = somebody();
        let [failed, underWay] = [0, 0];
        const make = async ({ end, comes, stays }: (typeof attempts)[number], place: number) => {
          const counters = place % 2 === 0 ? one : other;
          await turns(comes);
          const { taken } = await counters.take(username);
          if (!taken) return;
          underWay += 1;
          assert.ok(failed + underWay <= THROTTLE.failures, `${failed} failed, ${underWay} are under way`);
          if (end === 'hold') return;
          await turns(stays);
          if (end === 'keep') failed += 1;
          underWay -= 1;
          await counters[end](username);
        };
        await Promise.all(attempts.map(make));
        const ends = attempts.map(attempt => attempt.end);
        if (!ends.includes('giveBack')) assert.equal(failed + underWay, Math.min(ends.length, THROTTLE.failures));
        assert.equal(
          await takeAll(one, username),
          THROTTLE.failures - failed - underWay,
          'whatever was refused is free',
        );
      });
      await fc.assert(atOnce, { numRuns: runs });
    });
  });
}

/** Lets others go first, as often. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await null;
}

/** What counts against one username, told as plainly as it can be. */
class SimpleCount {
  #points = 0;
  #until = 0;
  #underWay = 0;

  take(): boolean {
    this.#expire();
    if (this.#points >= THROTTLE.failures) return false;
    if (this.#until === 0) this.#until = Date.now() + THROTTLE.within;
    this.#points += 1;
    this.#underWay += 1;
    return true;
  }

  /** False when no try is under way. */
  settle(how: 'keep' | 'giveBack'): boolean {
    this.#expire();
    if (this.#underWay === 0) return false;
    this.#underWay -= 1;
    if (how === 'giveBack') {
      this.#points = Math.max(0, this.#points - 1);
      return true;
    }
    if (this.#until === 0) this.#points = 1;
    this.#until = Date.now() + THROTTLE.within;
    return true;
  }

  clear(): void {
    this.#points = 0;
    this.#until = 0;
  }

  #expire(): void {
    if (Date.now() >= this.#until) this.clear();
  }
}

suite('failed logins counted in memory', () => {
  test('keep no process alive', async () => {
    const alive = () => process.getActiveResourcesInfo().filter(one => one === 'Timeout').length;
    const before = alive();
    await using counters = await openCounters({ url: 'sqlite:unused' }, THROTTLE);
    await fail(counters, somebody(), 2);
    assert.equal(alive(), before);
  });
});

suite('failed logins counted in MariaDB', () => {
  const row = async (username: string) =>
    (await shared.rows(`select * from login_failures where \`key\` = '${hash('sha256', username)}'`))[0];

  test('are those of all who share the store, under no name', async t => {
    t.mock.timers.enable({ apis: ['Date'], now: START });
    await using one = await openCounters(shared.config, THROTTLE);
    await using other = await openCounters(shared.config, THROTTLE);
    const username = somebody();
    await fail(one, username);
    await fail(other, username, 2);
    assert.deepEqual(await one.take(username), { taken: false, since: minutes(0) });
    assert.deepEqual(
      { ...(await row(username)) },
      { key: hash('sha256', username), points: 3, expire: minutes(30).getTime() },
    );
    await other.clear(username);
    assert.equal(await takeAll(one, username), 3);
  });

  test('are deleted when they have expired', async t => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'], now: START });
    const [old, young] = [somebody(), somebody()];
    {
      await using counters = await openCounters(shared.config, THROTTLE);
      await fail(counters, old);
      t.mock.timers.tick(20 * MINUTE);
      await fail(counters, young);
      t.mock.timers.setTime(START + 31 * MINUTE);
      assert.equal((await row(old))?.['points'], 1);
      t.mock.timers.tick(5 * MINUTE);
      for (let looks = 0; looks < 500 && (await row(old)); looks++);
    }
    assert.equal(await row(old), undefined);
    assert.equal((await row(young))?.['points'], 1);
  });

  test('survive that their connection is lost in the midst of a try', async () => {
    await using counters = await openCounters(shared.config, THROTTLE);
    const username = somebody();
    await fail(counters, username);
    await shared.rows(`begin; select * from login_failures where \`key\` = '${hash('sha256', username)}' for update`);
    const taking = counters.take(username);
    const waiting = `select id from information_schema.processlist
      where db = '${shared.database}' and info like 'INSERT INTO %login_failures%'`;
    let [found] = await shared.rows(waiting);
    while (!found) [found] = await shared.rows(waiting);
    await shared.rows(`kill ${found['id']}`);
    await shared.rows('rollback');
    assert.deepEqual(await taking, { taken: true });
    assert.equal(await takeAll(counters, username), 1, 'it is counted once');
  });

  test('cannot be told, in bounded time, of a server that is frozen; nothing is made up for later', async () => {
    const { hostname: host, port } = new URL(shared.config.url);
    await using proxy = await startFaultProxy({ host, port: Number(port) });
    await using counters = await openCounters({ url: proxy.through(shared.config.url) }, THROTTLE, 300);
    const username = somebody();
    const takeAtOnce = (count: number) =>
      Promise.allSettled(Array.from({ length: count }, () => counters.take(username)));
    await takeAtOnce(4);
    proxy.freeze();
    const began = performance.now();
    const all = await takeAtOnce(12);
    const { connections } = proxy;
    all.push(...(await takeAtOnce(1)));
    assert.ok(performance.now() - began < 2000);
    assert.ok(proxy.connections > connections, 'those that were frozen were given up');
    for (const one of all) {
      assert.match(
        one.status === 'rejected' ? String(one.reason) : 'taken',
        /^Error: failed logins cannot be counted: the store mysql:\/\/root@127\.0\.0\.1:\d+\/\w+ (did not answer within 0\.3 s|cannot be reached \(ETIMEDOUT\)|lets us have no connection: all are in use)$/,
      );
    }
    await proxy.restore();
    assert.equal(await takeAll(counters, username), 0);
    await counters.giveBack(username);
    assert.equal(await takeAll(counters, username), 1);
  });

  test('cannot be told when the server is gone', async () => {
    const { hostname: host, port } = new URL(shared.config.url);
    const proxy = await startFaultProxy({ host, port: Number(port) });
    await using counters = await openCounters({ url: proxy.through(shared.config.url) }, THROTTLE);
    const username = somebody();
    await fail(counters, username);
    await proxy[Symbol.asyncDispose]();
    const refused = /^Error: failed logins cannot be counted: the store mysql:\S+ refuses connections; .*ECONNREFUSED/;
    for (const work of ['take', 'keep', 'giveBack', 'clear'] as const)
      await assert.rejects(counters[work](username), refused);
  });
});
