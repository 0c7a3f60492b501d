import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, draft, setAside } from '../../src/roster/check.ts';
import { listDepartments } from '../../src/roster/departments.ts';
import { Head } from '../../src/roster/head.ts';
import { type Known, NOTHING_DELIVERED, type Stored } from '../../src/roster/known.ts';
import { merge } from '../../src/roster/merge.ts';
import { type Department, digestOf, groupNo, sourceName } from '../../src/roster/model.ts';
import { byBytes } from '../../src/roster/order.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { Steady } from '../../src/roster/steady.ts';
import { growTree } from '../../src/roster/tree.ts';
import { type Code, extract, plan, RULES, row } from './shelf.ts';

/** Sources in which as much is wrong as can be: what is done about it takes seconds, where it could take hours. */

const NOBODY: Known = {
  incumbents: new Map(),
  gone: [],
  departments: new Map(),
  ledger: { byKey: new Map(), byUsername: new Map(), byEmail: new Map() },
  former: new Map(),
  left: new Map(),
  delivered: NOTHING_DELIVERED,
};
const hr = sourceName('hr');
const each = <Value>(count: number, one: (number: number) => Value) => Array.from({ length: count }, (_, n) => one(n));
const numbered = (name: string, number: number) => `${name}${String(number).padStart(6, '0')}`;

/** The tree of what is listed, as code and parent, where the others were served. */
function grown(listed: readonly (readonly [string, string])[], before: readonly (readonly [string, string])[] = []) {
  const problems = new ProblemList();
  const departments = listed.map(([code, parent]): Code => [code, code, parent]);
  const { departments: drafts } = merge([extract('hr', [], { departments })], [plan('hr')], problems);
  const served = before.map(([code, parent]): Stored<Department> => {
    const value = { group_no: groupNo(code), display_name: code, parent_group_no: groupNo(parent) };
    return { value, leaf: digestOf(''), from: { group_no: hr } };
  });
  const known = { ...NOBODY, departments: new Map(served.map(one => [one.value.group_no, one])) };
  const tree = growTree(listDepartments({ drafts, known, named: new Set() }, problems), new Set(), problems);
  return { parents: new Map<string, string>(tree.map(one => [one.group_no, one.parent])), problems };
}

const pairs = (count: number) =>
  each(count, n => [numbered('a', n), numbered('b', n)] as const).flatMap(([a, b]) => [
    [a, b] as const,
    [b, a] as const,
  ]);

test('a hundred thousand departments in cycles of two', () => {
  const { parents, problems } = grown(pairs(50_000));
  assert.equal(problems.count('kept'), 50_000);
  const expected = pairs(50_000).map(([code, parent]) => [code, code.startsWith('a') ? '' : parent] as const);
  assert.deepEqual(parents, new Map(expected));
});

test('twenty thousand cycles on one way to the root, over departments that are not listed any more', () => {
  const count = 20_000;
  const chain = each(count, n => [
    [numbered('a', n), numbered('p', n)] as const,
    [numbered('p', n), n + 1 < count ? numbered('b', n + 1) : ''] as const,
    [numbered('b', n), numbered('a', n)] as const,
  ]).flat();
  const { parents, problems } = grown(pairs(count), chain);
  assert.equal(problems.count('kept'), 2 * count);
  assert.deepEqual(parents, new Map(chain.toSorted(([a], [b]) => (a < b ? -1 : 1))));
});

test('a cycle of fifty thousand departments', () => {
  const count = 50_000;
  const ring = each(count, n => [numbered('a', n), numbered('a', (n + 1) % count)] as const);
  const { parents, problems } = grown(ring);
  assert.equal(problems.count('kept'), 1);
  assert.deepEqual(parents, new Map(ring.with(0, [numbered('a', 0), ''])));
});

test('fifty thousand people whose emails slipped by one row, up to one who keeps theirs', () => {
  const last = 50_000;
  const email = (number: number) => `u${number}@acme.example`;
  const pulled = (slip: number) => {
    const people = each(last + 1, n => {
      const told = { username: `u${n}`, nick_name: `N ${n}`, gender: 'female', email: email(Math.min(n + slip, last)) };
      return row(numbered('', n), told);
    });
    const merged = merge([extract('hr', people)], [plan('hr', { match: 'key' })], new ProblemList());
    return { merged, drafted: draft(merged, RULES, new ProblemList()) };
  };
  const before = [...pulled(0).drafted.values()].map(({ person, leaf }) => ({ value: person, leaf, from: {} }));
  const { merged, drafted } = pulled(1);
  const changed = before.slice(0, last);
  const head = new Head();
  for (const one of before.toSorted((a, b) => byBytes(a.value.key, b.value.key))) head.add(one.value.key, one.leaf);
  const steady = new Steady(head);
  const differing = setAside(drafted, steady);
  const problems = new ProblemList();
  const candidate = check({
    merged,
    drafted,
    differing,
    steady,
    rivals: before.slice(last).map(one => one.value),
    known: { ...NOBODY, incumbents: new Map(changed.map(one => [one.value.key, one])) },
    rules: RULES,
    problems,
    order: [hr],
  });
  for (const { value } of changed) assert.equal(candidate.people.get(value.key)?.value.email, value.email);
  assert.deepEqual(problems.counts, [{ code: 'email_taken', effect: 'kept', count: last }]);
  // The one before whoever keeps theirs has to stay first, and so on to the first.
  assert.equal(problems.listed[0]?.key, `hr/${numbered('', last - 1)}`);
});
