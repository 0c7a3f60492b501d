import type { Config } from '../config/schema.ts';
import { type RowCounts, type Snapshot, type SourceName, sourceName } from '../roster/model.ts';
import type { Delivery, Hold, Pin, RunHead, SourceRead, Store } from '../store/store.ts';
import { whyOf } from './why.ts';

/** How things stand, as far as the store tells: what health checks, metrics and notices are about. */
export interface Health {
  /** What is served: the snapshot that is pinned, else the newest. */
  readonly served: Snapshot | undefined;
  /** When a run last found that it is still so; of one that no newer run is about, when it was published. */
  readonly confirmed: Date | undefined;
  readonly pin: Pin | undefined;
  readonly hold: Hold | undefined;
  /** The newest run that ended by itself. */
  readonly last: RunHead | undefined;
  /** The newest that published or confirmed a snapshot. */
  readonly good: RunHead | undefined;
  /** Absent while the newest run that has ended did not fail, nor several in a row were broken off. */
  readonly failing: Failing | undefined;
  /**
   * Since when there was no good run, where that is longer than `sync.max_stale` allows: `/sync` then says fail, unless a
   * snapshot is pinned.
   */
  readonly staleSince: Date | undefined;
  /** How many people and departments the newest run that judged any kept out. */
  readonly quarantined: number;
  readonly sources: readonly SourceHealth[];
  /** The last one, that reached it whole, of each client that may ask for the roster. */
  readonly deliveries: readonly Delivery[];
}

export interface Failing {
  /** When the first of those runs in a row began that were not good. */
  readonly since: Date;
  /** The first problem of the newest, or that runs were broken off. */
  readonly why: string;
}

/** When a source was last read to its end; without `at` never, as far as is known. */
export interface SourceHealth {
  readonly source: SourceName;
  readonly required: boolean;
  readonly at?: Date;
  readonly rows?: RowCounts;
  /** True when the last try went wrong. */
  readonly failing: boolean;
  /** Since when it has been going wrong, and why it did last. */
  readonly failing_since?: Date;
  readonly why?: string;
}

/** How many runs back it is looked for when a source was read. */
export const RUNS = 100;

/** What health is judged by, besides what the store has. */
export interface HealthTerms extends Pick<Config, 'sync' | 'sources' | 'server'> {
  /** Since when no run could even be recorded, as `Runner.failingSince`; the store cannot know of that. */
  readonly failingSince?: Date | undefined;
  /** Why the last one could not be. */
  readonly failure?: string | undefined;
}

/** Reads it from the store: cheap, for neither people nor problems are read, but for those of a run that failed. */
export async function healthOf(terms: HealthTerms, store: Store, now: Date): Promise<Health> {
  const { heads } = store.runs;
  const pin = await store.pins.current();
  const good = await heads.newestGood();
  const bad = await heads.firstBadSince(good?.number);
  const last = await heads.newestFinished();
  const recent = [...(await heads.list(RUNS)), ...(good ? [good] : [])];
  const judging = recent.find(run => JUDGING.has(run.status)) ?? good;
  const served = await (pin ? store.snapshots.get(pin.snapshot) : store.snapshots.newest());
  return {
    served,
    confirmed: good?.snapshot === served?.number ? good?.finished : served?.at,
    pin,
    hold: await store.holds.open(),
    last,
    good,
    failing: unrecorded(terms, bad) ?? (await failingSince(store, { recent, bad })),
    staleSince: staleSince(terms, bad?.started, now),
    quarantined: quarantinedIn(judging),
    sources: terms.sources.map(({ name, required }) => ({ ...sourceHealth(sourceName(name), recent), required })),
    deliveries: (await store.deliveries.lastOfEach()).filter(({ client }) => mayAsk(terms, client)),
  };
}

/** Runs that looked at everybody: one that failed never got so far. */
export const JUDGING: ReadonlySet<string> = new Set(['published', 'unchanged', 'held']);

/** The same rule as for `/sync`: stale counts from the first run that went wrong. */
export const isStale = (bad: Pick<RunHead, 'started'>, maxStale: number, now: Date): boolean =>
  now.getTime() - bad.started.getTime() > maxStale;

function staleSince({ sync, failingSince }: HealthTerms, bad: Date | undefined, now: Date): Date | undefined {
  const [started] = [bad, failingSince].filter(date => date !== undefined).sort((a, b) => a.getTime() - b.getTime());
  return started && isStale({ started }, sync.max_stale, now) ? started : undefined;
}

/** A client that was removed from the configuration is not missed when it does not come any more. */
const mayAsk = ({ server }: HealthTerms, client: string): boolean =>
  server.clients.some(({ name, scopes }) => name === client && scopes.includes('sync'));

/** A run that could not even be recorded is newer than any that was. */
function unrecorded({ failingSince, failure }: HealthTerms, bad: RunHead | undefined): Failing | undefined {
  if (!failingSince) return undefined;
  const since = bad && bad.started < failingSince ? bad.started : failingSince;
  return { since, why: `no run can be made: ${failure ?? 'the log says why'}` };
}

interface Latest {
  /** Newest first. */
  readonly recent: readonly RunHead[];
  /** The first that was not good since the newest that was. */
  readonly bad: RunHead | undefined;
}

/** One run that was broken off is what a restart of the daemon leaves behind; when it happens again it is a failure. */
async function failingSince(store: Store, { recent, bad }: Latest): Promise<Failing | undefined> {
  const ended = recent.filter(run => run.status !== 'running');
  const before = ended.find(run => run.status !== 'interrupted');
  const brokenOff = before ? ended.indexOf(before) : ended.length;
  const isFailing = brokenOff > 1 || before?.status === 'failed';
  return bad && isFailing ? { since: bad.started, why: await whyFailing(store, brokenOff, before) } : undefined;
}

/** So many runs were broken off, after one that may have failed. */
async function whyFailing(store: Store, brokenOff: number, before: RunHead | undefined): Promise<string> {
  if (brokenOff > 1) return `the last ${brokenOff} runs were broken off`;
  const failed = before && (await store.runs.get(before.number));
  const why = failed ? whyOf(failed) : '';
  return brokenOff === 0 ? why : `the last run was broken off; the one before it failed: ${why}`;
}

const quarantinedIn = (run: RunHead | undefined): number =>
  (run?.counts ?? []).reduce((sum, { effect, count }) => (effect === 'quarantined' ? sum + count : sum), 0);

/** What the runs, newest first, say about a source. */
export function sourceHealth(source: SourceName, runs: readonly RunHead[]): Omit<SourceHealth, 'required'> {
  const tries = runs.flatMap(run => run.sources.filter(read => read.source === source).map(read => ({ run, ...read })));
  const [last] = tries;
  const known = tries.find(one => one.state !== 'failed');
  return {
    source,
    ...(known ? { at: known.of ?? known.run.started, rows: known.rows } : {}),
    ...(last ? failureOf(last) : { failing: false }),
  };
}

function failureOf({ state, failure, run }: SourceRead & { readonly run: RunHead }) {
  if (failure) return { failing: true, failing_since: failure.since, why: failure.why };
  return state === 'failed' ? { failing: true, failing_since: run.started } : { failing: false };
}
