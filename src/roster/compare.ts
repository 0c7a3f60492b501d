import deepDiff from 'deep-diff';
import type { Removal, Stored } from './known.ts';
import {
  type ChangeCounts,
  DEPARTMENT_FIELDS,
  type Department,
  type Digest,
  type Extra,
  type GroupNo,
  PERSON_FIELDS,
  type Person,
  type Provenance,
  type SourceName,
  splitKey,
} from './model.ts';
import { byBytes } from './order.ts';

/** Somebody or something in a roster, known by key and leaf; the rest is loaded only where the leaves differ. */
export interface Entry<Value> {
  readonly key: string;
  readonly leaf: Digest;
  load(): Loaded<Value>;
}

export interface Loaded<Value> {
  readonly value: Value;
  readonly from: Provenance;
  /** Why it is not there afterwards; only what is before can tell. */
  readonly removal?: Removal | undefined;
}

/** One stored value as an entry of a roster, for comparing it with another of the same. */
export const entryOf = <Value>(
  key: string,
  { value, leaf, from }: Stored<Value>,
  removal?: Removal | undefined,
): Entry<Value> => ({ key, leaf, load: () => ({ value, from, removal }) });

/** One field with another value than before; `source` gave the new one. */
export interface FieldChange {
  readonly field: string;
  readonly old: string;
  readonly new: string;
  readonly source: SourceName | '';
}

/** One add, modify or removal between two rosters, of a person or a department. */
export type Change<Value> =
  | { readonly event: 'added'; readonly key: string; readonly after: Loaded<Value> }
  | { readonly event: 'removed'; readonly key: string; readonly before: Loaded<Value> }
  | {
      readonly event: 'modified';
      readonly key: string;
      readonly before: Loaded<Value>;
      readonly after: Loaded<Value>;
      /** Not empty, but for people of whom only the departments changed. */
      readonly fields: readonly FieldChange[];
    };

/** A membership that is only in one of two rosters. */
export interface MembershipChange {
  readonly event: 'added' | 'removed';
  readonly group_no: GroupNo;
  readonly person: Person;
  readonly source: SourceName | '';
}

/** What a kind of entry is compared by. */
interface Kind<Value> {
  /** The fields that each has, in the order in which their changes are told. */
  readonly fields: readonly (keyof Value & string)[];
  /** What some have besides. */
  extra(value: Value): readonly Extra[];
  source(loaded: Loaded<Value>, key: string): SourceName | '';
}

const people: Kind<Person> = {
  fields: ['login', ...PERSON_FIELDS],
  extra: person => person.extra,
  source: (_, key) => splitKey(key as Person['key']).source,
};

const NO_EXTRA: readonly Extra[] = [];

const departments: Kind<Department> = {
  fields: DEPARTMENT_FIELDS,
  extra: () => NO_EXTRA,
  source: ({ from }) => from['group_no'] ?? '',
};

/** What turns `before` into `after`; both come in key order, and so do the changes. Equal rosters give nothing. */
export const comparePeople = (before: Iterable<Entry<Person>>, after: Iterable<Entry<Person>>) =>
  compare(before, after, people);

/** The same for departments. */
export const compareDepartments = (before: Iterable<Entry<Department>>, after: Iterable<Entry<Department>>) =>
  compare(before, after, departments);

function* compare<Value>(
  before: Iterable<Entry<Value>>,
  after: Iterable<Entry<Value>>,
  kind: Kind<Value>,
): Generator<Change<Value>> {
  const olds = before[Symbol.iterator]();
  const news = after[Symbol.iterator]();
  let old = olds.next();
  let now = news.next();
  while (!old.done || !now.done) {
    const order = old.done ? 1 : now.done ? -1 : byBytes(old.value.key, now.value.key);
    if (order < 0) {
      yield { event: 'removed', key: old.value.key, before: old.value.load() };
      old = olds.next();
    } else if (order > 0) {
      yield { event: 'added', key: now.value.key, after: now.value.load() };
      now = news.next();
    } else {
      if (old.value.leaf !== now.value.leaf) yield modified(old.value, now.value, kind);
      old = olds.next();
      now = news.next();
    }
  }
}

function modified<Value>(old: Entry<Value>, now: Entry<Value>, kind: Kind<Value>): Change<Value> {
  const before = old.load();
  const after = now.load();
  return { event: 'modified', key: now.key, before, after, fields: fieldChanges(before.value, after, now.key, kind) };
}

