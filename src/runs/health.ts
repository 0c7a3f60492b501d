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
  /** Absent while the newest run did not fail. */
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
  /** The first problem of the newest. */
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
    failing: await failingSince(store, { last, bad }),
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

interface Ended {
  readonly last: RunHead | undefined;
  readonly bad: RunHead | undefined;
}

async function failingSince(store: Store, { last, bad }: Ended): Promise<Failing | undefined> {
  if (last?.status !== 'failed') return undefined;
  const run = await store.runs.get(last.number);
  return { since: (bad ?? last).started, why: run ? whyOf(run) : '' };
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
