import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Draft, SourcePlan } from '../../src/roster/drafts.ts';
import { fold } from '../../src/roster/fold.ts';
import { type Merged, merge } from '../../src/roster/merge.ts';
import { type Extract, PERSON_FIELDS, type PersonRecord, type SourceName } from '../../src/roster/model.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { extract, plan, row, Shelf } from './shelf.ts';

/**
 * Several sources of any kind, drawn from so few names that they all meet. More of them, to hunt:
 * `ROSTERD_TEST_RUNS=20000 npm test -- test/roster/mixed-properties.test.ts`.
 */
const RUNS = Number(process.env['ROSTERD_TEST_RUNS'] ?? 400);
const SEED = process.env['ROSTERD_TEST_RUNS'] === undefined ? { seed: 20261122 } : {};
const check = <Values extends [unknown, ...unknown[]]>(property: fc.IProperty<Values>) =>
  fc.assert(property, { ...SEED, numRuns: RUNS });

const often = <Value>(values: readonly Value[]) => fc.constantFrom(...values);
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>, freq = 2) => fc.option(arbitrary, { nil: undefined, freq });

const NAMES = ['hr', 'ext', 'ad', 'rest'];
const FIELDS = [...PERSON_FIELDS, 'departments', 'extra.cost', 'extra.room', 'cost'];
const WITHHELD = new Set(['email', 'username', 'extra.cost']);

const aRow = fc
  .record({
    key: often(['1', '2', '3', '3', '']),
    username: maybe(often(['ann', 'ANN', 'ben', 'cy', '1'])),
    email: maybe(often(['ann@x.y', 'Ann@x.y', 'ben@x.y', 'cy@x.y', ' '])),
    ad_no: maybe(often(['E1', 'e1', 'E2'])),
    phone1: maybe(often(['1', '2'])),
    company: maybe(often(['A', 'B'])),
    departments: fc.array(often(['D', 'E']), { maxLength: 2 }),
    extra: fc.record({ cost: often(['1', '2']), room: often(['8', '9', '']) }, { requiredKeys: [] }),
    active: often([true, true, true, false]),
    broken: fc.uniqueArray(
      fc.record({ field: often(['email', 'ad_no', 'phone1', 'extra.room', 'key']), why: fc.constant('is odd') }),
      { maxLength: 1, selector: one => one.field },
    ),
    blanks: fc.uniqueArray(often(FIELDS), { maxLength: 2 }),
  })
  .map(({ key, blanks, ...told }): PersonRecord => {
    const record = row(key, told);
    // A row cannot have a value and say that there is none, nor have one that cannot be read.
    const isTold = (field: string) =>
      field in record.fields || record.extra.some(([name]) => `extra.${name}` === field);
    return {
      ...record,
      broken: record.broken.filter(one => !isTold(one.field)),
      blanks: blanks.filter(field => !isTold(field) && !(field === 'departments' && record.departments.length > 0)),
    };
  });

const aPlan = (name: string) =>
  fc
    .record({
      action: often(['create', 'update'] as const),
      match: often(['key', 'email', 'ad_no', 'username'] as const),
      fields: maybe(
        fc.uniqueArray(often(FIELDS), { maxLength: 6 }).map(list => new Set(list)),
        1,
      ),
      withheld: maybe(fc.constant(WITHHELD), 1),
    })
    .map(other => plan(name, other));

const aSource = (name: string) =>
  fc
    .record({
      people: fc.array(aRow, { maxLength: 5 }),
      memberships: fc.array(fc.tuple(often(['1', '2', 'ann', 'x']), often(['D', 'F'])), { maxLength: 2 }),
      departments: maybe(fc.array(fc.tuple(often(['D', 'E', 'F']), often(['Sales', 'Support'])), { maxLength: 2 }), 1),
    })
    .map(({ people, memberships, departments }) =>
      extract(name, people, { memberships, ...(departments && { departments }) }),
    );

const sources = fc.tuple(...NAMES.map(aSource));
const plans = fc
  .tuple(...NAMES.map(aPlan))
  .chain(list => fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }));

const merged = (extracts: readonly Extract[], list: readonly SourcePlan[], problems = new ProblemList()): Merged =>
  merge(extracts, list, problems);
