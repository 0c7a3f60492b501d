import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnchanged } from '../../src/roster/compare.ts';
import type { ChangeCounts, Extract, Person } from '../../src/roster/model.ts';
import { assertServable } from './servable.ts';
import { type Settings, Shelf, type Told, type Trip } from './shelf.ts';

/** What was pulled and published, or something else that happened to the shelf. */
export type Step = readonly Extract[] | ((shelf: Shelf) => void);

/** OMFLOW gets the newest snapshot. */
export const delivered: Step = shelf => shelf.deliver();

/** A story of pulls and what has to come of the last one. What is not said is not looked at, but for people and problems. */
export interface Case extends Settings {
  readonly name: string;
  /** Oldest first. */
  readonly before?: readonly Step[];
  readonly now: readonly Extract[];
  /** By username: nobody else is served, and these are served so. */
  readonly people: Readonly<Record<string, Partial<Person>>>;
  /** By code, the parent: no other department is served. */
  readonly departments?: Readonly<Record<string, string>>;
  /** `effect code name`, in any order; none where left out. */
  readonly problems?: readonly string[];
  /** By key, `reason source`: people and departments that go. */
  readonly removed?: Readonly<Record<string, string>>;
  readonly changes?: Partial<ChangeCounts>;
}

/**
 * Tells each story as a test. Whatever it is about, the candidate may be served, the order of rows does not matter, and the
 * same pull once more changes nothing.
 */
export function tell(cases: readonly Case[]): void {
  for (const one of cases) test(one.name, () => void judge(one));
}

export function judge(one: Case): Trip {
  const shelf = new Shelf();
  for (const step of one.before ?? []) {
    if (typeof step === 'function') step(shelf);
    else settle(shelf, step, one);
  }
  const trip = shelf.trip(one.now, one);
  assert.deepEqual(peopleOf(trip), expectedPeople(one.people, trip));
  if (one.departments) assert.deepEqual(departmentsOf(trip), inOrder(one.departments));
  const problems = trip.problems.listed.map(({ effect, code, name }) => `${effect} ${code} ${name}`);
  assert.deepEqual(problems.sort(), [...(one.problems ?? [])].sort());
  if (one.removed) assert.deepEqual(removedOf(trip), inOrder(one.removed));
  for (const [count, expected] of Object.entries(one.changes ?? {})) {
    assert.equal(trip.changes[count as keyof ChangeCounts], expected, count);
  }
  settle(shelf, one.now, one);
  return trip;
}

/** Publishes a pull after the looks that every pull gets. */
export function settle(shelf: Shelf, extracts: readonly Extract[], settings: Settings): Trip {
  const trip = shelf.trip(extracts, settings);
  assertServable(trip.candidate, settings.rules);
  const turned = shelf.trip(extracts.map(reversed), settings);
  assert.equal(turned.digest, trip.digest, 'the order of rows matters');
  assert.deepEqual(turned.problems.counts.toSorted(byCode), trip.problems.counts.toSorted(byCode));
  shelf.publish(trip);
  const again = shelf.trip(extracts, settings);
  assert(isUnchanged(again.changes), `once more, it changes: ${JSON.stringify([again.people, again.departments])}`);
  assert.equal(again.digest, trip.digest, 'once more, it is another roster');
  return trip;
}

const byCode = (a: { readonly code: string }, b: { readonly code: string }) => (a.code < b.code ? -1 : 1);

export const reversed = (one: Extract): Extract => ({
  ...one,
  people: one.people.toReversed(),
  departments: one.departments?.toReversed(),
  memberships: one.memberships.toReversed(),
});

const inOrder = <Value>(record: Readonly<Record<string, Value>>) =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

const peopleOf = ({ candidate }: Trip) =>
  inOrder(Object.fromEntries([...candidate.people.values()].map(({ value }) => [value.username, value])));

/** What is expected of somebody over what they are, so that a failure shows only what is otherwise. */
function expectedPeople(expected: Case['people'], trip: Trip): Record<string, unknown> {
  const there = peopleOf(trip);
  return inOrder(
    Object.fromEntries(Object.entries(expected).map(([name, some]) => [name, { ...there[name], ...some }])),
  );
}

const departmentsOf = ({ candidate }: Trip) =>
  inOrder(
    Object.fromEntries([...candidate.departments.values()].map(({ value }) => [value.group_no, value.parent_group_no])),
  );

const removedOf = ({ candidate }: Trip) =>
  inOrder(
    Object.fromEntries(
      [...candidate.removedPeople, ...candidate.removedDepartments].map(([key, { reason, source }]) => [
        key,
        `${reason} ${source}`,
      ]),
    ),
  );

/** A few people whom the stories are about; nothing is wrong with any of them. */
const somebody = (username: string, nick_name: string, ad_no: string): Told & { readonly username: string } => ({
  username,
  email: `${username}@acme.example`,
  nick_name,
  ad_no,
  gender: 'female',
});
export const alice = somebody('alice', 'Alice Ames', 'E1');
export const bob = somebody('bob', 'Bob Brown', 'E2');
export const carol = somebody('carol', 'Carol Chu', 'E3');
export const dave = somebody('dave', 'Dave Diaz', 'E4');
