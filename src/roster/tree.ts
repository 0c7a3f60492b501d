import { type Cycle, goesRound, Ways } from './cycles.ts';
import { above } from './delivered.ts';
import { type Departments, exists, heldBy, type Listed, sourceOf } from './departments.ts';
import { fold } from './fold.ts';
import type { Stored } from './known.ts';
import type { Department, GroupNo, Problem } from './model.ts';
import { byBytes, sorted } from './order.ts';
import type { ProblemList } from './problems.ts';

/** A tree on the way into the candidate. */
interface Growth {
  readonly tree: Map<GroupNo, Listed>;
  readonly departments: Departments;
  /** The departments that somebody is in. */
  readonly inUse: ReadonlySet<GroupNo>;
  /** Those that are there only because somebody depended on them when they came. */
  readonly kept: Set<GroupNo>;
  problems: Problem[];
}

/**
 * The tree: everything listed, and of what is served but not listed any more whatever still has people (`inUse`) or
 * children, or may have in OMFLOW, with all its ancestors. Parents that cannot be are replaced by the last good one, else
 * the department becomes a root; a cycle is opened likewise.
 */
export function growTree(departments: Departments, inUse: ReadonlySet<GroupNo>, problems: ProblemList): Listed[] {
  const tree = new Map<GroupNo, Listed>([...departments.listed].map(([code, one]) => [code, { ...one }]));
  const growth: Growth = { tree, departments, inUse, kept: new Set(), problems: [] };
  for (const one of tree.values()) checkParent(one, growth);
  for (const code of sorted(inUse)) retain(code, growth);
  for (const one of [...tree.values()]) if (one.parent !== '') retain(one.parent, growth);
  do openCycles(growth);
  while (linger(growth));
  warnOfTwins(growth);
  for (const problem of growth.problems) problems.add(problem);
  return sorted(tree.keys()).flatMap(code => tree.get(code) ?? []);
}

function checkParent(one: Listed, { departments, problems }: Growth): void {
  const { parent, group_no } = one;
  if (parent === '' || (parent !== group_no && exists(departments, parent))) return;
  const last = departments.served.get(group_no)?.value.parent_group_no ?? '';
  // A department whose code is to be written otherwise waits until nothing is below it, so this cannot go back there.
  const waits = fold(last) === fold(parent) && departments.waiting.has(last);
  const good = last !== '' && last !== group_no && exists(departments, last) && !waits;
  one.parent = good ? last : '';
  const what = parent === group_no ? 'is its own parent' : `names the parent "${parent}", which does not exist`;
  problems.push(
    treeProblem(one, 'department_parent', good ? `the last good parent "${last}" stays` : 'it becomes a root', what),
  );
}

/** The code of the problem that says of a department that it is served on though no source lists it any more. */
export const DEPARTMENT_KEPT = 'department_kept';

/** Keeps what is served but not listed any more, and its ancestors, since somebody still depends on it: their codes. */
function retain(code: GroupNo, { tree, departments, kept, problems }: Growth): GroupNo[] {
  const codes: GroupNo[] = [];
  for (let next: GroupNo | '' = code; next !== '' && !tree.has(next); ) {
    const one = lastForm(next, departments);
    if (!one) break;
    tree.set(next, one);
    kept.add(next);
    codes.push(next);
    problems.push(
      treeProblem(one, DEPARTMENT_KEPT, 'it is served on', 'is not listed any more but has people or children'),
    );
    next = one.parent;
  }
  return codes;
}

function lastForm(code: GroupNo, departments: Departments): Listed | undefined {
  const stored = departments.served.get(code);
  return stored && asItWas(stored, departments);
}

function asItWas(stored: Stored<Department>, departments: Departments): Listed {
  const { group_no, display_name, parent_group_no } = stored.value;
  // Where the parent's code is written otherwise now, that one is meant: both cannot be.
  const parent = exists(departments, parent_group_no) ? parent_group_no : heldBy(departments, parent_group_no);
  return { group_no, display_name, parent, source: sourceOf(stored) };
}

/** The code of the problem that says so; whoever asks what waits looks for it. */
export const DEPARTMENT_WAITS = 'department_waits';

/**
 * Keeps what OMFLOW may still have above something in the tree: it deletes with everything below before it puts anything
 * under another parent. True when there was any.
 */
function linger({ tree, departments, problems }: Growth): boolean {
  const { served, delivered } = departments;
  const there = new Set([...tree.keys()].map(fold));
  const kept: Listed[] = [];
  for (const [code, child] of above(tree.keys(), delivered)) {
    const stored = served.get(code) ?? delivered.departments.get(code)?.last;
    if (!stored || there.has(fold(code))) continue;
    const one = asItWas(stored, departments);
    tree.set(code, one);
    there.add(fold(code));
    kept.push(one);
    const end = `it is served on until a delivery has shown nothing below it (last: ${delivered.what})`;
    problems.push(
      treeProblem(one, DEPARTMENT_WAITS, end, `is not listed any more, but OMFLOW may have "${child}" below it`),
    );
  }
  for (const one of kept) if (one.parent !== '' && !tree.has(one.parent)) one.parent = '';
  return kept.length > 0;
}

/**
 * Each cycle: the last good parents of all in it if that opens it, else the lowest code becomes a root. The cycle that the
 * lowest code leads to is the next, so what opening one keeps gets its turn among those that are still to be looked at.
 */
