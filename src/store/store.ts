import type { NoticeKind } from '../config/notify.ts';
import type { Entry } from '../roster/compare.ts';
import type { Form, Ledger, Removal, Stored } from '../roster/known.ts';
import type { PurgedLeaf } from '../roster/leaf.ts';
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
export type RunCause = 'schedule' | 'sync' | 'pull' | 'start' | 'approve';

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

/** A recorded run without its problems: cheap to read, however many those are. */
export interface RunHead extends Pick<RunReport, 'sources' | 'counts'> {
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
  /** A digest of its problems: runs in which it is the same found the same wrong. Absent where nothing is. */
  readonly found: Digest | undefined;
}

export interface RecordedRun extends RunHead, RunReport {}

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
  /** May be gone through several times; nobody keeps all of them. */
  readonly fresh: Iterable<NewRow>;
}

/** A snapshot to be, as what it changes of the newest one: all of it becomes durable at once, or nothing. */
export interface Publication {
  readonly number: SnapshotNumber;
  readonly digest: Digest;
  readonly counts: RosterCounts;
  readonly changes: ChangeCounts;
  readonly people: RowChanges;
  readonly departments: RowChanges;
  /** The usernames and emails that are new or go to somebody else, with whose they are. */
  readonly names: Iterable<NewName>;
}

export interface NewName {
  readonly key: PersonKey;
  readonly username: string;
  readonly email: string;
}

/** One form of a person or department and the snapshots in which it held. */
export interface Version<Value> extends Stored<Value>, Form<Value> {
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
  between(a: SnapshotNumber, b: SnapshotNumber): Promise<Sides<Value>>;
  /** The same in pages, for whoever must not have all of it at once: one after the other they are the whole comparison. */
  differing(a: SnapshotNumber, b: SnapshotNumber): AsyncIterable<Sides<Value>>;
  /** Whoever has this username or group_no in a snapshot. */
  named(name: string, number: SnapshotNumber): Promise<Stored<Value> | undefined>;
  /** Everything that was ever known under a username or group_no, oldest first. */
  history(name: string): Promise<Version<Value>[]>;
  /**
   * Every form that held in a snapshot or came after it, of those keys alone that are otherwise now than then or were in
   * between; by key, oldest first, in pages.
   */
  since(number: SnapshotNumber): AsyncIterable<readonly Version<Value>[]>;
  /** The newest form of each of these keys, whether it holds now or not; none of those that nothing is known of. */
  latest(keys: readonly string[]): Promise<Version<Value>[]>;
}

export interface Snapshots {
  newest(): Promise<Snapshot | undefined>;
  get(number: SnapshotNumber): Promise<Snapshot | undefined>;
  /** Newest first. */
  list(count: number): Promise<Snapshot[]>;
  /** The newest of those published before a moment, and before whatever was published after it. */
  before(moment: Date): Promise<Snapshot | undefined>;
}

/** A candidate that waits, or waited, for a decision; without its people. */
export interface Hold extends RosterCounts {
  readonly number: HoldNumber;
  readonly run: RunNumber;
  readonly opened: Date;
  readonly findings: readonly GuardFinding[];
  readonly changes: ChangeCounts;
  /** The newest snapshot when it was opened, which it stays while the hold stands; absent when there was none. */
  readonly base: SnapshotNumber | undefined;
  /** Of the candidate. */
  readonly digest: Digest;
  /** Of the configuration under which the candidate was made. */
  readonly fingerprint: string;
  /** Absent while it stands. */
  readonly end?: HoldEnd;
}

/** How a hold ended. */
export interface HoldEnd {
  readonly at: Date;
  /** `overtaken`: a later run was within the limits; `outdated`: it is of a version that kept no candidates. */
  readonly how: 'approved' | 'overtaken' | 'outdated';
  /** The run that ended it. */
  readonly run: RunNumber;
  /** What the administrator gave as the reason; `""` for none. */
  readonly reason: string;
}

/** The two sides of a comparison, each in key order: what `compare` takes. */
export interface Sides<Value> {
  readonly before: Entry<Value>[];
  readonly after: Entry<Value>[];
}

export interface Holds {
  /** The hold that stands, if any. */
  open(): Promise<Hold | undefined>;
  get(number: HoldNumber): Promise<Hold | undefined>;
  /** Newest first. */
  list(count: number): Promise<Hold[]>;
  /** What the candidate of the hold that stands changes of the newest snapshot. */
  candidate(number: HoldNumber): Promise<{ people: Sides<Person>; departments: Sides<Department> }>;
  /**
   * The candidate of the hold that stands, exactly. Throws a StoreError when what is there is not what was held, and when
   * the snapshot that it would follow is not the newest any more.
   */
  publication(number: HoldNumber): Promise<Publication>;
}

/** The rollback: while it stands this snapshot is served, whatever runs publish. */
export interface Pin {
  readonly snapshot: SnapshotNumber;
  readonly at: Date;
}

