import { combined, type SourcePlan } from './drafts.ts';
import type { DepartmentRecord, Extract, Problem, SourceName } from './model.ts';
import { sorted, sortedSet } from './order.ts';
import type { ProblemList } from './problems.ts';

/** A department as the first source that lists it tells it. */
export interface DraftDepartment extends DepartmentRecord {
  readonly source: SourceName;
}

/** Where no source lists departments, those that people are in. */
export function departmentsNamedIn(extract: Extract): DepartmentRecord[] {
  const named = sortedSet([
    ...extract.people.flatMap(person => (person.active ? person.departments : [])),
    ...extract.memberships.map(membership => membership.group_no),
  ]);
  return named.map(group_no => ({ group_no, display_name: group_no, parent_group_no: '', broken: [] }));
}

/** What earlier sources list, and where a source's departments go. */
export interface DepartmentsSoFar {
  readonly departments: Map<string, DraftDepartment>;
  readonly problems: ProblemList;
}

/** Adds what is new; gives the codes that this source uses for something else than an earlier source does. */
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
    else if (known.source !== plan.name && known.display_name !== record.display_name) {
      refused.add(group_no);
      problems.add(otherDepartment(plan, known, record));
    }
  }
  return refused;
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
