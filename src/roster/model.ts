/**
 * The words of this house, as types. A word that is not here is not used for one of these things anywhere.
 *
 * - **source**: a system we pull from
 * - **extract**: everything one source knew on one pull
 * - **person**, **department**, **membership**: what a roster is made of
 * - **roster**: everybody and every department at one moment, merged and valid
 * - **candidate**: a roster not yet accepted
 * - **problem**: one thing wrong, with its source and key
 * - **change**: one add, modify, removal or rename between two rosters
 * - **guard**: a limit on how much may change at once
 * - **run**: one trip down the line (pull, merge, check, compare, guard, publish)
 * - **snapshot**: an accepted roster with a number, a time, a digest and counts
 * - **delivery**: one `/sync` answer: which snapshot, when, to which client, finished or aborted
 * - **hold**: a candidate waiting for a person's decision
 */

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** The configured name of a source, unique in the configuration. */
export type SourceName = Branded<string, 'SourceName'>;

/** Who a person is, for ever: `<source>/<the source's own key>`. Never shown to OMFLOW. */
export type PersonKey = Branded<string, 'PersonKey'>;

/** What OMFLOW knows a person by. Once published it never changes. */
export type Username = Branded<string, 'Username'>;

/** A department's code: what OMFLOW knows it by, and its key here. */
export type GroupNo = Branded<string, 'GroupNo'>;

/** A SHA-256 in lower-case hex, 64 characters. */
export type Digest = Branded<string, 'Digest'>;

/** 1, 2, 3 …: only publishing makes one. */
export type SnapshotNumber = Branded<number, 'SnapshotNumber'>;
/** 1, 2, 3 …: every run has one, whatever its outcome. */
export type RunNumber = Branded<number, 'RunNumber'>;
/** 1, 2, 3 …: what `review` and `approve` name. */
export type HoldNumber = Branded<number, 'HoldNumber'>;

export const sourceName = (text: string) => text as SourceName;
export const personKey = (source: SourceName, own: string) => `${source}/${own}` as PersonKey;
export const storedKey = (text: string) => text as PersonKey;
export const username = (text: string) => text as Username;
export const groupNo = (text: string) => text as GroupNo;
export const digestOf = (hex: string) => hex as Digest;
export const snapshotNumber = (count: number) => count as SnapshotNumber;
export const runNumber = (count: number) => count as RunNumber;
export const holdNumber = (count: number) => count as HoldNumber;

/** The source that a key belongs to, and the key that the source itself uses. */
export function splitKey(key: PersonKey): { source: SourceName; own: string } {
  const slash = key.indexOf('/');
  return { source: sourceName(key.slice(0, slash)), own: key.slice(slash + 1) };
}

/** The fields of a person that a source may give, in OMFLOW's order on the wire. */
export const PERSON_FIELDS = [
  'username',
  'email',
  'nick_name',
  'ad_no',
  'company',
  'phone1',
  'phone2',
  'extension_no',
  'gender',
] as const;
export type PersonField = (typeof PERSON_FIELDS)[number];

export const DEPARTMENT_FIELDS = ['group_no', 'display_name', 'parent_group_no'] as const;

/** One person as served: every field a string, `""` where there is nothing. */
export interface Person {
  readonly key: PersonKey;
  readonly username: Username;
  /** The name at the directory; differs from `username` only after a rename. */
  readonly login: string;
  readonly email: string;
  readonly nick_name: string;
  readonly ad_no: string;
  readonly company: string;
  readonly phone1: string;
  readonly phone2: string;
  readonly extension_no: string;
  readonly gender: string;
  /** Sorted by bytes, without duplicates. */
  readonly departments: readonly GroupNo[];
  /** Attributes beyond OMFLOW's, name and value, sorted by name; never served. */
  readonly extra: readonly Extra[];
}
export type Extra = readonly [name: string, value: string];

/** One department as served; `parent_group_no` is `""` for a root. */
export interface Department {
  readonly group_no: GroupNo;
  readonly display_name: string;
  readonly parent_group_no: GroupNo | '';
}

/**
 * Which source gave each field, where it was not the source that the person's key names. Under `key`, which is no field:
 * the key under which their source has them, where that is another than theirs.
 */
export type Provenance = Readonly<Record<string, SourceName>>;

/** The other key in a provenance, and what puts it there. */
export const aliasIn = (from: Provenance): PersonKey | undefined => from['key'] as string as PersonKey | undefined;
/** The sources in a provenance. */
export const lendersIn = (from: Provenance): SourceName[] =>
  Object.entries(from).flatMap(([field, source]) => (field === 'key' ? [] : source));
export const asAlias = (key: PersonKey): Provenance => ({ key: key as string as SourceName });

/** A field that a source has but that could not be read: undecodable bytes, a date that is none, a conflict. */
export interface BrokenField {
  readonly field: string;
  readonly why: string;
}

