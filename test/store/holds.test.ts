import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { compareDepartments, comparePeople, NO_CHANGES } from '../../src/roster/compare.ts';
import type { Removal } from '../../src/roster/known.ts';
import {
  type ChangeCounts,
  type Department,
  type GuardFinding,
  type HoldNumber,
  holdNumber,
  type Outcome,
  type Person,
  type RunNumber,
  snapshotNumber,
  sourceName,
} from '../../src/roster/model.ts';
import { byBytes } from '../../src/roster/order.ts';
import { StoreError } from '../../src/store/error.ts';
import type { Finished, Publication, RowChanges, Store } from '../../src/store/store.ts';
import { engines, type Place } from './engines.ts';
import {
  AT,
  bare,
  begin,
  department,
  finish,
  inOrder,
  NO_REPORT,
  NOBODY,
  naiveChanges,
  person,
  publication,
  publish,
  published,
  type Roster,
  readBack,
  roster,
} from './rosters.ts';

const LATER = new Date(AT.getTime() + 3_600_000);
const FINDING: GuardFinding = {
  guard: 'people_removed',
  count: 9,
  limit: 3,
  of: 12,
  baseline: snapshotNumber(1),
  text: '9 of 12 people would be removed',
};
const CHANGES: ChangeCounts = { ...NO_CHANGES, people_removed: 9, memberships_removed: 4 };
const HELD: Outcome = { status: 'held', hold: undefined, reasons: [FINDING], changes: CHANGES };
const LEFT: Removal = { reason: 'left', source: sourceName('ad') };
const FROM = { email: sourceName('ad'), departments: sourceName('csv') };

/** As what a run held: with the counts of the outcome, and a number of memberships of its own. */
const candidate = (before: Roster, after: Roster, number: number): Publication => {
  const made = publication(before, after, number, { removal: LEFT, from: FROM });
  return { ...made, changes: CHANGES, counts: { ...made.counts, memberships: 7 } };
};

/** A run that is held; `number` is that of the snapshot that the candidate would be. */
async function hold(
  store: Store,
  before: Roster,
  after: Roster,
  number: number,
): Promise<Finished & { run: RunNumber }> {
  const run = await begin(store);
  return { ...(await finish(store, run, HELD, candidate(before, after, number))), run };
}

/** An administrator's word, as `approve` gives it to the store. */
async function approve(store: Store, number: HoldNumber, reason = ''): Promise<RunNumber> {
  const run = await store.runs.begin({ cause: 'approve', at: AT, fingerprint: 'f1' });
  const what = await store.holds.publication(number);
  const outcome = published(what.number);
  await store.runs.finish(run, {
    at: LATER,
    outcome,
    report: NO_REPORT,
    publication: what,
    approval: { hold: number, reason },
  });
  return run;
}

const heldRows = async (here: Place) =>
  (await here.rows('select * from hold_rows order by hold, kind, `key`')).map(row => ({ ...row }));

const ONE = holdNumber(1);
const TWELVE = roster(
  Array.from({ length: 12 }, (_, place) => person(`hr/${place}`)),
  [department('RD'), department('S')],
);
const THREE = roster(
  [person('hr/0'), person('hr/1', { nick_name: '林 😀 \\ "' }), person('hr/new')],
  [department('RD', '研發')],
);

/** Keys that some engine or other would take for one another, or would put in another order. */
const KEYS = ['hr/a', 'hr/A', 'hr/a ', 'hr/á', 'hr/ß', 'hr/ss', 'hr/\uffee', 'hr/😀'];

const anyRoster: fc.Arbitrary<Roster> = fc
  .record({
    people: fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('', '林 😀', 'O\'Brien \\ "')),
    departments: fc.dictionary(fc.constantFrom('RD', 'rd', 'R D', '研'), fc.constantFrom('x', 'y')),
  })
  .map(({ people, departments }) =>
    roster(
      Object.entries(people).map(([key, nick_name]) => person(key, { nick_name })),
      Object.entries(departments).map(([code, name]) => department(code, name)),
    ),
  );

/** In the order of keys, and of people no more than their names. */
function inKeyOrder(made: Publication): Publication {
  const sorted = <One extends { readonly key: string }>(list: Iterable<One>) =>
    [...list].sort((a, b) => byBytes(a.key, b.key));
  const rows = ({ ended, fresh }: RowChanges) => ({ ended: sorted(ended), fresh: sorted(fresh) });
  const names = sorted(made.names).map(({ key, username, email }) => ({ key, username, email }));
  return { ...made, people: rows(made.people), departments: rows(made.departments), names };
}

