import type { Department, GroupNo, Person, Snapshot } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import type { RecordedRun, Store } from '../store/store.ts';
import { type HeldSnapshot, heldDepartments, heldRoster, isHeld } from './held.ts';

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

/** By code. */
export async function departmentsOf(store: Store, snapshot: Snapshot): Promise<Department[]> {
  if (isHeld(snapshot)) return await heldDepartments(store, snapshot);
  const departments: Department[] = [];
  for await (const page of store.departments.at(snapshot.number)) for (const { value } of page) departments.push(value);
  return departments;
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
  const departments = await departmentsOf(store, snapshot);
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
  const heads = new Heads();
  for (const person of people) heads.count(person);
  return treeWith(departments, heads);
}

/** The same for whoever does not have all people at once. */
export function treeWith(departments: readonly Department[], heads: Heads): Place[] {
  const known = new Map<string, Department>(departments.map(one => [one.group_no, one]));
  const { own, all } = heads.in(known);
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

/** Counts people as they come by, by the departments that they are in together: as good as all of them, and far fewer. */
export class Heads {
  readonly #together = new Map<string, { readonly codes: readonly GroupNo[]; count: number }>();

  /** With `by` below 0, takes somebody back. */
  count({ departments }: Pick<Person, 'departments'>, by = 1): void {
    const mark = departments.length === 1 ? (departments[0] ?? '') : JSON.stringify(departments);
    const known = this.#together.get(mark);
    if (known) known.count += by;
    else this.#together.set(mark, { codes: departments, count: by });
  }

  /** How many are in each department, and in it or anywhere below. */
  in(known: ReadonlyMap<string, Department>) {
    const own = new Map<string, number>();
    const all = new Map<string, number>();
    for (const { codes, count } of this.#together.values()) {
      for (const code of codes) add(own, code, count);
      for (const code of withAncestors(codes, known)) add(all, code, count);
    }
    return { own, all };
  }
}

const add = (counts: Map<string, number>, code: string, by: number) => counts.set(code, (counts.get(code) ?? 0) + by);

function withAncestors(codes: readonly string[], known: ReadonlyMap<string, Department>): Set<string> {
  const found = new Set<string>();
  for (const code of codes) {
    for (let one = known.get(code); one && !found.has(one.group_no); one = known.get(one.parent_group_no)) {
      found.add(one.group_no);
    }
  }
  return found;
}
