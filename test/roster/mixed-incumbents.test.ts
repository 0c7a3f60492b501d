import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { alice, bob, carol, tell } from './cases.ts';
import { extract, plan, row, Shelf, type Told } from './shelf.ts';

/** Who is served, and is told of by several sources. */

const one = (source: string, key: string, told: Told) => extract(source, [row(key, told)]);
const marks = ['email', 'ad_no', 'username'] as const;

describe('nobody goes while a later source has them that may set some fields only', () => {
  tell(
    marks.map(match => ({
      name: `not even the ${match} that it is matched by`,
      plans: [plan('hr'), plan('ext', { match, fields: new Set(['phone1']) })],
      before: [[one('hr', '1', alice), one('ext', '9', { ...alice, phone1: '1' })]],
      now: [one('hr', '2', bob), one('ext', '9', { [match]: alice[match], phone1: '2' })],
      people: {
        alice: { key: 'hr/1' as never, email: alice.email ?? '', phone1: '2' },
        bob: {},
      },
      problems: [
        'fixed gender_default ',
        'fixed nick_name_missing ',
        'kept email_broken alice',
        'kept username_broken alice',
      ],
      removed: {},
    })),
  );
});

const plans = [plan('hr'), plan('ext')];
const before = [[one('hr', '1', alice), extract('ext', [row('8', bob), row('9', carol)])]];

describe('a served person whose record is taken for one of somebody else', () => {
  tell([
    {
      name: 'stays as they are',
      plans,
      before,
      now: [one('hr', '1', alice), extract('ext', [row('8', bob), row('9', { ...carol, email: alice.email })])],
      people: {
        alice: {},
        bob: {},
        carol: { key: 'ext/9' as never, email: carol.email ?? '' },
      },
      problems: ['kept person_joined carol'],
      removed: {},
      changes: { people_modified: 0 },
    },
    {
      name: 'goes when their source says so',
      plans,
      before,
      now: [
        one('hr', '1', alice),
        extract('ext', [row('8', bob), row('9', { ...carol, email: alice.email, active: false })]),
      ],
      people: { alice: {}, bob: {} },
      removed: { 'ext/9': 'missing ext' },
    },
    {
      name: 'and when that other one has left',
      plans,
      before,
      now: [
        one('hr', '1', { ...alice, active: false }),
        extract('ext', [row('8', bob), row('9', { ...carol, email: alice.email })]),
      ],
      people: { bob: {} },
      removed: { 'hr/1': 'left hr', 'ext/9': 'left hr' },
    },
  ]);
});

test('the words of that', () => {
  const shelf = new Shelf();
  for (const extracts of before) shelf.publish(shelf.trip(extracts, { plans }));
  const { problems } = shelf.trip([one('hr', '1', alice), one('ext', '9', { ...carol, email: alice.email })], {
    plans,
  });
  assert.deepEqual(
    problems.listed.map(({ key, text }) => `${key}: ${text}`),
    [
      'ext/9: their record is taken for one of "alice" now; they are served as they were until the source says that they left',
    ],
  );
});

/** The same cases each time, unless it is told to hunt. */
const RUNS = Number(process.env['ROSTERD_TEST_RUNS'] ?? 400);
const SEED = process.env['ROSTERD_TEST_RUNS'] === undefined ? { seed: 20261122 } : {};

test('nobody is missing whom a source lists as active', () => {
  const often = <Value>(values: readonly Value[]) => fc.constantFrom(...values);
  const maybe = <Value>(arbitrary: fc.Arbitrary<Value>, freq = 5) => fc.option(arbitrary, { nil: undefined, freq });
  const aRow = fc
    .record({
      key: often(['1', '2', '3', '4']),
      username: maybe(often(['ann', 'ben', 'cy', 'di'])),
      email: maybe(often(['ann@x.y', 'ben@x.y', 'cy@x.y', 'di@x.y'])),
      nick_name: often(['N', 'M', 'O']),
      ad_no: maybe(often(['E1', 'E2', 'E3'])),
      active: often([true, true, true, false]),
    })
    .map(({ key, ...told }) => row(key, told));
  const day = fc.tuple(
    ...['hr', 'ext', 'more'].map(name => fc.array(aRow, { maxLength: 4 }).map(people => extract(name, people))),
  );
  const plans = fc
    .record({
      ext: often(['key', ...marks] as const),
      more: often(['key', ...marks] as const),
      fields: maybe(fc.constant(new Set(['username', 'email', 'phone1'])), 1),
    })
    .map(({ ext, more, fields }) => [plan('hr'), plan('ext', { match: ext, fields }), plan('more', { match: more })]);
  const property = fc.property(fc.array(day, { minLength: 2, maxLength: 4 }), plans, (days, list) => {
    const shelf = new Shelf();
    for (const extracts of days) {
      const trip = shelf.trip(extracts, { plans: list });
      for (const [key, { reason }] of trip.candidate.removedPeople) {
        const isListed = extracts.some(({ source, people }) =>
          people.some(one => one.active && `${source}/${one.key}` === key),
        );
        assert(!isListed || reason === 'left', `${key} is missing, but there`);
      }
      shelf.publish(trip);
    }
  });
  fc.assert(property, { ...SEED, numRuns: RUNS });
});
