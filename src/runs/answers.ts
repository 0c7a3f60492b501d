import type { Config } from '../config/schema.ts';
import type { Encoding, RosterService, SentRoster, SyncAnswer, SyncRefusal } from '../http/roster.ts';
import { LOGIN_STALE } from '../roster/claims.ts';
import type { Person, RunNumber, Snapshot, SnapshotNumber } from '../roster/model.ts';
import type { Hold, Pin, RecordedRun, RunCause, RunHead, Store } from '../store/store.ts';
import { Bodies } from './bodies.ts';
import { bodyIdOf } from './body.ts';
import type { BodyId } from './body-file.ts';
import { servedBodies, tidyBodies } from './body-folder.ts';
import { whyOf } from './why.ts';

/** What decides about `/sync` besides the store. */
export interface AnswerSettings {
  readonly sync: Config['sync'];
  readonly store: Store;
  readonly runner: Runner;
  /** Where answers are kept as files; undefined: in memory alone. */
  readonly folder?: string | undefined;
  /** Answers of more bytes than this are never as a whole in memory where there is a folder. */
  readonly inMemory?: number;
  now(): Date;
  delivered(sent: SentRoster): void;
  /** Told why `/sync` had to answer that nothing can be said now. */
  unavailable(error: Error): void;
  /** Told of a file with an answer that was damaged, and is made anew. */
  damaged?(error: Error): void;
}

/** Who makes runs and bodies; the daemon's worker. */
export interface Runner {
  /** Since when no run could even be recorded. */
  readonly failingSince: Date | undefined;
  run(cause: RunCause): Promise<unknown>;
  /** Undefined when the answer is in its file now. */
  render(snapshot: SnapshotNumber): Promise<Uint8Array | undefined>;
}

/** The `/sync` service of a daemon. */
export interface ServedRoster extends RosterService, Disposable {
  /** Makes the answer ready that will be asked for, and removes those that will not; told of what went wrong as `/sync` is. */
  prepare(): Promise<void>;
}

/** The largest answer that is kept in memory, in bytes. */
const IN_MEMORY = 64 * 1024 * 1024;

/** How long the store may take to say what is so, besides a run; milliseconds. */
const STORE_PATIENCE = 5_000;

