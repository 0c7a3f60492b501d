import type { Removal, Stored } from './known.ts';
import type { Department, Digest, GroupNo, Person, PersonKey, RosterCounts } from './model.ts';
import type { Newcomers } from './newcomers.ts';
import { byBytes, sorted } from './order.ts';
import type { Steady } from './steady.ts';

/** A roster not yet accepted: it passed the check table, and the guards have not seen it. */
export interface Candidate {
  /** Who is new, or was looked at since their record differs from what is served. */
  readonly people: ReadonlyMap<PersonKey, Stored<Person>>;
  /** Who is word for word as served. */
  readonly steady: Steady;
  /** Of a first roster, those who are new and whom nobody has to look at. */
  readonly newcomers?: Newcomers | undefined;
  readonly departments: ReadonlyMap<GroupNo, Stored<Department>>;
  /** Who is served now and would not be any more. */
  readonly removedPeople: ReadonlyMap<PersonKey, Removal>;
  readonly removedDepartments: ReadonlyMap<GroupNo, Removal>;
}

/** How many of each there are. */
export function sizeOf({ people, steady, newcomers, departments }: Candidate): RosterCounts {
  let memberships = steady.memberships + (newcomers?.memberships ?? 0);
  for (const { value } of people.values()) memberships += value.departments.length;
  const size = people.size + steady.size + (newcomers?.size ?? 0);
  return { people: size, departments: departments.size, memberships };
}

type Leaf = readonly [key: PersonKey, leaf: Digest];

/** The leaves of all people, in key order. */
export function* leavesOfPeople({
  people,
  steady,
  newcomers,
}: Pick<Candidate, 'people' | 'steady' | 'newcomers'>): Generator<Digest> {
  const looked = sorted(people.keys()).flatMap(key => {
    const member = people.get(key);
    return member ? [[key, member.leaf] as const] : [];
  });
  const others = newcomers ? inKeyOrder(steady.leaves(), newcomers.leaves()) : steady.leaves();
  for (const [, leaf] of inKeyOrder(looked, others)) yield leaf;
}

/** What is in either, of which both come in key order. */
function* inKeyOrder(some: Iterable<Leaf>, others: Iterable<Leaf>): Generator<Leaf> {
  const rest = some[Symbol.iterator]();
  let next = rest.next();
  for (const other of others) {
    for (; !next.done && byBytes(next.value[0], other[0]) < 0; next = rest.next()) yield next.value;
    yield other;
  }
  for (; !next.done; next = rest.next()) yield next.value;
}