/** One row about a person as a source gave it, mapped; blank values are absent. */
export interface PersonRecord {
  /** The source's own key; `""` when its mapping has none, and the username is the identity. */
  readonly key: string;
  readonly fields: Readonly<Partial<Record<PersonField, string>>>;
  readonly departments: readonly string[];
  readonly extra: readonly Extra[];
  /** False once the source says that they have left. */
  readonly active: boolean;
  readonly broken: readonly BrokenField[];
  /**
   * What the source says that there is none of, in so many words: names of fields, `departments`, `extra.NAME`. Of an
   * `update` source it takes away what an earlier `update` source gave; of a `create` source it says no more than a
   * value that is absent.
   */
  readonly blanks?: readonly string[];
}

/** One row about a department as a source gave it, mapped; absent values are `""`. */
export interface DepartmentRecord {
  readonly group_no: string;
  readonly display_name: string;
  readonly parent_group_no: string;
  readonly broken: readonly BrokenField[];
}

/** One row that puts a person, by the source's key (else the username), into a department. */
export interface MembershipRecord {
  readonly person: string;
  readonly group_no: string;
}

/** How many rows one pull of a source read, by what they are about. */
export interface RowCounts {
  readonly people: number;
  readonly departments: number;
  readonly memberships: number;
}

/** Everything one source knew on one pull. */
export interface Extract {
  readonly source: SourceName;
  readonly people: readonly PersonRecord[];
  /** Absent when the source does not list departments; where no source does, those that people are in are all there are. */
  readonly departments: readonly DepartmentRecord[] | undefined;
  readonly memberships: readonly MembershipRecord[];
  readonly rows: RowCounts;
  readonly problems: readonly Problem[];
}

/** What was done about a problem. */
export type Effect = 'quarantined' | 'kept' | 'fixed' | 'dropped' | 'warned' | 'failed';

/** One thing wrong. */
export interface Problem {
  /** Stable, for scripts: `email_missing`, `department_cycle`. */
  readonly code: string;
  readonly effect: Effect;
  readonly source: SourceName | '';
  readonly kind: 'person' | 'department' | 'membership' | 'source' | 'roster';
  /** The key of the person or department, or `""`. */
  readonly key: string;
  /** What an administrator knows them by: a username or group_no, or `""`. */
  readonly name: string;
  /** A sentence for a person to read: what is wrong, and with which value. */
  readonly text: string;
}

/** Why somebody is no longer there: the source says so, or does not list them any more. */
export type RemovalReason = 'left' | 'missing';

/** Sizes of a roster. */
export interface RosterCounts {
  readonly people: number;
  readonly departments: number;
  readonly memberships: number;
}

/** How many of each change there are between two rosters. */
export interface ChangeCounts {
  readonly people_added: number;
  readonly people_modified: number;
  readonly people_removed: number;
  readonly people_renamed: number;
  readonly departments_added: number;
  readonly departments_modified: number;
  readonly departments_removed: number;
  readonly memberships_added: number;
  readonly memberships_removed: number;
}

/** The guards, in the order in which their findings are told. */
export const GUARDS = [
  'source_rows',
  'people_removed',
  'departments_removed',
  'no_department',
  'emails_changed',
  'people_added',
  'quarantined',
  'protect',
  'config',
  'first',
] as const;
export type GuardName = (typeof GUARDS)[number];

/** A limit that a candidate passed, with both numbers and what it was measured against. */
export interface GuardFinding {
  readonly guard: GuardName;
  /** How many there are of what the guard counts. */
  readonly count: number;
  /** The most that was allowed. */
  readonly limit: number;
  /** The size that the share was taken of. */
  readonly of: number;
  /** The snapshot that was compared with; absent where there is none yet. */
  readonly baseline?: SnapshotNumber | undefined;
  readonly text: string;
}

/** How a run ended: a value, never an exception. */
export type Outcome =
  | { readonly status: 'published'; readonly snapshot: SnapshotNumber; readonly changes: ChangeCounts }
  | { readonly status: 'unchanged'; readonly snapshot: SnapshotNumber }
  | {
      readonly status: 'held';
      /** Absent in a dry run, which writes nothing. */
      readonly hold: HoldNumber | undefined;
      readonly reasons: readonly GuardFinding[];
      readonly changes: ChangeCounts;
      /** In the candidate; absent where only the record of the run is known. */
      readonly people?: number;
    }
  | { readonly status: 'failed'; readonly problems: readonly Problem[] };

/** Found later: the process that ran it died. */
export type RecordedStatus = Outcome['status'] | 'interrupted' | 'running';

/** An accepted roster, without its people. */
export interface Snapshot extends RosterCounts {
  readonly number: SnapshotNumber;
  /** When it was published. */
  readonly at: Date;
  readonly digest: Digest;
  readonly changes: ChangeCounts;
  readonly run: RunNumber;
  /** The hold that it was, if an administrator approved it; absent when it passed the guards by itself. */
  readonly hold?: HoldNumber | undefined;
}
