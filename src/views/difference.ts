import {
  type Change,
  compareDepartments,
  comparePeople,
  countChanges,
  isRename,
  type MembershipChange,
  membershipChanges,
} from '../roster/compare.ts';
import {
  type ChangeCounts,
  type Department,
  type Person,
  type Problem,
  type Snapshot,
  snapshotNumber,
} from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import type { Store } from '../store/store.ts';

/** What turns one roster into another, whether both are snapshots or one is a run's candidate. */
export interface Difference {
  readonly people: readonly Change<Person>[];
  readonly departments: readonly Change<Department>[];
  /** Who and what was kept out of the later one and not of the earlier. */
  readonly quarantined: readonly Problem[];
  /** What is not served as its source says in the later one, and was in the earlier; absent where that is told otherwise. */
  readonly kept?: readonly Problem[];
}

/** Two snapshots to compare; without `before`, the later one with nothing at all. */
export interface Pair {
  readonly before: Snapshot | undefined;
  readonly after: Snapshot;
}

/** What differs between two snapshots. */
export async function differenceOf(store: Store, pair: Pair): Promise<Difference> {
  const a = pair.before?.number ?? snapshotNumber(0);
  const b = pair.after.number;
  const people = await store.people.between(a, b);
  const departments = await store.departments.between(a, b);
  return {
    people: [...comparePeople(people.before, people.after)],
    departments: [...compareDepartments(departments.before, departments.after)],
    ...(await newProblems(store, pair)),
  };
}

/** Some kind of problem, and what makes it the same as that of another run. */
interface ProblemKind {
  isOne(problem: Problem): boolean;
  mark(problem: Problem): string;
}

const QUARANTINED: ProblemKind = {
  isOne: one => one.effect === 'quarantined',
  mark: one => `${one.kind} ${one.key}`,
};

/** People and departments that have a last good value, or stay though they are not listed; memberships that do not count. */
const KEPT: ProblemKind = {
  isOne: ({ effect, kind }) => (effect === 'kept' || effect === 'dropped') && kind !== 'source' && kind !== 'roster',
  mark: one => JSON.stringify([one.code, one.kind, one.key, one.name]),
};

const NOTHING_NEW = { quarantined: [], kept: [] };

/** The problems of the run that made a snapshot which that of another one did not have; most of the time they are the same. */
export async function newProblems(
  store: Store,
  { before, after }: Pair,
): Promise<{ readonly quarantined: readonly Problem[]; readonly kept: readonly Problem[] }> {
  const { runs } = store;
  const found = (await runs.heads.get(after.run))?.found;
  if (before && (await runs.heads.get(before.run))?.found === found) return NOTHING_NEW;
  const old = before ? await problemsOf(store, before) : [];
  const now = await problemsOf(store, after);
  const fresh = ({ isOne, mark }: ProblemKind) => {
    const known = new Set(old.filter(isOne).map(mark));
    return now.filter(one => isOne(one) && !known.has(mark(one)));
  };
  return { quarantined: fresh(QUARANTINED), kept: fresh(KEPT) };
}

const problemsOf = async (store: Store, snapshot: Snapshot): Promise<readonly Problem[]> =>
  (await store.runs.get(snapshot.run))?.problems ?? [];

export type Event = 'added' | 'modified' | 'removed' | 'renamed';

/** What happened to a person or department, in the word that texts and scripts use for it. */
export const eventOf = (change: Change<Person> | Change<Department>): Event =>
  isPersonChange(change) && isRename(change) ? 'renamed' : change.event;

const isPersonChange = (change: Change<Person> | Change<Department>): change is Change<Person> =>
  'username' in (change.event === 'added' ? change.after.value : change.before.value);

/** Whoever or whatever changed, as it is now, or as it last was. */
export const subjectOf = <Value>(change: Change<Value>): Value =>
  change.event === 'removed' ? change.before.value : change.after.value;

/** Those people who changed themselves, not only their departments; by username, since that is what readers look for. */
export const changedPeople = ({ people }: Pick<Difference, 'people'>): Change<Person>[] =>
  people
    .filter(change => change.event !== 'modified' || change.fields.length > 0)
    .sort((a, b) => byBytes(subjectOf(a).username, subjectOf(b).username) || byBytes(a.key, b.key));

/** All memberships that changed, by department, each with whoever came and went in the order of usernames. */
export function changedMemberships({ people }: Pick<Difference, 'people'>): Map<string, MembershipChange[]> {
  const all = people.flatMap(change => membershipChanges(change));
  all.sort((a, b) => byBytes(a.group_no, b.group_no) || byBytes(a.person.username, b.person.username));
  return Map.groupBy(all, one => one.group_no);
}

export const countsOf = ({ people, departments }: Difference): ChangeCounts => countChanges(people, departments);
