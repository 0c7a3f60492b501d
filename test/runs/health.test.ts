import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readinessOf } from '../../src/http/health.ts';
import { holdNumber, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import { rosterService } from '../../src/runs/answers.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { type Health, healthOf } from '../../src/runs/health.ts';
import { engines } from '../store/engines.ts';
import { hrConfig } from '../support/hr.ts';
import { asking, type House, leave, openHouse } from './house.ts';

const HOUR = 3_600_000;
const BROKEN = 'SELECT * FROM nowhere';

/** A house on a store of the test's own, with a clock that the test turns. */
async function openWatched({ url }: { url: string }) {
  const house = await openHouse({ store: url });
  const terms = hrConfig('', house.hr.url);
  const clock = { now: new Date('2026-03-01T08:00:00Z') };
  const now = () => clock.now;
  return {
    house,
    terms,
    clock,
    later: (hours: number) => {
      clock.now = new Date(clock.now.getTime() + hours * HOUR);
    },
    pull: () => house.pull({ line: { now } }),
    /** A run that cannot read its source. */
    fail: async () => house.pull({ line: { ...(await asking(house, BROKEN)), now } }),
    health: (more: { failingSince?: Date } = {}) => healthOf({ ...terms, ...more }, house.store, now()),
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };
}
type Watched = Awaited<ReturnType<typeof openWatched>>;

/** Whether `/sync` succeeds when no run is made for it, and whether it is said to be ready. */
async function promises({ house, terms, clock }: Watched, onHold: 'fail' | 'serve_last', failingSince?: Date) {
  const sync = { ...terms.sync, on_hold: onHold, fresh_for: Number.POSITIVE_INFINITY };
  const answers = rosterService({
    sync,
    store: house.store,
    now: () => clock.now,
    runner: { failingSince, run: async () => {}, render: number => renderSnapshot(house.store, number) },
    delivered: () => {},
    unavailable: error => assert.fail(error),
  });
  const { status } = await answers.answer();
  const health = await healthOf({ ...terms, sync, failingSince }, house.store, clock.now);
  const readiness = readinessOf({ phase: 'ready', health, onHold, now: clock.now });
  return { sync: status === 'success', ready: readiness.status === 'ready' };
}

/** Readiness has to be what `/sync` would say, whichever way a hold is treated. */
async function assertAgree(watched: Watched, expected: { fail: boolean; serve_last: boolean }, failingSince?: Date) {
  for (const onHold of ['fail', 'serve_last'] as const) {
    const { sync, ready } = await promises(watched, onHold, failingSince);
    assert.deepEqual({ sync, ready }, { sync: expected[onHold], ready: expected[onHold] }, onHold);
  }
}

const YES = { fail: true, serve_last: true };
const NO = { fail: false, serve_last: false };

for (const [engine, make] of Object.entries(engines)) {
  suite(`health, of a store on ${engine}`, () => {
    test('before the first run: nothing is known, and nothing is wrong yet', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      const health = await watched.health();
      assert.deepEqual(health, {
        served: undefined,
        confirmed: undefined,
        pin: undefined,
        hold: undefined,
        last: undefined,
        good: undefined,
        failing: undefined,
        staleSince: undefined,
        quarantined: 0,
        sources: [{ source: sourceName('hr'), failing: false, required: true }],
        deliveries: [],
      } satisfies Health);
      await assertAgree(watched, NO);
    });

    test('after good runs: what is served, since when, and that it was confirmed since', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      await watched.house.hr.execute("update employees set mail = '' where emp_id = 6");
      await watched.pull();
      const published = watched.clock.now;
      watched.later(1);
      await watched.pull();
      const health = await watched.health();
      assert.equal(health.served?.number, 1);
      assert.deepEqual(health.served?.at, published);
      assert.deepEqual(health.confirmed, watched.clock.now);
      assert.equal(health.good?.number, 2);
      assert.equal(health.quarantined, 1);
      assert.deepEqual(health.sources, [
        {
          source: 'hr',
          required: true,
          at: watched.clock.now,
          rows: { people: 7, departments: 4, memberships: 1 },
          failing: false,
        },
      ]);
      await assertAgree(watched, YES);
    });

    test('while runs fail: since when and why, and after a day that it is stale', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      await watched.pull();
      const read = watched.clock.now;
      watched.later(1);
      const since = watched.clock.now;
      await watched.fail();
      watched.later(23);
      await watched.fail();
      const soon = await watched.health();
      assert.deepEqual(soon.failing?.since, since);
      assert.match(soon.failing?.why ?? '', /^source hr: .*nowhere/);
      assert.equal(soon.staleSince, undefined);
      assert.deepEqual(soon.confirmed, read);
      const [source] = soon.sources;
      assert.deepEqual([source?.failing, source?.at], [true, read]);
      await assertAgree(watched, YES);
      watched.later(2);
      assert.deepEqual((await watched.health()).staleSince, since);
      await assertAgree(watched, NO);
      await watched.pull();
      const well = await watched.health();
      assert.deepEqual([well.failing, well.staleSince], [undefined, undefined]);
      await assertAgree(watched, YES);
    });

    test('while runs are broken off: one is nothing, and more are a failure', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      const { runs } = watched.house.store;
      const begin = () => runs.begin({ cause: 'schedule', at: watched.clock.now, fingerprint: 'f' });
      const failing = async () => (await watched.health()).failing;
      await watched.pull();
      watched.later(1);
      const since = watched.clock.now;
      await begin();
      watched.later(1);
      assert.equal(await failing(), undefined, 'one that has not ended');
      await begin();
      assert.equal(await failing(), undefined, 'one that was broken off, and one that has not ended');
      await begin();
      assert.deepEqual(await failing(), { since, why: 'the last 2 runs were broken off' });
      await begin();
      assert.deepEqual(await failing(), { since, why: 'the last 3 runs were broken off' });
      await watched.pull();
      assert.equal(await failing(), undefined);
      await watched.fail();
      await begin();
      await begin();
      assert.match(
        (await failing())?.why ?? '',
        /^the last run was broken off; the one before it failed: source hr: .*nowhere/,
      );
    });

    test('that no run can be recorded counts, too', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      await watched.pull();
      const failingSince = watched.clock.now;
      watched.later(25);
      assert.deepEqual((await watched.health({ failingSince })).staleSince, failingSince);
      await assertAgree(watched, NO, failingSince);
      await assertAgree(watched, YES);
    });

    test('during a hold, and while something is pinned', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      await watched.pull();
      watched.later(1);
      await leave(watched.house, 1, 2, 3, 4);
      await watched.pull();
      const held = await watched.health();
      assert.equal(held.hold?.number, holdNumber(1));
      assert.equal(held.failing, undefined);
      await assertAgree(watched, { fail: false, serve_last: true });
      watched.later(25);
      await watched.house.store.pins.set({ snapshot: snapshotNumber(1), at: watched.clock.now });
      assert.equal((await watched.health()).pin?.snapshot, 1);
      await assertAgree(watched, YES);
    });

    test('of a snapshot that is pinned, and not the newest: confirmed when it was published', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      await watched.pull();
      const first = watched.clock.now;
      watched.later(1);
      await leave(watched.house, 1);
      await watched.pull();
      await watched.house.store.pins.set({ snapshot: snapshotNumber(1), at: watched.clock.now });
      const health = await watched.health();
      assert.equal(health.served?.number, 1);
      assert.deepEqual(health.confirmed, first);
      assert.equal(health.good?.snapshot, 2);
    });

    test('deliveries are the last ones of those who may ask now', async () => {
      await using place = await make();
      await using watched = await openWatched(place.config);
      const { deliveries } = watched.house.store;
      const at = (hour: number) => new Date(Date.UTC(2026, 2, 1, hour));
      const one = { snapshot: snapshotNumber(1), finished: true, bytes: 9 };
      await deliveries.add([
        { ...one, id: 'a', client: 'omflow', at: at(1) },
        { ...one, id: 'b', client: 'omflow', at: at(2) },
        { ...one, id: 'c', client: 'omflow', at: at(3), finished: false },
        { ...one, id: 'd', client: 'removed since', at: at(3) },
      ]);
      assert.deepEqual((await watched.health()).deliveries, [{ ...one, client: 'omflow', at: at(2) }]);
    });
  });
}

test('a source that was removed from the configuration is not told of any more', async () => {
  await using house: House = await openHouse();
  await house.pull();
  const { server, sync } = hrConfig('', house.hr.url);
  assert.deepEqual((await healthOf({ server, sync, sources: [] }, house.store, new Date())).sources, []);
});
