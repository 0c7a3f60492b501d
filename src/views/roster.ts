import type { Department, Person, Snapshot } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import type { RecordedRun, Store } from '../store/store.ts';
import { type HeldSnapshot, heldRoster, isHeld } from './held.ts';

/** One snapshot with everybody in it, and the run that published it. */
export interface Roster {
  readonly snapshot: Snapshot;
  /** Absent when it is not kept any more. */
  readonly run: RecordedRun | undefined;
  /** By username. */
  readonly people: readonly Person[];
  /** By code. */
  readonly departments: readonly Department[];
}

export async function rosterOf(store: Store, snapshot: Snapshot): Promise<Roster> {
  const { people, departments } = isHeld(snapshot)
    ? await heldValues(store, snapshot)
    : await valuesAt(store, snapshot);
  people.sort((a, b) => byBytes(a.username, b.username));
  return { snapshot, run: await store.runs.get(snapshot.run), people, departments };
}

interface Values {
  readonly people: Person[];
  readonly departments: Department[];
}

async function heldValues(store: Store, snapshot: HeldSnapshot): Promise<Values> {
  const { people, departments } = await heldRoster(store, snapshot);
  return { people: people.map(one => one.load().value), departments: departments.map(one => one.load().value) };
}

async function valuesAt(store: Store, snapshot: Snapshot): Promise<Values> {
  const people: Person[] = [];
  const departments: Department[] = [];
  for await (const page of store.departments.at(snapshot.number)) for (const { value } of page) departments.push(value);
  for await (const page of store.people.at(snapshot.number)) for (const { value } of page) people.push(value);
  return { people, departments };
}

/** A department in its place in the tree. */
export interface Place {
  readonly department: Department;
  /** 0 for a root. */
  readonly depth: number;
  /** People whose department it is. */
  readonly own: number;
  /** People in it or anywhere below, each counted once. */
  readonly all: number;
}

/** The departments as a tree, each followed by those below it, siblings by code, with their head counts. */
export function treeOf({ departments, people }: Pick<Roster, 'departments' | 'people'>): Place[] {
  const known = new Map<string, Department>(departments.map(one => [one.group_no, one]));
  const { own, all } = headCounts(people, known);
  const children = Map.groupBy(departments, one => (known.has(one.parent_group_no) ? one.parent_group_no : ''));
  const places: Place[] = [];
  // Not recursive: how deep the tree is, is up to the data.
  const waiting = (children.get('') ?? []).map(department => ({ department, depth: 0 })).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { department, depth } = next;
    const code = department.group_no;
    places.push({ department, depth, own: own.get(code) ?? 0, all: all.get(code) ?? 0 });
    for (const child of (children.get(code) ?? []).toReversed()) waiting.push({ department: child, depth: depth + 1 });
  }
  return places;
}

function headCounts(people: readonly Person[], known: ReadonlyMap<string, Department>) {
  const own = new Map<string, number>();
  const all = new Map<string, number>();
  const count = (counts: Map<string, number>, code: string) => counts.set(code, (counts.get(code) ?? 0) + 1);
  for (const person of people) {
    for (const code of person.departments) count(own, code);
    for (const code of withAncestors(person.departments, known)) count(all, code);
  }
  return { own, all };
}

function withAncestors(codes: readonly string[], known: ReadonlyMap<string, Department>): Set<string> {
  const found = new Set<string>();
  for (const code of codes) {
    for (let one = known.get(code); one && !found.has(one.group_no); one = known.get(one.parent_group_no)) {
      found.add(one.group_no);
    }
  }
  return found;
}
