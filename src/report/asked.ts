import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Snapshot, snapshotNumber } from '../roster/model.ts';
import type { Store } from '../store/store.ts';
import { heldSnapshot, isHeld } from '../views/held.ts';
import { collect, collectDiff, collectHistory, type ReportTerms } from './collect.ts';
import { pageOf } from './page.ts';
import { type ReportPair, usualPair } from './pair.ts';

/** The two to compare, as a caller names them; 0 is nothing at all, and `held` the candidate that waits. */
export interface AskedPair {
  readonly a?: number | 'head';
  readonly b?: number | 'head' | 'held';
}

/** What a daemon is asked of the report. */
export type ReportQuery =
  | { readonly what: 'page'; readonly pair: AskedPair }
  /** A `DiffData`. */
  | { readonly what: 'diff'; readonly pair: AskedPair }
  /** The `StepData[]` of whoever was known by a username. */
  | { readonly what: 'history'; readonly name: string };

/** Bytes and nothing else, so that they can be handed from thread to thread. */
export type ReportAnswer =
  | {
      readonly status: 'made';
      /** HTML or JSON in UTF-8, compressed. */
      readonly gzip: Uint8Array<ArrayBuffer>;
      /** How many bytes it is uncompressed. */
      readonly size: number;
      /** The `Content-Security-Policy` of a page; `""` for JSON. */
      readonly policy: string;
    }
  /** What was asked for is not there; says what, and what there is. */
  | { readonly status: 'missing'; readonly message: string };

/** Makes what was asked for. Only ever reads. */
export async function reportAnswer(terms: ReportTerms, query: ReportQuery): Promise<ReportAnswer> {
  switch (query.what) {
    case 'page': {
      const pair = await pairOf(terms.store, query.pair);
      if (pair && 'missing' in pair) return missing(pair);
      const { html, policy } = await pageOf(await collect(terms, pair));
      return await made(html, policy);
    }
    case 'diff': {
      const pair = (await pairOf(terms.store, query.pair)) ?? NOTHING;
      if ('missing' in pair) return missing(pair);
      return await made(JSON.stringify(await collectDiff(terms, pair, true)));
    }
    case 'history': {
      const steps = await collectHistory(terms, query.name);
      return steps ? await made(JSON.stringify(steps)) : missing({ missing: 'nobody was ever known by this username' });
    }
  }
}

/** The page of what is held against what is published, for a hold that may have ended: undefined then. */
export async function heldPage(terms: ReportTerms, hold: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { store } = terms;
  const after = await heldSnapshot(store);
  if (after?.held.number !== hold) return undefined;
  const { html } = await pageOf(await collect(terms, { before: await store.snapshots.newest(), after }));
  return new TextEncoder().encode(html);
}

/** As good as the best and much sooner: a page is looked at once or twice. */
const LEVEL = 4;

async function made(text: string, policy = ''): Promise<ReportAnswer> {
  const bytes = Buffer.from(text);
  // A copy: small buffers share their memory with others, and cannot be given away.
  const packed = new Uint8Array(await promisify<Buffer, object, Buffer>(gzip)(bytes, { level: LEVEL }));
  return { status: 'made', gzip: packed, size: bytes.length, policy };
}

interface Missing {
  readonly missing: string;
}

const missing = ({ missing: message }: Missing): ReportAnswer => ({ status: 'missing', message });

const NOTHING: Missing = { missing: 'nothing has been published yet' };

/**
 * The pair that is meant: without both, the usual one; without `b`, up to the newest; without `a`, from the one before. Undefined
 * for a store without snapshots of which none was named.
 */
async function pairOf(store: Store, { a, b }: AskedPair): Promise<ReportPair | Missing | undefined> {
  if (a === undefined && b === undefined) return await usualPair(store);
  const after = await find(store, b ?? 'head');
  if (after === undefined) return NOTHING;
  if ('missing' in after) return after;
  const before = a === undefined ? await beforeOf(store, after) : await find(store, a);
  return before && 'missing' in before ? before : { before, after };
}

/** Undefined for nothing at all, which is the newest where there is none. */
async function find(store: Store, named: number | 'head' | 'held'): Promise<Snapshot | Missing | undefined> {
  if (named === 'head') return await store.snapshots.newest();
  if (named === 'held') return (await heldSnapshot(store)) ?? { missing: 'nothing is held' };
  if (named === 0) return undefined;
  return (await store.snapshots.get(snapshotNumber(named))) ?? (await notKept(store, named));
}

async function notKept(store: Store, number: number): Promise<Missing> {
  const all = await store.snapshots.list(Number.MAX_SAFE_INTEGER);
  const [newest, oldest] = [all[0], all.at(-1)];
  if (!newest || !oldest) return NOTHING;
  return { missing: `there is no snapshot ${number}; the newest is ${newest.number}, and the oldest ${oldest.number}` };
}

/** The newest that came before one; of what is held, what is published. */
async function beforeOf(store: Store, after: Snapshot): Promise<Snapshot | undefined> {
  if (isHeld(after)) return await store.snapshots.newest();
  return (await store.snapshots.list(Number.MAX_SAFE_INTEGER)).find(one => one.number < after.number);
}
