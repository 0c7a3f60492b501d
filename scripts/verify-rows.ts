import type { Entry, Loaded } from '../src/roster/compare.ts';
import type { Removal } from '../src/roster/known.ts';
import {
  DEPARTMENT_FIELDS,
  type Department,
  type Digest,
  lendersIn,
  PERSON_FIELDS,
  type Person,
  type Snapshot,
  splitKey,
} from '../src/roster/model.ts';
import { RowDamaged } from '../src/store/error.ts';
import type { SourceNames } from './source-names.ts';
import type { Fault } from './text/verify.ts';

/** A row of a person or department, with what is wrong with it by itself. */
export interface Row {
  readonly key: string;
  readonly leaf: Digest;
  readonly memberships: number;
  readonly faults: readonly Fault[];
}

/** What rows of people, or of departments, are judged by. */
export interface Kind<Value> {
  readonly kind: 'person' | 'department';
  readonly keyOf: (value: Value) => string;
  /** What a field of it can be called. */
  readonly fieldsOf: (value: Value) => readonly string[];
  readonly membershipsOf: (value: Value) => number;
}

export const PEOPLE: Kind<Person> = {
  kind: 'person',
  keyOf: one => one.key,
  fieldsOf: one => [...PERSON_FIELDS, 'departments', ...one.extra.map(([name]) => `extra.${name}`)],
  membershipsOf: one => one.departments.length,
};

export const DEPARTMENTS: Kind<Department> = {
  kind: 'department',
  keyOf: one => one.group_no,
  fieldsOf: () => DEPARTMENT_FIELDS,
  membershipsOf: () => 0,
};

/** Who names a source, and the snapshot in which that is seen first. */
export interface FirstSeen extends Pick<Fault, 'kind' | 'key'> {
  readonly snapshot: Snapshot;
}

export type SnapshotNames = SourceNames<FirstSeen>;

/** Where rows are looked at, and the names of sources that are seen there. */
export interface Seen {
  readonly snapshot: Snapshot;
  readonly names: SnapshotNames;
}

const PARTS: Readonly<Record<RowDamaged['part'], string>> = {
  content: 'its content is not what its leaf says',
  name: 'its content has another name',
  origin: 'where its fields came from cannot be read',
};

/** What there is of a row, and what is wrong with it. */
export function judged<Value>(entry: Entry<Value>, kinds: Kind<Value>, { snapshot, names }: Seen): Row {
  const { key, leaf } = entry;
  const { kind, keyOf, fieldsOf, membershipsOf } = kinds;
  const fault = (code: Fault['code'], text: string): Fault => ({ code, kind, key, text });
  const found = loaded(entry);
  if (found instanceof RowDamaged) {
    return { key, leaf, memberships: 0, faults: [fault(found.part, PARTS[found.part])] };
  }
  const { value, from } = found;
  if (kind === 'person') names.trust(splitKey(key as Person['key']).source);
  for (const source of lendersIn(from)) names.note(source, { snapshot, kind, key });
  const faults = [
    ...(keyOf(value) === key ? [] : [fault('key', `its content is that of ${keyOf(value)}`)]),
    ...oddFields({ value, from }, fieldsOf).map(field => fault('origin', field)),
  ];
  return { key, leaf, memberships: membershipsOf(value), faults };
}

/** What is said of fields that there are not. */
export const oddFields = <Value>(
  { value, from }: Pick<Loaded<Value>, 'value' | 'from'>,
  fieldsOf: Kind<Value>['fieldsOf'],
) => {
  const fields = fieldsOf(value);
  return Object.keys(from).flatMap(field =>
    fields.includes(field) ? [] : `it says where a field "${field}" came from, which it does not have`,
  );
};

/** What a row has, or what is wrong with it: nothing is asked of the store here, so that is all that can go wrong. */
function loaded<Value>(entry: Entry<Value>): Loaded<Value> | RowDamaged {
  try {
    return entry.load();
  } catch (error) {
    if (error instanceof RowDamaged) return error;
    throw error;
  }
}

/** The end of a row that nothing follows. */
export interface End {
  readonly key: string;
  /** True when nothing says why. */
  readonly unexplained: boolean;
  readonly faults: readonly Fault[];
}

export function endOf(entry: Entry<unknown>, kind: Fault['kind'], { snapshot, names }: Seen): End {
  const { key } = entry;
  const found = loaded(entry);
  if (found instanceof RowDamaged) return { key, unexplained: false, faults: [] };
  const { removal } = found;
  if (!removal) return { key, unexplained: true, faults: [] };
  if (removal.source !== '') names.note(removal.source, { snapshot, kind, key });
  const text = `it says "${removal.reason}" for why it ends before`;
  return { key, unexplained: false, faults: isReason(removal) ? [] : [{ code: 'reason', kind, key, text }] };
}

export const isReason = ({ reason }: Removal) => reason === 'left' || reason === 'missing';
