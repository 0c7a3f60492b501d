import { combined, type Draft, type SourcePlan } from './drafts.ts';
import type { DepartmentRecord, Problem, SourceName } from './model.ts';
import { sorted } from './order.ts';
import type { ProblemList } from './problems.ts';

/** A department as the first source that lists it tells it. */
export interface DraftDepartment extends DepartmentRecord {
  readonly source: SourceName;
}

/**
 * Where no source lists departments, those that somebody is in. `people` are all of the roster, `order` is that of
 * precedence: a department's source is the first that puts anybody into it.
 */
export function departmentsNamedBy(
  people: Iterable<Pick<Draft, 'departments' | 'from' | 'source'>>,
  order: readonly SourceName[],
): Map<string, DraftDepartment> {
  const rank = new Map(order.map((name, place) => [name, place]));
  const first = new Map<string, SourceName>();
  for (const { departments, from, source } of people) {
    const by = from?.['departments'] ?? source;
    for (const group_no of departments) {
      const known = first.get(group_no);
      if (known === undefined || (rank.get(by) ?? 0) < (rank.get(known) ?? 0)) first.set(group_no, by);
    }
  }
  const called = (group_no: string, source: SourceName) =>
    ({ group_no, display_name: group_no, parent_group_no: '', broken: [], source }) as const;
  return new Map(sorted(first.keys()).map(code => [code, called(code, first.get(code) ?? ('' as SourceName))]));
}

/** What earlier sources list, and where a source's departments go. */
export interface DepartmentsSoFar {
  readonly departments: Map<string, DraftDepartment>;
  readonly problems: ProblemList;
}

/**
 * Adds what a source lists; gives the codes that it uses for something else than an earlier source does. It does not
 * matter whether the source brings people into being or only enriches: a department seen twice is one. The parent is
 * that of the first source, and so is the name, if it has one: no name is no other name.
 */
export function addDepartments(
  { departments, problems }: DepartmentsSoFar,
  plan: SourcePlan,
  records: Iterable<DepartmentRecord>,
): Set<string> {
  const own = new Map<string, DepartmentRecord>();
  const refused = new Set<string>();
  for (const record of records) {
    const known = own.get(record.group_no);
    own.set(record.group_no, known ? combineDepartments(known, record) : record);
  }
  for (const [group_no, record] of own) {
    const known = departments.get(group_no);
    if (!known) departments.set(group_no, { ...record, source: plan.name });
    else if (isOther(known, record)) {
      refused.add(group_no);
      problems.add(otherDepartment(plan, known, record));
    } else if (known.display_name === '') departments.set(group_no, named(known, record));
  }
  return refused;
}

/** With the name of a later source, however good that is. */
function named(known: DraftDepartment, { display_name, broken }: DepartmentRecord): DraftDepartment {
  const odd = broken.filter(one => one.field === 'display_name');
  return { ...known, display_name, broken: combined(known.broken, odd) };
}

/** Two names of which nobody can say that they are one. */
function isOther(known: DepartmentRecord, record: DepartmentRecord): boolean {
  if (known.display_name === '' || record.display_name === '') return false;
  const isBroken = [known, record].some(({ broken }) => broken.some(one => one.field === 'display_name'));
  return !isBroken && known.display_name !== record.display_name;
}

function combineDepartments(known: DepartmentRecord, other: DepartmentRecord): DepartmentRecord {
  const broken = combined(known.broken, other.broken);
  const pick = (field: 'display_name' | 'parent_group_no') => {
    const [a = '', b = ''] = sorted([known[field], other[field]]);
    if (a !== b && !broken.some(one => one.field === field))
      broken.push({ field, why: `two rows with the same code say "${a}" and "${b}"` });
    return a === '' ? b : a;
  };
  return {
    group_no: known.group_no,
    display_name: pick('display_name'),
    parent_group_no: pick('parent_group_no'),
    broken,
  };
}

const otherDepartment = (plan: SourcePlan, known: DraftDepartment, record: DepartmentRecord): Problem => ({
  code: 'department_other_name',
  effect: 'quarantined',
  source: plan.name,
  kind: 'department',
  key: record.group_no,
  name: record.group_no,
  text: `is called "${record.display_name}" here and "${known.display_name}" in source ${known.source}; this one and its memberships are left out`,
});
