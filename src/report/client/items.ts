import type {
  DepartmentChangeData,
  DiffData,
  EventName,
  FieldData,
  MembershipChangeData,
  PersonChangeData,
  ProblemData,
} from '../data.ts';
import type { Departments } from './departments.ts';
import { foldText } from './fold.ts';

/** What happened, as readers choose it: people and departments change, memberships come and go. */
export const KINDS = ['added', 'modified', 'removed', 'renamed', 'came', 'went', 'quarantined'] as const;
export type Kind = (typeof KINDS)[number];

/** One change with what it can be found by. */
export interface Item<Change> {
  readonly change: Change;
  readonly kind: Kind;
  /** Those that changed; none of who came or went. */
  readonly fields: readonly string[];
  readonly sources: readonly string[];
  /** The departments that it is about and all above them. */
  readonly within: ReadonlySet<string>;
  /** Folded. */
  readonly text: string;
}

/** All changes of a diff, in the order in which they are shown. */
export interface Items {
  readonly people: readonly Item<PersonChangeData>[];
  readonly departments: readonly Item<DepartmentChangeData>[];
  /** Those of one department stand together, whoever came before whoever went. */
  readonly memberships: readonly Item<MembershipChangeData>[];
  readonly quarantined: readonly Item<ProblemData>[];
}

/** The changes of a diff, ready to be searched. */
export function itemsOf(diff: DiffData, departments: Departments): Items {
  return {
    people: diff.people.map(change => personItem(change, departments)),
    departments: diff.departments.map(change => departmentItem(change, departments)),
    memberships: byDepartment(diff.memberships).map(change => membershipItem(change, departments)),
    quarantined: diff.quarantined.map(change => problemItem(change, departments)),
  };
}

function personItem(change: PersonChangeData, departments: Departments): Item<PersonChangeData> {
  const { event, username, nick_name, email, fields } = change;
  return {
    change,
    kind: event,
    ...changedBy(event, fields, change.source),
    within: withinOf(change.departments, departments),
    text: searchText([username, nick_name, email, ...valuesOf(fields), ...named(change.departments, departments)]),
  };
}

function departmentItem(change: DepartmentChangeData, departments: Departments): Item<DepartmentChangeData> {
  const { event, group_no, display_name, parent_group_no, fields } = change;
  return {
    change,
    kind: event,
    ...changedBy(event, fields, change.source),
    within: withinOf([group_no, parent_group_no], departments),
    text: searchText([group_no, display_name, parent_group_no, ...valuesOf(fields)]),
  };
}

function membershipItem(change: MembershipChangeData, departments: Departments): Item<MembershipChangeData> {
  const { group_no, username, nick_name, source } = change;
  return {
    change,
    kind: change.event === 'added' ? 'came' : 'went',
    fields: ['departments'],
    sources: [source],
    within: withinOf([group_no], departments),
    text: searchText([username, nick_name, ...named([group_no], departments)]),
  };
}

const problemItem = (change: ProblemData, departments: Departments): Item<ProblemData> => ({
  change,
  kind: 'quarantined',
  fields: [],
  sources: [change.source],
  within: withinOf(change.kind === 'department' ? [change.name] : [], departments),
  text: searchText([change.name, change.text, change.code]),
});

/** Somebody who changed is found by the fields and by who gave those; somebody who came or went by where they are from. */
const changedBy = (event: EventName, fields: readonly FieldData[], source: string) =>
  event === 'added' || event === 'removed'
    ? { fields: [], sources: [source] }
    : { fields: fields.map(one => one.field), sources: [...new Set(fields.map(one => one.source))] };

const valuesOf = (fields: readonly FieldData[]) => fields.flatMap(one => [one.old, one.new]);

const named = (codes: readonly string[], departments: Departments) =>
  codes.flatMap(code => [code, departments.name(code)]);

const withinOf = (codes: readonly string[], departments: Departments): ReadonlySet<string> =>
  new Set(codes.flatMap(code => [...departments.upwards(code)]));

/** A line end between two, so that no word is found that begins in one and ends in the next. */
const searchText = (texts: readonly string[]) => foldText(texts.join('\n'));

function byDepartment(changes: readonly MembershipChangeData[]): MembershipChangeData[] {
  const groups = Map.groupBy(changes, one => one.group_no);
  return [...groups.values()].flatMap(group => [
    ...group.filter(one => one.event === 'added'),
    ...group.filter(one => one.event === 'removed'),
  ]);
}