export interface Pins {
  current(): Promise<Pin | undefined>;
  /** Takes the place of the one that stands. Throws a StoreError when there is no such snapshot. */
  set(pin: Pin): Promise<void>;
  /** False when none stood. */
  end(at: Date): Promise<boolean>;
}

/** Who may try to log in again although they gave wrong passwords too often; the daemon reads what `rosterd unlock` writes. */
export interface Unlocks {
  /** Takes the place of an earlier one of the same username; those older than a day go with it. */
  note(username: string, at: Date): Promise<void>;
  /** When what counts against somebody was forgiven last; absent when it was not, or longer ago than a day. */
  last(username: string): Promise<Date | undefined>;
}

/** What retention takes away: snapshots, with whatever only they had, and what is older than a moment. */
export interface Pruning {
  readonly snapshots: readonly SnapshotNumber[];
  /** Of runs, deliveries, ended holds and pins. Those runs stay on which anything that is kept rests. */
  readonly before: Date;
}

/** How to take away or erase; with `dryRun` it is only told how much that would be. */
export interface PruneOptions {
  readonly dryRun: boolean;
  /** Aborts when the caller's lock is lost: nothing more may be written then. */
  readonly signal?: AbortSignal | undefined;
}

/** How much went, or would go, by kind. */
export interface Pruned {
  readonly snapshots: number;
  /** Forms of people and departments that held in none of the snapshots that are left. */
  readonly people: number;
  readonly departments: number;
  readonly runs: number;
  readonly deliveries: number;
}

/** How much is, or would be, erased of one person. */
export interface Purged {
  /** Their forms in history. */
  readonly versions: number;
  /** Snapshots that had them; they verify without them. */
  readonly snapshots: number;
  /** Records about them in stored extracts. */
  readonly records: number;
  /** Problems about them in recorded runs. */
  readonly problems: number;
  /** Usernames and emails that only their keyed hashes are kept of. */
  readonly names: number;
}

/** When retention last took things away, by itself. */
export interface Prunings {
  last(): Promise<Date | undefined>;
  note(at: Date): Promise<void>;
}

/** Questions about runs. */
export interface RunQueries<Run> {
  /** Newest first. */
  list(count: number): Promise<Run[]>;
  get(number: RunNumber): Promise<Run | undefined>;
  /** The newest that ended by itself: interrupted runs are left out, since nobody knows when they ended. */
  newestFinished(): Promise<Run | undefined>;
  /** The newest run that published or confirmed a snapshot. */
  newestGood(): Promise<Run | undefined>;
  /** The first run after that one that failed, was interrupted, or has not ended. */
  firstBadSince(number: RunNumber | undefined): Promise<Run | undefined>;
}

/** What gives problems throws a StoreError when they are not what was written. */
export interface Runs extends RunQueries<RecordedRun> {
  /** Writes that a run has begun; those that never ended, since their process died, become `interrupted`. */
  begin(run: { cause: RunCause; at: Date; fingerprint: string }): Promise<RunNumber>;
  /**
   * Writes how it ended, with the snapshot if it published one and the extracts to store, in one transaction. A held run
   * opens a hold with its candidate, or leaves the one that stands alone; a published or unchanged one ends it.
   */
  finish(number: RunNumber, end: RunEnd): Promise<Finished>;
  /** The same questions for whoever asks often, and not for problems. */
  readonly heads: RunQueries<RunHead>;
  /** The number of `newestGood`. */
  newestGoodNumber(): Promise<RunNumber | undefined>;
  /** Whether a run under this fingerprint, of which every part was used, has published or confirmed a snapshot. */
  provedGood(fingerprint: string): Promise<boolean>;
  /** For each list of problems that is missing or not what was written, the first run that has it. */
  unreadable(): Promise<RunNumber[]>;
}

export interface RunEnd {
  readonly at: Date;
  readonly outcome: Outcome;
  readonly report: RunReport;
  /** True when a source was represented by what it gave under another configuration, or was left out. */
  readonly unproved?: boolean;
  /** The candidate: what a published run publishes, and a held one keeps with the hold that it opens. */
  readonly publication: Publication | undefined;
  /** The hold whose candidate is published, if an administrator said so. */
  readonly approval?: { readonly hold: HoldNumber; readonly reason: string } | undefined;
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
  /** The last one of each client that reached it whole, newest first. */
  lastOfEach(): Promise<Delivery[]>;
  /** Those of one client that reached it whole, newest first. */
  finishedTo(client: string, count: number): Promise<Delivery[]>;
}