/**
 * One flat record against another, with deep-diff: never lists (it compares those by position), never whole rosters (it is
 * quadratic in them), and no fields that are plainly the same, for those are nearly all.
 */
function fieldChanges<Value>(before: Value, after: Loaded<Value>, key: string, kind: Kind<Value>): FieldChange[] {
  const own = kind.source(after, key);
  const [old, now] = differing(before, after.value, kind);
  const changes = (deepDiff.diff(old, now) ?? []).map(one => {
    const field = String(one.path?.[0]);
    return {
      field,
      old: 'lhs' in one ? String(one.lhs) : '',
      new: 'rhs' in one ? String(one.rhs) : '',
      source: after.from[field === 'login' ? 'username' : field] ?? own,
    };
  });
  const order: readonly string[] = kind.fields;
  const place = (field: string) => (order.includes(field) ? order.indexOf(field) : order.length);
  return changes.sort((a, b) => place(a.field) - place(b.field) || byBytes(a.field, b.field));
}

type Flat = Readonly<Record<string, unknown>>;

/** The fields that differ, of each of two values; what only some have is all there as soon as any of it differs. */
function differing<Value>(before: Value, after: Value, { fields, extra }: Kind<Value>): [Flat, Flat] {
  const changed = fields.filter(field => before[field] !== after[field]);
  const isSame = sameExtra(extra(before), extra(after));
  const flat = (value: Value): Flat =>
    Object.fromEntries([
      ...changed.map(field => [field, value[field]]),
      ...(isSame ? NO_EXTRA : extra(value)).map(([name, text]) => [`extra.${name}`, text]),
    ]);
  return [flat(before), flat(after)];
}

const sameExtra = (a: readonly Extra[], b: readonly Extra[]) =>
  a.length === b.length && a.every(([name, value], place) => name === b[place]?.[0] && value === b[place]?.[1]);

/** The memberships that a change of a person brings and takes, in the order of their departments. */
export function membershipChanges(change: Change<Person>): MembershipChange[] {
  const old = change.event === 'added' ? undefined : change.before.value;
  const now = change.event === 'removed' ? undefined : change.after.value;
  const from = change.event === 'removed' ? change.before.from : change.after.from;
  const source = from['departments'] ?? splitKey(change.key as Person['key']).source;
  const list = (event: 'added' | 'removed', person: Person | undefined, other: Person | undefined) => {
    const known = new Set(other?.departments);
    return (person?.departments ?? [])
      .filter(code => !known.has(code))
      .map(group_no => ({ event, group_no, person: person as Person, source }));
  };
  return [...list('removed', old, now), ...list('added', now, old)].sort((a, b) => byBytes(a.group_no, b.group_no));
}

/** Whether somebody's name at the directory changed while OMFLOW goes on knowing them by the old one. */
export const isRename = (change: Change<Person>) =>
  change.event === 'modified' && change.fields.some(one => one.field === 'login');

/** How many of each change there are. A person of whom only the departments changed counts as no modified person. */
export function countChanges(
  changedPeople: Iterable<Change<Person>>,
  changedDepartments: Iterable<Change<Department>>,
): ChangeCounts {
  const counts = { people_renamed: 0, memberships_added: 0, memberships_removed: 0 };
  const both = { people: { added: 0, modified: 0, removed: 0 }, departments: { added: 0, modified: 0, removed: 0 } };
  for (const change of changedPeople) {
    if (change.event !== 'modified') both.people[change.event] += 1;
    else if (isRename(change)) counts.people_renamed += 1;
    else if (change.fields.length > 0) both.people.modified += 1;
    for (const { event } of membershipChanges(change)) counts[`memberships_${event}`] += 1;
  }
  for (const { event } of changedDepartments) both.departments[event] += 1;
  return {
    people_added: both.people.added,
    people_modified: both.people.modified,
    people_removed: both.people.removed,
    departments_added: both.departments.added,
    departments_modified: both.departments.modified,
    departments_removed: both.departments.removed,
    ...counts,
  };
}

/** The same counts with people who are told as numbers only. */
export const withAdded = (
  counts: ChangeCounts,
  added: { readonly size: number; readonly memberships: number },
): ChangeCounts => ({
  ...counts,
  people_added: counts.people_added + added.size,
  memberships_added: counts.memberships_added + added.memberships,
});

export const NO_CHANGES: ChangeCounts = countChanges([], []);

/** Whether two rosters with these changes between them are the same. */
export const isUnchanged = (counts: ChangeCounts) => Object.values(counts).every(count => count === 0);
