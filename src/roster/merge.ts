import { combined, type Draft, draftsOf, OF_THE_RECORD, type SourcePlan } from './drafts.ts';
import { fold } from './fold.ts';
import { addDepartments, type DraftDepartment, departmentsNamedIn } from './merge-departments.ts';
import {
  type BrokenField,
  type Extract,
  PERSON_FIELDS,
  type PersonField,
  type PersonKey,
  type Problem,
  type SourceName,
} from './model.ts';
import { byBytes } from './order.ts';
import type { ProblemList } from './problems.ts';

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
  const { active, inactive } = draftsOf(plan, extract, state.problems);
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

function has({ fields, departments, extra }: Draft, field: string): boolean {
  if (field === 'departments') return departments.length > 0;
  if (field.startsWith('extra.')) return extra.some(([name]) => field === `extra.${name}`);
  return Boolean(fields[field as PersonField]);
}

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
