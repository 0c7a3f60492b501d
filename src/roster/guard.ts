import { fold } from './fold.ts';
import {
  type ChangeCounts,
  GUARDS,
  type GuardFinding,
  type GuardName,
  type Person,
  type RosterCounts,
  type RowCounts,
  type SnapshotNumber,
  type SourceName,
} from './model.ts';

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

/** The guards that have a limit; the others have none to pass. */
export const LIMITED = [
  'source_rows',
  'people_removed',
  'departments_removed',
  'no_department',
  'emails_changed',
  'people_added',
  'quarantined',
] as const satisfies readonly GuardName[];

export type Limits = Readonly<Record<(typeof LIMITED)[number], Limit>>;

/** The defaults of the specification; each may be changed in the configuration. */
export const DEFAULT_LIMITS: Limits = {
  source_rows: { floor: 3, share: 0.2 },
  people_removed: { floor: 3, share: 0.05, ceiling: 200, ceilingShare: 0.02 },
  departments_removed: { floor: 2, share: 0.05 },
  no_department: { floor: 3, share: 0.05 },
  emails_changed: { floor: 3, share: 0.1 },
  people_added: { floor: 20, share: 0.25 },
  quarantined: { floor: 3, share: 0.05 },
};

/** What the administrator decided about guards. */
export interface GuardRules {
  readonly limits: Limits;
  /** Usernames, logins or emails of people who never go without approval. */
  readonly protect: readonly string[];
  /** Whether the first candidate of all waits for approval. */
  readonly first: 'accept' | 'hold';
}

/** How many there are of what guards count, between a baseline and a candidate. */
export interface Toll {
  readonly people_removed: number;
  readonly departments_removed: number;
  /** People who lose their last department. */
  readonly no_department: number;
  readonly emails_changed: number;
  readonly people_added: number;
}

/** A snapshot that a candidate is measured against. */
export interface Baseline {
  readonly number: SnapshotNumber;
  readonly counts: RosterCounts;
  /** Between it and the candidate; of what happened before the newest snapshot, only what nobody approved. */
  readonly toll: Toll;
}

/** Everything about a candidate that guards look at. */
export interface Measured {
  /** Of the candidate. */
  readonly counts: RosterCounts;
  /** Against the newest snapshot. */
  readonly changes: ChangeCounts;
  /** The newest snapshot; absent for the first candidate. */
  readonly newest: Baseline | undefined;
  /** The one that was newest seven days ago; absent where that is the newest, and where there was none yet. */
  readonly older: Baseline | undefined;
  /** What each source gave, and what it gave when it was last read for a run that published or changed nothing. */
  readonly rows: ReadonlyMap<SourceName, RowCounts>;
  readonly rowsBefore: ReadonlyMap<SourceName, RowCounts>;
  /** Newcomers who are not served. */
  readonly quarantined: number;
  /** People who are served now and would not be any more. */
  readonly leaving: readonly Person[];
  /** Whether a run under this configuration has published or confirmed a snapshot. */
  readonly proved: boolean;
  /** Whether the store has had runs before. */
  readonly hadRuns: boolean;
}

/** The most that a limit allows of something that was `size` before. */
export function allowed({ floor, share, ceiling, ceilingShare }: Limit, size: number): number {
  const top = ceiling === undefined ? Number.POSITIVE_INFINITY : Math.max(ceiling, (ceilingShare ?? 0) * size);
  // 29 % of 100 are 28.999999999999996 to a computer.
  return Math.floor(Math.max(floor, Math.min(share * size, top)) + 1e-6);
}

/** The limits that a candidate passes; empty when it may be published. All guards look at every candidate. */
export function guard(measured: Measured, rules: GuardRules): GuardFinding[] {
  const found = [
    ...sourceRows(measured, rules.limits.source_rows),
    ...tolls(measured.newest, measured, rules.limits),
    ...tolls(measured.older, measured, rules.limits),
    ...quarantined(measured, rules.limits.quarantined),
    ...protect(measured, rules),
    ...config(measured),
    ...first(measured, rules),
  ];
  return found.sort((a, b) => GUARDS.indexOf(a.guard) - GUARDS.indexOf(b.guard));
}

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** What each toll counts: `of` what it takes its share, and what would become of how many, in words. */
const TOLLS: Readonly<
  Record<keyof Toll, { readonly of: 'people' | 'departments'; says(count: number, of: number): string }>
> = {
  people_removed: { of: 'people', says: (count, of) => `${count} of ${of} people would be removed` },
  departments_removed: { of: 'departments', says: (count, of) => `${count} of ${of} departments would be removed` },
  no_department: { of: 'people', says: (count, of) => `${count} of ${of} people would lose their last department` },
  emails_changed: { of: 'people', says: (count, of) => `the email of ${count} of ${of} people would change` },
  people_added: { of: 'people', says: (count, of) => `${counted(count, 'person', 'people')} would be added to ${of}` },
};

