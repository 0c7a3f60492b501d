import { above } from './delivered.ts';
import { fold } from './fold.ts';
import type { Delivered, Known, Stored } from './known.ts';
import type { DraftDepartment } from './merge-departments.ts';
import { type Department, type GroupNo, groupNo, type Problem, type SourceName } from './model.ts';
import { sorted } from './order.ts';
import type { ProblemList } from './problems.ts';
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
  /** Those that are there to be served on: they are served now, or wait for a delivery after a rollback. */
  readonly served: ReadonlyMap<GroupNo, Stored<Department>>;
  /** By folded code, whose it is. */
  readonly holder: ReadonlyMap<string, string>;
  /** Those that the sources name as parents. */
  readonly parents: ReadonlySet<string>;
  /** Those that nobody needs any more and that only wait for a delivery. */
  readonly waiting: ReadonlySet<string>;
  readonly delivered: Delivered;
}

/** Whether people can be in it: it is listed, or it is served now and will stay for them. */
export const exists = ({ listed, served, holder }: Departments, code: GroupNo | '') =>
  code !== '' && (listed.has(code) || (served.has(code) && (holder.get(fold(code)) ?? code) === code));

/** What decides which departments may be served. */
export interface Listing {
  readonly drafts: ReadonlyMap<string, DraftDepartment>;
  readonly known: Known;
  /** The departments that somebody is in. */
  readonly named: ReadonlySet<string>;
}

/**
 * The departments that may be served; codes that break a rule are quarantined. Of two codes that differ in letter case
 * alone the one that is served now has the right, as long as it is listed, somebody is in it, or a delivery has to show it
 * childless first.
 */
export function listDepartments(listing: Listing, problems: ProblemList): Departments {
  const { drafts, named, known } = listing;
  const { delivered } = known;
  const sure = sureOf(listing);
  const parents = new Set<string>(sure.filter(hasParent).map(draft => draft.parent_group_no));
  const stayed = [...named, ...parents].filter(code => known.departments.has(groupNo(code)));
  const waits = above([...sure.map(draft => draft.group_no), ...stayed], delivered);
  const served = new Map([...rolledBack(waits.keys(), listing), ...known.departments]);
  const listed = new Map<GroupNo, Listed>();
  const isNeeded = (code: string) => drafts.has(code) || named.has(code) || parents.has(code);
  const waiting = new Set<string>([...waits.keys()].filter(code => !isNeeded(code)));
  const stays = (code: string) => isNeeded(code) || waiting.has(code);
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
  return { listed, served, holder, parents, waiting, delivered };
}

/** Departments that wait for a delivery and are not served now: the one that OMFLOW got last was older. */
const rolledBack = (waits: Iterable<GroupNo>, { drafts, known }: Listing) =>
  [...waits].flatMap((code): [GroupNo, Stored<Department>][] => {
    const placed = known.delivered.departments.get(code);
    return placed && !drafts.has(code) && !known.departments.has(code) ? [[code, placed.last]] : [];
  });

/** Those that will be served for sure, since no other code is theirs in another letter case. */
function sureOf({ drafts, known }: Listing): DraftDepartment[] {
  const all = [...drafts.keys(), ...known.departments.keys(), ...known.delivered.departments.keys()];
  const codes = Map.groupBy(new Set(all), fold);
  const isSure = ({ group_no }: DraftDepartment) => codes.get(fold(group_no))?.length === 1 && isServable(group_no);
  return [...drafts.values()].filter(isSure);
}

const hasParent = ({ broken }: DraftDepartment) => !broken.some(one => one.field === 'parent_group_no');

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

const departmentProblem = (draft: DraftDepartment, code: string, effect: Problem['effect'], text: string): Problem => ({
  code,
  effect,
  source: draft.source,
  kind: 'department',
  key: draft.group_no,
  name: draft.group_no,
  text,
});

/** Whose code it is now, where it is written in another letter case. */
export const heldBy = ({ holder }: Departments, code: GroupNo | '') => groupNo(holder.get(fold(code)) ?? code);

export const sourceOf = (stored: Stored<Department>) => stored.from['group_no'] ?? ('' as SourceName);
