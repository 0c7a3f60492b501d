import { type Snapshot, snapshotNumber } from '../src/roster/model.ts';
import type { Store } from '../src/store/store.ts';
import { oddNameText, SourceNames } from './source-names.ts';
import type { Tally, Verdict } from './text/verify.ts';
import { recordFaults } from './verify-record.ts';
import type { FirstSeen, SnapshotNames } from './verify-rows.ts';
import { advance, clear, headFaults, type Shelves, shelvesOf, verdictOn } from './verify-shelves.ts';

/** What goes from one snapshot to the next. */
interface Walk {
  readonly store: Store;
  readonly shelves: Shelves;
  readonly names: SnapshotNames;
  readonly newest: Snapshot | undefined;
  /** The snapshot that the shelves have; 0 for none. */
  at: Snapshot['number'];
  /** How often a snapshot that seems damaged may still be looked at again. */
  looks: number;
}

const START = snapshotNumber(0);

/**
 * Somebody may prune or purge meanwhile: what then seems to be missing is there, or gone with its snapshot, when it is looked
 * at again. That is to read a snapshot whole, which nobody has to do for each one of a damaged store.
 */
const LOOKS = 3;

/**
 * Tells what is wrong with each of these snapshots, oldest first, even if that is nothing. Goes from one to the next by what
 * differs between them, so that a row is read and judged once, however many snapshots it holds in. What can only be told when
 * all were read, of one of them, comes last.
 */
export async function verify(
  store: Store,
  snapshots: readonly Snapshot[],
  tell: (verdict: Verdict) => void,
): Promise<Tally> {
  const shelves = shelvesOf(store);
  const newest = await store.snapshots.newest();
  const walk: Walk = { store, shelves, newest, names: new SourceNames<FirstSeen>(), at: START, looks: LOOKS };
  const damaged = new Set<number>();
  let verified = 0;
  for (const snapshot of snapshots) {
    const verdict = await lastVerdict(walk, snapshot);
    if (!verdict) continue;
    verified += 1;
    if (verdict.faults.length > 0) damaged.add(snapshot.number);
    tell(verdict);
  }
  for (const verdict of misnamed(walk.names)) {
    damaged.add(verdict.snapshot.number);
    tell(verdict);
  }
  const { people, departments } = shelves;
  return { snapshots: verified, damaged: damaged.size, people: people.read, departments: departments.read };
}

/** The verdict that stands after another look; undefined when the snapshot is not kept any more. */
async function lastVerdict(walk: Walk, snapshot: Snapshot): Promise<Verdict | undefined> {
  if (await isGone(walk, snapshot)) return undefined;
  const verdict = await nextVerdict(walk, snapshot);
  if (verdict.faults.length === 0) return verdict;
  if (await isGone(walk, snapshot)) return undefined;
  if (walk.looks === 0) return verdict;
  walk.looks -= 1;
  return await confirmed(walk, verdict);
}

const isGone = async ({ store }: Walk, { number }: Snapshot) => (await store.snapshots.get(number)) === undefined;

/** The same verdict, which knows what came before, unless the rows are others when the snapshot is read whole. */
async function confirmed(walk: Walk, first: Verdict): Promise<Verdict> {
  const { people, departments } = walk.shelves;
  const before = { people: { ...people }, departments: { ...departments } };
  walk.at = START;
  clear(walk.shelves);
  const second = await nextVerdict(walk, first.snapshot);
  // What is read twice is not counted twice.
  [people.read, departments.read] = [before.people.read, before.departments.read];
  if (second.rebuilt !== first.rebuilt) return second;
  Object.assign(people, before.people);
  Object.assign(departments, before.departments);
  return first;
}

async function nextVerdict(walk: Walk, snapshot: Snapshot): Promise<Verdict> {
  const { store, shelves, names, newest, at } = walk;
  await advance(shelves.departments, at, { snapshot, names });
  await advance(shelves.people, at, { snapshot, names });
  walk.at = snapshot.number;
  const verdict = verdictOn(snapshot, shelves, await store.purged(snapshot.number));
  const heads = snapshot.number === newest?.number ? await headFaults(store, shelves, newest) : [];
  return { ...verdict, faults: [...verdict.faults, ...heads, ...(await recordFaults(store, snapshot, names))] };
}

/** A source that is named in one place only, and may be another one. */
const misnamed = (names: SnapshotNames): Verdict[] =>
  names.odd().map(odd => {
    const { snapshot, kind, key } = odd.where;
    return { snapshot, rebuilt: snapshot.digest, faults: [{ code: 'source', kind, key, text: oddNameText(odd) }] };
  });
