import type { ChangeCounts, GuardFinding, RosterCounts, RowCounts, SnapshotNumber, SourceName } from './model.ts';

/** How much may change at once: the limit is max(floor, min(share × size, ceiling)). */
export interface Limit {
  readonly floor: number;
  /** Between 0 and 1, of the size before. */
  readonly share: number;
  /** Absent: the share alone bounds it. */
  readonly ceiling?: number | undefined;
  /** A ceiling that grows with the roster: the larger of the two counts. */
  readonly ceilingShare?: number | undefined;
}

export interface Limits {
  readonly source_rows: Limit;
  readonly people_removed: Limit;
  readonly departments_removed: Limit;
}

/** The defaults of the specification; each may be changed in the configuration. */
export const DEFAULT_LIMITS: Limits = {
  source_rows: { floor: 3, share: 0.2 },
  people_removed: { floor: 3, share: 0.05, ceiling: 200, ceilingShare: 0.02 },
  departments_removed: { floor: 2, share: 0.05 },
};

/** What a candidate is measured against. */
export interface Baseline {
  readonly number: SnapshotNumber;
  readonly counts: RosterCounts;
  /** What each source gave when it was last read for a run that published or changed nothing. */
  readonly rows: ReadonlyMap<SourceName, RowCounts>;
}

export interface Measured {
  readonly changes: ChangeCounts;
  readonly rows: ReadonlyMap<SourceName, RowCounts>;
}

/** The most that a limit allows of something that was `size` before. */
export function allowed({ floor, share, ceiling, ceilingShare }: Limit, size: number): number {
  const top = ceiling === undefined ? Number.POSITIVE_INFINITY : Math.max(ceiling, (ceilingShare ?? 0) * size);
  // 29 % of 100 are 28.999999999999996 to a computer.
  return Math.floor(Math.max(floor, Math.min(share * size, top)) + 1e-6);
}

/** The limits that a candidate passes; empty when it may be published. All guards look at every candidate. */
export function guard(measured: Measured, baseline: Baseline, limits: Limits): GuardFinding[] {
  const { changes } = measured;
  return [
    ...sourceRows(measured, baseline, limits.source_rows),
    ...removed('people_removed', changes.people_removed, baseline.counts.people, baseline, limits),
    ...removed('departments_removed', changes.departments_removed, baseline.counts.departments, baseline, limits),
    // The other guards of the specification, and the snapshot of seven days ago as a second baseline, come here.
  ];
}

function removed(
  name: 'people_removed' | 'departments_removed',
  count: number,
  of: number,
  baseline: Baseline,
  limits: Limits,
): GuardFinding[] {
  const limit = allowed(limits[name], of);
  if (count <= limit) return [];
  const what = name === 'people_removed' ? 'people' : 'departments';
  const text = `${count} of ${of} ${what} would be removed, and at most ${limit} may be at once`;
  return [{ guard: name, count, limit, of, baseline: baseline.number, text }];
}

const ROW_KINDS = ['people', 'departments', 'memberships'] as const;

/** A source that suddenly knows much less is more likely broken than right; one that knows nothing always is. */
function sourceRows({ rows }: Measured, baseline: Baseline, limit: Limit): GuardFinding[] {
  return [...baseline.rows].flatMap(([source, before]) =>
    ROW_KINDS.flatMap(kind => {
      const now = rows.get(source)?.[kind];
      const of = before[kind];
      if (now === undefined || of === 0) return [];
      const most = now === 0 ? 0 : allowed(limit, of);
      if (of - now <= most) return [];
      const text =
        now === 0
          ? `source ${source} gives no ${kind} any more; its last good read gave ${of} rows`
          : `source ${source} gives ${now} rows of ${kind}, ${of - now} fewer than the ${of} of its last good read; at most ${most} fewer are believed`;
      return [{ guard: 'source_rows' as const, count: of - now, limit: most, of, baseline: baseline.number, text }];
    }),
  );
}
