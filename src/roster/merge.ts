import { combined, type Draft, type Drafts, draftsOf, type Joining, maySet, type SourcePlan } from './drafts.ts';
import { addDepartments, type DraftDepartment, departmentsNamedBy } from './merge-departments.ts';
import { enrich, folded, leaveOpen, restrict } from './merge-fields.ts';
import { type Match, matched, ofUpdate, whyOpen, whyShared } from './merge-match.ts';
import type { Extract, PersonKey, SourceName } from './model.ts';
import type { ProblemList } from './problems.ts';

/** What the sources say together. */
export interface Merged {
  readonly people: ReadonlyMap<PersonKey, Draft>;
  readonly departments: ReadonlyMap<string, DraftDepartment>;
  /** Who is listed, but as inactive. */
  readonly left: ReadonlyMap<PersonKey, Draft>;
  /** By the keys of active records of later `create` sources, the active people whom they joined. */
  readonly joined: ReadonlyMap<PersonKey, Draft>;
}

interface State {
  readonly people: Map<PersonKey, Draft>;
  readonly inactive: Map<PersonKey, Draft>;
  readonly joined: Map<PersonKey, Draft>;
  readonly departments: Map<string, DraftDepartment>;
  readonly problems: ProblemList;
  /** The sources that only enrich. */
  readonly updates: ReadonlySet<SourceName>;
  /** The `create` sources that were added already. */
  earlier: readonly SourceName[];
}

/**
 * One roster's worth of drafts. The order of plans is that of precedence; the order of extracts or rows never matters.
 * `aside` are the departments of people of the first source who are not in its extract.
 */
export function merge(
  extracts: readonly Extract[],
  plans: readonly SourcePlan[],
  problems: ProblemList,
  aside: Iterable<string> = [],
): Merged {
  const state: State = {
    people: new Map(),
    inactive: new Map(),
    joined: new Map(),
    departments: new Map(),
    problems,
    updates: new Set(plans.flatMap(({ name, action }) => (action === 'update' ? name : []))),
    earlier: [],
  };
  for (const plan of plans) {
    const extract = extracts.find(one => one.source === plan.name);
    if (extract) addExtract(state, plan, extract);
  }
  const { people, joined, inactive: left } = state;
  const listed = extracts.some(extract => extract.departments !== undefined);
  if (listed) return { people, departments: state.departments, left, joined };
  const order = plans.map(plan => plan.name);
  const others = order[0] ? [{ departments: [...aside], from: undefined, source: order[0] }] : [];
  return { people, departments: departmentsNamedBy([...people.values(), ...others], order), left, joined };
}

function addExtract(state: State, plan: SourcePlan, extract: Extract): void {
  for (const problem of extract.problems) state.problems.add(problem);
  const refused = addDepartments(state, plan, extract.departments ?? []);
  const drafts = draftsOf(plan, extract, state.problems);
  if (refused.size > 0) {
    for (const draft of drafts.active.values()) {
      draft.departments = draft.departments.filter(group => !refused.has(group));
    }
  }
  if (plan.action === 'update') addUpdates(state, plan, drafts);
  else if (state.earlier.length === 0) addFirst(state, plan, drafts);
  else addPeople(state, plan, drafts);
  if (plan.action === 'create') state.earlier = [...state.earlier, plan.name];
}

/** Before the first `create` source there is nobody whom its records could be about. */
function addFirst({ people, inactive }: State, plan: SourcePlan, drafts: Drafts): void {
  for (const draft of drafts.active.values()) addPerson(people, plan, draft);
  for (const draft of drafts.inactive.values()) addPerson(inactive, plan, draft);
}

function addPerson(people: Map<PersonKey, Draft>, plan: SourcePlan, draft: Draft): void {
  restrict(draft, plan);
  people.set(draft.key, draft);
}

/**
 * A later `create` source: its records join the people whom they are about, who are active or have left as their first
 * source says, or bring people into being.
 */
function addPeople(state: State, plan: SourcePlan, drafts: Drafts): void {
  const { active, inactive } = matched(plan, drafts, state);
  const joining = joiningBy(plan, state.earlier);
  for (const { people, records } of active) {
    const why = whyOpen({ people, records }, plan, state.people);
    if (why !== undefined) standAlone(state, plan, { people, records }, why);
    else if (people[0]) for (const draft of records) join(people[0], draft, plan, state);
    else for (const draft of records) addPerson(state.people, plan, Object.assign(draft, { match: joining(draft) }));
  }
  for (const { people, records } of inactive) {
    if (people[0] && people.length === 1) for (const draft of records) noteJoined(people[0], draft);
    else for (const draft of records) addPerson(state.inactive, plan, draft);
  }
}

function joiningBy(plan: SourcePlan, earlier: readonly SourceName[]): (draft: Draft) => Joining {
  const shared: Joining = { by: plan.match, earlier };
  const { match } = plan;
  if (match === 'key' || maySet(plan, match)) return () => shared;
  return ({ fields }) => ({ ...shared, hidden: fields[match] ?? '' });
}

/** Whoever is served under the key of such a record must not go for it: the check tells, and keeps newcomers out. */
function standAlone(state: State, plan: SourcePlan, { people, records }: Match, why: string): void {
  for (const draft of records) {
    draft.broken = combined(draft.broken, [{ field: 'key', why: `is open: ${why}` }]);
    addPerson(state.people, plan, draft);
  }
  leaveOpen(people, records, why);
}

function join(person: Draft, draft: Draft, plan: SourcePlan, { updates, people, joined }: State): void {
  restrict(draft, plan);
  enrich(person, draft, plan, updates);
  if (people.get(person.key) === person) joined.set(draft.key, person);
  noteJoined(person, draft);
}

function noteJoined(person: Draft, { key }: Draft): void {
  if (person.joined) person.joined.push(key);
  else person.joined = [key];
}

/** An `update` source: its records give the people whom they are about what nobody before gave. */
function addUpdates(state: State, plan: SourcePlan, drafts: Drafts): void {
  const { active, inactive } = matched(plan, drafts, state);
  for (const match of [...active, ...inactive])
    for (const problem of ofUpdate(match, plan, state.people)) state.problems.add(problem);
  for (const { people, records } of active) {
    for (const draft of records) restrict(draft, plan);
    if (people.length > 1) leaveOpen(people, records, whyShared(plan));
    if (people[0] && people.length === 1) enrich(people[0], folded(records), plan, state.updates);
  }
}
