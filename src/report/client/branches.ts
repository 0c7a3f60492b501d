import type { PlaceData } from '../data.ts';
import { foldText, hasWords, searchWords } from './fold.ts';

/** A department in the tree with what is above and below it. */
export interface Branch {
  readonly place: PlaceData;
  readonly above: Branch | undefined;
  readonly below: Branch[];
}

/** All of them, each after the one that it is in. */
export function branchesOf(tree: readonly PlaceData[]): Branch[] {
  const way: Branch[] = [];
  return tree.map(place => {
    const above = place.depth > 0 ? way[place.depth - 1] : undefined;
    const branch: Branch = { place, above, below: [] };
    above?.below.push(branch);
    way.length = place.depth;
    way.push(branch);
    return branch;
  });
}

export const rootsOf = (branches: readonly Branch[]): Branch[] => branches.filter(branch => !branch.above);

/** What a reader wants to see of the tree. */
export interface BranchFilter {
  readonly query: string;
  readonly onlyChanged: boolean;
}

/** Those that match, and those that these are in, which have to be seen as well. */
export interface FoundBranches {
  readonly matching: ReadonlySet<Branch>;
  readonly shown: ReadonlySet<Branch>;
}

export function findBranches(branches: readonly Branch[], { query, onlyChanged }: BranchFilter): FoundBranches {
  const words = searchWords(query);
  const matching = new Set(
    branches.filter(({ place }) => (!onlyChanged || isMarked(place)) && hasWords(branchText(place), words)),
  );
  const shown = new Set<Branch>();
  for (const branch of matching) {
    for (let one: Branch | undefined = branch; one && !shown.has(one); one = one.above) shown.add(one);
  }
  return { matching, shown };
}

const branchText = ({ group_no, display_name }: PlaceData) => foldText(`${group_no}\n${display_name}`);

/** Whether something happened to it, or to who is in it. */
export const isMarked = ({ change, came, went }: PlaceData): boolean => change !== undefined || came + went > 0;
