import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Removal } from '../../src/roster/known.ts';
import { type Person, type SnapshotNumber, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { StoreError } from '../../src/store/error.ts';
import type { Store } from '../../src/store/store.ts';
import { engines, type Place } from './engines.ts';
import {
  bare,
  begin,
  changesBetween,
  changesInPages,
  department,
  finish,
  inOrder,
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

/** Keys that some engine or other would take for one another, or would put in another order. */
const KEYS = [
  'hr/a',
  'hr/A',
  'hr/a ',
  'hr/á',
  'hr/a\u0301',
  'hr/ａ',
  'hr/ss',
  'hr/ß',
  'hr/\ue000',
  'hr/\uffee',
  'hr/😀',
  'hr/\u{10000}',
  'hr/%',
  "hr/'\\",
];

const anyPerson = fc.record({
  email: fc.constantFrom('x@corp.example', 'y@corp.example'),
  nick_name: fc.constantFrom('', '林 😀', 'O\'Brien \\ "', 'é'),
  departments: fc.constantFrom([], ['RD'], ['RD', 'S']),
});

const anyRoster: fc.Arbitrary<Roster> = fc
  .dictionary(fc.constantFrom(...KEYS), anyPerson, { maxKeys: 6 })
  .map(people => roster(Object.entries(people).map(([key, fields]) => person(key, fields))));

const removalAt = (number: number): Removal => ({
  reason: number % 2 === 0 ? 'left' : 'missing',
  source: sourceName(number % 3 === 0 ? 'ad' : 'hr'),
});

/** Publishes one roster after another; those that are the same as the one before are no snapshot. */
async function publishAll(store: Store, rosters: readonly Roster[]): Promise<Roster[]> {
  const history: Roster[] = [NOBODY];
  for (const next of rosters) {
    const before = history.at(-1) ?? NOBODY;
    if (naiveChanges(before, next).length === 0) continue;
    await publish(store, before, next, { removal: removalAt(history.length) });
    history.push(next);
  }
  return history;
}

/** What is wanted of a removal between two snapshots: the last one there was. */
function lastRemoval(history: readonly Roster[], key: string, a: number, b: number): Removal | undefined {
  const gone = history.flatMap((one, number) =>
    number > a && number <= b && history[number - 1]?.people.has(key) && !one.people.has(key) ? [number] : [],
  );
  const last = gone.at(-1);
  return last === undefined ? undefined : removalAt(last);
}

async function mustHold(store: Store, history: readonly Roster[]): Promise<void> {
  const numbers = history.map((_, number) => snapshotNumber(number)).slice(1);
  const roster = (number: SnapshotNumber) => history[number] as Roster;
  for (const number of numbers) assert.deepEqual((await readBack(store, number)).people, inKeyOrder(roster(number)));
  for (const a of numbers) {
    for (const b of numbers) {
      const changes = await changesBetween(store, a, b);
      assert.deepEqual(changes.map(bare), naiveChanges(roster(a), roster(b)), `${a} to ${b}`);
      assert.deepEqual((await changesInPages(store, a, b)).changes, changes, `${a} to ${b}, in pages`);
      if (a > b) continue;
      for (const change of changes) {
        if (change.event === 'removed')
          assert.deepEqual(
            change.before.removal,
            lastRemoval(history, change.key, a, b),
            `${change.key}, ${a} to ${b}`,
          );
      }
    }
  }
  const newest = roster(numbers.at(-1) ?? snapshotNumber(0));
  const heads: string[] = [];
  for await (const page of store.people.head()) heads.push(...page.map(one => one.key));
  assert.deepEqual(heads, inOrder(newest.people.keys()));
}

/** Every other one changes, one in ten goes and as many come, far more than a page: each change is told once, in order. */
async function mustComeInPages(
  store: Store,
  all: Roster,
  { number, none }: Readonly<Record<'number' | 'none', SnapshotNumber>>,
): Promise<void> {
  const people = [...all.people.values()];
  const stay = people.filter((_, place) => place % 10 !== 3);
  const changed = stay.map((one, place) => (place % 2 === 0 ? { ...one, nick_name: 'x' } : one));
  const fresh = people.filter((_, place) => place % 10 === 3).map(one => person(`${one.key}x`));
  const next = roster([...changed, ...fresh]);
  const newest = await publish(store, roster(people.slice(0, 1)), next);
  for (const [a, b] of [
    [number, newest],
    [newest, number],
    [none, newest],
  ] as const) {
    const { keys, changes } = await changesInPages(store, a, b);
    assert.ok(keys.length > 2 && Math.max(...keys) <= 4000, keys.join());
    assert.deepEqual(changes.map(bare), (await changesBetween(store, a, b)).map(bare));
  }
  const { changes } = await changesInPages(store, number, newest);
  assert.deepEqual(changes.map(bare), naiveChanges(all, next));
}

const inKeyOrder = ({ people }: Roster) => new Map(inOrder(people.keys()).map(key => [key, people.get(key) as Person]));

for (const [engine, place] of Object.entries(engines)) {
  suite(`snapshots in ${engine}`, () => {
    test('are what was published, and differ as what was published differs', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyRoster, { minLength: 1, maxLength: 6 }), async rosters => {
          await using here = await place();
          await using store = await here.open();
          await mustHold(store, await publishAll(store, rosters));
        }),
        { numRuns: engine === 'SQLite' ? 30 : 6 },
      );
    });

    test('cost what changed', async () => {
      await using here = await place();
      await using store = await here.open();
      const one = roster(
        Array.from({ length: 300 }, (_, number) => person(`hr/${number}`)),
        [department('RD')],
      );
      const two = roster(
        [...one.people.values()].map((who, place) => (place < 3 ? { ...who, nick_name: 'x' } : who)),
        [department('RD')],
      );
      await publish(store, NOBODY, one);
      await publish(store, one, two);
      assert.equal(await count(here, 'people'), 303);
      assert.equal(await count(here, 'departments'), 1);
      const before = await contents(here);
      await finish(store, await begin(store), { status: 'unchanged', snapshot: snapshotNumber(2) });
      const after = await contents(here);
      assert.deepEqual({ ...after, runs: before['runs'] }, before);
      assert.equal(after['runs']?.length, 3);
    });

    test('of more people than go into one page are in order and whole', async () => {
      await using here = await place();
      await using store = await here.open();
      const letters = ['a', 'z', 'ÿ', '林', '\ue000', '\uffee', '😀', '\u{10000}'];
      const many = Array.from({ length: 8200 }, (_, number) =>
        person(`hr/${letters[number % letters.length]}${number}`),
      );
      const all = roster(many);
      const number = await publish(store, NOBODY, all);
      assert.deepEqual([...(await readBack(store, number)).people.keys()], inOrder(all.people.keys()));
      const heads: string[] = [];
      for await (const page of store.people.head()) heads.push(...page.map(one => one.key));
      assert.deepEqual(heads, inOrder(all.people.keys()));
      assert.equal((await store.people.load([...all.people.keys()])).length, 8200);
      const none = await publish(store, all, roster(many.slice(0, 1)));
      assert.equal((await changesBetween(store, number, none)).length, 8199);
      await mustComeInPages(store, all, { number, none });
    });

    test('tell keys and names apart that differ in case, accents and blanks', async () => {
      await using here = await place();
      await using store = await here.open();
      const number = await publish(
        store,
        NOBODY,
        roster(
          KEYS.map(key => person(key)),
          KEYS.map(key => department(key)),
        ),
      );
      const snapshot = await store.snapshots.newest();
      assert.deepEqual([snapshot?.people, snapshot?.departments], [KEYS.length, KEYS.length]);
      for (const key of KEYS) {
        assert.deepEqual(
          (await store.people.load([key])).map(one => one.value.key),
          [key],
        );
        const name = person(key).username;
        assert.equal((await store.people.named(name, number))?.value.key, key);
        assert.equal((await store.departments.named(key, number))?.value.group_no, key);
      }
      assert.equal(await store.people.named('HR', number), undefined);
    });

    test('keep where fields came from', async () => {
      await using here = await place();
      await using store = await here.open();
      const from = { email: sourceName('ad'), departments: sourceName('csv') };
      const [one, two] = [roster([person('hr/1')]), roster([person('hr/1', { email: 'new@corp.example' })])];
      const first = await publish(store, NOBODY, one, { from });
      assert.deepEqual((await store.people.load(['hr/1']))[0]?.from, from);
      assert.deepEqual((await store.people.named('1', first))?.from, from);
      const second = await publish(store, one, two);
      assert.deepEqual((await store.people.load(['hr/1']))[0]?.from, {});
      const [change] = await changesBetween(store, first, second);
      assert.deepEqual(change?.event === 'modified' && [change.before.from, change.after.from], [from, {}]);
    });

    test('tell the history of a name', async () => {
      await using here = await place();
      await using store = await here.open();
      const ann = person('hr/1', { username: 'ann' });
      const removal: Removal = { reason: 'left', source: sourceName('ad') };
      const later = { ...ann, nick_name: 'Ann' };
      await publish(store, NOBODY, roster([ann]));
      await publish(store, roster([ann]), roster([later]));
      await publish(store, roster([later]), roster([person('hr/2')]), { removal });
      const versions = await store.people.history('ann');
      assert.deepEqual(
        versions.map(({ value, first, last, removal }) => ({ value, first, last, removal })),
        [
          { value: ann, first: 1, last: 1, removal: undefined },
          { value: later, first: 2, last: 2, removal },
        ],
      );
      assert.deepEqual(await store.people.history('nobody'), []);
      assert.equal((await store.people.named('ann', snapshotNumber(2)))?.value.nick_name, 'Ann');
      assert.equal(await store.people.named('ann', snapshotNumber(3)), undefined);
    });

    test('are found by number and time', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.equal(await store.snapshots.newest(), undefined);
      for (const [place, minute] of [10, 20, 30, 15].entries()) {
        const at = new Date(Date.UTC(2026, 10, 22, 3, minute));
        const [before, after] = [place, place + 1].map(count =>
          roster(Array.from({ length: count }, (_, key) => person(`hr/${key}`))),
        );
        const run = await begin(store);
        const what = publication(before ?? NOBODY, after ?? NOBODY, place + 1);
        await store.runs.finish(run, {
          at,
          outcome: published(place + 1),
          report: { sources: [], problems: [], counts: [] },
          publication: what,
        });
      }
      const before = async (minute: number) =>
        (await store.snapshots.before(new Date(Date.UTC(2026, 10, 22, 3, minute))))?.number;
      assert.deepEqual([await before(9), await before(10), await before(29)], [undefined, 1, 2]);
      // The fourth was made under a clock that had been put back.
      assert.deepEqual([await before(12), await before(15), await before(30), await before(59)], [1, 1, 4, 4]);
      assert.deepEqual(
        (await store.snapshots.list(2)).map(one => one.number),
        [4, 3],
      );
      assert.equal((await store.snapshots.get(snapshotNumber(2)))?.run, 2);
      assert.equal(await store.snapshots.get(snapshotNumber(9)), undefined);
    });

    test('whose content was changed behind our back are found out, and whose it was', async () => {
      await using here = await place();
      await using store = await here.open();
      const one = roster([person('hr/1', { nick_name: '林' }), person('hr/2')], [department('RD')]);
      const first = await publish(store, NOBODY, one);
      const second = await publish(store, one, roster([person('hr/2')], [department('RD')]));
      await here.rows("update people set content = replace(content, '@corp', '@c0rp') where name = '1'");
      const damaged = (error: unknown) =>
        error instanceof StoreError &&
        error.message ===
          'the store is damaged: people "1", as it was from snapshot 1 on, is not what its digest says; restore a backup';
      await assert.rejects(readBack(store, first), damaged);
      await assert.rejects(renderSnapshot(store, first), damaged);
      await assert.rejects(store.people.history('1'), damaged);
      await assert.rejects(store.people.named('1', first), damaged);
      await assert.rejects(changesBetween(store, first, second), damaged);
      await assert.rejects(changesBetween(store, second, first), damaged);
      await readBack(store, second);
      await here.rows("update departments set content = replace(content, 'RD', 'RE')");
      await assert.rejects(readBack(store, second), /departments "RD", as it was from snapshot 1 on/);
    });

    test('that lack somebody are found out', async () => {
      await using here = await place();
      await using store = await here.open();
      const number = await publish(store, NOBODY, roster([person('hr/1'), person('hr/2')]));
      await here.rows("delete from people where name = '2'");
      await assert.rejects(renderSnapshot(store, number), /snapshot 1 is damaged/);
    });

    test('have a number that only one publisher can take', async () => {
      await using here = await place();
      await using store = await here.open({ timeout: 100 });
      await using other = await here.open({ timeout: 100 });
      const [one, two] = [roster([person('hr/1')]), roster([person('hr/2')])];
      const race = await Promise.allSettled([
        publish(store, NOBODY, one, { number: 1 }),
        publish(other, NOBODY, two, { number: 1 }),
      ]);
      assert.equal(race.filter(result => result.status === 'fulfilled').length, 1);
      const winner = race[0]?.status === 'fulfilled' ? one : two;
      assert.deepEqual((await readBack(store, snapshotNumber(1))).people, winner.people);
      await assert.rejects(publish(other, NOBODY, roster([person('hr/3')]), { number: 1 }));
      assert.deepEqual((await readBack(other, snapshotNumber(1))).people, winner.people);
      assert.equal(await count(here, 'people'), 1);
      assert.equal(await count(here, 'people_head'), 1);
    });
  });
}

async function count(here: Place, table: string): Promise<number> {
  const [row] = await here.rows(`select count(*) as n from ${table}`);
  return Number(row?.['n']);
}

const TABLES = ['snapshots', 'people', 'departments', 'people_head', 'departments_head', 'ledger', 'runs', 'holds'];

async function contents(here: Place): Promise<Record<string, readonly unknown[]>> {
  const all: Record<string, readonly unknown[]> = {};
  for (const table of TABLES)
    all[table] = (await here.rows(`select * from ${table} order by 1, 2`)).map(row => ({ ...row }));
  return all;
}