function openCycles(growth: Growth): void {
  const ways = new Ways(growth.tree);
  const codes = sorted(growth.tree.keys());
  const cutOff: GroupNo[] = [];
  for (let at = 0, code = codes[at]; code !== undefined; code = codes[at]) {
    const cycle = ways.cycleFrom(code);
    if (!cycle) {
      at += 1;
      continue;
    }
    const isCut = staysRound(cycle, ways, growth);
    ways.open(cycle);
    if (isCut) cutOff.push(...cutLowest(cycle, growth));
    else for (const kept of restore(cycle, growth)) if (ways.cycleFrom(kept)) insert(codes, kept, at);
  }
  letGo(cutOff, growth);
}

/** Whether the last good parents of a cycle lead back to it. */
function staysRound(cycle: Cycle, ways: Ways, growth: Growth): boolean {
  const ends = new Map(
    cycle.map(one => [one.group_no, endFrom(lastParent(one, growth) ?? one.parent, ways, growth)] as const),
  );
  return goesRound(ends.keys(), code => ends.get(code));
}

/** Where one would lead to, were everything kept that it takes; undefined when out of the tree. */
function endFrom(code: GroupNo | '', ways: Ways, { tree, departments }: Growth): GroupNo | undefined {
  const passed = new Set<GroupNo | ''>();
  let next: GroupNo | '' = code;
  for (; next !== '' && !tree.has(next) && !passed.has(next); next = lastForm(next, departments)?.parent ?? '') {
    passed.add(next);
  }
  return next !== '' && tree.has(next) ? ways.endOf(next) : undefined;
}

/** The last good parent of one in a cycle; undefined when it has none, or has it already. */
function lastParent({ group_no, parent }: Listed, { departments }: Growth): GroupNo | '' | undefined {
  const last = departments.served.get(group_no)?.value.parent_group_no;
  return last === undefined || last === parent || (last !== '' && !exists(departments, last)) ? undefined : last;
}

const pathOf = (cycle: Cycle) => `is in a cycle of parents (${cycle.map(one => one.group_no).join(' → ')})`;

/** The codes of what has to be kept for the last good parents. */
function restore(cycle: Cycle, growth: Growth): GroupNo[] {
  const path = pathOf(cycle);
  return cycle.flatMap(one => {
    const last = lastParent(one, growth);
    if (last === undefined) return [];
    one.parent = last;
    const kept = last === '' ? [] : retain(last, growth);
    const end = last === '' ? 'it stays a root' : `the last good parent "${last}" stays`;
    growth.problems.push(treeProblem(one, 'department_cycle', end, path));
    return kept;
  });
}

/** The code of what was its parent. */
function cutLowest(cycle: Cycle, { problems }: Growth): GroupNo[] {
  const [lowest] = cycle;
  if (!lowest || lowest.parent === '') return [];
  const { parent } = lowest;
  lowest.parent = '';
  problems.push(treeProblem(lowest, 'department_cycle', 'it becomes a root', pathOf(cycle)));
  return [parent];
}

/** Into sorted codes, at `least` or later. */
function insert(codes: GroupNo[], code: GroupNo, least: number): void {
  let [low, high] = [least, codes.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byBytes(codes[middle] ?? '', code) < 0) low = middle + 1;
    else high = middle;
  }
  codes.splice(low, 0, code);
}

/**
 * What was kept only as the last good parent of something that is a root now goes again, and with it what was only above
 * that: the next run would not keep it either. What a source names as a parent would come back.
 */
function letGo(cutOff: readonly GroupNo[], growth: Growth): void {
  const { tree, departments, inUse, kept } = growth;
  if (!cutOff.some(code => kept.has(code))) return;
  const children = new Map([...Map.groupBy(tree.values(), one => one.parent)].map(([code, all]) => [code, all.length]));
  const isNeeded = (code: GroupNo) =>
    !kept.has(code) || inUse.has(code) || departments.parents.has(code) || (children.get(code) ?? 0) > 0;
  const gone = new Set<GroupNo>();
  for (const code of cutOff) {
    for (
      let one = tree.get(code);
      one && !isNeeded(one.group_no);
      one = one.parent === '' ? undefined : tree.get(one.parent)
    ) {
      tree.delete(one.group_no);
      kept.delete(one.group_no);
      gone.add(one.group_no);
      children.set(one.parent, (children.get(one.parent) ?? 0) - 1);
    }
  }
  growth.problems = growth.problems.filter(({ key }) => !gone.has(key as GroupNo));
}

function warnOfTwins({ tree, problems }: Growth): void {
  const seen = new Map<string, GroupNo>();
  for (const one of [...tree.values()].sort((a, b) => byBytes(a.group_no, b.group_no))) {
    const place = JSON.stringify([one.parent, one.display_name]);
    const twin = seen.get(place);
    if (twin !== undefined) {
      problems.push(
        treeProblem(one, 'department_twin', 'both are served', `has the name and parent of "${twin}"`, 'warned'),
      );
    } else seen.set(place, one.group_no);
  }
}

function treeProblem(
  one: Listed,
  code: string,
  end: string,
  what: string,
  effect: Problem['effect'] = 'kept',
): Problem {
  const { group_no, source } = one;
  return { code, effect, source, kind: 'department', key: group_no, name: group_no, text: `${what}; ${end}` };
}
