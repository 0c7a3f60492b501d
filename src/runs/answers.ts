import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Config } from '../config/schema.ts';
import type { RosterBody, RosterService, SentRoster, SyncAnswer, SyncRefusal } from '../http/roster.ts';
import { LOGIN_STALE } from '../roster/claims.ts';
import type { Person, RunNumber, SnapshotNumber } from '../roster/model.ts';
import type { RecordedRun, RunCause, Store } from '../store/store.ts';

/** What decides about `/sync` besides the store. */
export interface AnswerSettings {
  readonly sync: Config['sync'];
  readonly store: Store;
  readonly runner: Runner;
  now(): Date;
  delivered(sent: SentRoster): void;
  /** Told why `/sync` had to answer that nothing can be said now. */
  unavailable(error: Error): void;
}

/** Who makes runs and bodies; the daemon's worker. */
export interface Runner {
  /** Since when no run could even be recorded. */
  readonly failingSince: Date | undefined;
  run(cause: RunCause): Promise<unknown>;
  render(snapshot: SnapshotNumber): Promise<Uint8Array>;
}

/** How long the store may take to say what is so, besides a run; milliseconds. */
const STORE_PATIENCE = 5_000;

/** The `/sync` service: runs when it is time, and answers one snapshot, whole, or says why not. */
export function rosterService(settings: AnswerSettings): RosterService {
  const body = bodies(settings);
  // What is found out for one call is good for those that come meanwhile: it is not older than a moment.
  let deciding: Promise<SnapshotNumber | SyncAnswer> | undefined;
  const decided = () => {
    deciding ??= decide(settings).finally(() => {
      deciding = undefined;
    });
    return deciding;
  };
  return {
    async answer() {
      try {
        const decision = await inTime(decided(), settings.sync.deadline + STORE_PATIENCE);
        return typeof decision === 'number' ? { status: 'success', body: await body(decision) } : decision;
      } catch (error) {
        settings.unavailable(error as Error);
        return fail({ reason: 'unavailable' });
      }
    },
    delivered: sent => settings.delivered(sent),
  };
}

/** The snapshot that is served, and whose people may log in: the newest, or the one that an administrator went back to. */
export async function servedSnapshot({ pins, snapshots }: Pick<Store, 'pins' | 'snapshots'>) {
  const pin = await pins.current();
  return pin?.snapshot ?? (await snapshots.newest())?.number;
}

/** Whoever has exactly this username in the snapshot that is served: nobody else may log in by it. */
export async function servedPerson(store: Store, username: string): Promise<Person | undefined> {
  const served = await servedSnapshot(store);
  return served && (await store.people.named(username, served))?.value;
}

/**
 * Tells people's names at the directory by username: undefined when there is nobody, and `""` when it is not known. Which are
 * not known is read once for each good run, and not for each login.
 */
export function servedLogins(store: Store): (username: string) => Promise<string | undefined> {
  let stale: { run: RunNumber | undefined; keys: ReadonlySet<string> } | undefined;
  return async username => {
    const person = await servedPerson(store, username);
    if (!person) return undefined;
    const run = await store.runs.newestGoodNumber();
    if (stale?.run !== run) stale = { run, keys: await staleLogins(store, run) };
    return stale?.keys.has(person.key) ? '' : person.login;
  };
}

async function staleLogins({ runs }: Store, number: RunNumber | undefined): Promise<ReadonlySet<string>> {
  const run = number === undefined ? undefined : await runs.get(number);
  return new Set(run?.problems.flatMap(({ code, key }) => (code === LOGIN_STALE ? key : [])));
}

/** The snapshot to answer with, or why there is none. */
async function decide(settings: AnswerSettings): Promise<SnapshotNumber | SyncAnswer> {
  const pin = await settings.store.pins.current();
  if (pin) return pin.snapshot;
  await refresh(settings);
  // Somebody may have gone back while that run was waited for.
  const pinned = await settings.store.pins.current();
  if (pinned) return pinned.snapshot;
  const newest = await settings.store.snapshots.newest();
  const hold = await settings.store.holds.open();
  if (hold && settings.sync.on_hold === 'fail') {
    const why = hold.findings.map(finding => finding.text).join('; ');
    return fail({ reason: 'held', hold: hold.number, changes: hold.changes, why });
  }
  return newest ? await unlessStale(newest.number, settings) : await nothingYet(settings);
}

