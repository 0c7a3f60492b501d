import { above } from './delivered.ts';
import { type Departments, exists, heldBy, type Listed, sourceOf } from './departments.ts';
import { fold } from './fold.ts';
import type { Stored } from './known.ts';
import type { Department, GroupNo, Problem } from './model.ts';
import { byBytes, sorted } from './order.ts';
import { ProblemList } from './problems.ts';

/**
 * The tree: everything listed, and of what is served but not listed any more whatever still has people (`inUse`) or
 * children, or may have in OMFLOW, with all its ancestors. Parents that cannot be are replaced by the last good one, else
 * the department becomes a root; a cycle is opened likewise.
 */
export function growTree(departments: Departments, inUse: ReadonlySet<GroupNo>, problems: ProblemList): Listed[] {
  const tree = new Map<GroupNo, Listed>([...departments.listed].map(([code, one]) => [code, { ...one }]));
  for (const one of tree.values()) checkParent(one, departments, problems);
  for (const code of sorted(inUse)) retain(code, tree, departments, problems);
  for (const one of [...tree.values()]) if (one.parent !== '') retain(one.parent, tree, departments, problems);
  do openCycles(tree, departments, problems);
  while (linger(tree, departments, problems));
  warnOfTwins(tree, problems);
  return sorted(tree.keys()).flatMap(code => tree.get(code) ?? []);
}

function checkParent(one: Listed, departments: Departments, problems: ProblemList): void {
  const { parent, group_no } = one;
  if (parent === '' || (parent !== group_no && exists(departments, parent))) return;
  const last = departments.served.get(group_no)?.value.parent_group_no ?? '';
  // A department whose code is to be written otherwise waits until nothing is below it, so this cannot go back there.
  const waits = fold(last) === fold(parent) && departments.waiting.has(last);
  const good = last !== '' && last !== group_no && exists(departments, last) && !waits;
  one.parent = good ? last : '';
  const what = parent === group_no ? 'is its own parent' : `names the parent "${parent}", which does not exist`;
  problems.add(
    treeProblem(one, 'department_parent', good ? `the last good parent "${last}" stays` : 'it becomes a root', what),
  );
}

/** Keeps what is served but not listed any more, and its ancestors, since somebody still depends on it. */
function retain(code: GroupNo, tree: Map<GroupNo, Listed>, departments: Departments, problems: ProblemList): void {
  for (let next: GroupNo | '' = code; next !== '' && !tree.has(next); ) {
    const stored = departments.served.get(next);
    if (!stored) return;
    const kept = asItWas(stored, departments);
    tree.set(kept.group_no, kept);
    problems.add(
      treeProblem(kept, 'department_kept', 'it is served on', 'is not listed any more but has people or children'),
    );
    next = kept.parent;
  }
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
function linger(tree: Map<GroupNo, Listed>, departments: Departments, problems: ProblemList): boolean {
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
    problems.add(
      treeProblem(one, DEPARTMENT_WAITS, end, `is not listed any more, but OMFLOW may have "${child}" below it`),
    );
  }
  for (const one of kept) if (one.parent !== '' && !tree.has(one.parent)) one.parent = '';
  return kept.length > 0;
}

/** Each cycle: the last good parents of all in it if that opens it, else the lowest code becomes a root. */
function openCycles(tree: Map<GroupNo, Listed>, departments: Departments, problems: ProblemList): void {
  for (let cycle = findCycle(tree); cycle.length > 0; cycle = findCycle(tree)) {
    const trial = new Map([...tree].map(([code, one]) => [code, { ...one }]));
    restore(cycle, trial, departments, new ProblemList());
    if (cycle.some(one => isInCycle(one.group_no, trial))) cutLowest(cycle, problems);
    else restore(cycle, tree, departments, problems);
  }
}

const pathOf = (cycle: readonly Listed[]) => `is in a cycle of parents (${cycle.map(one => one.group_no).join(' → ')})`;

function restore(
  cycle: readonly Listed[],
  tree: Map<GroupNo, Listed>,
  departments: Departments,
  problems: ProblemList,
): void {
  const path = pathOf(cycle);
  for (const { group_no } of cycle) {
    const one = tree.get(group_no);
    const last = departments.served.get(group_no)?.value.parent_group_no;
    if (!one || last === undefined || last === one.parent || (last !== '' && !exists(departments, last))) continue;
    one.parent = last;
    if (last !== '') retain(last, tree, departments, problems);
    const end = last === '' ? 'it stays a root' : `the last good parent "${last}" stays`;
    problems.add(treeProblem(one, 'department_cycle', end, path));
  }
}

function cutLowest(cycle: readonly Listed[], problems: ProblemList): void {
  const [lowest] = cycle;
  if (!lowest) return;
  const path = pathOf(cycle);
  lowest.parent = '';
  problems.add(treeProblem(lowest, 'department_cycle', 'it becomes a root', path));
}

function isInCycle(code: GroupNo, tree: ReadonlyMap<GroupNo, Listed>): boolean {
  const seen = new Set<GroupNo | ''>();
  let next = tree.get(code)?.parent ?? '';
  for (; next !== '' && next !== code && !seen.has(next); next = tree.get(next)?.parent ?? '') seen.add(next);
  return next === code;
}

/** The departments of one cycle, from the lowest code along the parents; empty when there is none. */
function findCycle(tree: ReadonlyMap<GroupNo, Listed>): Listed[] {
  const done = new Set<GroupNo>();
  for (const start of sorted(tree.keys())) {
    const path: Listed[] = [];
    let one = tree.get(start);
    while (one && !done.has(one.group_no) && !path.includes(one)) {
      path.push(one);
      one = one.parent === '' ? undefined : tree.get(one.parent);
    }
    if (one && path.includes(one)) return fromLowest(path.slice(path.indexOf(one)));
    for (const passed of path) done.add(passed.group_no);
  }
  return [];
}

function fromLowest(cycle: Listed[]): Listed[] {
  const lowest = sorted(cycle.map(one => one.group_no))[0];
  const at = cycle.findIndex(one => one.group_no === lowest);
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}

function warnOfTwins(tree: ReadonlyMap<GroupNo, Listed>, problems: ProblemList): void {
  const seen = new Map<string, GroupNo>();
  for (const one of [...tree.values()].sort((a, b) => byBytes(a.group_no, b.group_no))) {
    const place = JSON.stringify([one.parent, one.display_name]);
    const twin = seen.get(place);
    if (twin !== undefined) {
      problems.add(
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
