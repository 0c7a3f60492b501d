import type { Readable } from 'node:stream';
import type { ChangeCounts, SnapshotNumber } from '../roster/model.ts';

/** Why `/sync` cannot answer with a roster; the words for it, by language, are in `messages.ts`. */
export type SyncRefusal =
  | { readonly reason: 'first_pull_running' }
  /** Nothing was ever published; `why` is the newest run's first problem, in English. */
  | { readonly reason: 'nothing_published'; readonly why: string }
  | { readonly reason: 'held'; readonly hold: number; readonly changes: ChangeCounts; readonly why: string }
  /** The store or the worker does not answer; the log says more. */
  | { readonly reason: 'unavailable' }
  /** The newest snapshot was last confirmed too long ago; `since` is the first failed run after that. */
  | { readonly reason: 'stale'; readonly since: Date; readonly why: string };

/** How an answer may be compressed. */
export type Encoding = 'identity' | 'gzip';

/** The whole answer to `/sync`, as somebody asked for it. */
export interface RosterBody {
  readonly snapshot: SnapshotNumber;
  /** How large it is without compression, in bytes. */
  readonly whole: number;
  /**
   * Bytes that are made once per snapshot and encoding and shared by all callers; or where they are too many to be kept in
   * memory a stream of the caller's own, who has to destroy it.
   */
  readonly content: Uint8Array | BodyStream;
}

/** It breaks off with an error where it cannot be given to its end as it was made. */
export interface BodyStream {
  /** In bytes. */
  readonly size: number;
  readonly stream: Readable;
}

/** What `/sync` answers: one snapshot, whole, or why not. */
export type SyncAnswer =
  | { readonly status: 'success'; readonly body: RosterBody }
  | { readonly status: 'fail'; readonly refusal: SyncRefusal };

/** One answer that was sent, or broke off. */
export interface SentRoster {
  readonly snapshot: SnapshotNumber;
  readonly client: string;
  readonly requestId: string;
  /** When the last byte went out, or the client went away. */
  readonly at: Date;
  /** False when the client went away before the last byte. */
  readonly finished: boolean;
  /** The size of the whole answer, also when only a part of it went out. */
  readonly bytes: number;
}

/** What the `/sync` route needs from the rest of the daemon. */
export interface RosterService {
  /** Decides what to answer now; waits for a run where the specification says so. As it is, unless asked for otherwise. */
  answer(encoding?: Encoding): Promise<SyncAnswer>;
  /** Records a delivery; never waits for the store. */
  delivered(sent: SentRoster): void;
}