const everybody = ({ people, left }: Merged): Draft[] => [...people.values(), ...left.values()];

test('neither the order of rows nor that of extracts matters', () => {
  const told = (extracts: readonly Extract[], list: readonly SourcePlan[]) => {
    const problems = new ProblemList();
    const { people, left, departments } = merged(extracts, list, problems);
    const shown = (draft: Draft) => [
      draft.key,
      draft.keyed,
      Object.entries(draft.fields).sort(),
      [...new Set(draft.departments)].sort(),
      draft.extra,
      Object.entries(draft.from ?? {}).sort(),
      draft.broken.map(one => one.field).sort(),
      draft.joined,
    ];
    return {
      people: [...people.values()].map(shown).sort(),
      left: [...left.values()].map(shown).sort(),
      departments: [...departments.values()].map(({ group_no, source }) => [group_no, source]).sort(),
      problems: problems.counts.map(one => JSON.stringify(one)).sort(),
    };
  };
  check(
    fc.property(sources, plans, fc.infiniteStream(fc.nat()), (extracts, list, numbers) => {
      const mixed = <Value>(values: readonly Value[]) =>
        values
          .map(value => [numbers.next().value ?? 0, value] as const)
          .sort(([a], [b]) => a - b)
          .map(([, value]) => value);
      const turned = extracts.map(one => ({ ...one, people: mixed(one.people), memberships: mixed(one.memberships) }));
      assert.deepEqual(told(mixed(turned), list), told(extracts, list));
    }),
  );
});

test('nobody comes into being from an update source, and whom it is about is no matter of who is there', () => {
  const who = ({ people, left }: Merged) =>
    [people, left].map(some => [...some.values()].map(({ key, joined }) => [key, joined]).sort());
  check(
    fc.property(sources, plans, (extracts, list) => {
      const creating = list.filter(one => one.action === 'create');
      const all = merged(extracts, list);
      const names = new Set(creating.map(one => one.name));
      for (const { source, key } of everybody(all)) assert(names.has(source), `${key} comes from an update source`);
      assert.deepEqual(who(all), who(merged(extracts, creating)));
      for (const one of list) {
        if (one.action === 'create') continue;
        assert.deepEqual(
          who(all),
          who(
            merged(
              extracts,
              list.filter(other => other !== one),
            ),
          ),
          `without ${one.name}`,
        );
      }
    }),
  );
});

test('no update source changes who is served, nor a username or email that is withheld from it', () => {
  const served = (extracts: readonly Extract[], list: readonly SourcePlan[]) =>
    [...new Shelf().trip(extracts, { plans: list }).candidate.people.values()]
      .map(({ value: { key, username, email } }) => `${key} ${username} ${email}`)
      .sort();
  check(
    fc.property(sources, plans, (extracts, list) => {
      const withheld = new Set(['email', 'username']);
      const some = list.map(one => (one.action === 'update' ? { ...one, withheld } : one));
      const creating = some.filter(one => one.action === 'create');
      assert.deepEqual(served(extracts, some), served(extracts, creating));
    }),
  );
});

/** The fields of a draft with their values and the source that gave each. */
function given(draft: Draft): [field: string, values: readonly string[], source: SourceName][] {
  const by = (field: string) => draft.from?.[field] ?? draft.source;
  const fields = Object.entries(draft.fields).filter(([, value]) => value.trim() !== '');
  const extra = draft.extra.filter(([, value]) => value !== '');
  return [
    ...fields.map(([field, value]) => [field, [value], by(field)] as [string, string[], SourceName]),
    ...extra.map(([name, value]) => [`extra.${name}`, [value], by(`extra.${name}`)] as [string, string[], SourceName]),
    ...(draft.departments.length > 0
      ? [['departments', draft.departments, by('departments')] as [string, string[], SourceName]]
      : []),
  ];
}

