import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Candidate } from '../../src/roster/candidate.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { Head } from '../../src/roster/head.ts';
import { departmentContent, leaf, personContent } from '../../src/roster/leaf.ts';
import {
  type Department,
  type GroupNo,
  groupNo,
  type Person,
  sourceName,
  storedKey,
  username,
} from '../../src/roster/model.ts';
import { byBytes } from '../../src/roster/order.ts';
import { Steady } from '../../src/roster/steady.ts';
import { publicationOf } from '../../src/runs/publication.ts';

const text = fc.constantFrom('', 'a', 'b', 'A', '林', '😀', '__proto__');
const people: fc.Arbitrary<Person[]> = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom('hr/1', 'hr/2', 'hr/10', 'b/1', 'hr/é', '__proto__').map(storedKey),
    username: text.map(username),
    login: text,
    email: text,
    nick_name: text,
    ad_no: text,
    company: text,
    phone1: text,
    phone2: text,
    extension_no: text,
    gender: text,
    departments: fc.constantFrom([], ['A'], ['A', 'B']).map(codes => codes.map(groupNo)),
    extra: fc.constantFrom([], [['x', '1'] as const], [['x', '2'] as const]),
  }),
  { selector: one => one.key, maxLength: 5 },
);
const departments: fc.Arbitrary<Department[]> = fc.uniqueArray(
  fc.record({
    group_no: fc.constantFrom('A', 'B', 'C').map(groupNo),
    display_name: text,
    parent_group_no: fc.constantFrom('' as const, groupNo('A')),
  }),
  { selector: one => one.group_no, maxLength: 3 },
);
const rosters = fc.record({ people, departments });
type Roster = { readonly people: readonly Person[]; readonly departments: readonly Department[] };

interface Way {
  readonly source: string;
  readonly after: number | undefined;
  /** How many of the people, from the first, are not word for word as served. */
  readonly looked: number;
}

/** As it comes from sources that answered in this order, and of which one gave every field. */
function digestOf(roster: Roster, { source, after, looked }: Way): string {
  const from = { email: sourceName(source) };
  const some = roster.people.slice(0, looked);
  const head = new Head();
  for (const one of roster.people.toSorted((a, b) => byBytes(a.key, b.key)))
    head.add(one.key, leaf(personContent(one)));
  const steady = new Steady(head);
  for (const one of roster.people.slice(looked)) assert(steady.take(one, leaf(personContent(one))));
  const candidate: Candidate = {
    people: new Map(some.map(value => [value.key, { value, leaf: leaf(personContent(value)), from }])),
    departments: new Map(
      roster.departments.map(value => [value.group_no, { value, leaf: leaf(departmentContent(value)), from }]),
    ),
    steady,
    removedPeople: new Map(),
    removedDepartments: new Map<GroupNo, never>(),
  };
  return publicationOf(candidate, { people: [], departments: [], changes: NO_CHANGES, after: after as never }).digest;
}

const byKey = ({ people: some, departments: others }: Roster) => [
  some.map(one => personContent(one)).sort(),
  others.map(one => departmentContent(one)).sort(),
];

test('the digest is a function of content alone: not of order, provenance, or what was before', () => {
  fc.assert(
    fc.property(rosters, fc.string(), fc.nat(9), fc.nat(5), (roster, source, after, looked) => {
      const turned = { people: roster.people.toReversed(), departments: roster.departments.toReversed() };
      assert.equal(
        digestOf(turned, { source, after, looked }),
        digestOf(roster, { source: 'hr', after: undefined, looked: 5 }),
      );
    }),
  );
});

test('two rosters have the same digest only when they are the same', () => {
  fc.assert(
    fc.property(rosters, rosters, (a, b) => {
      const way = { source: 'hr', after: 1, looked: 2 };
      const same = JSON.stringify(byKey(a)) === JSON.stringify(byKey(b));
      assert.equal(digestOf(a, way) === digestOf(b, way), same);
    }),
    { numRuns: 1000 },
  );
});
