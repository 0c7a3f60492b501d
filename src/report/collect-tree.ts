import type { Snapshot } from '../roster/model.ts';
import { DEPARTMENT_KEPT, DEPARTMENT_WAITS } from '../roster/tree.ts';
import type { RecordedRun, Store } from '../store/store.ts';
import { departmentsOf, type Heads, type Place, treeWith } from '../views/roster.ts';
import { sizeOf } from './choice.ts';
import type { Gathered } from './collect-diff.ts';
import { LIMITS, type PlaceData } from './data.ts';

/** What the tree is made of besides its departments. */
export interface TreeTerms extends Pick<Gathered, 'moves' | 'departments'> {
  readonly heads: Heads;
  /** The last run that judged this roster: it tells which departments linger. */
  readonly run: RecordedRun | undefined;
}

/** The departments of a snapshot; of a tree that is too large the deepest levels are left out. */
export async function treeData(
  store: Store,
  snapshot: Snapshot,
  terms: TreeTerms,
): Promise<{ readonly places: PlaceData[]; readonly omitted: number }> {
  const lingering = lingeringIn(terms.run);
  const all = treeWith(await departmentsOf(store, snapshot), terms.heads);
  const places = withinRoom(all.map(place => placeData(place, terms, lingering)));
  return { places, omitted: all.length - places.length };
}

function placeData(
  { department, depth, own, all }: Place,
  terms: TreeTerms,
  lingering: ReadonlySet<string>,
): PlaceData {
  const { group_no, display_name } = department;
  const { came, went } = terms.moves.get(group_no) ?? { came: 0, went: 0 };
  const change = terms.departments.get(group_no);
  return { group_no, display_name, depth, own, all, change, came, went, lingers: lingering.has(group_no) };
}

const LINGERS: ReadonlySet<string> = new Set([DEPARTMENT_KEPT, DEPARTMENT_WAITS]);

/** Departments that are served although no source lists them any more. */
const lingeringIn = (run: RecordedRun | undefined): ReadonlySet<string> =>
  new Set((run?.problems ?? []).filter(one => LINGERS.has(one.code) && one.effect === 'kept').map(one => one.key));

/** As many whole levels as there is room for; where the roots are too many already, the first of them. */
function withinRoom(places: readonly PlaceData[]): PlaceData[] {
  const sizes: number[] = [];
  for (const place of places) sizes[place.depth] = (sizes[place.depth] ?? 0) + sizeOf(place);
  let room: number = LIMITS.tree;
  const levels = sizes.findIndex(size => {
    room -= size;
    return room < 0;
  });
  if (levels === 0) return firstRoots(places);
  return levels < 0 ? [...places] : places.filter(place => place.depth < levels);
}

function firstRoots(places: readonly PlaceData[]): PlaceData[] {
  let room: number = LIMITS.tree;
  return places.filter(place => {
    if (place.depth > 0) return false;
    room -= sizeOf(place);
    return room >= 0;
  });
}