/** A state that somebody may be told of, as it was when something about it was last written down. */
export interface KnownState {
  /** `held`, `failed`, or `certificate` with whose it is. */
  readonly subject: string;
  /**
   * What tells this spell from another one, such as the number of the hold, or what is to be remembered of it (see
   * `notices/states.ts`); `""` where there is nothing.
   */
  readonly mark: string;
  /** How bad it is, or how bad it was told to be; 0 is good. */
  readonly level: number;
  /** True while it is bad, and that was told. */
  readonly standing: boolean;
  /** When it was last noticed that it became bad. With the subject this names the spell. */
  readonly entered: Date | undefined;
  /** Since when it is bad; of failing runs that are good again, since when they are. */
  readonly since: Date | undefined;
  /** The newest ended run when this was written; 0 for none. */
  readonly run: number;
}

/** One thing to tell one channel. */
export interface FreshNotice {
  /** Stays the same through all tries, so that who is told can tell repeats. */
  readonly id: string;
  readonly channel: string;
  readonly subject: string;
  /** Of the spell that it is about. */
  readonly entered: Date;
  readonly kind: NoticeKind;
  readonly at: Date;
  /** JSON; see `notices/notice.ts`. */
  readonly content: string;
}

export interface WaitingNotice extends FreshNotice {
  readonly number: number;
  /** How many tries there were. */
  readonly attempts: number;
  /** Whether one of them broke off in the middle, or whoever made it died. */
  readonly maybe: boolean;
}

/** What is known of the states that somebody is told of, and what is still to be told. */
export interface Notices {
  /** By subject. */
  states(): Promise<KnownState[]>;
  /**
   * Writes states, and what there is to tell of that, at once. False, and nothing is written, when the states are not
   * `before` any more: somebody else has looked meanwhile. What was not begun to be told of the same spell is dropped, and
   * `recovered` with it where nothing else was told. What is `unheard` is for channels that have nothing of the spell.
   */
  record(look: {
    readonly before: readonly KnownState[];
    readonly after: readonly KnownState[];
    readonly fresh: readonly FreshNotice[];
    readonly unheard?: readonly FreshNotice[];
  }): Promise<boolean>;
  /** Which channels were told of which spells of these, or are to be. */
  heard(subjects: readonly string[]): Promise<Pick<FreshNotice, 'channel' | 'subject' | 'entered'>[]>;
  /** Takes what a channel is to be told next, so that nobody else tells it until then; undefined when nothing is due. */
  claimNext(channel: string, claim: { readonly now: Date; readonly until: Date }): Promise<WaitingNotice | undefined>;
  sent(number: number, at: Date): Promise<void>;
  givenUp(number: number, at: Date): Promise<void>;
  /**
   * Writes that a try failed, `maybe` after it had arrived. False when it is not tried again, since what it was about is
   * over and nobody heard of it.
   */
  postpone(notice: WaitingNotice, how: { readonly due: Date; readonly maybe: boolean }): Promise<boolean>;
  /** Takes away what was told long ago, and what waits for channels that are not among these any more. */
  forget(channels: readonly string[], now: Date): Promise<void>;
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
  readonly pins: Pins;
  readonly unlocks: Unlocks;
  readonly notices: Notices;
  /** What was ever published of what a candidate asks for; usernames as they are spelled, emails folded. */
  ledger(asked: {
    keys: readonly PersonKey[];
    usernames: readonly string[];
    emails: readonly string[];
  }): Promise<Ledger>;
  /** Takes away what retention says, or with `dryRun` only tells how much that would be. The caller holds the run lock. */
  prune(pruning: Pruning, options: PruneOptions): Promise<Pruned>;
  /**
   * Erases one person from everything but the newest snapshot and the hold that stands, where nobody may be erased: of
   * their rows leaf and span stay, of their names keyed hashes. With `dryRun` only tells how much that would be. The
   * caller holds the run lock.
   */
  purge(key: PersonKey, options: PruneOptions): Promise<Purged>;
  /** Leaves of purged people in a snapshot, with their places among all of its people. */
  purged(number: SnapshotNumber): Promise<PurgedLeaf[]>;
  readonly prunings: Prunings;
  /** How many names are kept as hashes alone: it rises with everybody who is purged. */
  erased(): Promise<number>;
  /**
   * The keys of people by a name: of whoever has it as their key, else as their username, else as their login, else of
   * those whom problems of runs are about.
   */
  keysNamed(name: string): Promise<PersonKey[]>;
  /** Usernames and emails under which somebody was ever published; of somebody who never was, what problems call them. */
  namesOf(key: PersonKey): Promise<string[]>;
  /** What the engine itself finds wrong with its file, in words; nothing on a server. */
  integrity(): Promise<string[]>;
  /**
   * Another text as soon as anything is otherwise that decides which snapshot is served and how: what was read after a mark
   * was taken holds for as long as that is the mark. Cheap enough for every call.
   */
  mark(): Promise<string>;
  /** Tries to take a lock; undefined when somebody else has it. */
  lock(name: 'run' | 'serve'): Promise<Lock | undefined>;
}