test('what a person has, the source that is named for it has and may set', () => {
  const valuesIn = ({ people, memberships }: Extract, field: string): readonly string[] => {
    if (field === 'departments')
      return [...people.flatMap(one => one.departments), ...memberships.map(one => one.group_no)];
    const extras = people.flatMap(one =>
      one.extra.flatMap(([name, value]) => (`extra.${name}` === field ? value : [])),
    );
    return [...extras, ...people.flatMap(one => one.fields[field as 'email'] ?? [])];
  };
  const allowed = ({ fields, withheld }: SourcePlan, field: string) =>
    !withheld?.has(field) &&
    (fields === undefined || [field, field.replace(/^extra\./, '')].some(name => fields.has(name)));
  check(
    fc.property(sources, plans, (extracts, list) => {
      for (const draft of everybody(merged(extracts, list))) {
        const told = given(draft);
        for (const [field, values, source] of told) {
          const one = list.find(other => other.name === source);
          const from = extracts.find(other => other.source === source);
          assert(one && allowed(one, field), `${draft.key} has ${field} of ${source}, which may not set it`);
          const known = from ? valuesIn(from, field) : [];
          for (const value of values) assert(known.includes(value), `${source} has no ${field} ${value}`);
        }
        const fields = told.map(([field]) => field);
        for (const field of Object.keys(draft.from ?? {})) assert(fields.includes(field), `nothing came from ${field}`);
      }
    }),
  );
});

/** The same in the simplest words, for sources that list a person at most once and agree on who is who. */
function byHand(extracts: readonly Extract[], list: readonly SourcePlan[], email: string) {
  const values = new Map<string, { value: string; source: string; lent: boolean }>();
  let isThere = false;
  for (const { name, action, fields, withheld } of list) {
    const record = extracts
      .find(one => one.source === name)
      ?.people.find(one => fold(one.fields.email ?? '') === email);
    if (!record) continue;
    if (!isThere && (action === 'update' || !record.active)) {
      if (action === 'update') continue;
      return undefined;
    }
    isThere = true;
    if (!record.active) continue;
    const may = (field: string) => (fields === undefined || fields.has(field)) && !withheld?.has(field);
    const told: [string, string][] = [
      ...Object.entries(record.fields),
      ...record.extra.map(([extra, value]) => [`extra.${extra}`, value] as [string, string]),
      ['departments', record.departments.join()],
    ];
    if (action === 'update') {
      for (const field of record.blanks ?? []) if (may(field) && values.get(field)?.lent) values.delete(field);
    }
    for (const [field, value] of told) {
      if (value === '' || !may(field) || values.has(field)) continue;
      values.set(field, { value, source: name, lent: action === 'update' });
    }
  }
  return isThere ? values : undefined;
}

test('each field is that of the first source that has it, but for what is blanked', () => {
  const people = ['ann@x.y', 'ben@x.y', 'cy@x.y'];
  const tame = (name: string) =>
    fc
      .tuple(...people.map(() => fc.option(aRow, { nil: undefined, freq: 4 })))
      .map(rows =>
        rows.flatMap((one, place) => {
          const email = people[place];
          if (one === undefined || email === undefined) return [];
          const { username: _, ...fields } = one.fields;
          return { ...one, key: `${name}${place}`, broken: [], fields: { ...fields, email } };
        }),
      )
      .map(records => extract(name, records));
  const tamePlan = (name: string) =>
    fc
      .record({
        action: often(['create', 'update'] as const),
        fields: maybe(fc.uniqueArray(often(FIELDS.slice(0, -1)), { maxLength: 8 }), 1),
        withheld: maybe(fc.constant(new Set(['phone1', 'extra.cost'])), 1),
      })
      .map(({ fields, ...other }) => plan(name, { ...other, fields: fields && new Set(['email', ...fields]) }));
  check(
    fc.property(fc.tuple(...NAMES.map(tame)), fc.tuple(...NAMES.map(tamePlan)), (extracts, list) => {
      const all = merged(extracts, list);
      for (const email of people) {
        const expected = byHand(extracts, list, email);
        const draft = [...all.people.values()].find(one => one.fields.email === email);
        assert.equal(draft === undefined, expected === undefined, `${email} is there`);
        if (!draft || !expected) continue;
        const shown = given(draft).map(([field, values, source]) => `${field}=${values.join()} of ${source}`);
        assert.deepEqual(
          shown.sort(),
          [...expected].map(([field, { value, source }]) => `${field}=${value} of ${source}`).sort(),
        );
      }
    }),
  );
});