/** Holds `after` upon `before`, which is snapshot `base`, looks at it and approves it. */
async function isGivenBack(store: Store, before: Roster, after: Roster, base: number): Promise<void> {
  const { hold: number } = await hold(store, before, after, base + 1);
  assert.ok(number);
  assert.deepEqual(await store.holds.publication(number), inKeyOrder(candidate(before, after, base + 1)));

  const { people, departments } = await store.holds.candidate(number);
  const changes = [...comparePeople(people.before, people.after)];
  assert.deepEqual(changes.map(bare), naiveChanges(before, after));
  for (const change of changes) {
    if (change.event === 'removed') assert.deepEqual(change.before.removal, LEFT);
    else assert.deepEqual(change.after.from, FROM);
  }
  const compared = [...compareDepartments(departments.before, departments.after)];
  assert.deepEqual(compared.map(bare), naiveChanges(before, after, 'departments'));

  await approve(store, number);
  assert.deepEqual(await readBack(store, snapshotNumber(base + 1)), sortedRoster(after));
}

const sortedRoster = ({ people, departments }: Roster): Roster => ({
  people: new Map(inOrder(people.keys()).flatMap(key => [[key, people.get(key) as Person]])),
  departments: new Map(inOrder(departments.keys()).flatMap(key => [[key, departments.get(key) as Department]])),
});

