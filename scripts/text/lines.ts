import type { Change, FieldChange } from '../../src/roster/compare.ts';
import { type Department, type Person, type Problem, splitKey } from '../../src/roster/model.ts';
import { byBytes } from '../../src/roster/order.ts';
import { changedPeople, type Difference, type Event, eventOf, subjectOf } from '../../src/views/difference.ts';
import { padEnd, widthOf } from './columns.ts';
import { type Look, shownName, shownText, shownValue } from './look.ts';
import { removalText, sourceOfDepartment } from './sources.ts';
import { looksAlike, spelled } from './visible.ts';

export type Mark = '+' | '~' | '-' | 'R' | '!';

/** What is said of one person or department: a line each for whatever changed, the first with mark and name. */
export interface Item {
  readonly mark: Mark;
  readonly name: string;
  readonly details: readonly Detail[];
}

export interface Detail {
  readonly text: string;
  /** Where that comes from, and why: `(hr)`, `left (hr)`. */
  readonly origin: string;
}

const MARKS: Readonly<Record<Event, Mark>> = { added: '+', modified: '~', removed: '-', renamed: 'R' };

/** The people who came, went or changed, by username, and whoever was kept out. */
export function peopleItems(difference: Difference, look: Look): Item[] {
  const out = difference.quarantined.filter(problem => problem.kind !== 'department');
  return [...changedPeople(difference).map(change => personItem(change, look)), ...out.map(one => outItem(one, look))];
}

/** The same for departments, by code. */
export function departmentItems({ departments, quarantined }: Difference, look: Look): Item[] {
  const out = quarantined.filter(problem => problem.kind === 'department');
  return [...departments.map(change => departmentItem(change, look)), ...out.map(one => outItem(one, look))];
}

/** Who and what is newly not served as the source says, by name, each with the reason. */
export const keptItems = ({ kept = [] }: Difference, look: Look): Item[] =>
  kept.toSorted((a, b) => byBytes(a.name, b.name)).map(one => outItem(one, look));

function personItem(change: Change<Person>, look: Look): Item {
  const person = subjectOf(change);
  return {
    mark: MARKS[eventOf(change)],
    name: shownName(person.username, look),
    details:
      change.event === 'modified'
        ? fieldDetails(change.fields, look)
        : [{ text: personText(person, look), origin: cameOrWent(change, splitKey(person.key).source) }],
  };
}

function departmentItem(change: Change<Department>, look: Look): Item {
  const department = subjectOf(change);
  const source = change.event === 'added' ? sourceOfDepartment(change.after.from) : '';
  return {
    mark: MARKS[eventOf(change)],
    name: shownName(department.group_no, look),
    details:
      change.event === 'modified'
        ? fieldDetails(change.fields, look)
        : [{ text: departmentText(department, look), origin: cameOrWent(change, source) }],
  };
}

const cameOrWent = (change: Change<Person> | Change<Department>, source: string) =>
  change.event === 'removed' ? removalText(change.before) : originText(source);

export const originText = (source: string) => (source === '' ? '' : `(${source})`);

/** `Jun Wu <j.wu@acme.example>`. */
export const personText = ({ nick_name, email }: Person, look: Look) =>
  `${shownValue('nick_name', nick_name, look)} <${shownValue('email', email, look)}>`;

const departmentText = ({ display_name, parent_group_no }: Department, look: Look) =>
  `${shownValue('display_name', display_name, look)}, ${
    parent_group_no === '' ? 'at the top' : `in ${shownName(parent_group_no, look)}`
  }`;

/** Somebody or something that is not served, or not as the source says, and why. */
export const outItem = (problem: Problem, look: Look): Item => ({
  mark: '!',
  name: shownName(problem.name || problem.key || '(no name)', look),
  details: [{ text: shownText(problem.text, look), origin: originText(problem.source) }],
});

/** `email  a → b` for every field. */
const fieldDetails = (fields: readonly FieldChange[], look: Look): Detail[] =>
  detailsText(
    fields.map(one => ({ ...one, text: valuesText(one, look) })),
    look,
  );

/** A detail for each field, what is said of them below each other. */
export function detailsText(
  fields: readonly { readonly field: string; readonly text: string; readonly source: string }[],
  look: Look,
): Detail[] {
  const names = fields.map(one => shownName(one.field, look));
  const width = widthOf(names);
  return fields.map(({ text, source }, at) => ({
    text: `${padEnd(names[at] ?? '', width)}  ${text}`,
    origin: originText(source),
  }));
}

/** `old → new`; two that would look the same are spelled out, for the difference is all that matters here. */
export function valuesText({ field, old, new: now }: FieldChange, look: Look): string {
  const [a, b] = [shownValue(field, old, look), shownValue(field, now, look)];
  const alike = !look.mask && looksAlike(a, b);
  return alike ? `${spelled(a)} → ${spelled(b)}` : `${a} → ${b}`;
}
