import { fold } from './fold.ts';
import type { Stored } from './known.ts';
import type { DraftDepartment } from './merge-departments.ts';
import { type Department, type GroupNo, groupNo, type Problem, type SourceName } from './model.ts';
import { byBytes, sorted } from './order.ts';
import { ProblemList } from './problems.ts';
import { isServable, tidyDepartment } from './tidy.ts';

/** A department on the way into the candidate; its parent is not believed yet. */
export interface Listed {
  readonly group_no: GroupNo;
  readonly display_name: string;
  parent: GroupNo | '';
  readonly source: SourceName;
}

export interface Departments {
  /** Those that the sources list and that may be served. */
  readonly listed: ReadonlyMap<GroupNo, Listed>;
  readonly served: ReadonlyMap<GroupNo, Stored<Department>>;
  /** By folded code, whose it is. */
  readonly holder: ReadonlyMap<string, string>;
}

/** Whether people can be in it: it is listed, or it is served now and will stay for them. */
export const exists = ({ listed, served, holder }: Departments, code: GroupNo | '') =>
  code !== '' && (listed.has(code) || (served.has(code) && (holder.get(fold(code)) ?? code) === code));

/**
 * The departments that may be served; codes that break a rule are quarantined. Of two codes that differ in letter case
 * alone the one that is served now has the right, as long as it is listed or somebody is in it (`named`).
 */
export function listDepartments(
  drafts: ReadonlyMap<string, DraftDepartment>,
  served: ReadonlyMap<GroupNo, Stored<Department>>,
  problems: ProblemList,
  named: ReadonlySet<string>,
): Departments {
  const listed = new Map<GroupNo, Listed>();
  const parents = parentsOf(drafts, served);
  const stays = (code: string) => drafts.has(code) || named.has(code) || parents.has(code);
  const holder = new Map<string, string>([...served.keys()].filter(stays).map(code => [fold(code), code]));
  for (const code of sorted(drafts.keys())) {
    const draft = drafts.get(code);
    if (!draft) continue;
    const other = holder.get(fold(code));
    const { wrong, display_name, notes } = tidyDepartment(draft);
    const out = wrong ?? (other !== undefined && other !== code ? `has the same code as "${other}"` : undefined);
    if (out !== undefined) {
      problems.add(
        departmentProblem(draft, 'department_code', 'quarantined', `${out}; it and its memberships are left out`),
      );
      continue;
    }
    holder.set(fold(code), code);
    for (const [name, effect, text] of notes) problems.add(departmentProblem(draft, name, effect, text));
    listed.set(groupNo(code), mended(draft, display_name, served, problems));
  }
  return { listed, served, holder };
}

/** The parents that those name who will be served for sure, since no other code is theirs in another letter case. */
function parentsOf(drafts: ReadonlyMap<string, DraftDepartment>, served: ReadonlyMap<GroupNo, unknown>): Set<string> {
  const codes = Map.groupBy(new Set([...drafts.keys(), ...served.keys()]), fold);
  const sure = ({ group_no, broken }: DraftDepartment) =>
    codes.get(fold(group_no))?.length === 1 &&
    isServable(group_no) &&
    !broken.some(one => one.field === 'parent_group_no');
  return new Set([...drafts.values()].filter(sure).map(draft => draft.parent_group_no));
}

function mended(
  draft: DraftDepartment,
  display_name: string,
  served: ReadonlyMap<GroupNo, Stored<Department>>,
  problems: ProblemList,
): Listed {
  const last = served.get(groupNo(draft.group_no))?.value;
  const broken = (field: string) => draft.broken.some(one => one.field === field);
  for (const { field, why } of draft.broken) {
    const end = last ? 'the last good value stays' : 'one of them is taken';
    problems.add(departmentProblem(draft, `${field}_broken`, last ? 'kept' : 'fixed', `${field}: ${why}; ${end}`));
  }
  return {
    group_no: groupNo(draft.group_no),
    display_name: last && broken('display_name') ? last.display_name : display_name,
    parent: last && broken('parent_group_no') ? last.parent_group_no : groupNo(draft.parent_group_no),
    source: draft.source,
  };
}

/**
 * The tree: everything listed, and of what is served but not listed any more whatever still has people (`inUse`) or
 * children, with all its ancestors. Parents that cannot be are replaced by the last good one, else the department
 * becomes a root; a cycle is opened likewise.
 */
export function growTree(departments: Departments, inUse: ReadonlySet<GroupNo>, problems: ProblemList): Listed[] {
  const tree = new Map<GroupNo, Listed>([...departments.listed].map(([code, one]) => [code, { ...one }]));
  for (const one of tree.values()) checkParent(one, departments, problems);
  for (const code of sorted(inUse)) retain(code, tree, departments, problems);
  for (const one of [...tree.values()]) if (one.parent !== '') retain(one.parent, tree, departments, problems);
  openCycles(tree, departments, problems);
  warnOfTwins(tree, problems);
  return sorted(tree.keys()).flatMap(code => tree.get(code) ?? []);
}

function checkParent(one: Listed, departments: Departments, problems: ProblemList): void {
  const { parent, group_no } = one;
  if (parent === '' || (parent !== group_no && exists(departments, parent))) return;
  const last = departments.served.get(group_no)?.value.parent_group_no ?? '';
  const good = last !== '' && last !== group_no && exists(departments, last);
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
    const { group_no, display_name, parent_group_no } = stored.value;
    // Where the parent's code is written otherwise now, that one is meant: both cannot be.
    const parent = exists(departments, parent_group_no) ? parent_group_no : heldBy(departments, parent_group_no);
    const kept: Listed = { group_no, display_name, parent, source: sourceOf(stored) };
    tree.set(group_no, kept);
    problems.add(
      treeProblem(kept, 'department_kept', 'it is served on', 'is not listed any more but has people or children'),
    );
    next = parent;
  }
}

const heldBy = ({ holder }: Departments, code: GroupNo | '') => groupNo(holder.get(fold(code)) ?? code);

export const sourceOf = (stored: Stored<Department>) => stored.from['group_no'] ?? ('' as SourceName);

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

const departmentProblem = (draft: DraftDepartment, code: string, effect: Problem['effect'], text: string): Problem => ({
  code,
  effect,
  source: draft.source,
  kind: 'department',
  key: draft.group_no,
  name: draft.group_no,
  text,
});

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