/**
 * Has a run made when the newest one is too old, and waits for it as long as `sync.deadline` says; not at all when the last
 * one took longer than that, for this one will too.
 */
async function refresh({ sync, store, runner, now }: AnswerSettings): Promise<void> {
  const last = await store.runs.newestFinished();
  // An approval reads no source: the run after it does, and that one is waited for.
  const read = last?.cause === 'approve' ? undefined : last?.finished;
  const age = read ? now().getTime() - read.getTime() : Number.POSITIVE_INFINITY;
  // A run of the future is one from before the clock was put back.
  if (age >= 0 && age < sync.fresh_for) return;
  // How it ended is read from the store below, as for a run of anybody else's.
  const run = runner.run('sync').catch(() => {});
  if (durationOf(last) <= sync.deadline) await within(run, sync.deadline);
}

const durationOf = (run: RecordedRun | undefined) =>
  run?.finished ? run.finished.getTime() - run.started.getTime() : 0;

/** Waits for some work, but not longer than so many milliseconds. */
function within(work: Promise<unknown>, milliseconds: number): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** The same for work that has to be done by then. */
function inTime<Value>(work: Promise<Value>, milliseconds: number): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the store does not answer')), milliseconds);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

async function nothingYet({ store }: AnswerSettings): Promise<SyncAnswer> {
  const last = await store.runs.newestFinished();
  return fail(last ? { reason: 'nothing_published', why: whyOf(last) } : { reason: 'first_pull_running' });
}

/** The snapshot, if it was confirmed late enough: that counts from the first run since that went wrong. */
async function unlessStale(newest: SnapshotNumber, settings: AnswerSettings): Promise<SnapshotNumber | SyncAnswer> {
  const { sync, store, runner, now } = settings;
  const good = await store.runs.newestGood();
  const bad = await store.runs.firstBadSince(good?.number);
  const since = earlier(bad?.started, runner.failingSince);
  if (!since || now().getTime() - since.getTime() <= sync.max_stale) return newest;
  const last = await store.runs.newestFinished();
  const why = last && last.number !== good?.number ? whyOf(last) : bad ? whyOf(bad) : 'no run can be made';
  return fail({ reason: 'stale', since, why });
}

const earlier = (a: Date | undefined, b: Date | undefined) => (a && b ? (a < b ? a : b) : (a ?? b));

const fail = (refusal: SyncRefusal): SyncAnswer => ({ status: 'fail', refusal });

/** A run's first problem, as one sentence. */
export function whyOf(run: RecordedRun): string {
  const first = run.problems.find(one => one.effect === 'failed');
  if (first) return first.source === '' ? first.text : `source ${first.source}: ${first.text}`;
  if (run.findings.length > 0) return run.findings.map(finding => finding.text).join('; ');
  return run.status === 'running' ? 'the last run has not ended' : `the last run was ${run.status}`;
}

/** Keeps the newest body: made once, shared by all who ask for it, and made again only if that failed. */
function bodies({ runner }: AnswerSettings): (number: SnapshotNumber) => Promise<RosterBody> {
  let kept: { number: SnapshotNumber; body: () => Promise<RosterBody> } | undefined;
  return number => {
    if (kept?.number !== number) kept = { number, body: once(() => runner.render(number).then(withGzip(number))) };
    return kept.body();
  };
}

/** Compressing is left to the threads that zlib has: whoever does not want it so waits for none of it. */
const withGzip = (snapshot: SnapshotNumber) => (bytes: Uint8Array) => ({
  snapshot,
  bytes,
  gzip: once(() => promisify(gzip)(bytes)),
});

/** What `make` gives, when it is first asked for and for all who ask then; made again only if that failed. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    if (made) return made;
    const making = make();
    made = making;
    making.catch(() => {
      made = undefined;
    });
    return making;
  };
}
