import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import type { Removal } from '../../src/roster/known.ts';
import { type Outcome, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import type { Pruned, Store } from '../../src/store/store.ts';
import { engines, type Place } from './engines.ts';
import {
  bare,
  changesBetween,
  department,
  NO_REPORT,
  NOBODY,
  naiveChanges,
  person,
  publication,
  publish,
  type Roster,
  readBack,
  roster,
} from './rosters.ts';

const LONG_AGO = new Date(0);

const anyRoster: fc.Arbitrary<Roster> = fc
  .record({
    people: fc.dictionary(fc.constantFrom('hr/1', 'hr/2', 'hr/3', 'ad/林'), fc.constantFrom('', 'a', 'b')),
    departments: fc.dictionary(fc.constantFrom('RD', 'S'), fc.constantFrom('x', 'y')),
  })
  .map(({ people, departments }) =>
    roster(
      Object.entries(people).map(([key, nick_name]) => person(key, { nick_name })),
      Object.entries(departments).map(([code, name]) => department(code, name)),
    ),
  );

/** A history, and the snapshots of it that go: in one go, or some before the others. */
const anyPruning = fc.array(anyRoster, { minLength: 2, maxLength: 12 }).chain(rosters =>
  fc.record({
    rosters: fc.constant(rosters),
    going: fc.array(fc.subarray(rosters.map((_, place) => place + 1)), { minLength: 1, maxLength: 2 }),
  }),
);

/** Another one for every snapshot that takes somebody away. */
const removalIn = (number: number): Removal => ({
  reason: number % 2 === 0 ? 'left' : 'missing',
  source: sourceName(`s${number}`),
});

async function publishAll(store: Store, rosters: readonly Roster[]): Promise<readonly Roster[]> {
  const history = [NOBODY, ...rosters];
  for (const [place, next] of rosters.entries()) {
    await publish(store, history[place] ?? NOBODY, next, { removal: removalIn(place + 1) });
  }
  return history;
}

interface Stretch {
  readonly a: number;
  readonly b: number;
  readonly kept: readonly number[];
}

/** Why somebody went between two snapshots, after they were last there in one that is kept; the last reason comes last. */
function whyGone(history: readonly Roster[], key: string, { a, b, kept }: Stretch): Removal[] {
  const has = (number: number) => history[number]?.people.has(key) ?? false;
  const last = kept.filter(number => number >= a && number < b && has(number)).at(-1) ?? a;
  const next = kept.find(number => number > last) ?? b;
  const between = Array.from({ length: next - last }, (_, place) => last + 1 + place);
  return between.filter(number => has(number - 1) && !has(number)).map(removalIn);
}

/** Everything that is kept is as it was, and differs as it did. */
async function mustBeAsBefore(store: Store, history: readonly Roster[], kept: readonly number[], stages = 1) {
  const rosterAt = (number: number) => history[number] ?? NOBODY;
  for (const number of kept.map(snapshotNumber)) {
    const back = await readBack(store, number);
    assert.deepEqual(new Map(back.people), new Map(rosterAt(number).people));
    assert.deepEqual(new Map(back.departments), new Map(rosterAt(number).departments));
  }
  for (const a of kept.map(snapshotNumber)) {
    for (const b of kept.map(snapshotNumber)) {
      const changes = await changesBetween(store, a, b);
      assert.deepEqual(changes.map(bare), naiveChanges(rosterAt(a), rosterAt(b)), `${a} to ${b}`);
      for (const change of a < b ? changes : []) {
        if (change.event !== 'removed') continue;
        const why = whyGone(history, change.key, { a, b, kept });
        // What nobody could ask for any more after the first time is not there for the second.
        const told = stages > 1 ? why.find(one => isDeepStrictEqual(one, change.before.removal)) : why.at(-1);
        assert.deepEqual(change.before.removal, told ?? why.at(-1), `${change.key} from ${a} to ${b}`);
      }
    }
  }
}

/** Somebody and something else in each of them. */
const FOUR = [1, 2, 3, 4].map(number =>
  roster(
    [person('hr/1'), ...(number < 3 ? [person('hr/2', { nick_name: `${number}` })] : [])],
    [department('RD', number === 2 ? 'R' : 'D')],
  ),
);

const EARLY = new Date('2026-01-01T00:00:00Z');
const LATE = new Date('2026-12-01T00:00:00Z');
const day = (date: number) => new Date(Date.UTC(2026, 0, date));

const numbersOf = async (store: Store) => (await store.snapshots.list(99)).map(one => one.number);

const failed: Outcome = { status: 'failed', problems: [] };
const unchanged: Outcome = { status: 'unchanged', snapshot: snapshotNumber(4) };

/** A run that ends so, at once. */
async function end(store: Store, outcome: Outcome, at = EARLY): Promise<void> {
  const number = await store.runs.begin({ cause: 'schedule', at, fingerprint: 'f1' });
  await store.runs.finish(number, { at, outcome, report: NO_REPORT, publication: undefined });
}

/** A run that is held, with what it would have made of the last of {@link FOUR}; tells the hold. */
async function hold(store: Store, at: Date) {
  const number = await store.runs.begin({ cause: 'schedule', at, fingerprint: 'f1' });
  const outcome: Outcome = { status: 'held', hold: undefined, reasons: [], changes: NO_CHANGES };
  const candidate = publication(FOUR[3] ?? NOBODY, roster([person('hr/9')]), 5);
  return (await store.runs.finish(number, { at, outcome, report: NO_REPORT, publication: candidate })).hold;
}

const delivered = (client: string, date: number, finished = true) => ({
  id: `${encodeURIComponent(client)} ${date}`,
  snapshot: snapshotNumber(1),
  client,
  at: day(date),
  finished,
  bytes: 1,
});

const prune = (store: Store, numbers: readonly number[], before = LONG_AGO, dryRun = false): Promise<Pruned> =>
  store.prune({ snapshots: numbers.map(snapshotNumber), before }, { dryRun });

async function count(here: Place, table: string): Promise<number> {
  return Number((await here.rows(`select count(*) as n from ${table}`))[0]?.['n']);
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`pruning ${engine}`, () => {
    test('leaves every snapshot that is kept as it was, and what differs between any two', async () => {
      await fc.assert(
        fc.asyncProperty(anyPruning, async ({ rosters, going }) => {
          await using here = await place();
          await using store = await here.open();
          const history = await publishAll(store, rosters);
          for (const some of going) {
            const forms = (await count(here, 'people')) + (await count(here, 'departments'));
            const would = await prune(store, some, LONG_AGO, true);
            assert.equal((await count(here, 'people')) + (await count(here, 'departments')), forms, 'a dry run');
            assert.deepEqual(await prune(store, some), would);
            const left = (await count(here, 'people')) + (await count(here, 'departments'));
            assert.equal(forms - left, would.people + would.departments);
          }
          const gone = new Set(going.flat());
          const numbers = history.map((_, number) => snapshotNumber(number)).slice(1);
          const kept = numbers.filter(number => !gone.has(number) || number === numbers.at(-1));
          assert.deepEqual(
            (await store.snapshots.list(99)).map(one => one.number),
            kept.toReversed(),
          );
          await mustBeAsBefore(store, history, kept, going.length);
          const orphans = await here.rows(
            `select ${'`key`'} from people where not exists
             (select 1 from snapshots where number >= first and number <= coalesce(last, number))`,
          );
          assert.deepEqual(orphans, [], 'nothing is left of what is not kept');
        }),
        { numRuns: engine === 'SQLite' ? 30 : 4 },
      );
    });

    test('never takes the newest, a pinned one, or what a hold rests on, whoever asks for it', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, FOUR);
      await store.pins.set({ snapshot: snapshotNumber(2), at: LATE });
      assert.equal((await prune(store, [1, 2, 3, 4])).snapshots, 2);
      assert.deepEqual(await numbersOf(store), [4, 2]);
      await store.pins.end(LATE);
      await hold(store, LATE);
      assert.equal((await prune(store, [2, 4])).snapshots, 1);
      assert.deepEqual(await numbersOf(store), [4]);
      await readBack(store, snapshotNumber(4));
    });

    test('goes on where it was broken off: what belongs to no snapshot any more goes', async () => {
      await using here = await place();
      await using store = await here.open();
      const history = await publishAll(store, FOUR);
      await here.rows('delete from snapshots where number in (2, 3)');
      const forms = { people: 1, departments: 1 };
      assert.deepEqual(await prune(store, []), { snapshots: 0, ...forms, runs: 0, deliveries: 0 });
      assert.deepEqual(await prune(store, []), { snapshots: 0, people: 0, departments: 0, runs: 0, deliveries: 0 });
      await mustBeAsBefore(store, history, [1, 4]);
    });

    test('takes old runs, but for those on which something rests', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, FOUR); // runs 1 to 4
      await end(store, failed); // 5
      await end(store, unchanged); // 6
      await hold(store, EARLY); // 7
      await end(store, unchanged); // 8, which ends the hold
      await end(store, failed); // 9
      await end(store, failed); // 10
      await store.runs.begin({ cause: 'sync', at: EARLY, fingerprint: 'f1' }); // 11, which dies
      await store.runs.begin({ cause: 'sync', at: EARLY, fingerprint: 'f1' }); // 12, which dies
      const would = await prune(store, [2], LATE, true);
      assert.equal((await store.runs.list(99)).length, 12);
      assert.deepEqual(await prune(store, [2], LATE), would);
      assert.equal(would.runs, 4);
      const left = (await store.runs.list(99)).map(run => run.number).reverse();
      // Those of snapshots 1, 3 and 4; the last hold and what ended it; the first bad one since, the last finished, the last.
      assert.deepEqual(left, [1, 3, 4, 7, 8, 9, 10, 12]);
      assert.equal((await store.runs.firstBadSince((await store.runs.newestGood())?.number))?.number, 9);
      await end(store, unchanged, LATE);
      await end(store, failed, LATE);
      assert.equal((await prune(store, [], LATE)).runs, 3);
      const ended = (await store.runs.list(99)).map(run => run.number).reverse();
      assert.deepEqual(ended, [1, 3, 4, 7, 8, 13, 14], 'what happened at that moment is not older');
    });

    test('keeps the run that proves the configuration, where the newest good one does not', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, FOUR.slice(3)); // 1
      await end(store, unchanged); // 2
      await end(store, unchanged); // 3
      await here.rows('update runs set unproved = 1 where number = 3');
      assert.equal(await store.runs.provedGood('f1'), true);
      await prune(store, [], LATE);
      assert.equal(await store.runs.provedGood('f1'), true);
      assert.deepEqual(
        (await store.runs.list(9)).map(run => run.number),
        [3, 2, 1],
      );
    });

    test('takes old deliveries, but for the last two that reached each client', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, FOUR);
      const deliveries = [
        ...[1, 2, 3, 4].map(day => delivered('omflow', day)),
        delivered('omflow', 5, false),
        delivered('林', 1),
        delivered('broken', 3, false),
        delivered('new', 30),
        ...[29, 31].map(day => delivered('omflow', day, false)),
      ];
      await store.deliveries.add(deliveries);
      const before = day(30);
      const would = await prune(store, [], before, true);
      assert.equal((await store.deliveries.list(99)).length, deliveries.length);
      assert.deepEqual(await prune(store, [], before), would);
      assert.equal(would.deliveries, 5);
      assert.deepEqual(
        (await store.deliveries.list(99)).map(({ client, at }) => [client, at.getUTCDate()]),
        [
          ['omflow', 31],
          ['new', 30],
          ['林', 1],
          ['omflow', 4],
          ['omflow', 3],
        ],
      );
    });

    test('takes old holds and pins that ended, but no number is given twice', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, FOUR);
      for (const at of [EARLY, EARLY, EARLY]) {
        await hold(store, at);
        await end(store, unchanged, at);
        await store.pins.set({ snapshot: snapshotNumber(1), at });
        await store.pins.end(at);
      }
      await here.rows('update snapshots set hold = 1 where number = 4');
      await prune(store, [], LATE);
      assert.deepEqual(
        (await store.holds.list(9)).map(one => one.number),
        [3, 1],
        'the last, and the one that was approved to make a snapshot',
      );
      assert.deepEqual(
        (await here.rows('select number from pins')).map(row => Number(row['number'])),
        [3],
      );
      assert.equal(await hold(store, LATE), 4);
      await prune(store, [], LATE);
      assert.deepEqual(
        (await store.holds.list(9)).map(one => one.number),
        [4, 1],
      );
    });
  });
}
