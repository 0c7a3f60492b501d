import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isUnchanged } from '../../src/roster/compare.ts';
import { fold } from '../../src/roster/fold.ts';
import { personContent, readPerson } from '../../src/roster/leaf.ts';
import type { Extract, PersonRecord } from '../../src/roster/model.ts';
import type { Rules } from '../../src/roster/tidy.ts';
import { reversed } from './cases.ts';
import { assertServable } from './servable.ts';
import { type Code, extract, plan, row, type Settings, Shelf, type Trip } from './shelf.ts';

/**
 * Random sources over random days, drawn from so few names that everything collides with everything. More of them, to
 * hunt: `ROSTERD_TEST_RUNS=20000 npm test -- test/roster/properties.test.ts`.
 */
const RUNS = Number(process.env['ROSTERD_TEST_RUNS'] ?? 300);
/** The same cases each time, for a test that fails now and then is believed by nobody; a hunt has cases of its own. */
const SEED = process.env['ROSTERD_TEST_RUNS'] === undefined ? { seed: 20261122 } : {};
const check = <Values extends [unknown, ...unknown[]]>(property: fc.IProperty<Values>, share = 1) =>
  fc.assert(property, { ...SEED, numRuns: Math.ceil(RUNS * share) });

const NAMES = [
  'ann',
  'Ann',
  'ａnn',
  'ben',
  'cy',
  'ß',
  'SS',
  'system',
  '__proto__',
  'constructor',
  'a b',
  '',
  '\ud800',
  '🙂',
  '1',
  '2',
];
const EMAILS = [
  'ann@x.y',
  'ANN@X.Y',
  'ben@x.y',
  'cy@x.y',
  'di@x.y',
  'ß@x',
  'a@ß.y',
  'a@SS.y',
  'no email',
  '',
  ' ben@x.y ',
];
const CODES = ['A', 'a', 'B', 'C', 'D', '__proto__', ''];
const KEYS = ['1', '2', '3', 'ann', '\udc00'];

