import { fold } from './fold.ts';
import type { Stored } from './known.ts';
import type { DraftDepartment } from './merge.ts';
import { type Department, type GroupNo, groupNo, type Problem, type SourceName } from './model.ts';
import { byBytes, sorted } from './order.ts';
import type { ProblemList } from './problems.ts';
import { tidyDepartment } from './tidy.ts';

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
}

/** Whether people can be in it: it is listed, or it is served now and will stay for them. */
export const exists = ({ listed, served }: Departments, code: GroupNo) => listed.has(code) || served.has(code);

/** The departments that may be served; codes that break a rule are quarantined. */
export function listDepartments(
  drafts: ReadonlyMap<string, DraftDepartment>,
  served: ReadonlyMap<GroupNo, Stored<Department>>,
  problems: ProblemList,
): Departments {
  const listed = new Map<GroupNo, Listed>();
  const holder = new Map<string, string>(
    [...served.keys()].filter(code => drafts.has(code)).map(code => [fold(code), code]),
  );
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
  return { listed, served };
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
    const kept: Listed = { group_no, display_name, parent: parent_group_no, source: sourceOf(stored) };
    tree.set(group_no, kept);
    problems.add(
      treeProblem(kept, 'department_kept', 'it is served on', 'is not listed any more but has people or children'),
    );
    next = parent_group_no;
  }
}

export const sourceOf = (stored: Stored<Department>) => stored.from['group_no'] ?? ('' as SourceName);

function openCycles(tree: ReadonlyMap<GroupNo, Listed>, departments: Departments, problems: ProblemList): void {
  const tried = new Set<GroupNo>();
  for (let cycle = findCycle(tree); cycle.length > 0; cycle = findCycle(tree)) {
    const lowest = cycle[0];
    if (!lowest) return;
    const path = cycle.map(one => one.group_no).join(' → ');
    if (tried.has(lowest.group_no) || !cycle.some(one => departments.served.has(one.group_no))) {
      lowest.parent = '';
      problems.add(treeProblem(lowest, 'department_cycle', 'it becomes a root', `is in a cycle of parents (${path})`));
      continue;
    }
    for (const one of cycle) {
      tried.add(one.group_no);
      const last = departments.served.get(one.group_no)?.value.parent_group_no;
      if (last === undefined || last === one.parent || (last !== '' && !tree.has(last))) continue;
      one.parent = last;
      const end = last === '' ? 'it stays a root' : `the last good parent "${last}" stays`;
      problems.add(treeProblem(one, 'department_cycle', end, `is in a cycle of parents (${path})`));
    }
  }
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
