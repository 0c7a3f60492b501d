import type {
  Department,
  Digest,
  GroupNo,
  Person,
  PersonKey,
  Provenance,
  RemovalReason,
  SourceName,
  Username,
} from './model.ts';

/** A person or department with its leaf and where its fields came from, as the store has it or a candidate brings it. */
export interface Stored<Value> {
  readonly value: Value;
  readonly leaf: Digest;
  readonly from: Provenance;
}

/** Every username and email that was ever published, as far as the candidate asks. */
export interface Ledger {
  /** The username that a key was published under. */
  readonly byKey: ReadonlyMap<PersonKey, Username>;
  /** By folded username. */
  readonly byUsername: ReadonlyMap<string, { readonly key: PersonKey; readonly username: Username }>;
  /** The usernames that a folded email was published under. */
  readonly byEmail: ReadonlyMap<string, readonly Username[]>;
}

/** What the newest snapshot and all before it say about a candidate's people and departments. */
export interface Known {
  /** Served now, of those whose record differs. */
  readonly incumbents: ReadonlyMap<PersonKey, Stored<Person>>;
  /** Served now, without a record under their key. */
  readonly gone: readonly Stored<Person>[];
  /** All departments that are served now. */
  readonly departments: ReadonlyMap<GroupNo, Stored<Department>>;
  readonly ledger: Ledger;
}

/** Why somebody is not in a roster any more, and which source says so. */
export interface Removal {
  readonly reason: RemovalReason;
  readonly source: SourceName;
}
