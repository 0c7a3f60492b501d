import type { Entry } from '../roster/compare.ts';
import type { Ledger, Removal, Stored } from '../roster/known.ts';
import type {
  ChangeCounts,
  Department,
  Digest,
  Extract,
  GuardFinding,
  HoldNumber,
  Outcome,
  Person,
  PersonKey,
  Problem,
  Provenance,
  RecordedStatus,
  RosterCounts,
  RowCounts,
  RunNumber,
  Snapshot,
  SnapshotNumber,
  SourceName,
} from '../roster/model.ts';
import type { ProblemCount } from '../roster/problems.ts';

export type Engine = 'sqlite' | 'mysql';

/** A lock that its holder's death releases. */
export interface Lock extends AsyncDisposable {
  /** Aborts when the lock was lost while held; what it protected must stop. */
  readonly lost: AbortSignal;
}

/** What a run may be started by. */
export type RunCause = 'schedule' | 'sync' | 'pull' | 'start';

/** How the reading of one source went. */
export interface SourceRead {
  readonly source: SourceName;
  /** `stored`: its stored extract stands in for it, because it could not be read or its time had not come. */
  readonly state: 'read' | 'failed' | 'stored';
  /** Of what the run worked with. */
  readonly rows: RowCounts;
  /** Milliseconds from the first request to the last row, or to where it failed; 0 when nothing was asked. */
  readonly took: number;
  /** When the stored extract was read that stands in. */
  readonly of?: Date;
  /** Absent when it was read, and when its time had not come. */
  readonly failure?: SourceFailure;
}

/** Why a source could not be read, and which run was the first of those in a row in which it could not. */
export interface SourceFailure {
  /** When that run began. */
  readonly since: Date;
  readonly why: string;
}

/** What a finished run leaves behind, whatever its outcome. */
export interface RunReport {
  readonly sources: readonly SourceRead[];
  readonly problems: readonly Problem[];
  readonly counts: readonly ProblemCount[];
}

export interface RecordedRun extends RunReport {
  readonly number: RunNumber;
  readonly cause: RunCause;
  readonly started: Date;
  readonly finished: Date | undefined;
  readonly status: RecordedStatus;
  /** The newest snapshot when it ended. */
  readonly snapshot: SnapshotNumber | undefined;
  readonly hold: HoldNumber | undefined;
  readonly changes: ChangeCounts;
  readonly findings: readonly GuardFinding[];
  readonly fingerprint: string;
}

/** One person or department that a snapshot brings, in another form than before or for the first time. */
export interface NewRow {
  readonly key: string;
  readonly name: string;
  readonly leaf: Digest;
  readonly content: string;
  readonly from: Provenance;
}

/** What ends with a snapshot: it was there, and is not any more (`removal`) or is otherwise. */
export interface EndedRow {
  readonly key: string;
  readonly removal: Removal | undefined;
}

export interface RowChanges {
  readonly ended: readonly EndedRow[];
  readonly fresh: readonly NewRow[];
}

/** A snapshot to be: all of it becomes durable at once, or nothing. */
export interface Publication {
  readonly number: SnapshotNumber;
  readonly digest: Digest;
  readonly counts: RosterCounts;
  readonly changes: ChangeCounts;
  readonly people: RowChanges;
  readonly departments: RowChanges;
  /** The usernames and emails that are new or go to somebody else, with whose they are. */
  readonly names: readonly { readonly key: PersonKey; readonly username: string; readonly email: string }[];
}

/** One form of a person or department and the snapshots in which it held. */
export interface Version<Value> extends Stored<Value> {
  readonly first: SnapshotNumber;
  readonly last: SnapshotNumber | undefined;
  readonly removal: Removal | undefined;
}

/** People, or departments, over all snapshots. */
export interface Records<Value> {
  /** What holds now, as key and leaf, in key order and in pages. */
  head(): AsyncIterable<readonly { readonly key: string; readonly leaf: Digest }[]>;
  /** Those of these keys that hold now. */
  load(keys: readonly string[]): Promise<Stored<Value>[]>;
  /** A whole snapshot in key order and in pages; every row is checked against its leaf. */
  at(number: SnapshotNumber): AsyncIterable<readonly Stored<Value>[]>;
  /** What differs between two snapshots, each side in key order: what `compare` takes. */
  between(a: SnapshotNumber, b: SnapshotNumber): Promise<{ before: Entry<Value>[]; after: Entry<Value>[] }>;
  /** Whoever has this username or group_no in a snapshot. */
  named(name: string, number: SnapshotNumber): Promise<Stored<Value> | undefined>;
  /** Everything that was ever known under a username or group_no, oldest first. */
  history(name: string): Promise<Version<Value>[]>;
}

