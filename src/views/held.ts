import { compareDepartments, comparePeople, type Entry, entryOf } from '../roster/compare.ts';
import { type Department, type Person, type Snapshot, snapshotNumber } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import type { Hold, Records, Sides, Store } from '../store/store.ts';
import { type Difference, newProblems, type Pair } from './difference.ts';

/** The candidate of the hold that stands, wherever a snapshot is looked at: the one that it would be. */
export interface HeldSnapshot extends Snapshot {
  readonly held: Hold;
}

export const isHeld = (snapshot: Snapshot | undefined): snapshot is HeldSnapshot =>
  snapshot !== undefined && 'held' in snapshot;

/** Undefined when no hold stands. */
export async function heldSnapshot(store: Store): Promise<HeldSnapshot | undefined> {
  const held = await store.holds.open();
  if (!held) return undefined;
  const { people, departments, memberships, digest, changes, run, opened, base } = held;
  const number = snapshotNumber((base ?? 0) + 1);
  return { number, at: opened, people, departments, memberships, digest, changes, run, held };
}

/** Everybody and every department of a held candidate. */
export interface HeldRoster {
  readonly people: readonly Entry<Person>[];
  readonly departments: readonly Entry<Department>[];
}

/** In key order. */
export async function heldRoster(store: Store, { held }: HeldSnapshot): Promise<HeldRoster> {
  const { people, departments } = await store.holds.candidate(held.number);
  return {
    people: applied(await entriesAt(store.people, held.base, one => one.key), people),
    departments: await departmentsWith(departments, store, held),
  };
}

/** The departments alone, by code. */
export async function heldDepartments(store: Store, { held }: HeldSnapshot): Promise<Department[]> {
  const { departments } = await store.holds.candidate(held.number);
  return (await departmentsWith(departments, store, held)).map(entry => entry.load().value);
}

const departmentsWith = async (changes: Sides<Department>, store: Store, { base }: Hold) =>
  applied(await entriesAt(store.departments, base, one => one.group_no), changes);

async function entriesAt<Value>(
  records: Records<Value>,
  number: Snapshot['number'] | undefined,
  keyOf: (value: Value) => string,
): Promise<Entry<Value>[]> {
  const entries: Entry<Value>[] = [];
  if (number === undefined) return entries;
  for await (const page of records.at(number))
    entries.push(...page.map(stored => entryOf(keyOf(stored.value), stored)));
  return entries;
}

function applied<Value>(all: readonly Entry<Value>[], { before, after }: Sides<Value>): Entry<Value>[] {
  const gone = new Set(before.map(entry => entry.key));
  return [...all.filter(entry => !gone.has(entry.key)), ...after].sort((a, b) => byBytes(a.key, b.key));
}

/** What differs between two rosters of which at least one is held. */
export async function heldDifference(store: Store, pair: Pair): Promise<Difference> {
  const { people, departments } = await heldSides(store, pair);
  return {
    people: [...comparePeople(people.before, people.after)],
    departments: [...compareDepartments(departments.before, departments.after)],
    ...(await newProblems(store, pair)),
  };
}

/** What the comparison of two rosters starts from, of which at least one is held. */
export async function heldSides(
  store: Store,
  pair: Pair,
): Promise<{ readonly people: Sides<Person>; readonly departments: Sides<Department> }> {
  const held = [pair.before, pair.after].find(isHeld)?.held;
  if (!held) throw new Error('neither of the two is held');
  const candidate = await store.holds.candidate(held.number);
  return {
    people: await sidesOf(pair, store.people, { held, sides: candidate.people }),
    departments: await sidesOf(pair, store.departments, { held, sides: candidate.departments }),
  };
}

/** What a candidate changes of the snapshot that it follows. */
interface Candidate<Value> {
  readonly held: Hold;
  readonly sides: Sides<Value>;
}

async function sidesOf<Value>(
  { before, after }: Pair,
  records: Records<Value>,
  { held, sides }: Candidate<Value>,
): Promise<Sides<Value>> {
  const base = held.base ?? snapshotNumber(0);
  const start = before?.number ?? snapshotNumber(0);
  if (!isHeld(after)) return chained(reversed(sides), await records.between(base, after.number));
  if (isHeld(before)) return NOTHING;
  return chained(start === base ? NOTHING : await records.between(start, base), sides);
}

const NOTHING: Sides<never> = { before: [], after: [] };

/** Back in time there is no reason why somebody is not there. */
const reversed = <Value>({ before, after }: Sides<Value>): Sides<Value> => ({
  before: after,
  after: before.map(entry => ({ ...entry, load: () => ({ ...entry.load(), removal: undefined }) })),
});

/** Two comparisons, of which the second goes on where the first ends, as one. */
function chained<Value>(first: Sides<Value>, second: Sides<Value>): Sides<Value> {
  const changed = new Set([...first.before, ...first.after].map(entry => entry.key));
  const next = new Map(second.before.map(entry => [entry.key, entry]));
  const again = new Set([...second.before, ...second.after].map(entry => entry.key));
  const before = [
    ...first.before.map(entry => goneBy(entry, next.get(entry.key))),
    // What the first has left alone is before both as it is before the second.
    ...second.before.filter(entry => !changed.has(entry.key)),
  ];
  const after = [...first.after.filter(entry => !again.has(entry.key)), ...second.after];
  return { before: before.sort(inKeyOrder), after: after.sort(inKeyOrder) };
}

const inKeyOrder = (a: { readonly key: string }, b: { readonly key: string }) => byBytes(a.key, b.key);

/** The reason is that of the second comparison for whoever went only there. */
const goneBy = <Value>(entry: Entry<Value>, later: Entry<Value> | undefined): Entry<Value> =>
  later ? { ...entry, load: () => ({ ...entry.load(), removal: later.load().removal }) } : entry;
