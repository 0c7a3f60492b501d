import { type Change, type FieldChange, membershipChanges } from '../../src/roster/compare.ts';
import {
  DEPARTMENT_FIELDS,
  type Department,
  PERSON_FIELDS,
  type Person,
  type Problem,
} from '../../src/roster/model.ts';
import { changedPeople, type Difference, eventOf, subjectOf } from '../../src/views/difference.ts';
import { sourceOfDepartment, sourceOfField } from './sources.ts';

/** One changed field for scripts; somebody new has one of these for each field that is not empty, and so has who went. */
export interface FieldEvent {
  /** `person.added`, `person.modified`, `person.removed`, `person.renamed`, `department.added`, `membership.added` … */
  readonly event: string;
  readonly key: string;
  /** The username or group_no. */
  readonly name: string;
  readonly field: string;
  readonly old: string;
  readonly new: string;
  readonly source: string;
  /** Why somebody or something went (`left`, `missing`), or is not served as its source says; else `""`. */
  readonly reason: string;
}

/** Everything that changed, field by field: people by username, departments by code, then memberships. */
export function* fieldEvents(difference: Difference): Generator<FieldEvent> {
  const people = changedPeople(difference);
  for (const change of people) yield* personEvents(change);
  for (const change of difference.departments) yield* departmentEvents(change);
  for (const change of difference.people) yield* membershipEvents(change);
  for (const problem of [...difference.quarantined, ...(difference.kept ?? [])]) yield problemEvent(problem);
}

export function* personEvents(change: Change<Person>): Generator<FieldEvent> {
  const { key, username } = subjectOf(change);
  const about = { event: `person.${eventOf(change)}`, key, name: username, reason: reasonOf(change) };
  for (const one of change.event === 'modified' ? change.fields : wholePerson(change)) yield eventOfField(about, one);
}

export function* departmentEvents(change: Change<Department>): Generator<FieldEvent> {
  const name = subjectOf(change).group_no;
  const about = { event: `department.${eventOf(change)}`, key: change.key, name, reason: reasonOf(change) };
  for (const one of change.event === 'modified' ? change.fields : wholeDepartment(change))
    yield eventOfField(about, one);
}

export function* membershipEvents(change: Change<Person>): Generator<FieldEvent> {
  const reason = reasonOf(change);
  for (const { event, group_no, person, source } of membershipChanges(change)) {
    const values = event === 'added' ? { old: '', new: group_no } : { old: group_no, new: '' };
    const about = { event: `membership.${event}`, key: person.key, name: person.username, reason };
    yield eventOfField(about, { field: 'departments', ...values, source });
  }
}

/** `person.quarantined`, `department.kept`, `membership.dropped`. */
const problemEvent = ({ kind, effect, key, name, source, text }: Problem): FieldEvent => ({
  event: `${kind}.${effect}`,
  key,
  name,
  field: '',
  old: '',
  new: '',
  source,
  reason: text,
});

type About = Pick<FieldEvent, 'event' | 'key' | 'name' | 'reason'>;

const eventOfField = ({ event, key, name, reason }: About, change: FieldChange): FieldEvent => ({
  event,
  key,
  name,
  field: change.field,
  old: change.old,
  new: change.new,
  source: change.source,
  reason,
});

const reasonOf = (change: Change<Person> | Change<Department>) =>
  change.event === 'removed' ? (change.before.removal?.reason ?? '') : '';

type Whole<Value> = Exclude<Change<Value>, { event: 'modified' }>;

/** Every field that somebody brings or takes along. */
export function wholePerson(change: Whole<Person>): FieldChange[] {
  const { value, from } = change.event === 'added' ? change.after : change.before;
  const fields = [
    ...(value.login === value.username ? [] : [['login', value.login] as const]),
    ...PERSON_FIELDS.map(field => [field, value[field]] as const),
    ...value.extra.map(([name, text]) => [`extra.${name}`, text] as const),
  ];
  return oneSided(change.event, fields, field => sourceOfField(value, from, field));
}

export function wholeDepartment(change: Whole<Department>): FieldChange[] {
  const { value, from } = change.event === 'added' ? change.after : change.before;
  const fields = DEPARTMENT_FIELDS.map(field => [field, value[field]] as const);
  return oneSided(change.event, fields, () => sourceOfDepartment(from));
}

function oneSided(
  event: 'added' | 'removed',
  fields: readonly (readonly [field: string, value: string])[],
  source: (field: string) => FieldChange['source'],
): FieldChange[] {
  return fields
    .filter(([, value]) => value !== '')
    .map(([field, value]) => ({
      field,
      ...(event === 'added' ? { old: '', new: value } : { old: value, new: '' }),
      source: source(field),
    }));
}
