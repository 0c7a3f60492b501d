import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { type HoldNumber, type Outcome, type SnapshotNumber, snapshotNumber } from '../../src/roster/model.ts';
import { type AutomaticPruning, type PruneSettings, pruneWhenDue, pruningOf } from '../../src/runs/prune.ts';
import { RunWorker } from '../../src/runs/worker.ts';
import { openStore } from '../../src/store/open.ts';
import type { RunEnd, Store } from '../../src/store/store.ts';
import { type Place, sqlite } from '../store/engines.ts';
import { NO_REPORT, NOBODY, person, publication, published, type Roster, readBack, roster } from '../store/rosters.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig, hrDatabase } from '../support/hr.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date('2026-11-22T12:00:00Z');
const ago = (milliseconds: number) => new Date(NOW.getTime() - milliseconds);

const settings = (more: Partial<PruneSettings['retention']> = {}, now = NOW): PruneSettings => ({
  retention: { last: 1, daily: 0, monthly: 0, ...more },
  timezone: 'Asia/Taipei',
  now,
});

const rosterOf = (number: number): Roster => roster([person('hr/1', { nick_name: `${number}` })]);

async function end(store: Store, at: Date, what: Pick<RunEnd, 'outcome' | 'publication'> & Partial<RunEnd>) {
  const number = await store.runs.begin({ cause: 'schedule', at, fingerprint: 'f1' });
  return await store.runs.finish(number, { at, report: NO_REPORT, ...what });
}

/** Publishes the next snapshot at a moment. */
async function publishAt(store: Store, at: Date, approved?: HoldNumber): Promise<void> {
  const last = (await store.snapshots.newest())?.number ?? 0;
  await end(store, at, {
    outcome: published(last + 1),
    publication: publication(last === 0 ? NOBODY : rosterOf(last), rosterOf(last + 1), last + 1),
    approval: approved && { hold: approved, reason: '' },
  });
}

async function holdAt(store: Store, at: Date): Promise<HoldNumber | undefined> {
  const last = (await store.snapshots.newest())?.number ?? 0;
  const outcome: Outcome = { status: 'held', hold: undefined, reasons: [], changes: NO_CHANGES };
  return (await end(store, at, { outcome, publication: publication(rosterOf(last), rosterOf(last + 1), last + 1) }))
    .hold;
}

const deliver = (store: Store, client: string, snapshot: number, at: Date, finished = true) =>
  store.deliveries.add([
    { id: `${client} ${at.getTime()}`, snapshot: snapshotNumber(snapshot), client, at, finished, bytes: 1 },
  ]);

const numbersOf = async (store: Store) => (await store.snapshots.list(99)).map(one => one.number).reverse();

const spared = async (store: Store, more: Partial<PruneSettings['retention']> = {}) => {
  const gone = new Set<SnapshotNumber>((await pruningOf(store, settings(more))).snapshots);
  return (await numbersOf(store)).filter(number => !gone.has(number));
};

