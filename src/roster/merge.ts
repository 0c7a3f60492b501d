import { fold } from './fold.ts';
import {
  type BrokenField,
  type DepartmentRecord,
  type Extra,
  type Extract,
  PERSON_FIELDS,
  type PersonField,
  type PersonKey,
  type PersonRecord,
  type Problem,
  personKey,
  type SourceName,
} from './model.ts';
import { byBytes, sorted, sortedSet } from './order.ts';
import type { ProblemList } from './problems.ts';

/** How a source takes part in the merge. */
export interface SourcePlan {
  readonly name: SourceName;
  /** `create` sources bring people into being, `update` sources only enrich. */
  readonly action: 'create' | 'update';
  /** How a record joins a person of an earlier source. */
  readonly match: 'key' | 'email' | 'ad_no' | 'username';
  /** The only fields it may set; absent: all. */
  readonly fields: ReadonlySet<string> | undefined;
}

/** A person as the sources tell it, before any rule was applied. */
export interface Draft {
  readonly key: PersonKey;
  /** The first `create` source that has them. */
  readonly source: SourceName;
  /** False where the username is the identity, since the source's mapping has no key. */
  readonly keyed: boolean;
  readonly fields: Partial<Record<PersonField, string>>;
  departments: string[];
  extra: Extra[];
  /** Where a field came from, if not from `source`. */
  from: Record<string, SourceName> | undefined;
  broken: readonly BrokenField[];
  /** The keys of records of later `create` sources that are about the same person: they may be served under one of them. */
  joined?: readonly PersonKey[];
  /** How they would have joined a person of the sources before, had those listed one. */
  match?: Joining;
}

export interface Joining {
  readonly by: SourcePlan['match'];
  /** The `create` sources that come before. */
  readonly earlier: readonly SourceName[];
}

/** A department as the first source that lists it tells it. */
export interface DraftDepartment extends DepartmentRecord {
  readonly source: SourceName;
}

/** What the sources say together. */
export interface Merged {
  readonly people: ReadonlyMap<PersonKey, Draft>;
  readonly departments: ReadonlyMap<string, DraftDepartment>;
  /** Who is listed, but as inactive. */
  readonly left: ReadonlyMap<PersonKey, Draft>;
}

interface State {
  people: Map<PersonKey, Draft>;
  inactive: Map<PersonKey, Draft>;
  departments: Map<string, DraftDepartment>;
  problems: ProblemList;
  /** The `create` sources that were added already. */
  earlier: readonly SourceName[];
}

/** One roster's worth of drafts from the extracts, which come in the order of precedence. Row order never matters. */
export function merge(extracts: readonly Extract[], plans: readonly SourcePlan[], problems: ProblemList): Merged {
  const state: State = { people: new Map(), inactive: new Map(), departments: new Map(), problems, earlier: [] };
  const listed = extracts.some(extract => extract.departments !== undefined);
  for (const plan of plans) {
    const extract = extracts.find(one => one.source === plan.name);
    if (extract) addExtract(state, plan, extract, listed);
  }
  return { people: state.people, departments: state.departments, left: state.inactive };
}

function addExtract(state: State, plan: SourcePlan, extract: Extract, listed: boolean): void {
  for (const problem of extract.problems) state.problems.add(problem);
  const records = listed ? (extract.departments ?? []) : departmentsNamedIn(extract);
  const refused = addDepartments(state, plan, records);
  const { active, inactive } = draftsOf(state, plan, extract);
  const match = state.earlier.length > 0 ? { by: plan.match, earlier: state.earlier } : undefined;
  for (const draft of active.values()) {
    if (refused.size > 0) draft.departments = draft.departments.filter(group => !refused.has(group));
    if (match) draft.match = match;
  }
  const join = joiner(state, plan);
  for (const draft of inOrder(active, state)) place(state, plan, draft, join(draft), 'active');
  for (const draft of inOrder(inactive, state)) place(state, plan, draft, join(draft), 'inactive');
  if (plan.action === 'create') state.earlier = [...state.earlier, plan.name];
}

