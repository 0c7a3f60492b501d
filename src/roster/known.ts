import type {
  Department,
  Digest,
  GroupNo,
  Person,
  PersonKey,
  Provenance,
  RemovalReason,
  SnapshotNumber,
  SourceName,
  Username,
} from './model.ts';

/** A person or department with its leaf and where its fields came from, as the store has it or a candidate brings it. */
export interface Stored<Value> {
  readonly value: Value;
  readonly leaf: Digest;
  readonly from: Provenance;
}

/** One form of a person or department, and the snapshots in which it held; `last` is absent while it does. */
export interface Form<Value> {
  readonly value: Value;
  readonly first: SnapshotNumber;
  readonly last: SnapshotNumber | undefined;
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

/** Who has or had something that only one can have. */
export interface Holder {
  /** `""` where nobody but the ledger knows them. */
  readonly key: PersonKey | '';
  readonly username: Username;
}

/** A department as it last was, with every parent that it has had since the oldest of the clients' last answers. */
export interface Placed {
  readonly last: Stored<Department>;
  readonly parents: ReadonlySet<GroupNo>;
}

/** What clients were told last, or may have been told since: what OMFLOW cannot take in one step from there waits. */
export interface Delivered {
  /** The clients' last whole answers, as words for a problem: `snapshot 41, delivered to omflow`; `""` for none. */
  readonly what: string;
  /** By folded email, of those that the candidate asks for: whose it is in OMFLOW, or may be by now. */
  readonly emails: ReadonlyMap<string, readonly Holder[]>;
  /** Every department that OMFLOW has, or may have by now; none when nothing was ever delivered. */
  readonly departments: ReadonlyMap<GroupNo, Placed>;
  /** Those that waited at the last good run: they do until a delivery has shown them childless. */
  readonly waiting: ReadonlySet<GroupNo>;
}

export const NOTHING_DELIVERED: Delivered = { what: '', emails: new Map(), departments: new Map(), waiting: new Set() };

/** What the newest snapshot and all before it say about a candidate's people and departments. */
export interface Known {
  /** Served now, of those whose record differs. */
  readonly incumbents: ReadonlyMap<PersonKey, Stored<Person>>;
  /** Served now, without a record under their key. */
  readonly gone: readonly Stored<Person>[];
  /** All departments that are served now. */
  readonly departments: ReadonlyMap<GroupNo, Stored<Department>>;
  readonly ledger: Ledger;
  /** As they last were: those who are not served any more and whose key the candidate asks for. */
  readonly former: ReadonlyMap<PersonKey, Person>;
  /** By folded email, of those that the candidate asks for: who left with it, and keeps it in OMFLOW. */
  readonly left: ReadonlyMap<string, readonly Holder[]>;
  readonly delivered: Delivered;
}

/** Why somebody is not in a roster any more, and which source says so. */
export interface Removal {
  readonly reason: RemovalReason;
  readonly source: SourceName;
}

/** Whether a key or username of the ledger is what stands there for somebody whose data was erased. */
export const isErased = (name: string) => name.startsWith('purged:');

/** Somebody in a text: their username, unless nothing of them may be told any more. */
export const called = (name: string) => (isErased(name) ? 'somebody whose data was erased' : `"${name}"`);
