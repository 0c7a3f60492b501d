import { compareDepartments, comparePeople, type Entry, entryOf } from '../roster/compare.ts';
import { type Department, type Person, type Snapshot, snapshotNumber } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import type { Hold, Records, Sides, Store } from '../store/store.ts';
import { type Difference, newProblems, type Pair } from './difference.ts';

type Changes = Pick<Difference, 'people' | 'departments'>;

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
    departments: applied(await entriesAt(store.departments, held.base, one => one.group_no), departments),
  };
}

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
  return {
    ...(await changesOf(store, pair)),
    ...(await newProblems(store, pair)),
  };
}

async function changesOf(store: Store, { before, after }: Pair): Promise<Changes> {
  if (isHeld(after) && before?.number === after.held.base) {
    // The reasons of removals are only known from the one that it follows.
    const { people, departments } = await store.holds.candidate(after.held.number);
    return compared(people, departments);
  }
  const none = { people: [], departments: [] };
  const a = before ? await rosterAt(store, before) : none;
  const b = await rosterAt(store, after);
  return compared(
    { before: [...a.people], after: [...b.people] },
    { before: [...a.departments], after: [...b.departments] },
  );
}

const compared = (people: Sides<Person>, departments: Sides<Department>): Changes => ({
  people: [...comparePeople(people.before, people.after)],
  departments: [...compareDepartments(departments.before, departments.after)],
});

const rosterAt = async (store: Store, snapshot: Snapshot): Promise<HeldRoster> =>
  isHeld(snapshot)
    ? await heldRoster(store, snapshot)
    : {
        people: await entriesAt(store.people, snapshot.number, one => one.key),
        departments: await entriesAt(store.departments, snapshot.number, one => one.group_no),
      };