/** In key order where that can matter, which is as soon as two sources meet. */
function inOrder(drafts: Map<PersonKey, Draft>, state: State): Iterable<Draft> {
  if (state.people.size === 0) return drafts.values();
  return [...drafts.values()].sort((a, b) => byBytes(a.key, b.key));
}

function place(
  state: State,
  plan: SourcePlan,
  draft: Draft,
  found: Draft | 'ambiguous' | undefined,
  as: 'active' | 'inactive',
) {
  if (found === 'ambiguous') {
    if (plan.action === 'update') state.problems.add(ambiguous(plan, draft));
    // Whoever is served already must not go for it: the check tells, and keeps newcomers out.
    else if (as === 'active') state.people.set(draft.key, alone(draft, plan));
    else state.inactive.set(draft.key, draft);
  } else if (found) {
    if (as === 'active') enrich(found, draft, plan);
    if (plan.action === 'create') found.joined = [...(found.joined ?? []), draft.key];
  } else if (plan.action === 'update') {
    state.problems.add(unmatched(plan, draft));
  } else if (as === 'active') {
    state.people.set(draft.key, draft);
    state.inactive.delete(draft.key);
  } else if (!state.people.has(draft.key)) {
    state.inactive.set(draft.key, draft);
  }
}

/** By what should join it to an earlier person, it is about nobody. */
function alone({ match: _, ...draft }: Draft, plan: SourcePlan): Draft {
  return { ...draft, broken: [...draft.broken, openMatch(plan)] };
}

/** Finds the person of an earlier source that a draft is about. */
function joiner(state: State, plan: SourcePlan): (draft: Draft) => Draft | 'ambiguous' | undefined {
  const mark = (draft: Draft) =>
    plan.match === 'key' ? draft.key.slice(draft.source.length + 1) : fold(draft.fields[plan.match] ?? '');
  const index = new Map<string, Draft | 'ambiguous'>();
  for (const draft of state.people.values()) {
    const text = mark(draft);
    if (text !== '') index.set(text, index.has(text) ? 'ambiguous' : draft);
  }
  // Whoever left under one key and is back under another is whom the record is about; the old row is nobody's rival.
  for (const draft of inOrder(state.inactive, state)) {
    const text = mark(draft);
    if (text !== '' && !index.has(text)) index.set(text, draft);
  }
  return draft => index.get(mark(draft));
}

/** Each field comes from the first source that has it. */
function enrich(person: Draft, draft: Draft, plan: SourcePlan): void {
  const from = person.from ?? {};
  const lacks = (field: string) => !has(person, field);
  const broken = draft.broken.filter(one => !OF_THE_RECORD.includes(one.field) && lacks(one.field));
  if (broken.length > 0) person.broken = combined(person.broken, broken);
  for (const field of PERSON_FIELDS) {
    const value = draft.fields[field];
    if (!value || person.fields[field]) continue;
    person.fields[field] = value;
    from[field] = plan.name;
  }
  if (person.departments.length === 0 && draft.departments.length > 0) {
    person.departments = draft.departments;
    from['departments'] = plan.name;
  }
  for (const [name, value] of draft.extra) {
    if (person.extra.some(([known]) => known === name)) continue;
    person.extra = [...person.extra, [name, value] as const].sort(([a], [b]) => byBytes(a, b));
    from[`extra.${name}`] = plan.name;
  }
  if (Object.keys(from).length > 0) person.from = from;
}

/** What a broken field of a record says about the record alone, not about the person whom it enriches. */
const OF_THE_RECORD: readonly string[] = ['key', 'active'];

function has({ fields, departments, extra }: Draft, field: string): boolean {
  if (field === 'departments') return departments.length > 0;
  if (field.startsWith('extra.')) return extra.some(([name]) => field === `extra.${name}`);
  return Boolean(fields[field as PersonField]);
}