async function opened(): Promise<{ here: Place; store: Store } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const here = stack.use(await sqlite());
  const store = stack.use(await here.open());
  const owned = stack.move();
  return { here, store, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

suite('what retention takes', () => {
  test('is not what clients got last and the time before, what is pinned, nor the newest two', async () => {
    await using place = await opened();
    const { store } = place;
    for (let number = 1; number <= 9; number += 1) await publishAt(store, ago(100 * DAY - number * HOUR));
    // All of one day, and the newest of those that are older than a week: it stays besides.
    assert.deepEqual(await spared(store), [8, 9]);
    await deliver(store, 'omflow', 1, ago(9 * HOUR));
    await deliver(store, 'omflow', 2, ago(8 * HOUR));
    await deliver(store, 'omflow', 4, ago(7 * HOUR));
    await deliver(store, 'omflow', 5, ago(6 * HOUR), false);
    await deliver(store, 'other', 7, ago(5 * HOUR));
    assert.deepEqual(await spared(store), [2, 4, 7, 8, 9]);
    await store.pins.set({ snapshot: snapshotNumber(6), at: NOW });
    assert.deepEqual(await spared(store), [2, 4, 6, 7, 8, 9]);
    assert.deepEqual(await spared(store, { last: 5 }), [2, 4, 5, 6, 7, 8, 9]);
  });

  test('is not what guards look at: a snapshot of a week ago, on each of the coming days, and what was approved since', async () => {
    await using place = await opened();
    const { store } = place;
    await publishAt(store, ago(20 * DAY)); // 1
    await publishAt(store, ago(12 * DAY)); // 2
    await publishAt(store, ago(10 * DAY)); // 3, the newest of a week ago
    const early = await holdAt(store, ago(5 * DAY + 2 * HOUR));
    await publishAt(store, ago(5 * DAY + 2 * HOUR), early); // 4, approved
    await publishAt(store, ago(5 * DAY + HOUR)); // 5
    await publishAt(store, ago(5 * DAY)); // 6, the last of that day
    await publishAt(store, ago(2 * HOUR)); // 7
    await publishAt(store, ago(HOUR)); // 8
    await publishAt(store, ago(HOUR / 2)); // 9
    assert.deepEqual(await spared(store), [3, 4, 6, 8, 9]);
    assert.deepEqual((await pruningOf(store, settings({ daily: 30 * DAY }))).before, ago(90 * DAY));
    assert.deepEqual(await spared(store, { daily: 30 * DAY }), [1, 2, 3, 4, 6, 8, 9]);
  });

  test('goes by the days of the time zone', async () => {
    await using place = await opened();
    const { store } = place;
    const days = [
      '2026-10-01T15:00Z',
      '2026-10-01T17:00Z',
      '2026-10-02T15:30Z',
      '2026-11-22T01:00Z',
      '2026-11-22T02:00Z',
    ];
    for (const day of days) await publishAt(store, new Date(day));
    assert.deepEqual(await spared(store, { daily: 90 * DAY }), [1, 3, 4, 5]);
  });
});

suite('pruning by itself', () => {
  /** Five snapshots of one day that is long past. */
  async function filled(store: Store): Promise<void> {
    for (let number = 1; number <= 5; number += 1) await publishAt(store, ago(100 * DAY - number * HOUR));
  }

  test('is done once a day, and by no clock that jumped', async () => {
    await using place = await opened();
    const { store } = place;
    await filled(store);
    const years = new Date(NOW.getTime() + 800 * DAY);
    assert.equal(await pruneWhenDue(store, settings({}, ago(DAY))), undefined, 'nobody knows yet how the clock goes');
    assert.equal(await pruneWhenDue(store, settings({}, years)), undefined, 'a clock that is ahead for once');
    assert.deepEqual(await numbersOf(store), [1, 2, 3, 4, 5]);
    assert.equal(await pruneWhenDue(store, settings({}, ago(DAY))), undefined, 'and put right again');
    assert.deepEqual(await pruneWhenDue(store, settings()), {
      snapshots: 3,
      people: 3,
      departments: 0,
      runs: 3,
      deliveries: 0,
    });
    assert.deepEqual(await numbersOf(store), [4, 5]);
    await readBack(store, snapshotNumber(4));
    assert.deepEqual(await store.prunings.last(), NOW);
    await publishAt(store, NOW);
    assert.equal(await pruneWhenDue(store, settings({}, new Date(NOW.getTime() + 19 * HOUR))), undefined);
    assert.deepEqual(await numbersOf(store), [4, 5, 6]);
    const tomorrow = new Date(NOW.getTime() + 24 * HOUR - 1);
    assert.equal(Object.keys((await pruneWhenDue(store, settings({}, tomorrow))) ?? {}).length, 5);
    assert.deepEqual(await store.prunings.last(), tomorrow);
  });

  test('leaves it to the next time while a run is under way', async () => {
    await using place = await opened();
    const { store } = place;
    await filled(store);
    await store.prunings.note(ago(DAY));
    {
      await using _ = await store.lock('run');
      assert.equal(await pruneWhenDue(store, settings()), undefined);
      assert.deepEqual(await store.prunings.last(), ago(DAY));
    }
    assert.notEqual(await pruneWhenDue(store, settings()), undefined);
    await using free = await store.lock('run');
    assert.ok(free, 'the lock is given back');
  });

  test('tells what went wrong, and throws nothing', async () => {
    await using place = await opened();
    const { here, store } = place;
    await filled(store);
    await store.prunings.note(ago(DAY));
    await here.rows('alter table purged rename to gone');
    assert.deepEqual(await pruneWhenDue(store, settings()), { failure: 'no such table: purged' });
    await using free = await store.lock('run');
    assert.ok(free);
  });

  test('is done by the daemon after a run', async () => {
    await using folder = await temporaryFolder();
    await using hr = await hrDatabase();
    const config = hrConfig(folder.path, hr.url, { retention: { last: 1, daily: '0s', monthly: 1 } });
    await using store = await openStore(config.store, { migrate: true });
    await filled(store);
    await store.prunings.note(new Date(Date.now() - DAY));
    const failures: string[] = [];
    const { promise, resolve } = Promise.withResolvers<AutomaticPruning>();
    await using worker = new RunWorker({
      module: new URL('../../src/run-worker.ts', import.meta.url),
      config,
      onRun: () => {},
      onPruned: resolve,
      onFailure: error => failures.push(error.message),
      now: () => new Date(),
    });
    const { outcome } = await worker.run('schedule');
    assert.equal(outcome.status, 'published');
    const pruning = await promise;
    assert.ok('snapshots' in pruning, JSON.stringify({ pruning, outcome, failures }));
    assert.deepEqual([pruning.snapshots, await numbersOf(store)], [4, [5, 6]]);
  });
});
