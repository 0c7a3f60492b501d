import { type Change, type FieldChange, type MembershipChange, membershipChanges } from '../../src/roster/compare.ts';
import type { Department, Person, Problem } from '../../src/roster/model.ts';
import { eventOf, subjectOf } from '../../src/views/difference.ts';
import { type Step, since } from '../../src/views/history.ts';
import { columns, padEnd, table, widthOf } from './columns.ts';
import { wholeDepartment, wholePerson } from './events.ts';
import { type Detail, detailsText, originText, valuesText } from './lines.ts';
import { type Look, shownName, shownText, shownValue, styled } from './look.ts';
import { removalText, sourceOfField } from './sources.ts';
import { minuteIn } from './time.ts';
import { EFFECTS } from './words.ts';

/** All that is known of one person or department. */
export interface History<Value> {
  /** Oldest first; there is at least one. */
  readonly steps: readonly [Step<Value>, ...Step<Value>[]];
  /** What the newest run found wrong with them. */
  readonly problems: readonly Problem[];
}

/** How the one and the other kind of history is told. */
interface Kind<Value> {
  title(value: Value, look: Look): string;
  whole(change: Exclude<Change<Value>, { event: 'modified' }>): FieldChange[];
  memberships(change: Change<Value>): MembershipChange[];
}

const people: Kind<Person> = {
  title: ({ username, key }, look) => `person ${shownName(username, look)} (${shownName(key, look)})`,
  whole: change => [...wholePerson(change), ...departmentsOf(change)],
  memberships: change => (change.event === 'modified' ? membershipChanges(change) : []),
};

/** The departments of somebody as one more field. */
function departmentsOf(change: Exclude<Change<Person>, { event: 'modified' }>): FieldChange[] {
  const { value, from } = change.event === 'added' ? change.after : change.before;
  const text = value.departments.join(', ');
  const source = sourceOfField(value, from, 'departments');
  const values = change.event === 'added' ? { old: '', new: text } : { old: text, new: '' };
  return text === '' ? [] : [{ field: 'departments', ...values, source }];
}

const departments: Kind<Department> = {
  title: ({ group_no }, look) => `department ${shownName(group_no, look)}`,
  whole: wholeDepartment,
  memberships: () => [],
};

export const personHistory = (history: History<Person>, look: Look) => historyText(history, people, look);
export const departmentHistory = (history: History<Department>, look: Look) => historyText(history, departments, look);

/** What there is now, field by field with source and snapshot; what is wrong with it; then what happened, newest first. */
function historyText<Value>({ steps, problems }: History<Value>, kind: Kind<Value>, look: Look): string[] {
  const last = steps.at(-1) ?? steps[0];
  const { change } = last;
  const gone = change.event === 'removed' ? `, not served since snapshot ${last.number}: ${whatText(change)}` : '';
  return [
    `${styled('bold', kind.title(subjectOf(change), look), look)}${gone}`,
    ...table(fieldRows(steps, kind, look), { indent: 2 }),
    ...problems.map(one => `  ! ${shownText(one.text, look)} (${EFFECTS[one.effect]})  ${originText(one.source)}`),
    ...steps.toReversed().flatMap(step => ['', ...stepText(step, kind, look)]),
  ];
}

function fieldRows<Value>(steps: History<Value>['steps'], kind: Kind<Value>, look: Look): string[][] {
  const { change } = steps.at(-1) ?? steps[0];
  const from = since(steps, one => kind.memberships(one).map(() => 'departments'));
  const whole = kind.whole(change.event === 'modified' ? { ...change, event: 'added' } : change);
  return whole.map(one => [
    shownName(one.field, look),
    shownValue(one.field, one.new || one.old, look),
    originText(one.source),
    `since snapshot ${from(one.field)}`,
  ]);
}

function stepText<Value>({ number, snapshot, change }: Step<Value>, kind: Kind<Value>, look: Look): string[] {
  const time = snapshot ? minuteIn(look.zone, snapshot.at) : 'not kept any more';
  const details = detailsOf(change, kind, look);
  const width = widthOf(
    details.map(one => one.text),
    { least: 50, most: 90 },
  );
  return [
    `${styled('bold', `snapshot ${number}`, look)}  ${time}  ${whatText(change)}`,
    ...details.map(({ text, origin }) => `  ${padEnd(text, Math.max(width, columns(text)))}   ${origin}`.trimEnd()),
  ];
}

function detailsOf<Value>(change: Change<Value>, kind: Kind<Value>, look: Look): Detail[] {
  if (change.event === 'removed') return [];
  if (change.event === 'added') {
    return detailsText(
      kind.whole(change).map(one => ({ ...one, text: shownValue(one.field, one.new, look) })),
      look,
    );
  }
  const memberships = kind.memberships(change).map(({ event, group_no, source }) => {
    return { field: 'departments', text: `${event === 'added' ? '+' : '-'} ${shownName(group_no, look)}`, source };
  });
  return detailsText([...change.fields.map(one => ({ ...one, text: valuesText(one, look) })), ...memberships], look);
}

/** `modified`, `left (hr)`. */
function whatText<Value>(change: Change<Value>): string {
  if (change.event === 'removed') return removalText(change.before) || 'removed';
  return eventOf(change as Change<Person>);
}