/** A field is broken once, however many rows say so. */
function combined(known: readonly BrokenField[], others: readonly BrokenField[]): BrokenField[] {
  return [...known, ...others.filter(other => !known.some(one => one.field === other.field))];
}

function draftsOf(state: State, plan: SourcePlan, extract: Extract) {
  const active = new Map<PersonKey, Draft>();
  const inactive = new Map<PersonKey, Draft>();
  const groups = plan.fields?.has('departments') === false ? new Map() : membershipsByPerson(extract);
  for (const record of extract.people) {
    if (isReadable(record.key)) collect(record.active ? active : inactive, toDraft(plan, record, record.key), groups);
  }
  const isKey = (own: string) => [active, inactive].some(some => some.get(personKey(plan.name, own))?.keyed);
  for (const record of extract.people) {
    if (isReadable(record.key)) continue;
    const own = (record.fields.username ?? '').trim();
    if (!isReadable(own)) state.problems.add(nameless(plan, record));
    else if (isKey(own)) state.problems.add(keyless(plan, own));
    else collect(record.active ? active : inactive, toDraft(plan, record, own), groups);
  }
  // Two rows of one person, one of them a job that has ended: who is active anywhere in a source is active.
  for (const key of active.keys()) inactive.delete(key);
  for (const problem of unknownMembers(plan, groups, active, inactive)) state.problems.add(problem);
  return { active, inactive };
}

/** Half a surrogate pair is nothing that a store could keep and find again. */
const isReadable = (own: string) => own !== '' && own.isWellFormed();

const UNREADABLE_KEY: BrokenField = { field: 'key', why: 'has half a character in it' };

function toDraft(plan: SourcePlan, record: PersonRecord, own: string): Draft {
  const allowed = plan.fields;
  const keyed = own === record.key;
  const broken = keyed || record.key === '' ? record.broken : [...record.broken, UNREADABLE_KEY];
  const may = (field: string) => allowed === undefined || allowed.has(field);
  const fields = allowed
    ? Object.fromEntries(Object.entries(record.fields).filter(([field]) => may(field)))
    : { ...record.fields };
  return {
    key: personKey(plan.name, own),
    source: plan.name,
    keyed,
    fields,
    departments: may('departments') ? [...record.departments] : [],
    extra: allowed ? record.extra.filter(([name]) => may(name) || may(`extra.${name}`)) : [...record.extra],
    from: undefined,
    broken: allowed ? broken.filter(({ field }) => may(field) || OF_THE_RECORD.includes(field)) : broken,
  };
}

function collect(drafts: Map<PersonKey, Draft>, draft: Draft, memberships: ReadonlyMap<string, string[]>): void {
  const groups = memberships.get(draft.key.slice(draft.source.length + 1));
  if (groups) for (const group of groups) draft.departments.push(group);
  const known = drafts.get(draft.key);
  if (known) combine(known, draft);
  else drafts.set(draft.key, draft);
}

/**
 * Two rows of one source with the same key: a join over departments gives such rows, and then they differ in nothing
 * else. Where they do differ, neither row is to be believed: the field counts as broken.
 */
function combine(known: Draft, other: Draft): void {
  known.departments.push(...other.departments);
  const broken = combined(known.broken, other.broken);
  for (const field of PERSON_FIELDS) {
    const [a, b] = sorted([known.fields[field] ?? '', other.fields[field] ?? '']);
    if (a === b) continue;
    if (!broken.some(one => one.field === field))
      broken.push({ field, why: `two rows with the same key say "${a}" and "${b}"` });
    known.fields[field] = b ?? '';
  }
  if (JSON.stringify(known.extra) !== JSON.stringify(other.extra)) {
    known.extra = [
      ...([known.extra, other.extra].sort((a, b) => byBytes(JSON.stringify(a), JSON.stringify(b)))[0] ?? []),
    ];
  }
  known.broken = broken;
}

