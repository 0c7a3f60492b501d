import { combined, type Draft, maySet, OF_THE_RECORD, ownKey, type SourcePlan } from './drafts.ts';
import { type BrokenField, PERSON_FIELDS, type PersonField, type SourceName } from './model.ts';
import { byBytes, sorted } from './order.ts';

/** What the record of one source gives to a person. */

/** Takes away what the source may not set. What it is known and matched by was looked at before. */
export function restrict(draft: Draft, plan: SourcePlan): void {
  if (plan.fields === undefined && plan.withheld === undefined) return;
  const may = (field: string) => maySet(plan, field);
  draft.fields = Object.fromEntries(Object.entries(draft.fields).filter(([field]) => may(field)));
  if (!may('departments')) draft.departments = [];
  draft.extra = draft.extra.filter(([name]) => may(`extra.${name}`));
  draft.broken = draft.broken.filter(({ field }) => OF_THE_RECORD.includes(field) || may(field));
  if (draft.blanks) draft.blanks = draft.blanks.filter(may);
}

const isBlank = (text: string | undefined) => text === undefined || text.trim() === '';

const extraOf = ({ extra }: Draft, field: string) => extra.find(([name]) => field === `extra.${name}`)?.[1];

/** Whether there is a value; `field` may be `departments` or `extra.NAME`, too. */
function has(draft: Draft, field: string): boolean {
  if (field === 'departments') return draft.departments.length > 0;
  if (field.startsWith('extra.')) return !isBlank(extraOf(draft, field));
  return !isBlank(draft.fields[field as PersonField]);
}

/** The update source that gave a field. */
export function lentBy({ from }: Draft, field: string, updates: ReadonlySet<SourceName>): SourceName | undefined {
  const source = from?.[field];
  return source !== undefined && updates.has(source) ? source : undefined;
}

/**
 * Each field comes from the first source that has it, extras like all others, and `departments` as a whole. What an
 * earlier update source gave is taken back first where this one says that there is none: the field is unfilled again.
 */
export function enrich(person: Draft, draft: Draft, plan: SourcePlan, updates: ReadonlySet<SourceName>): void {
  const isBroken = (field: string) => draft.broken.some(one => one.field === field);
  for (const field of draft.blanks ?? []) {
    if (lentBy(person, field, updates) && !isBroken(field)) takeBack(person, field);
  }
  const broken = draft.broken.filter(({ field }) => !OF_THE_RECORD.includes(field) && !has(person, field));
  if (broken.length > 0) person.broken = combined(person.broken, broken);
  if (plan.action === 'create') noteOutranked(person, draft, updates);
  fill(person, draft);
}

/** What would be the person's, were it not for the sources that only enrich: people are joined by that. */
function noteOutranked(person: Draft, draft: Draft, updates: ReadonlySet<SourceName>): void {
  for (const field of PERSON_FIELDS) {
    const value = draft.fields[field];
    if (value === undefined || isBlank(value) || !lentBy(person, field, updates)) continue;
    person.outranked = { [field]: value, ...person.outranked };
  }
}

function fill(person: Draft, draft: Draft): void {
  for (const field of fieldsIn(draft)) {
    if (has(person, field)) continue;
    if (field === 'departments') person.departments = draft.departments;
    else if (field.startsWith('extra.')) setExtra(person, field, extraOf(draft, field) ?? '');
    else person.fields = { ...person.fields, [field]: draft.fields[field as PersonField] ?? '' };
    person.from = { ...person.from, [field]: draft.source };
  }
}

function takeBack(person: Draft, field: string): void {
  if (field === 'departments') person.departments = [];
  else if (field.startsWith('extra.')) setExtra(person, field, '');
  else person.fields = without(person.fields, field);
  const others = without(person.from ?? {}, field);
  person.from = Object.keys(others).length > 0 ? others : undefined;
}

const without = <Value>(record: Readonly<Record<string, Value>>, field: string): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));

/** `""` for none. */
function setExtra(person: Draft, field: string, value: string): void {
  const name = field.slice('extra.'.length);
  const others = person.extra.filter(([known]) => known !== name);
  person.extra = value === '' ? others : [...others, [name, value] as const].sort(([a], [b]) => byBytes(a, b));
}

/** What a draft has a value for. */
const fieldsIn = (draft: Draft): string[] =>
  [...PERSON_FIELDS, 'departments', ...draft.extra.map(([name]) => `extra.${name}`)].filter(field => has(draft, field));

/**
 * It is open which of these records is about which of these people: what one of them would fill is broken, so that whoever
 * is served keeps the last good value.
 */
export function leaveOpen(people: readonly Draft[], records: readonly Draft[], why: string): void {
  const fields = [...new Set(records.flatMap(fieldsIn))];
  for (const person of people) {
    const open = fields.filter(field => !has(person, field));
    const broken = open.map(field => ({ field, why: `is open: source ${records[0]?.source} has it, and ${why}` }));
    if (broken.length > 0) person.broken = combined(person.broken, broken);
  }
}

/**
 * Several records of one update source about one person, as one. What only one of them has counts, and departments are
 * those of all; where they differ, none of them is believed: the field counts as broken.
 */
export function folded(drafts: readonly [Draft, ...Draft[]]): Draft {
  const [first, ...others] = drafts;
  if (others.length === 0) return first;
  const blanks = [...new Set(drafts.flatMap(draft => draft.blanks ?? []))];
  const conflicts = [...new Set([...drafts.flatMap(fieldsIn), ...blanks])].flatMap(field => conflict(field, drafts));
  const isSettled = (field: string) => !conflicts.some(one => one.field === field);
  const given = drafts.flatMap(({ fields }) => Object.entries(fields).filter(([, value]) => !isBlank(value)));
  const extra = new Map(drafts.flatMap(draft => draft.extra.filter(([, value]) => !isBlank(value))));
  return {
    ...first,
    fields: Object.fromEntries(given.filter(([field]) => isSettled(field))),
    departments: drafts.flatMap(draft => draft.departments),
    extra: [...extra].filter(([name]) => isSettled(`extra.${name}`)),
    broken: drafts.reduce((broken, draft) => combined(broken, draft.broken), conflicts),
    blanks,
  };
}

/** `""` stands for what a record says that there is none of. */
function conflict(field: string, drafts: readonly Draft[]): BrokenField[] {
  if (field === 'departments') return [];
  const told = drafts.flatMap(draft => {
    const value = field.startsWith('extra.') ? extraOf(draft, field) : draft.fields[field as PersonField];
    if (value !== undefined && !isBlank(value)) return { value, by: `"${ownKey(draft)}"` };
    return draft.blanks?.includes(field) ? { value: '', by: `"${ownKey(draft)}"` } : [];
  });
  const byValue = Map.groupBy(told, one => one.value);
  if (byValue.size < 2) return [];
  const [a, b] = sorted(byValue.keys()).map(value => `"${value}" in ${byValue.get(value)?.[0]?.by}`);
  return [{ field, why: `is ${a} and ${b}, records of source ${drafts[0]?.source} about the same person` }];
}
