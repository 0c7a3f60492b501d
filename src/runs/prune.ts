import { type Snapshot, type SnapshotNumber, snapshotNumber } from '../roster/model.ts';
import { outdated, type Retention } from '../roster/retention.ts';
import type { Pruned, Pruning, Store } from '../store/store.ts';
import { OLDER } from './measure.ts';
import { dayIn } from './time.ts';

const DAY = 86_400_000;
/** How long after the last time it is done again by itself: a run that comes round once a day may be a little early. */
const DUE = 20 * 3_600_000;
/** A last time longer ago says that the clock jumped, or that nothing ran: then it is waited for another day. */
const JUMP = 4 * DAY;
/** How long runs and deliveries are kept. */
const RECORDS = 90 * DAY;

/** What decides about retention besides the store. */
export interface PruneSettings {
  readonly retention: Retention;
  readonly timezone: string;
  readonly now: Date;
}

/** What goes now, as the retention says. */
export async function pruningOf(store: Store, { retention, timezone, now }: PruneSettings): Promise<Pruning> {
  const snapshots = await store.snapshots.list(Number.MAX_SAFE_INTEGER);
  const spare = await spared(store, snapshots, now);
  // Guards look for the snapshot of a week ago, on each day another one.
  const daily = Math.max(retention.daily, OLDER + DAY);
  return {
    snapshots: outdated(snapshots, { ...retention, daily }, { now, spare, dayOf: moment => dayIn(timezone, moment) }),
    before: new Date(now.getTime() - RECORDS),
  };
}

/** Snapshots on which something rests: what clients have and had, what is pinned and held, and what guards look at. */
async function spared(store: Store, snapshots: readonly Snapshot[], now: Date): Promise<Set<SnapshotNumber>> {
  const pin = await store.pins.current();
  const hold = await store.holds.open();
  const old = snapshots.find(({ at }) => now.getTime() - at.getTime() >= OLDER);
  const recent = snapshots.slice(0, old ? snapshots.indexOf(old) : undefined);
  return new Set([
    ...(await delivered(store)),
    // An answer with the one before the newest may just be on its way.
    ...snapshots.slice(0, 2).map(one => one.number),
    ...(pin ? [pin.snapshot] : []),
    ...(hold?.base === undefined ? [] : [hold.base]),
    ...(old ? [old.number] : []),
    // What was approved does not count again, as long as it is known to be that, and what was before it.
    ...recent.flatMap(({ number, hold }) => (hold === undefined ? [] : [number, snapshotNumber(number - 1)])),
  ]);
}

/** What each client got last, and the time before. */
async function delivered(store: Store): Promise<SnapshotNumber[]> {
  const last = await store.deliveries.lastOfEach();
  const both = await Promise.all(last.map(({ client }) => store.deliveries.finishedTo(client, 2)));
  return both.flat().map(one => one.snapshot);
}

/** What came of pruning by itself. */
export type AutomaticPruning = Pruned | { readonly failure: string };

/**
 * Prunes once a day. Undefined when it is not time, when the time is not to be believed, and while a run is under way: then
 * the next will do. Nothing is thrown, for no run fails because of this; what failed is tried again after a day.
 */
export async function pruneWhenDue(store: Store, settings: PruneSettings): Promise<AutomaticPruning | undefined> {
  try {
    const last = await store.prunings.last();
    const age = last ? settings.now.getTime() - last.getTime() : Number.POSITIVE_INFINITY;
    // A time of the future is one from before the clock was put back.
    if (age >= 0 && age < DUE) return undefined;
    await using lock = await store.lock('run');
    if (!lock) return undefined;
    await store.prunings.note(settings.now);
    // A clock that is a year ahead for once must not take a year of history away.
    if (age < 0 || age > JUMP) return undefined;
    return await store.prune(await pruningOf(store, settings), { dryRun: false, signal: lock.lost });
  } catch (error) {
    return { failure: (error as Error).message };
  }
}