function membershipsByPerson(extract: Extract): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { person, group_no } of extract.memberships) {
    const list = groups.get(person);
    if (list) list.push(group_no);
    else groups.set(person, [group_no]);
  }
  return groups;
}

/** Where no source lists departments, those that people are in. */
function departmentsNamedIn(extract: Extract): DepartmentRecord[] {
  const named = sortedSet([
    ...extract.people.flatMap(person => (person.active ? person.departments : [])),
    ...extract.memberships.map(membership => membership.group_no),
  ]);
  return named.map(group_no => ({ group_no, display_name: group_no, parent_group_no: '', broken: [] }));
}

/** Adds what is new; gives the codes that this source uses for something else than an earlier source does. */
function addDepartments(state: State, plan: SourcePlan, records: Iterable<DepartmentRecord>): Set<string> {
  const own = new Map<string, DepartmentRecord>();
  const refused = new Set<string>();
  for (const record of records) {
    const known = own.get(record.group_no);
    own.set(record.group_no, known ? combineDepartments(known, record) : record);
  }
  for (const [group_no, record] of own) {
    const known = state.departments.get(group_no);
    if (!known) state.departments.set(group_no, { ...record, source: plan.name });
    else if (known.source !== plan.name && known.display_name !== record.display_name) {
      refused.add(group_no);
      state.problems.add(otherDepartment(plan, known, record));
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

function unknownMembers(
  plan: SourcePlan,
  groups: ReadonlyMap<string, readonly string[]>,
  active: ReadonlyMap<PersonKey, Draft>,
  inactive: ReadonlyMap<PersonKey, Draft>,
): Problem[] {
  const strangers = sorted(groups.keys()).filter(own => {
    const key = personKey(plan.name, own);
    return !active.has(key) && !inactive.has(key);
  });
  return strangers.map(own => ({
    code: 'member_unknown',
    effect: 'dropped',
    source: plan.name,
    kind: 'membership',
    key: personKey(plan.name, own),
    name: own,
    text: `member "${own}" of ${sortedSet(groups.get(own) ?? []).join(', ')} is nobody that the source lists`,
  }));
}

const nameless = (plan: SourcePlan, record: PersonRecord): Problem => ({
  code: 'username_missing',
  effect: 'quarantined',
  source: plan.name,
  kind: 'person',
  key: '',
  name: record.fields.email ?? '',
  text: `a row has neither key nor username${record.fields.email ? ` (email "${record.fields.email}")` : ''}`,
});

const keyless = (plan: SourcePlan, own: string): Problem => ({
  code: 'key_missing',
  effect: 'quarantined',
  source: plan.name,
  kind: 'person',
  key: '',
  name: own,
  text: `a row without a key has the username "${own}", which is the key of somebody else`,
});

const openMatch = ({ match }: SourcePlan): BrokenField => ({
  field: 'key',
  why: `is open: several people of earlier sources have the same ${match}`,
});

const ambiguous = (plan: SourcePlan, draft: Draft): Problem => ({
  code: 'match_ambiguous',
  effect: 'dropped',
  source: plan.name,
  kind: 'person',
  key: draft.key,
  name: draft.fields.username ?? '',
  text: `several people of earlier sources have the same ${plan.match}, so it is open which of them this record is about`,
});

const unmatched = (plan: SourcePlan, draft: Draft): Problem => ({
  code: 'update_unmatched',
  effect: 'dropped',
  source: plan.name,
  kind: 'person',
  key: draft.key,
  name: draft.fields.username ?? '',
  text: `nobody of an earlier source has its ${plan.match}; an update source brings nobody into being`,
});

const otherDepartment = (plan: SourcePlan, known: DraftDepartment, record: DepartmentRecord): Problem => ({
  code: 'department_other_name',
  effect: 'quarantined',
  source: plan.name,
  kind: 'department',
  key: record.group_no,
  name: record.group_no,
  text: `is called "${record.display_name}" here and "${known.display_name}" in source ${known.source}; this one and its memberships are left out`,
});
