import type { Removal, Stored } from './known.ts';
import type { Department, GroupNo, Person, PersonKey, RosterCounts } from './model.ts';

/** A roster not yet accepted: it passed the check table, and the guards have not seen it. */
export interface Candidate {
  readonly people: ReadonlyMap<PersonKey, Stored<Person>>;
  readonly departments: ReadonlyMap<GroupNo, Stored<Department>>;
  /** Whose record differs from what is served, or who is new; everybody else is word for word as served. */
  readonly touched: ReadonlySet<PersonKey>;
  /** Who is served now and would not be any more. */
  readonly removedPeople: ReadonlyMap<PersonKey, Removal>;
  readonly removedDepartments: ReadonlyMap<GroupNo, Removal>;
}

/** How many of each there are. */
export function sizeOf({ people, departments }: Pick<Candidate, 'people' | 'departments'>): RosterCounts {
  let memberships = 0;
  for (const { value } of people.values()) memberships += value.departments.length;
  return { people: people.size, departments: departments.size, memberships };
}
