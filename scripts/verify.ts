import type { Entry } from '../src/roster/compare.ts';
import { rosterDigest } from '../src/roster/leaf.ts';
import { type Department, type Digest, type Person, type Snapshot, snapshotNumber } from '../src/roster/model.ts';
import { byBytes } from '../src/roster/order.ts';
import type { Records, Store } from '../src/store/store.ts';
import type { Fault, Tally, Verdict } from './text/verify.ts';

/** A row that holds in the snapshot at hand, with what is wrong with it by itself. */
interface Row {
  readonly key: string;
  readonly leaf: Digest;
  readonly faults: readonly Fault[];
}

/** People or departments, while snapshot follows snapshot. */
interface Shelf<Value> {
  readonly kind: 'person' | 'department';
  readonly records: Records<Value>;
  readonly keyOf: (value: Value) => string;
  /** What holds now, in key order. */
  rows: readonly Row[];
  /** Of those that ended although nothing says why and nothing follows; they may be what is missing. */
  lost: ReadonlySet<string>;
  read: number;
}

interface Shelves {
  readonly people: Shelf<Person>;
  readonly departments: Shelf<Department>;
}

function shelvesOf(store: Store): Shelves {
  const empty = { rows: [], lost: new Set<string>(), read: 0 };
  return {
    people: { kind: 'person', records: store.people, keyOf: one => one.key, ...empty },
    departments: { kind: 'department', records: store.departments, keyOf: one => one.group_no, ...empty },
  };
}

/**
 * Tells what is wrong with each of these snapshots, oldest first, even if that is nothing. Goes from one to the next by what
 * differs between them, so that a row is read and judged once, however many snapshots it holds in.
 */
export async function verify(
  store: Store,
  snapshots: readonly Snapshot[],
  tell: (verdict: Verdict) => void,
): Promise<Tally> {
  const shelves = shelvesOf(store);
  const { people, departments } = shelves;
  const newest = await store.snapshots.newest();
  let damaged = 0;
  let from = snapshotNumber(0);
  for (const snapshot of snapshots) {
    await advance(departments, from, snapshot.number);
    await advance(people, from, snapshot.number);
    from = snapshot.number;
    const { rebuilt, faults } = verdictOn(snapshot, shelves);
    const heads = snapshot.number === newest?.number ? await headFaults(store, shelves, newest) : [];
    const verdict = { snapshot, rebuilt, faults: [...faults, ...heads] };
    if (verdict.faults.length > 0) damaged += 1;
    tell(verdict);
  }
  return { snapshots: snapshots.length, damaged, people: people.read, departments: departments.read };
}

async function advance<Value>(shelf: Shelf<Value>, from: Snapshot['number'], to: Snapshot['number']): Promise<void> {
  const { before, after } = await shelf.records.between(from, to);
  const begun = after.map(entry => judged(entry, shelf));
  shelf.read += begun.length;
  const follows = new Set(begun.map(row => row.key));
  const unexplained = before.filter(entry => !follows.has(entry.key) && endsForNothing(entry)).map(entry => entry.key);
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

function judged<Value>(entry: Entry<Value>, { kind, keyOf }: Shelf<Value>): Row {
  const { key, leaf } = entry;
  const value = loaded(entry)?.value;
  const faults: Fault[] = [];
  if (value === undefined) faults.push({ code: 'content', kind, key, text: 'its content is not what its leaf says' });
  else if (keyOf(value) !== key)
    faults.push({ code: 'key', kind, key, text: `its content is that of ${keyOf(value)}` });
  return { key, leaf, faults };
}

/** What a row has, unless that is damaged: nothing is asked of the store here, so that is all that can go wrong. */
function loaded<Value>(entry: Entry<Value>) {
  try {
    return entry.load();
  } catch {
    return undefined;
  }
}

function endsForNothing(entry: Entry<unknown>): boolean {
  const row = loaded(entry);
  return row !== undefined && row.removal === undefined;
}

function verdictOn(snapshot: Snapshot, { people, departments }: Shelves): Verdict {
  const leaves = (shelf: Shelves[keyof Shelves]) => shelf.rows.map(row => row.leaf);
  const rebuilt = rosterDigest(leaves(departments), leaves(people));
  const broken = rebuilt !== snapshot.digest;
  const faults = [
    ...shelfFaults(departments, snapshot.departments, broken),
    ...shelfFaults(people, snapshot.people, broken),
  ];
  if (broken && faults.length === 0) {
    const text = 'its digest is not that of its rows, of which each is what its own leaf says and none is missing';
    faults.push({ code: 'digest', kind: 'snapshot', key: '', text });
  }
  return { snapshot, rebuilt, faults };
}

function shelfFaults<Value>({ kind, rows, lost }: Shelf<Value>, count: number, broken: boolean): Fault[] {
  const faults = rows.flatMap(row => row.faults);
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

/** What is wrong with the narrow copy of the newest snapshot that runs compare with. */
async function headFaults(store: Store, { people, departments }: Shelves, newest: Snapshot): Promise<Fault[]> {
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
