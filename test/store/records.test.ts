import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { snapshotNumber } from '../../src/roster/model.ts';
import type { Records, Version } from '../../src/store/store.ts';
import { engines } from './engines.ts';
import { department, inOrder, MISSING, NOBODY, person, publish, type Roster, roster } from './rosters.ts';

/** Everybody, or every department, of one snapshot after the other, from the first. */
type History<Value> = readonly ReadonlyMap<string, Value>[];

type Bare<Value> = Pick<Version<Value>, 'value' | 'first' | 'last' | 'removal'>;

/** Every form that somebody ever had, found by looking at every roster. */
function formsOf<Value>(history: History<Value>, key: string): Bare<Value>[] {
  const forms: Bare<Value>[] = [];
  for (const [place, members] of history.entries()) {
    const [number, value] = [snapshotNumber(place + 1), members.get(key)];
    const before = forms.at(-1);
    if (before && before.last === undefined && !isDeepStrictEqual(before.value, value)) {
      const removal = value === undefined ? MISSING : undefined;
      forms[forms.length - 1] = { ...before, last: snapshotNumber(place), removal };
    }
    const isNew = value !== undefined && !isDeepStrictEqual(history[place - 1]?.get(key), value);
    if (isNew) forms.push({ value, first: number, last: undefined, removal: undefined });
  }
  return forms;
}

const keysOf = <Value>(history: History<Value>) => inOrder(new Set(history.flatMap(members => [...members.keys()])));

/** Of whoever has changed since: what they were then, and whatever they were after it. */
const formsSince = <Value>(history: History<Value>, number: number) =>
  keysOf(history).flatMap(key => {
    const forms = formsOf(history, key).filter(({ last }) => last === undefined || last >= number);
    return forms.some(({ first, last }) => first > number || last !== undefined) ? forms : [];
  });

const bareVersion = <Value>({ value, first, last, removal }: Version<Value>): Bare<Value> => ({
  value,
  first,
  last,
  removal,
});

async function mustTell<Value>(records: Records<Value>, history: History<Value>): Promise<void> {
  for (const [place] of history.entries()) {
    const number = snapshotNumber(place + 1);
    assert.deepEqual(
      (await Array.fromAsync(records.since(number))).flat().map(bareVersion),
      formsSince(history, number),
      `since ${number}`,
    );
  }
  const keys = [...keysOf(history), 'nobody'];
  const latest = (await records.latest(keys)).map(bareVersion);
  const expected = keys.flatMap(key => formsOf(history, key).at(-1) ?? []);
  assert.deepEqual(byJson(latest), byJson(expected));
  assert.deepEqual((await records.latest(keys.slice(-2))).length, Math.min(1, keys.length - 1));
}

const byJson = <One>(list: readonly One[]) => list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

const anyRoster: fc.Arbitrary<Roster> = fc
  .record({
    people: fc.dictionary(
      fc.constantFrom('hr/a', 'hr/A', 'hr/é', 'hr/\uffee', 'hr/😀'),
      fc.constantFrom('', 'x', '林'),
    ),
    departments: fc.dictionary(fc.constantFrom('RD', 'rd', '研'), fc.constantFrom('x', 'y')),
  })
  .map(({ people, departments }) =>
    roster(
      Object.entries(people).map(([key, nick_name]) => person(key, { nick_name })),
      Object.entries(departments).map(([code, name]) => department(code, name)),
    ),
  );

for (const [engine, place] of Object.entries(engines)) {
  suite(`what became of people and departments in ${engine}`, () => {
    test('since any snapshot, and at last, is what all rosters together say', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyRoster, { minLength: 1, maxLength: 7 }), async rosters => {
          await using here = await place();
          await using store = await here.open();
          for (const [before, next] of rosters.entries()) await publish(store, rosters[before - 1] ?? NOBODY, next);
          await mustTell(
            store.people,
            rosters.map(one => one.people),
          );
          await mustTell(
            store.departments,
            rosters.map(one => one.departments),
          );
        }),
        { numRuns: engine === 'SQLite' ? 15 : 3 },
      );
    });

    test('is asked for thousands at once', async () => {
      await using here = await place();
      await using store = await here.open();
      const many = Array.from({ length: 2500 }, (_, number) => person(`hr/${number}`));
      const number = await publish(store, NOBODY, roster(many));
      await publish(store, roster(many), NOBODY);
      assert.equal((await store.people.latest(many.map(one => one.key))).length, 2500);
      assert.equal((await Array.fromAsync(store.people.since(number))).flat().length, 2500);
      assert.deepEqual(await store.people.latest([]), []);
    });

    test('is found by a name as it is spelled, and by no other', async () => {
      await using here = await place();
      await using store = await here.open();
      const number = await publish(store, NOBODY, roster([person('hr/ann')], [department('RD')]));
      assert.equal((await store.people.named('ann', number))?.value.key, 'hr/ann');
      assert.equal((await store.people.history('ann')).length, 1);
      assert.equal((await store.departments.named('RD', number))?.value.group_no, 'RD');
      for (const name of ['ANN', 'hr/ann', 'rd', '']) {
        assert.equal(await store.people.named(name, number), undefined, name);
        assert.deepEqual(await store.people.history(name), [], name);
        assert.equal(await store.departments.named(name, number), undefined, name);
      }
    });

    test('is not believed where it was changed behind our back', async () => {
      await using here = await place();
      await using store = await here.open();
      const one = roster([person('hr/1'), person('hr/2')]);
      const number = await publish(store, NOBODY, one);
      await publish(store, one, roster([person('hr/2')]));
      await here.rows("update people set content = replace(content, '@corp', '@c0rp') where name = '1'");
      await assert.rejects(Array.fromAsync(store.people.since(number)), /the store is damaged: people "1"/);
      await assert.rejects(store.people.latest(['hr/1', 'hr/2']), /the store is damaged: people "1"/);
      assert.equal((await store.people.latest(['hr/2'])).length, 1);
    });
  });
}
