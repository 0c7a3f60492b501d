import type { Removal, Stored } from './known.ts';
import type { Department, Digest, GroupNo, Person, PersonKey, RosterCounts } from './model.ts';
import { byBytes, sorted } from './order.ts';
import type { Steady } from './steady.ts';

/** A roster not yet accepted: it passed the check table, and the guards have not seen it. */
export interface Candidate {
  /** Who is new, or was looked at since their record differs from what is served. */
  readonly people: ReadonlyMap<PersonKey, Stored<Person>>;
  /** Everybody else: they are word for word as served. */
  readonly steady: Steady;
  readonly departments: ReadonlyMap<GroupNo, Stored<Department>>;
  /** Who is served now and would not be any more. */
  readonly removedPeople: ReadonlyMap<PersonKey, Removal>;
  readonly removedDepartments: ReadonlyMap<GroupNo, Removal>;
}

/** How many of each there are. */
export function sizeOf({ people, steady, departments }: Candidate): RosterCounts {
  let { memberships } = steady;
  for (const { value } of people.values()) memberships += value.departments.length;
  return { people: people.size + steady.size, departments: departments.size, memberships };
}

/** The leaves of all people, in key order. */
export function* leavesOfPeople({ people, steady }: Pick<Candidate, 'people' | 'steady'>): Generator<Digest> {
  const keys = sorted(people.keys());
  let next = 0;
  for (const [key, leaf] of steady.leaves()) {
    for (; next < keys.length && byBytes(keys[next] as string, key) < 0; next += 1) yield* leafOf(people, keys[next]);
    yield leaf;
  }
  for (; next < keys.length; next += 1) yield* leafOf(people, keys[next]);
}

function* leafOf(people: Candidate['people'], key: PersonKey | undefined): Generator<Digest> {
  const member = key && people.get(key);
  if (member) yield member.leaf;
}
