import type { Snapshot, SnapshotNumber } from './model.ts';

/** For how long snapshots are kept. */
export interface Retention {
  /** So many of the newest, whatever their age; at least 1. */
  readonly last: number;
  /** The last of each day, for so many milliseconds. */
  readonly daily: number;
  /** The last of each month, for so many months besides the current one. */
  readonly monthly: number;
}

/** What decides about snapshots besides their numbers and times. */
export interface Circumstances {
  readonly now: Date;
  /** Those on which something rests: they stay, however old they are. */
  readonly spare: ReadonlySet<SnapshotNumber>;
  /** The day of a moment where the administrator lives, as `YYYY-MM-DD`. */
  dayOf(moment: Date): string;
}

type Dated = Pick<Snapshot, 'number' | 'at'>;

/**
 * The snapshots that need not be kept any more, lowest first; never the newest. The last of a day is the one with the
 * highest number, whatever the clock said.
 */
export function outdated(
  snapshots: readonly Dated[],
  retention: Retention,
  { now, spare, dayOf }: Circumstances,
): SnapshotNumber[] {
  const newestFirst = snapshots.toSorted((a, b) => b.number - a.number);
  const monthOf = (moment: Date) => dayOf(moment).slice(0, 'YYYY-MM'.length);
  const oldest = now.getTime() - retention.daily;
  const month = monthsUntil(monthOf(now));
  const daily = newestFirst.filter(({ at }) => at.getTime() >= oldest);
  const monthly = newestFirst.filter(({ at }) => month - monthsUntil(monthOf(at)) <= retention.monthly);
  const kept = new Set([
    ...spare,
    ...newestFirst.slice(0, Math.max(1, retention.last)).map(one => one.number),
    ...firstOfEach(daily, one => dayOf(one.at)),
    ...firstOfEach(monthly, one => monthOf(one.at)),
  ]);
  return newestFirst.flatMap(({ number }) => (kept.has(number) ? [] : number)).reverse();
}

/** Months from the year 0 to one written `YYYY-MM`. */
function monthsUntil(month: string): number {
  const [year, number] = month.split('-').map(Number);
  return (year ?? 0) * 12 + (number ?? 0);
}

function firstOfEach(snapshots: readonly Dated[], spanOf: (one: Dated) => string): SnapshotNumber[] {
  return [...Map.groupBy(snapshots, spanOf).values()].flatMap(([first]) => first?.number ?? []);
}
