import type { NoticeKind } from '../config/notify.ts';
import type { ChangeCounts } from '../roster/model.ts';
import type { HoldEnd } from '../store/store.ts';
import type { BadKind } from './states.ts';

/**
 * What somebody is told, as it is stored until it was sent and as programs are told it. Times are ISO 8601 in UTC; sentences
 * that may name people are called `text`, `why` or `reason`, by which whoever is purged is taken out of them.
 */
export type Notice = HeldNotice | FailedNotice | StaleNotice | QuarantineNotice | CertificateNotice | RecoveredNotice;

interface Common {
  readonly kind: NoticeKind;
  /** When it was noticed. */
  readonly at: string;
  /** Since when it is so; of what is over, since when it was. */
  readonly since: string;
  /** The machine that noticed it. */
  readonly host: string;
  /** The address of the store, without a password. */
  readonly store: string;
  readonly omflow: OmflowGets;
  /** What to run on the server. */
  readonly commands: readonly string[];
}

/** What `/sync` answers at that moment. */
export type OmflowGets =
  | { readonly status: 'success'; readonly snapshot: number; readonly pinned: boolean; readonly at: string }
  | { readonly status: 'fail'; readonly because: 'held' | 'stale' | 'nothing_published' };

export interface HeldNotice extends Common {
  readonly kind: 'held';
  readonly hold: number;
  readonly changes: ChangeCounts;
  /** In the candidate. */
  readonly people: number;
  readonly reasons: readonly { readonly guard: string; readonly text: string }[];
}

interface GoodRun {
  readonly run: number;
  readonly at: string;
}

export interface FailedNotice extends Common {
  readonly kind: 'failed';
  readonly why: string;
  /** Those that could not be read. */
  readonly sources: readonly string[];
  readonly last_good: GoodRun | null;
}

export interface StaleNotice extends Common {
  readonly kind: 'stale';
  readonly why: string;
  readonly sources: readonly string[];
  readonly last_good: GoodRun | null;
}

export interface QuarantineNotice extends Common {
  readonly kind: 'quarantine';
  /** How many people and departments are kept out. */
  readonly count: number;
  /** By what is wrong with them, the most frequent first. */
  readonly codes: readonly { readonly code: string; readonly count: number }[];
}

export interface CertificateNotice extends Common {
  readonly kind: 'certificate';
  readonly file: string;
  readonly expires: string;
  /** Whole days that are left; less than 0 once it has expired. */
  readonly days: number;
}

export interface RecoveredNotice extends Common {
  readonly kind: 'recovered';
  /** What is over. */
  readonly state: BadKind;
  readonly end: Ending;
}

/** How something ended. */
export type Ending =
  | { readonly how: HoldEnd['how']; readonly hold: number; readonly run: number; readonly reason: string }
  /** The hold is not known any more. */
  | { readonly how: 'settled'; readonly hold: number }
  | { readonly how: 'run'; readonly run: number; readonly status: string; readonly snapshot: number | null }
  | { readonly how: 'clean' }
  /** So many are kept out as were before, or fewer. */
  | { readonly how: 'fewer'; readonly count: number }
  | { readonly how: 'renewed'; readonly file: string; readonly expires: string };
