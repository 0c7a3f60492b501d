import type { Config } from '../config/schema.ts';
import { type Person, type Snapshot, type SourceName, sourceName } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import { isStale, JUDGING, RUNS, type SourceHealth, sourceHealth } from '../runs/health.ts';
import { nextTick } from '../runs/schedule.ts';
import type { Delivery, Hold, Pin, RecordedRun, Store } from '../store/store.ts';

/** What an administrator has to see to. */
export type RosterTrouble = 'unpublished' | 'pinned' | 'held' | 'stale';

/** How things stand: what is served, and whatever keeps it from being newer. */
export interface RosterStanding {
  readonly now: Date;
  readonly troubles: readonly RosterTrouble[];
  readonly newest: Snapshot | undefined;
  /** What is pinned, else the newest. */
  readonly served: Snapshot | undefined;
  readonly hold: Hold | undefined;
  /** The rollback that stands: this one is served, and what is newer waits. */
  readonly pin: Pin | undefined;
  readonly runs: RunStanding;
  readonly sources: readonly SourceStanding[];
  readonly renamed: readonly Renamed[];
  readonly delivered: Delivery | undefined;
}

export interface RunStanding {
  /** It may still be under way. */
  readonly last: RecordedRun | undefined;
  /** The newest that published or confirmed a snapshot. */
  readonly good: RecordedRun | undefined;
  /** The first since then that failed or was interrupted. */
  readonly bad: RecordedRun | undefined;
  /** The newest that looked at everybody: its problems are those of today. */
  readonly judging: RecordedRun | undefined;
}

/** Besides how it was read, what the newest run made of that. */
export interface SourceStanding extends SourceHealth {
  /** True when its stored extract stood in for it in the newest run. */
  readonly stands_in: boolean;
  /** True when the newest run went on without it, for nothing that is served came from it. */
  readonly left_out: boolean;
  /** When its own schedule comes round next; absent when it has none, and is read in every run. */
  readonly next?: Date;
}

/** Optional sources that cannot be read and that runs do without: nothing is held up, but not all is well. */
export const excused = ({ sources }: Pick<RosterStanding, 'sources'>): SourceStanding[] =>
  sources.filter(one => one.failing && (one.stands_in || one.left_out));

/** Somebody who logs in by another name than OMFLOW knows them by. */
export interface Renamed {
  readonly username: string;
  readonly login: string;
}

export type StandingTerms = Pick<Config, 'sources' | 'sync' | 'timezone'>;

/** Reads from the store how things stand. */
export async function rosterStanding(config: StandingTerms, store: Store, now: Date): Promise<RosterStanding> {
  const standing = await standingBesidesNames(config, store, now);
  return { ...standing, renamed: standing.served ? await renamedIn(store, standing.served) : [] };
}

/** The same without looking at everybody. */
export async function standingBesidesNames(
  config: StandingTerms,
  store: Store,
  now: Date,
): Promise<Omit<RosterStanding, 'renamed'>> {
  const newest = await store.snapshots.newest();
  const hold = await store.holds.open();
  const pin = await store.pins.current();
  const served = pin ? await store.snapshots.get(pin.snapshot) : newest;
  const recent = await store.runs.list(RUNS);
  const runs = await runStanding(store, recent);
  const stale = newest !== undefined && runs.bad !== undefined && isStale(runs.bad, config.sync.max_stale, now);
  return {
    now,
    troubles: troubles({ newest, hold, pin }, stale),
    newest,
    served,
    hold,
    pin,
    runs,
    sources: config.sources.map(source => ({
      ...sourceStanding(sourceName(source.name), [...recent, ...listed(runs.good)]),
      ...nextRead(source, config, now),
      required: source.required,
    })),
    delivered: await store.deliveries.newestFinished(),
  };
}

/** The newest run that looked at everybody: one that failed never got so far. */
export const judgingRun = (recent: readonly RecordedRun[]): RecordedRun | undefined =>
  recent.find(run => JUDGING.has(run.status));

async function runStanding(store: Store, recent: readonly RecordedRun[]): Promise<RunStanding> {
  const good = await store.runs.newestGood();
  return {
    last: recent[0],
    good,
    bad: await store.runs.firstBadSince(good?.number),
    judging: judgingRun(recent) ?? good,
  };
}

const listed = <One>(one: One | undefined): One[] => (one === undefined ? [] : [one]);

function troubles(
  { newest, hold, pin }: Pick<RosterStanding, 'newest' | 'hold' | 'pin'>,
  stale: boolean,
): RosterTrouble[] {
  return [
    ...(newest ? [] : ['unpublished' as const]),
    ...(pin ? ['pinned' as const] : []),
    ...(hold ? ['held' as const] : []),
    ...(stale ? ['stale' as const] : []),
  ];
}

/** What the runs, newest first, say about a source. */
function sourceStanding(source: SourceName, runs: readonly RecordedRun[]): Omit<SourceStanding, 'required' | 'next'> {
  const last = runs.find(run => run.sources.some(read => read.source === source));
  return {
    ...sourceHealth(source, runs),
    stands_in: last?.sources.find(read => read.source === source)?.state === 'stored',
    left_out: last?.problems.some(one => one.source === source && one.code === 'source_left_out') ?? false,
  };
}

function nextRead({ schedule }: Config['sources'][number], { timezone }: StandingTerms, now: Date): { next?: Date } {
  const next = schedule === undefined ? undefined : nextTick(schedule, timezone, now);
  return next ? { next } : {};
}

async function renamedIn(store: Store, { number }: Snapshot): Promise<Renamed[]> {
  const renamed: Renamed[] = [];
  for await (const page of store.people.at(number)) {
    for (const { value } of page) if (isRenamed(value)) renamed.push({ username: value.username, login: value.login });
  }
  return renamed.sort((a, b) => byBytes(a.username, b.username));
}

/** Whether somebody logs in by another name than OMFLOW knows them by. */
export const isRenamed = ({ username, login }: Pick<Person, 'username' | 'login'>) => login !== username;
