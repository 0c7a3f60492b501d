import type { Language } from '../config/schema.ts';
import type { ChangeCounts, Effect, RecordedStatus, RemovalReason, RosterCounts, RowCounts } from '../roster/model.ts';

/**
 * What a report shows, as it is embedded in its page as JSON. Everything is plain data; times are ISO 8601 in UTC. Texts of
 * people and departments are as they are stored, however hostile: whoever shows them makes them harmless.
 */
export interface ReportData {
  readonly made: string;
  /** The store's address without a password. */
  readonly store: string;
  readonly language: Language;
  /** IANA name; times are shown in it. */
  readonly zone: string;
  /** Whether emails and telephone numbers are hidden: then they are not in here either. */
  readonly masked: boolean;
  /** Whether a daemon serves it, so that what is not in here can be asked for; a file has to do with itself. */
  readonly live: boolean;
  readonly standing: StandingData;
  /** Oldest first: all that are kept. */
  readonly snapshots: readonly SnapshotData[];
  /** Runs that failed or were held or interrupted, oldest first; of the newest {@link LIMITS.runs}. */
  readonly runs: readonly RunData[];
  /** Those of the newest {@link LIMITS.deliveries}, oldest first. */
  readonly deliveries: readonly DeliveryData[];
  /** The first is of the chosen pair; then those of neighbours, newest first, as many as there is room for. */
  readonly diffs: readonly DiffData[];
  /** What OMFLOW will do if it syncs now; absent when nothing is served or nothing was ever delivered. */
  readonly sync: SyncData | undefined;
  /** The candidate that waits, if one does. */
  readonly hold: HoldData | undefined;
  /** Of the later snapshot of the chosen pair: each department after the one that it is in, siblings by code. */
  readonly tree: readonly PlaceData[];
  readonly problems: ProblemsData;
  readonly renamed: readonly { readonly username: string; readonly login: string }[];
  readonly sources: readonly SourceData[];
  /** Of people in the chosen diff, as far as there is room; by username. */
  readonly histories: Readonly<Record<string, readonly StepData[]>>;
  /** How many there are besides those above; absent where nobody is left out. */
  readonly omitted?: {
    readonly renamed: number;
    /** Departments deeper in the tree. */
    readonly places: number;
  };
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** How much goes into a page, so that 100,000 people and 365 snapshots stay well under 15 MiB; counts, and bytes of JSON. */
export const LIMITS = {
  runs: 1000,
  runBytes: 512 * KIB,
  deliveries: 2000,
  /** Changes of one diff, of each kind. */
  changes: 5000,
  /** Of the diff of the chosen pair. */
  chosen: 3 * MIB,
  /** Of what is held, and of what OMFLOW would do, each. */
  aside: (3 * MIB) / 2,
  /** Of all other diffs together, each of which is there as a whole; a daemon can be asked for more. */
  neighbours: 3 * MIB,
  liveNeighbours: MIB,
  /** Also of those that one diff tells as new. */
  problems: 2000,
  problemBytes: 512 * KIB,
  histories: MIB,
  renamed: 2000,
  renamedBytes: 256 * KIB,
  /** Of the departments in the tree. */
  tree: (3 * MIB) / 2,
  /** Sentences, and departments that are named in one. */
  hazards: 200,
  along: 20,
  /** Of each source. */
  reads: 20,
} as const;

/** How much of one diff a daemon gives to whoever asks for all of it. */
export const WHOLE = { changes: 100_000, bytes: 48 * MIB } as const;

export type Trouble = 'unpublished' | 'pinned' | 'held' | 'stale';

export interface StandingData {
  readonly troubles: readonly Trouble[];
  readonly newest: number | undefined;
  readonly served: number | undefined;
  readonly pinned: { readonly snapshot: number; readonly at: string } | undefined;
  /** When a run last found that the newest snapshot is still what the sources say. */
  readonly confirmed: string | undefined;
  /** Since when runs have failed, and why the last one did. */
  readonly failing: { readonly since: string; readonly why: string } | undefined;
  readonly lastRun: RunData | undefined;
  readonly delivered: DeliveryData | undefined;
}

export interface SnapshotData extends RosterCounts {
  readonly number: number;
  readonly at: string;
  /** Against the one before it. */
  readonly changes: ChangeCounts;
  /** The hold that an administrator approved to make it. */
  readonly hold: number | undefined;
}

export interface RunData {
  readonly number: number;
  readonly started: string;
  readonly status: RecordedStatus;
  readonly hold: number | undefined;
  /** Of one that failed or was held: why, in a sentence. */
  readonly why: string;
}

export interface DeliveryData {
  readonly snapshot: number;
  readonly client: string;
  readonly at: string;
  readonly finished: boolean;
}

/** What differs between two snapshots; `before` is 0 for nothing at all, `after` may be the held candidate. */
export interface DiffData {
  readonly before: number;
  readonly after: number | 'held';
  readonly counts: ChangeCounts;
  readonly people: readonly PersonChangeData[];
  readonly departments: readonly DepartmentChangeData[];
  readonly memberships: readonly MembershipChangeData[];
  /** Who and what is kept out of the later one and was not of the earlier. */
  readonly quarantined: readonly ProblemData[];
  /** How many changes there are besides those above. */
  readonly omitted: { readonly people: number; readonly departments: number; readonly memberships: number };
}

export type EventName = 'added' | 'modified' | 'removed' | 'renamed';

export interface FieldData {
  /** OMFLOW's name of it, `login`, or `extra.NAME`. */
  readonly field: string;
  readonly old: string;
  readonly new: string;
  /** Who gave the new value; `""` where nobody is known. */
  readonly source: string;
}

export interface PersonChangeData {
  readonly event: EventName;
  readonly username: string;
  readonly nick_name: string;
  readonly email: string;
  readonly departments: readonly string[];
  /** Empty for who came or went. */
  readonly fields: readonly FieldData[];
  /** Of the person's key. */
  readonly source: string;
  /** Why somebody went; `""` otherwise. */
  readonly reason: RemovalReason | '';
}

export interface DepartmentChangeData {
  readonly event: Exclude<EventName, 'renamed'>;
  readonly group_no: string;
  readonly display_name: string;
  readonly parent_group_no: string;
  readonly fields: readonly FieldData[];
  readonly source: string;
  readonly reason: RemovalReason | '';
}

export interface MembershipChangeData {
  readonly event: 'added' | 'removed';
  readonly group_no: string;
  readonly username: string;
  readonly nick_name: string;
  readonly source: string;
}

export interface SyncData {
  /** What OMFLOW got last, and when. */
  readonly delivered: DeliveryData;
  readonly diff: DiffData;
  /** What OMFLOW cannot do in one step as it is meant, in sentences. */
  readonly hazards: readonly string[];
}

export interface HoldData {
  readonly number: number;
  readonly opened: string;
  readonly findings: readonly { readonly guard: string; readonly text: string }[];
  readonly counts: ChangeCounts;
  readonly diff: DiffData;
  /** False for one without people: that is never published. */
  readonly approvable: boolean;
}

/** A department in its place in the tree. */
export interface PlaceData {
  readonly group_no: string;
  readonly display_name: string;
  /** 0 for a root. */
  readonly depth: number;
  /** People whose department it is, and people in it or anywhere below. */
  readonly own: number;
  readonly all: number;
  /** What the chosen diff did to it. */
  readonly change: Exclude<EventName, 'renamed'> | undefined;
  /** How many came into it and went from it in the chosen diff. */
  readonly came: number;
  readonly went: number;
  /** Its source does not list it any more: it is served on while people or other departments need it. */
  readonly lingers: boolean;
}

export interface ProblemData {
  readonly code: string;
  readonly effect: Effect;
  readonly source: string;
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

/** Of the newest run that looked at everybody. */
export interface ProblemsData {
  readonly run: number | undefined;
  readonly listed: readonly ProblemData[];
  readonly counts: readonly { readonly code: string; readonly effect: Effect; readonly count: number }[];
}

export interface SourceData {
  readonly name: string;
  readonly required: boolean;
  readonly failing: boolean;
  readonly failingSince: string | undefined;
  readonly why: string | undefined;
  readonly read: string | undefined;
  readonly rows: RowCounts | undefined;
  readonly next: string | undefined;
  /** Its last reads, newest first. */
  readonly reads: readonly {
    readonly run: number;
    readonly at: string;
    readonly state: string;
    readonly rows: RowCounts;
    readonly took: number;
  }[];
}

/** One thing that happened to somebody, newest last. */
export interface StepData {
  readonly snapshot: number;
  readonly at: string | undefined;
  readonly event: EventName;
  readonly fields: readonly FieldData[];
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly source: string;
  readonly reason: RemovalReason | '';
}