function tolls(baseline: Baseline | undefined, { newest }: Measured, limits: Limits): GuardFinding[] {
  if (!baseline || !newest) return [];
  const since = baseline === newest ? 'at once' : `since snapshot ${baseline.number}, the newest of seven days ago`;
  return (Object.keys(TOLLS) as (keyof Toll)[]).flatMap(name => {
    const count = baseline.toll[name];
    const of = baseline.counts[TOLLS[name].of];
    const limit = allowed(limits[name], of);
    // What was published is published: only a candidate that adds to it can pass the limit.
    if (count <= limit || newest.toll[name] === 0) return [];
    const text = `${TOLLS[name].says(count, of)}, and at most ${limit} may be ${since}`;
    return { guard: name, count, limit, of, baseline: baseline.number, text };
  });
}

const ROW_KINDS = ['people', 'departments', 'memberships'] as const;

/** A source that suddenly knows much less is more likely broken than right; one that knows nothing always is. */
function sourceRows({ rows, rowsBefore, newest }: Measured, limit: Limit): GuardFinding[] {
  if (!newest) return [];
  return [...rowsBefore].flatMap(([source, before]) =>
    ROW_KINDS.flatMap(kind => {
      const now = rows.get(source)?.[kind];
      const of = before[kind];
      if (now === undefined || of === 0) return [];
      const most = now === 0 ? 0 : allowed(limit, of);
      if (of - now <= most) return [];
      const text =
        now === 0
          ? `source ${source} gives no ${kind} any more; its last good read gave ${counted(of, 'row')}`
          : `source ${source} gives ${counted(now, 'row')} of ${kind}, ${of - now} fewer than the ${of} of its last good read; at most ${most} fewer are believed`;
      return { guard: 'source_rows' as const, count: of - now, limit: most, of, baseline: newest.number, text };
    }),
  );
}

/** Later, newcomers who are quarantined harm nobody who is served; at first, many of them say that a mapping is wrong. */
function quarantined({ newest, quarantined: count, counts }: Measured, limits: Limit): GuardFinding[] {
  const of = counts.people + count;
  const limit = allowed(limits, of);
  if (newest || count <= limit) return [];
  const text = `${count} of ${of} people are quarantined, and at most ${limit} may be in the first roster`;
  return [{ guard: 'quarantined', count, limit, of, text }];
}

function protect({ leaving, newest }: Measured, { protect: names }: GuardRules): GuardFinding[] {
  if (names.length === 0) return [];
  const listed = new Set(names.map(fold));
  const going = leaving.filter(one => [one.username, one.login, one.email].some(name => listed.has(fold(name))));
  if (going.length === 0) return [];
  const who = going.map(one => `"${one.username}"`).join(', ');
  const text = `${who} would be removed, and guards.protect says that ${going.length === 1 ? 'this person stays' : 'they stay'}`;
  return [{ guard: 'protect', count: going.length, limit: 0, of: names.length, baseline: newest?.number, text }];
}

/** A query that was just changed is the likeliest reason why somebody goes. */
function config({ proved, newest, changes, leaving }: Measured): GuardFinding[] {
  const { people_removed, departments_removed, memberships_removed } = changes;
  const count = people_removed + departments_removed + memberships_removed;
  if (proved || !newest || count === 0) return [];
  const ofLeavers = leaving.reduce((sum, one) => sum + one.departments.length, 0);
  const what = [
    people_removed > 0 ? counted(people_removed, 'person', 'people') : '',
    departments_removed > 0 ? counted(departments_removed, 'department') : '',
    memberships_removed > ofLeavers
      ? `${counted(memberships_removed - ofLeavers, 'membership')} of people who stay`
      : '',
  ].filter(part => part !== '');
  const text = `the configuration of the sources is another than in every good run so far, and it would remove ${what.join(', ')}`;
  return [{ guard: 'config', count, limit: 0, of: newest.counts.people, baseline: newest.number, text }];
}

/** The first candidate has nothing that it could be compared with. */
function first({ newest, counts, hadRuns }: Measured, rules: GuardRules): GuardFinding[] {
  if (newest || (rules.first === 'accept' && !hadRuns)) return [];
  const why =
    rules.first === 'hold'
      ? 'it is the first roster, which sync.first says is to be looked at'
      : 'it is the first roster, and runs before it came to nothing, so nobody can tell what it should be like';
  return [
    {
      guard: 'first',
      count: counts.people,
      limit: 0,
      of: 0,
      text: `${why}: ${counted(counts.people, 'person', 'people')}`,
    },
  ];
}