export interface Snapshots {
  newest(): Promise<Snapshot | undefined>;
  get(number: SnapshotNumber): Promise<Snapshot | undefined>;
  /** Newest first. */
  list(count: number): Promise<Snapshot[]>;
  /** The newest of those published before a moment. */
  before(moment: Date): Promise<Snapshot | undefined>;
}

export interface Holds {
  /** The hold that stands, if any. */
  open(): Promise<{ number: HoldNumber; run: RunNumber; opened: Date; findings: readonly GuardFinding[] } | undefined>;
}

export interface Runs {
  /** Writes that a run has begun; those that never ended, since their process died, become `interrupted`. */
  begin(run: { cause: RunCause; at: Date; fingerprint: string }): Promise<RunNumber>;
  /**
   * Writes how it ended, with the snapshot if it published one and the extracts to store, in one transaction. A held run
   * opens a hold, or leaves the one that stands alone; a published or unchanged one closes it.
   */
  finish(number: RunNumber, end: RunEnd): Promise<Finished>;
  /** Newest first. */
  list(count: number): Promise<RecordedRun[]>;
  get(number: RunNumber): Promise<RecordedRun | undefined>;
  /** The newest that ended by itself: interrupted runs are left out, since nobody knows when they ended. */
  newestFinished(): Promise<RecordedRun | undefined>;
  /** The newest run that published or confirmed a snapshot. */
  newestGood(): Promise<RecordedRun | undefined>;
  /** The first run after that one that failed, was interrupted, or has not ended. */
  firstBadSince(number: RunNumber | undefined): Promise<RecordedRun | undefined>;
}

export interface RunEnd {
  readonly at: Date;
  readonly outcome: Outcome;
  readonly report: RunReport;
  readonly publication: Publication | undefined;
  /** Absent: the stored extracts stay as they are. */
  readonly extracts?: ExtractChanges | undefined;
}

/** A stored extract, without what is in it. */
export interface ExtractHead {
  readonly source: SourceName;
  /** When the run began that read it. */
  readonly at: Date;
  /** Of the source's block in the configuration under which it was read. */
  readonly fingerprint: string;
}

export interface StoredExtract extends Omit<ExtractHead, 'source'> {
  readonly extract: Extract;
}

/** What a run does to the stored extracts. */
export interface ExtractChanges {
  /** Each takes the place of the one that its source had. */
  readonly fresh: readonly StoredExtract[];
  /** Whose extracts may be needed again: those of all other sources are deleted. Absent: none is. */
  readonly needed: readonly SourceName[] | undefined;
}

/** What the sources knew that may have to be represented by it. Runs write it when they finish. */
export interface Extracts {
  heads(): Promise<ExtractHead[]>;
  /** Throws a StoreError when what is there is not what was written. */
  get(source: SourceName): Promise<StoredExtract | undefined>;
}

export interface Finished {
  /** False when the run had ended before: what stands is how it ended then. */
  readonly recorded: boolean;
  readonly hold: HoldNumber | undefined;
}

/** One `/sync` answer. */
export interface Delivery {
  readonly snapshot: SnapshotNumber;
  readonly client: string;
  readonly at: Date;
  readonly finished: boolean;
  readonly bytes: number;
}

export interface Deliveries {
  add(deliveries: readonly (Delivery & { readonly id: string })[]): Promise<void>;
  /** Newest first. */
  list(count: number): Promise<Delivery[]>;
  /** The last one that reached its client whole. */
  newestFinished(): Promise<Delivery | undefined>;
}

/** Where snapshots, runs, holds, extracts and deliveries are kept, whichever engine it is on. */
export interface Store extends AsyncDisposable {
  readonly engine: Engine;
  /** The address without its password, for messages. */
  readonly address: string;
  readonly snapshots: Snapshots;
  readonly people: Records<Person>;
  readonly departments: Records<Department>;
  readonly runs: Runs;
  readonly holds: Holds;
  readonly extracts: Extracts;
  readonly deliveries: Deliveries;
  /** What was ever published of what a candidate asks for. */
  ledger(asked: {
    keys: readonly PersonKey[];
    usernames: readonly string[];
    emails: readonly string[];
  }): Promise<Ledger>;
  /** Tries to take a lock; undefined when somebody else has it. */
  lock(name: 'run' | 'serve'): Promise<Lock | undefined>;
}