/** The `/sync` service: runs when it is time, and answers one snapshot, whole, or says why not. */
export function rosterService(settings: AnswerSettings): ServedRoster {
  const { store, runner, folder, inMemory = IN_MEMORY, damaged = () => {} } = settings;
  const bodies = new Bodies({ folder, inMemory, damaged, render: number => runner.render(number) });
  const look = looking(store);
  let isOver = false;
  // What is found out for one call is good for those that come meanwhile: it is not older than a moment.
  let deciding: Promise<BodyId | SyncAnswer> | undefined;
  const decided = () => {
    deciding ??= inTime(decide(settings, look), settings.sync.deadline + STORE_PATIENCE).finally(() => {
      deciding = undefined;
    });
    return deciding;
  };
  return {
    async answer(encoding: Encoding = 'identity') {
      try {
        const decision = await decided();
        return 'status' in decision ? decision : { status: 'success', body: await bodies.take(decision, encoding) };
      } catch (error) {
        settings.unavailable(error as Error);
        return fail({ reason: 'unavailable' });
      }
    },
    async prepare() {
      try {
        const { served } = await look();
        if (served) await bodies.prepare(served);
        if (folder !== undefined) await tidyBodies(folder, await servedBodies(store), { all: false });
      } catch (error) {
        // What is broken off at the end is nobody's trouble.
        if (!isOver) settings.unavailable(error as Error);
      }
    },
    delivered: sent => settings.delivered(sent),
    [Symbol.dispose]() {
      isOver = true;
      bodies[Symbol.dispose]();
    },
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

/** What the store says that decides. */
interface Facts {
  readonly pin: Pin | undefined;
  /** What is pinned, else the newest. */
  readonly served: BodyId | undefined;
  readonly hold: Hold | undefined;
  readonly last: RecordedRun | undefined;
  readonly good: RunHead | undefined;
  readonly bad: RecordedRun | undefined;
}

/** Reads the facts anew when anybody has written the store since. */
function looking(store: Store): () => Promise<Facts> {
  let known: { readonly mark: string; readonly facts: Facts } | undefined;
  return async () => {
    // Before them: what comes in between is then read the next time.
    const mark = await store.mark();
    if (known?.mark !== mark) known = { mark, facts: await factsIn(store) };
    return known.facts;
  };
}

async function factsIn(store: Store): Promise<Facts> {
  const pin = await store.pins.current();
  const good = await store.runs.heads.newestGood();
  return {
    pin,
    served: await idOf(store, await (pin ? pinned(store, pin) : store.snapshots.newest())),
    hold: await store.holds.open(),
    last: await store.runs.newestFinished(),
    good,
    bad: await store.runs.firstBadSince(good?.number),
  };
}

async function pinned(store: Store, { snapshot }: Pin): Promise<Snapshot> {
  const found = await store.snapshots.get(snapshot);
  if (!found) throw new Error(`there is no snapshot ${snapshot}, which is pinned`);
  return found;
}

const idOf = async (store: Store, snapshot: Snapshot | undefined) => snapshot && (await bodyIdOf(store, snapshot));

/** What to answer with, or why there is nothing. */
async function decide(settings: AnswerSettings, look: () => Promise<Facts>): Promise<BodyId | SyncAnswer> {
  const before = await look();
  if (before.pin && before.served) return before.served;
  const run = refreshing(settings, before);
  await run;
  // Much may have become otherwise while that run was waited for.
  const facts = run ? await look() : before;
  if (facts.pin && facts.served) return facts.served;
  const { hold, served } = facts;
  if (hold && settings.sync.on_hold === 'fail') {
    const why = hold.findings.map(finding => finding.text).join('; ');
    return fail({ reason: 'held', hold: hold.number, changes: hold.changes, why });
  }
  return served ? unlessStale(served, facts, settings) : nothingYet(facts);
}

/**
 * Has a run made when the newest one is too old, and waits for it as long as `sync.deadline` says; not at all when the last
 * one took longer than that, for this one will too. Undefined where the newest is not too old.
 */
function refreshing({ sync, runner, now }: AnswerSettings, { last }: Facts): Promise<unknown> | undefined {
  // An approval reads no source: the run after it does, and that one is waited for.
  const read = last?.cause === 'approve' ? undefined : last?.finished;
  const age = read ? now().getTime() - read.getTime() : Number.POSITIVE_INFINITY;
  // A run of the future is one from before the clock was put back.
  if (age >= 0 && age < sync.fresh_for) return undefined;
  // How it ended is read from the store below, as for a run of anybody else's.
  const run = runner.run('sync').catch(() => {});
  return durationOf(last) <= sync.deadline ? within(run, sync.deadline) : Promise.resolve();
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

const nothingYet = ({ last }: Facts): SyncAnswer =>
  fail(last ? { reason: 'nothing_published', why: whyOf(last) } : { reason: 'first_pull_running' });

/** The snapshot, if it was confirmed late enough: that counts from the first run since that went wrong. */
function unlessStale(newest: BodyId, { last, good, bad }: Facts, settings: AnswerSettings): BodyId | SyncAnswer {
  const { sync, runner, now } = settings;
  const since = earlier(bad?.started, runner.failingSince);
  if (!since || now().getTime() - since.getTime() <= sync.max_stale) return newest;
  const why = last && last.number !== good?.number ? whyOf(last) : bad ? whyOf(bad) : 'no run can be made';
  return fail({ reason: 'stale', since, why });
}

const earlier = (a: Date | undefined, b: Date | undefined) => (a && b ? (a < b ? a : b) : (a ?? b));

const fail = (refusal: SyncRefusal): SyncAnswer => ({ status: 'fail', refusal });