for (const [engine, place] of Object.entries(engines)) {
  suite(`a hold in ${engine}`, () => {
    test('gives its candidate back exactly, to look at and to publish', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyRoster, { minLength: 1, maxLength: 8 }), async rosters => {
          await using here = await place();
          await using store = await here.open();
          const history = [NOBODY, ...rosters];
          for (const [base, after] of rosters.entries()) await isGivenBack(store, history[base] ?? NOBODY, after, base);
        }),
        { numRuns: engine === 'SQLite' ? 15 : 3 },
      );
    });

    test('is told with all that an administrator decides by', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.equal(await store.holds.open(), undefined);
      await publish(store, NOBODY, TWELVE);
      const { run, hold: number, recorded } = await hold(store, TWELVE, THREE, 2);
      assert.deepEqual([number, recorded], [1, true]);
      const { digest } = candidate(TWELVE, THREE, 2);
      const expected = {
        number: 1,
        run,
        opened: AT,
        findings: [FINDING],
        changes: CHANGES,
        base: 1,
        digest,
        people: 3,
        departments: 1,
        memberships: 7,
        fingerprint: 'f1',
      };
      assert.deepEqual(await store.holds.open(), expected);
      assert.deepEqual(await store.holds.get(ONE), expected);
      assert.deepEqual(await store.holds.list(9), [expected]);
      assert.equal(await store.holds.get(holdNumber(2)), undefined);
      assert.equal((await store.runs.get(run))?.hold, 1);
      assert.equal((await store.snapshots.newest())?.number, 1);
      assert.deepEqual(await readBack(store, snapshotNumber(1)), sortedRoster(TWELVE));
    });

    test('of the first candidate follows no snapshot', async () => {
      await using here = await place();
      await using store = await here.open();
      await hold(store, NOBODY, THREE, 1);
      const standing = await store.holds.open();
      assert.deepEqual([standing?.base, standing?.people], [undefined, 3]);
      await approve(store, ONE, 'looked at');
      assert.deepEqual(await readBack(store, snapshotNumber(1)), sortedRoster(THREE));
    });

    test('is left alone by later runs that are held or fail', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, TWELVE);
      await hold(store, TWELVE, THREE, 2);
      const [standing, rows, kept] = [
        await store.holds.open(),
        await heldRows(here),
        await store.holds.publication(ONE),
      ];
      assert.equal((await hold(store, TWELVE, NOBODY, 2)).hold, 1);
      await finish(store, await begin(store), { status: 'failed', problems: [] });
      await begin(store);
      assert.deepEqual(await store.holds.open(), standing);
      assert.deepEqual(await heldRows(here), rows);
      assert.deepEqual(await store.holds.publication(ONE), kept);
      assert.equal((await store.holds.list(9)).length, 1);
    });

    for (const [name, outcome] of [
      ['that publishes', published(2)],
      ['that changes nothing', { status: 'unchanged', snapshot: snapshotNumber(1) }],
    ] as const) {
      test(`is overtaken by a run ${name}, and its candidate goes`, async () => {
        await using here = await place();
        await using store = await here.open();
        await publish(store, NOBODY, TWELVE);
        await hold(store, TWELVE, THREE, 2);
        const run = await begin(store);
        const what = outcome.status === 'published' ? publication(TWELVE, NOBODY, 2) : undefined;
        await store.runs.finish(run, { at: LATER, outcome, report: NO_REPORT, publication: what });
        assert.equal(await store.holds.open(), undefined);
        const end = { at: LATER, how: 'overtaken', run, reason: '' };
        assert.deepEqual((await store.holds.get(ONE))?.end, end);
        assert.deepEqual(await heldRows(here), []);
        await assert.rejects(store.holds.publication(ONE), /hold 1 does not stand/);
        const [newest] = await store.snapshots.list(1);
        assert.equal(newest && 'hold' in newest, false);
      });
    }

    test('is approved with a reason; its snapshot tells that it was', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, TWELVE);
      await hold(store, TWELVE, THREE, 2);
      const run = await approve(store, ONE, '大阪 was sold');
      assert.equal(await store.holds.open(), undefined);
      assert.deepEqual((await store.holds.get(ONE))?.end, { at: LATER, how: 'approved', run, reason: '大阪 was sold' });
      assert.deepEqual(await heldRows(here), []);
      assert.deepEqual(await readBack(store, snapshotNumber(2)), sortedRoster(THREE));
      assert.deepEqual(
        (await store.snapshots.list(9)).map(one => [one.number, one.hold, one.run]),
        [
          [2, 1, run],
          [1, undefined, 1],
        ],
      );
      const [gone] = await store.people.history('5');
      assert.deepEqual(gone?.removal, LEFT);
      assert.deepEqual((await store.people.load(['hr/new']))[0]?.from, FROM);
      const known = await store.ledger({ keys: [], usernames: [], emails: ['new@corp.example'] });
      assert.deepEqual(known.byEmail, new Map([['new@corp.example', ['new']]]));
    });

    test('has a number of its own for ever', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, TWELVE);
      await hold(store, TWELVE, THREE, 2);
      await finish(store, await begin(store), { status: 'unchanged', snapshot: snapshotNumber(1) });
      assert.equal((await hold(store, TWELVE, THREE, 2)).hold, 2);
      await approve(store, holdNumber(2));
      assert.equal((await hold(store, THREE, TWELVE, 3)).hold, 3);
      assert.deepEqual(
        (await store.holds.list(2)).map(one => [one.number, one.end?.how]),
        [
          [3, undefined],
          [2, 'approved'],
        ],
      );
      assert.equal((await store.holds.open())?.number, 3);
      await assert.rejects(store.holds.publication(ONE), /hold 1 does not stand/);
      await assert.rejects(store.holds.publication(holdNumber(4)), /hold 4 does not stand/);
    });

    test('whose candidate is not what was held is found out', async () => {
      const whole = 'what is there does not add up to its digest';
      const table: readonly [name: string, sql: string, what: string, toLookAt: boolean][] = [
        ['content', "content = replace(content, 'new@corp', 'new@c0rp')", '"new" differs', true],
        ['content of a department', "content = replace(content, '研', '硏')", '"RD" differs', true],
        ['leaf', "leaf = replace(leaf, substr(leaf, 1, 1), 'x')", '"(0|1|new|RD)" differs', true],
        ['name', "name = 'n3w' where name = 'new'", '"n3w" differs', true],
        ['key', "`key` = 'hr/n3w' where name = 'new'", '"new" differs', true],
        ['end', "ends = 0 where name = 'RD'", whole, false],
        ['hold', "hold = 2 where `key` = 'hr/5'", whole, false],
      ];
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, TWELVE);
      await hold(store, TWELVE, THREE, 2);
      await here.rows('create table whole as select * from hold_rows');
      for (const [name, sql, what, toLookAt] of table) {
        await here.rows(`update hold_rows set ${sql}`);
        const damaged = (error: unknown) =>
          error instanceof StoreError &&
          new RegExp(`^the store is damaged: the candidate of hold 1 is not what was held: ${what};`).test(
            error.message,
          );
        await assert.rejects(store.holds.publication(ONE), damaged, name);
        if (toLookAt) await assert.rejects(store.holds.candidate(ONE), damaged, name);
        await here.rows('delete from hold_rows');
        await here.rows('insert into hold_rows select * from whole');
      }
      await store.holds.publication(ONE);
    });

    test('whose candidate does not follow what is served any more is not published', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, TWELVE);
      await hold(store, TWELVE, THREE, 2);
      await here.rows('update holds set base = 7');
      await assert.rejects(store.holds.publication(ONE), /hold 1 follows snapshot 7, which is not the newest$/);
      await here.rows('update holds set base = null');
      await assert.rejects(store.holds.publication(ONE), /hold 1 follows snapshot none/);
      await here.rows('update holds set base = 1');
      await here.rows("delete from people_head where `key` = 'hr/0'");
      await assert.rejects(store.holds.publication(ONE), /does not add up to its digest/);
    });

    test('needs a candidate, or the run does not end', async () => {
      await using here = await place();
      await using store = await here.open();
      const run = await begin(store);
      await assert.rejects(finish(store, run, HELD), /a run is held without a candidate/);
      assert.equal((await store.runs.get(run))?.status, 'running');
      assert.deepEqual(await store.holds.list(9), []);
    });
  });
}