const often = <Value>(values: readonly Value[]) => fc.constantFrom(...values);
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>, freq = 3) => fc.option(arbitrary, { nil: undefined, freq });
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  fc.string({ unit: 'grapheme', maxLength: 260 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const brokenField = often([
  'username',
  'email',
  'nick_name',
  'phone1',
  'gender',
  'departments',
  'active',
  'extra.cost',
  'key',
]);

const personRow = fc
  .record({
    key: fc.oneof({ weight: 5, arbitrary: often(KEYS) }, fc.constant('')),
    username: maybe(often(NAMES), 8),
    email: maybe(often(EMAILS), 8),
    nick_name: maybe(fc.oneof(often(['N', 'M']), text)),
    ad_no: maybe(often(['E1', 'E2', 'e1', ''])),
    company: maybe(text, 1),
    phone1: maybe(fc.oneof(often(['02-1234', '+886 (2) 1234-5678 90123']), text), 1),
    gender: maybe(often(['male', 'female', 'x']), 9),
    departments: fc.array(often(CODES), { maxLength: 2 }),
    extra: fc.oneof(fc.constant({}), fc.record({ cost: often(['1', '2']) })),
    active: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
    broken: fc.oneof(
      { weight: 6, arbitrary: fc.constant([]) },
      fc.uniqueArray(fc.record({ field: brokenField, why: fc.constant('is odd') }), {
        maxLength: 2,
        selector: one => one.field,
      }),
    ),
  })
  .map(({ key, ...told }) => row(key, told));

/** A clean person, so that there is somebody to protect. */
const cleanRow = fc
  .record({
    key: often(['1', '2', '3', '4']),
    username: often(['ann', 'ben', 'cy', 'di']),
    email: often(['ann@x.y', 'ben@x.y', 'cy@x.y', 'di@x.y']),
    nick_name: often(['N', 'M']),
    departments: fc.array(often(CODES), { maxLength: 2 }),
  })
  .map(({ key, ...told }) => row(key, told));

const codeRow: fc.Arbitrary<Code> = fc.tuple(
  often(CODES),
  often(['Sales', 'Support', '', 'x'.repeat(201)]),
  often([...CODES, 'nowhere']),
);

const aSource = (name: string, rows: fc.Arbitrary<PersonRecord>) =>
  fc
    .record({
      people: fc.array(fc.oneof(rows, cleanRow), { maxLength: 6 }),
      departments: maybe(fc.array(codeRow, { maxLength: 6 })),
      memberships: fc.array(fc.tuple(often(KEYS), often(CODES)), { maxLength: 3 }),
    })
    .map(({ people, departments, memberships }) =>
      extract(name, people, { memberships, ...(departments && { departments }) }),
    );

const aDay = fc.tuple(aSource('hr', personRow), aSource('ext', personRow), aSource('ad', personRow));
const someDays = fc.array(aDay, { minLength: 1, maxLength: 4 });

const settings: fc.Arbitrary<Settings & { readonly rules: Partial<Rules> }> = fc
  .record({
    ext: often(['key', 'email', 'ad_no', 'username'] as const),
    ad: often(['key', 'email', 'ad_no', 'username'] as const),
    fields: maybe(fc.constant(new Set(['phone1', 'departments'])), 1),
    usernames: often(['ascii', 'unicode'] as const),
    reused_email: often(['quarantine', 'allow'] as const),
    reserved: often([[], ['BEN', 'cy@x.y']]),
    gender: often(['male', 'female'] as const),
  })
  .map(({ ext, ad, fields, ...rules }) => ({
    plans: [plan('hr'), plan('ext', { match: ext }), plan('ad', { match: ad, action: 'update', fields })],
    rules,
  }));

function lived(days: readonly (readonly Extract[])[], how: Settings): Shelf {
  const shelf = new Shelf();
  for (const day of days) shelf.publish(shelf.trip(day, how));
  return shelf;
}

test('whatever the sources say, the candidate passes the check table', () => {
  check(
    fc.property(someDays, settings, (days, how) => {
      const shelf = new Shelf();
      for (const day of days) {
        const trip = shelf.trip(day, how);
        assertServable(trip.candidate, how.rules);
        shelf.publish(trip);
      }
    }),
  );
});

test('applying the changes to the old roster gives the new one', () => {
  check(
    fc.property(someDays, settings, (days, how) => {
      // The shelf is told only changes, and compares its digest with the candidate's.
      const shelf = lived(days, how);
      assert.equal(new Set(shelf.people.map(one => one.value.username)).size, shelf.people.length);
    }),
  );
});

test('the same sources once more change nothing', () => {
  check(
    fc.property(someDays, settings, (days, how) => {
      const shelf = lived(days, how);
      const again = shelf.trip(days.at(-1) ?? [], how);
      assert(isUnchanged(again.changes), JSON.stringify([again.people, again.departments]));
      assert.equal(again.digest, shelf.digest);
    }),
  );
});

test('neither the order of rows nor that of answers matters', () => {
  check(
    fc.property(someDays, settings, (days, how) => {
      const before = days.slice(0, -1);
      const today = days.at(-1) ?? [];
      const shelf = lived(before, how);
      const straight = told(shelf.trip(today, how));
      assert.deepEqual(told(shelf.trip(today.map(reversed), how)), straight);
      assert.deepEqual(told(shelf.trip(today.toReversed(), how)), straight);
    }),
  );
});

/** Everything that a run tells and keeps, but for the wording of problems. */
const told = ({ candidate, problems, changes, digest }: Trip) => ({
  digest,
  changes,
  people: [...candidate.people]
    .map(([key, { leaf, from }]) => [key, leaf, JSON.stringify(Object.entries(from).sort())].join())
    .sort(),
  removed: [...candidate.removedPeople, ...candidate.removedDepartments]
    .map(([key, why]) => `${key} ${why.reason} ${why.source}`)
    .sort(),
  problems: problems.counts.map(({ code, effect, count }) => `${effect} ${code} ${count}`).sort(),
});

test('nobody goes whom their source still has as active', () => {
  check(
    fc.property(someDays, settings, (days, how) => {
      const shelf = lived(days.slice(0, -1), how);
      const today = days.at(-1) ?? [];
      const { candidate } = shelf.trip(today, how);
      // Whom the first source has as active: by their key, or by the username where no row has it as a key.
      const rows = today.find(one => one.source === 'hr')?.people ?? [];
      const keys = new Set(rows.map(one => one.key));
      const active = new Set(
        rows
          .filter(one => one.active)
          .flatMap(one => {
            if (one.key !== '' && one.key.isWellFormed()) return one.key;
            const own = one.fields.username?.trim() ?? '';
            return keys.has(own) ? [] : own;
          }),
      );
      for (const [key, { reason }] of candidate.removedPeople) {
        if (!key.startsWith('hr/')) continue;
        assert(!active.has(key.slice('hr/'.length)), `${key} is ${reason}, but there`);
      }
    }),
  );
});

test('good data is never taken for bad: clean newcomers are all served as they are', () => {
  const clean = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
  check(
    fc.property(clean, clean, (before, now) => {
      const people = (numbers: readonly number[]) => [
        extract(
          'hr',
          numbers.map(number =>
            row(`${number}`, {
              username: `u${number}`,
              email: `u${number}@x.y`,
              nick_name: `U ${number}`,
              gender: 'male',
            }),
          ),
        ),
      ];
      const shelf = lived([people(before)], {});
      const trip = shelf.trip(people(now), {});
      assert.deepEqual(trip.problems.listed, []);
      assert.equal(trip.changes.people_added, now.filter(number => !before.includes(number)).length);
      assert.equal(trip.changes.people_removed, before.filter(number => !now.includes(number)).length);
      assert.equal(trip.changes.people_modified, 0);
      shelf.publish(trip);
      // A digest is a function of content alone: the way to it does not matter.
      assert.equal(shelf.digest, lived([people(now.toReversed())], {}).digest);
    }),
    0.5,
  );
});

test('a person comes back from their content as they were', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 20 });
  const odd = fc.oneof(anything, often(NAMES));
  const fields = [
    'key',
    'username',
    'login',
    'email',
    'nick_name',
    'ad_no',
    'company',
    'phone1',
    'phone2',
    'extension_no',
    'gender',
  ];
  const person = fc
    .tuple(
      fc.tuple(...fields.map(() => odd)),
      fc.array(odd, { maxLength: 3 }),
      fc.array(fc.tuple(odd, odd), { maxLength: 3 }),
    )
    .map(
      ([values, departments, extra]) =>
        ({
          ...Object.fromEntries(fields.map((field, place) => [field, values[place]])),
          departments,
          extra,
        }) as unknown as ReturnType<typeof readPerson>,
    );
  check(fc.property(person, one => assert.deepEqual(readPerson(personContent(one)), one)));
});

test('folding is stable, and takes letter cases for the same', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 10 }),
    fc.string({ unit: 'grapheme', maxLength: 10 }),
    often(NAMES),
  );
  check(
    fc.property(texts, name => {
      assert.equal(fold(fold(name)), fold(name));
      assert.equal(fold(` ${name} `), fold(name));
      assert.equal(fold(name.normalize('NFD')), fold(name));
    }),
  );
});

test('of every character, upper and lower case are the same, and so is what NFKC takes for it', () => {
  const odd: string[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const one = String.fromCodePoint(code);
    const forms = new Set([one, one.toUpperCase(), one.toLowerCase(), one.normalize('NFKC')]);
    if (forms.size > 1 && new Set([...forms, fold(one)].map(fold)).size > 1) odd.push(`U+${code.toString(16)}`);
  }
  assert.deepEqual(odd, []);
});
