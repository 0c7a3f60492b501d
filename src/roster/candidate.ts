import type { Removal } from './known.ts';
import type { Department, Digest, GroupNo, Person, PersonKey, Provenance } from './model.ts';

/** Somebody or something in a candidate, ready to be compared, published and served. */
export interface Member<Value> {
  readonly value: Value;
  readonly leaf: Digest;
  readonly from: Provenance;
}

/** A roster not yet accepted: it passed the check table, and the guards have not seen it. */
export interface Candidate {
  readonly people: ReadonlyMap<PersonKey, Member<Person>>;
  readonly departments: ReadonlyMap<GroupNo, Member<Department>>;
  /** Whose record differs from what is served, or who is new; everybody else is word for word as served. */
  readonly touched: ReadonlySet<PersonKey>;
  /** Who is served now and would not be any more. */
  readonly removedPeople: ReadonlyMap<PersonKey, Removal>;
  readonly removedDepartments: ReadonlyMap<GroupNo, Removal>;
}
