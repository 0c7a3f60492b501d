import { type Draft, type Drafts, maySet, ownKey, type SourcePlan } from './drafts.ts';
import { fold } from './fold.ts';
import { lentBy } from './merge-fields.ts';
import type { PersonKey, Problem, SourceName } from './model.ts';
import { byBytes } from './order.ts';

/** How the records of one source find the people of the sources before. */

/** The people so far, those who left among them, and the sources that only enrich. */
export interface SoFar {
  readonly people: ReadonlyMap<PersonKey, Draft>;
  readonly inactive: ReadonlyMap<PersonKey, Draft>;
  readonly updates: ReadonlySet<SourceName>;
}

/** Records of one source that are about the same: all that have the same mark, or a single one that is about nobody. */
export interface Match {
  /** One as a rule; several, where they have the same mark; nobody. */
  readonly people: readonly Draft[];
  /** At least one, in key order. */
  readonly records: readonly [Draft, ...Draft[]];
}

/** What a record is matched by; `""` where it has nothing of the kind, and that matches nobody. */
const markOf = (draft: Draft, { match }: SourcePlan) =>
  match === 'key' ? ownKey(draft) : fold(draft.fields[match] ?? '');

/** Why its mark cannot be believed: it is about nobody then. */
const unreadable = (draft: Draft, { match }: SourcePlan) => draft.broken.find(one => one.field === match)?.why;

/** Matches the records of one source as they are, whatever it may set. */
export function matched(plan: SourcePlan, drafts: Drafts, soFar: SoFar): Record<keyof Drafts, Match[]> {
  const index = indexOf(plan, soFar);
  const match = (records: Iterable<Draft>): Match[] => {
    const matches: Match[] = [];
    const byMark = new Map<string, [Draft, ...Draft[]]>();
    for (const draft of records) {
      const mark = markOf(draft, plan);
      const people = unreadable(draft, plan) === undefined ? index.get(mark) : undefined;
      const others = byMark.get(mark);
      if (people === undefined) matches.push({ people: [], records: [draft] });
      else if (others) others.push(draft);
      else {
        const some: [Draft, ...Draft[]] = [draft];
        byMark.set(mark, some);
        matches.push({ people, records: some });
      }
    }
    return matches;
  };
  return { active: match(inOrder(drafts.active)), inactive: match(inOrder(drafts.inactive)) };
}

const inOrder = (drafts: ReadonlyMap<PersonKey, Draft>) => [...drafts.values()].sort((a, b) => byBytes(a.key, b.key));

/**
 * People by their marks. Whose own mark is in doubt gives way to whoever has it for sure. Who left under one key and is back
 * under another is whom a record is about; the old row is nobody's rival, and of several old ones any will do.
 */
function indexOf(plan: SourcePlan, { people, inactive, updates }: SoFar): Map<string, Draft[]> {
  const mark = markOfPerson(plan, updates);
  const index = new Map<string, Draft[]>();
  const doubted = new Map<string, Draft[]>();
  for (const person of people.values()) {
    const text = mark(person);
    if (text !== '') push(isSure(person, plan) ? index : doubted, text, person);
  }
  for (const [text, some] of doubted) if (!index.has(text)) index.set(text, some);
  for (const person of inOrder(inactive)) {
    const text = mark(person);
    if (text !== '' && !index.has(text)) index.set(text, [person]);
  }
  return index;
}

function push(index: Map<string, Draft[]>, text: string, person: Draft): void {
  const some = index.get(text);
  if (some) some.push(person);
  else index.set(text, [person]);
}

/** An update source may put a field in doubt, but must not change whom a record of a create source joins. */
const isSure = ({ broken }: Draft, { action, match }: SourcePlan) =>
  !broken.some(({ field }) => field === 'key' || (action === 'update' && field === match));

/**
 * What a person is found by. Whoever only enriches must not change who is in the roster: for the records of a create
 * source, only what create sources say counts.
 */
function markOfPerson(plan: SourcePlan, updates: ReadonlySet<SourceName>): (person: Draft) => string {
  const { action, match } = plan;
  if (action === 'update' || match === 'key') return person => markOf(person, plan);
  return person => {
    const own = lentBy(person, match, updates) ? '' : (person.fields[match] ?? '');
    return fold(person.outranked?.[match] ?? own);
  };
}

export const whyShared = ({ match }: SourcePlan) => `several people of earlier sources have the same ${match}`;

/** Why it is open whom records of a `create` source are about. All that are about one who has left may be: that is no doubt. */
export function whyOpen(
  { people: [person, ...others], records }: Match,
  plan: SourcePlan,
  active: ReadonlyMap<PersonKey, Draft>,
): string | undefined {
  const odd = isNeeded(plan) ? undefined : unreadable(records[0], plan);
  if (!person) return odd === undefined ? undefined : `its ${plan.match} ${odd}`;
  if (others.length > 0) return whyShared(plan);
  if (records.length === 1 || active.get(person.key) !== person) return undefined;
  return `${listed(records)} have the ${plan.match} of ${person.fields.username ? `"${person.fields.username}"` : person.key}`;
}

/** Whether nobody new is served whose mark is broken, whatever it is for. */
const isNeeded = (plan: SourcePlan) => plan.match === 'key' || (plan.match !== 'ad_no' && maySet(plan, plan.match));

/** A few of them by their keys. */
function listed(drafts: readonly Draft[]): string {
  const keys = drafts.slice(0, 3).map(draft => `"${ownKey(draft)}"`);
  const more = drafts.length - keys.length;
  return `records ${keys.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What is to be told of records of an `update` source. */
export function ofUpdate(
  { people: [person, ...others], records }: Match,
  plan: SourcePlan,
  active: ReadonlyMap<PersonKey, Draft>,
): Problem[] {
  const { name: source, match } = plan;
  const told = (code: string, effect: 'dropped' | 'warned', { key, fields }: Draft, text: string): Problem => {
    return { code, effect, source, kind: 'person', key, name: fields.username ?? fields.email ?? '', text };
  };
  if (others.length > 0) {
    const text = `${whyShared(plan)}, so it is open which of them this record is about`;
    return records.map(draft => told('match_ambiguous', 'dropped', draft, text));
  }
  if (!person) return records.map(draft => told('update_unmatched', 'dropped', draft, whyNobody(draft, plan)));
  if (records.length === 1 || active.get(person.key) !== person) return [];
  const text = `${listed(records)} have the same ${match} and are all taken for this person; where they differ, none is believed`;
  return [told('match_twice', 'warned', person, text)];
}

function whyNobody(draft: Draft, plan: SourcePlan): string {
  const odd = unreadable(draft, plan);
  if (odd !== undefined) return `its ${plan.match} ${odd}, so it is about nobody`;
  if (markOf(draft, plan) === '') return `it has no ${plan.match}, so it is about nobody`;
  return `nobody of an earlier source has its ${plan.match}; an update source brings nobody into being`;
}
