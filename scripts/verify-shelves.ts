import type { Entry } from '../src/roster/compare.ts';
import { type PurgedLeaf, rosterDigest } from '../src/roster/leaf.ts';
import type { Department, Digest, Person, Snapshot } from '../src/roster/model.ts';
import { byBytes } from '../src/roster/order.ts';
import type { Records, Store } from '../src/store/store.ts';
import type { Fault, Verdict } from './text/verify.ts';
import { DEPARTMENTS, endOf, judged, type Kind, PEOPLE, type Row, type Seen } from './verify-rows.ts';

/** People or departments, while snapshot follows snapshot. */
export interface Shelf<Value> extends Kind<Value> {
  readonly records: Records<Value>;
  /** What holds now, in key order. */
  rows: readonly Row[];
  /** What is wrong with the ends of those that ended just now. */
  ends: readonly Fault[];
  /** Of those that ended although nothing says why and nothing follows; they may be what is missing. */
  lost: ReadonlySet<string>;
  /** Rows, each once. */
  read: number;
}

export interface Shelves {
  readonly people: Shelf<Person>;
  readonly departments: Shelf<Department>;
}

const EMPTY = { rows: [], ends: [], lost: new Set<string>() };

export const shelvesOf = (store: Store): Shelves => ({
  people: { ...PEOPLE, records: store.people, read: 0, ...EMPTY },
  departments: { ...DEPARTMENTS, records: store.departments, read: 0, ...EMPTY },
});

/** Nothing holds, as before the first snapshot. */
export function clear({ people, departments }: Shelves): void {
  for (const shelf of [people, departments]) Object.assign(shelf, EMPTY);
}

/** Goes on from a snapshot to a later one; from 0, that is read whole. */
export async function advance<Value>(shelf: Shelf<Value>, from: Snapshot['number'], seen: Seen): Promise<void> {
  const { before, after } = await shelf.records.between(from, seen.snapshot.number);
  const begun = after.map(entry => judged(entry, shelf, seen));
  shelf.read += begun.length;
  const follows = new Set(begun.map(row => row.key));
  const ends = before.filter(entry => !follows.has(entry.key)).map(entry => endOf(entry, shelf.kind, seen));
  const unexplained = ends.flatMap(end => (end.unexplained ? end.key : []));
  shelf.ends = ends.flatMap(end => end.faults);
  shelf.lost = new Set([...shelf.lost, ...unexplained].filter(key => !follows.has(key)));
  if (before.length + begun.length === 0) return;
  // Two lists in order, one behind the other, are put together in about as many steps as there are rows.
  shelf.rows = [...without(shelf.rows, before), ...begun].sort((a, b) => byBytes(a.key, b.key));
}

/** What is left of rows when some end; where two are the same, which they never should be, only one goes. */
function without(rows: readonly Row[], ended: readonly Entry<unknown>[]): Row[] {
  const gone = new Map<string, number>();
  const markOf = ({ key, leaf }: { key: string; leaf: Digest }) => `${leaf} ${key}`;
  for (const one of ended) gone.set(markOf(one), (gone.get(markOf(one)) ?? 0) + 1);
  if (gone.size === 0) return [...rows];
  return rows.filter(row => {
    const left = gone.get(markOf(row)) ?? 0;
    if (left > 0) gone.set(markOf(row), left - 1);
    return left === 0;
  });
}

/** What is wrong with a snapshot as its rows are, with the leaves of those who were purged. */
export function verdictOn(
  snapshot: Snapshot,
  { people, departments }: Shelves,
  purged: readonly PurgedLeaf[],
): Verdict {
  const leaves = (shelf: Shelves[keyof Shelves]) => shelf.rows.map(row => row.leaf);
  const rebuilt = rosterDigest(leaves(departments), leaves(people), purged);
  const broken = rebuilt !== snapshot.digest;
  const faults = [
    ...shelfFaults(departments, { count: snapshot.departments, broken }),
    ...shelfFaults(people, { count: snapshot.people - purged.length, broken }),
  ];
  if (broken && faults.length === 0) {
    const text = 'its digest is not that of its rows, of which each is what its own leaf says and none is missing';
    faults.push({ code: 'digest', kind: 'snapshot', key: '', text });
  }
  return { snapshot, rebuilt, faults: faults.length > 0 ? faults : membershipFaults(snapshot, people, purged) };
}

function shelfFaults<Value>(
  { kind, rows, lost, ends }: Shelf<Value>,
  { count, broken }: { readonly count: number; readonly broken: boolean },
): Fault[] {
  const faults = [...rows.flatMap(row => row.faults), ...ends];
  rows.forEach((row, place) => {
    if (row.key !== rows[place - 1]?.key) return;
    faults.push({ code: 'twice', kind, key: row.key, text: 'two rows hold at the same time' });
  });
  if (broken) {
    for (const key of lost)
      faults.push({ code: 'ended', kind, key, text: 'its row ends before, nothing says why and none follows' });
  }
  const wrong = rows.length - count;
  const rest = `its ${kind === 'person' ? 'people' : 'departments'} are ${rows.length} and should be ${count}`;
  if (wrong < 0) faults.push({ code: 'missing', kind, key: '', text: `${rest}: ${-wrong} missing` });
  if (wrong > 0) faults.push({ code: 'surplus', kind, key: '', text: `${rest}: ${wrong} too many` });
  return faults;
}

/** How many departments the purged were in, nobody knows any more. */
function membershipFaults({ memberships }: Snapshot, people: Shelf<Person>, purged: readonly PurgedLeaf[]): Fault[] {
  const sum = people.rows.reduce((total, row) => total + row.memberships, 0);
  if (purged.length > 0 ? sum <= memberships : sum === memberships) return [];
  const text = `its memberships are ${sum} and should be ${memberships}`;
  return [{ code: 'memberships', kind: 'snapshot', key: '', text }];
}

/** What is wrong with the narrow copy of the newest snapshot that runs compare with. */
export async function headFaults(store: Store, { people, departments }: Shelves, newest: Snapshot): Promise<Fault[]> {
  const faults = [...(await headFaultsOf(departments)), ...(await headFaultsOf(people))];
  // A run may have published meanwhile: then this is the copy of another snapshot.
  return (await store.snapshots.newest())?.number === newest.number ? faults : [];
}

async function headFaultsOf<Value>({ kind, records, rows, lost }: Shelf<Value>): Promise<Fault[]> {
  const wanted = new Map<string, Digest>(rows.map(row => [row.key, row.leaf]));
  const told = new Set([...lost, ...rows.filter(row => row.faults.length > 0).map(row => row.key)]);
  const wrong: string[] = [];
  for await (const page of records.head()) {
    for (const { key, leaf } of page) {
      if (wanted.get(key) !== leaf) wrong.push(key);
      wanted.delete(key);
    }
  }
  const text = 'the list of what is newest, which runs compare with, has it otherwise';
  return [...wrong, ...wanted.keys()].filter(key => !told.has(key)).map(key => ({ code: 'head', kind, key, text }));
}
