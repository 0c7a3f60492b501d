import type { ChangeCounts } from '../../roster/model.ts';
import type { DiffData, ReportData, SnapshotData } from '../data.ts';

/** Two snapshots that a reader compares: `before` is 0 for nothing at all, `after` may be the held candidate. */
export interface PairChoice {
  readonly before: number;
  readonly after: number | 'held';
}

/** What the address of a page says after its `#`. */
export interface AddressState {
  readonly pair?: PairChoice | undefined;
  readonly person?: string | undefined;
}

/** The one that is earlier comes first, whichever was chosen first. */
export function orderedPair(a: number, b: number | 'held'): PairChoice {
  return b === 'held' || a <= b ? { before: a, after: b } : { before: b, after: a };
}

export const isSamePair = (a: PairChoice, b: PairChoice): boolean => a.before === b.before && a.after === b.after;

/** `#a=41&b=42&person=a.lin`; anything else that stands there is nothing. */
export function readAddress(hash: string): AddressState {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const [a, b] = [numberIn(given.get('a')), given.get('b') === 'held' ? ('held' as const) : numberIn(given.get('b'))];
  return {
    pair: a === undefined || b === undefined ? undefined : { before: a, after: b },
    person: given.get('person') || undefined,
  };
}

const numberIn = (text: string | null) => (text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined);

/** The other way round. */
export function writeAddress({ pair, person }: AddressState): string {
  const parts = [
    ...(pair ? [`a=${pair.before}`, `b=${pair.after}`] : []),
    ...(person === undefined ? [] : [`person=${encodeURIComponent(person.toWellFormed())}`]),
  ];
  return `#${parts.join('&')}`;
}

/** Whether there is what a pair names; addresses outlive snapshots and holds. */
export function isKnownPair({ before, after }: PairChoice, { snapshots, hold }: ReportData): boolean {
  const has = (number: number) => snapshots.some(one => one.number === number);
  return (before === 0 || has(before)) && (after === 'held' ? hold !== undefined : has(after));
}

/** What a snapshot changed: it and the one before, or nothing before the first. */
export function pairUpTo(number: number, snapshots: readonly SnapshotData[]): PairChoice {
  const at = snapshots.findIndex(one => one.number === number);
  return { before: snapshots[at - 1]?.number ?? 0, after: number };
}

const NOTHING_OMITTED = { people: 0, departments: 0, memberships: 0 };

/** The changes of a pair where the page has them. */
export function diffInPage(pair: PairChoice, { diffs, hold, sync }: ReportData): DiffData | undefined {
  const found = [...diffs, ...(hold ? [hold.diff] : []), ...(sync ? [sync.diff] : [])].find(one =>
    isSamePair(one, pair),
  );
  if (found || pair.before !== pair.after) return found;
  const none = { people: [], departments: [], memberships: [], quarantined: [] };
  return { ...pair, ...none, counts: NO_CHANGES, omitted: NOTHING_OMITTED };
}

/** Changes of several snapshots together; `isWhole` is false where some in between are not kept any more. */
export interface SummedChanges {
  readonly counts: ChangeCounts;
  /** How many were added up. */
  readonly count: number;
  readonly isWhole: boolean;
}

/** How much changed from one to the other, where it is not known what. */
export function summedChanges({ before, after }: PairChoice, { snapshots, hold }: ReportData): SummedChanges {
  const last = after === 'held' ? (hold?.diff.before ?? 0) : after;
  const added = after === 'held' && hold ? [hold.counts] : [];
  if (before === 0) {
    const parts = [broughtBy(last, snapshots), ...added];
    return { counts: addedUp(parts), count: parts.length, isWhole: true };
  }
  const between = snapshots.filter(({ number }) => number > before && number <= last);
  const parts = [...between.map(one => one.changes), ...added];
  return {
    counts: addedUp(parts),
    count: parts.length,
    isWhole: between.length === Math.max(0, last - before),
  };
}

const NO_CHANGES: ChangeCounts = {
  people_added: 0,
  people_modified: 0,
  people_removed: 0,
  people_renamed: 0,
  departments_added: 0,
  departments_modified: 0,
  departments_removed: 0,
  memberships_added: 0,
  memberships_removed: 0,
};

/** Against nothing at all, everything is new. */
function broughtBy(number: number, snapshots: readonly SnapshotData[]): ChangeCounts {
  const found = snapshots.find(one => one.number === number);
  if (!found) return NO_CHANGES;
  const { people, departments, memberships } = found;
  return { ...NO_CHANGES, people_added: people, departments_added: departments, memberships_added: memberships };
}

function addedUp(all: readonly ChangeCounts[]): ChangeCounts {
  const sum = (name: keyof ChangeCounts) => all.reduce((total, counts) => total + counts[name], 0);
  return {
    people_added: sum('people_added'),
    people_modified: sum('people_modified'),
    people_removed: sum('people_removed'),
    people_renamed: sum('people_renamed'),
    departments_added: sum('departments_added'),
    departments_modified: sum('departments_modified'),
    departments_removed: sum('departments_removed'),
    memberships_added: sum('memberships_added'),
    memberships_removed: sum('memberships_removed'),
  };
}

/** What to run to see all changes of a pair. */
export const reportCommand = ({ before, after }: PairChoice): string =>
  before === 0 ? `rosterd show ${after}` : `rosterd report ${before} ${after}`;
