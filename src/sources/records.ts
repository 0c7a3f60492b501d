import type { CsvSourceConfig } from '../config/sources.ts';
import {
  type BrokenField,
  type DepartmentRecord,
  type Extra,
  type MembershipRecord,
  PERSON_FIELDS,
  type PersonField,
  type PersonRecord,
} from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import {
  attempt,
  compileCondition,
  compileEach,
  compileValue,
  namesIn,
  namesInCondition,
  oneOf,
  type Reader,
  type Resolve,
  type ResolveEach,
  UnreadableValue,
} from './mapping.ts';
import type { Batch } from './source.ts';

/** Rows of any kind of source, made into the records of the contract as a mapping says. */

/** What all mappings of people have in common, whatever the rows are. */
export type PeopleConfig = Pick<CsvSourceConfig['people'], 'key' | 'map' | 'extra' | 'active'>;
export type DepartmentMap = NonNullable<CsvSourceConfig['departments']>['map'];
export type MembershipMap = NonNullable<CsvSourceConfig['memberships']>['map'];

export type ToBatch<Row> = (rows: readonly Row[]) => Batch;

/** The names that a mapping of people needs. */
export const namesOfPeople = ({ key, map, extra = {}, active }: PeopleConfig): string[] => [
  ...(key === undefined ? [] : [key]),
  ...[...Object.values(map), ...Object.values(extra)].flatMap(value => (value ? namesIn(value) : [])),
  ...(active ? namesInCondition(active) : []),
];

/** The names that a mapping of departments or memberships needs. */
export const namesOfMap = (map: DepartmentMap | MembershipMap): string[] =>
  Object.values(map).flatMap(value => (value ? namesIn(value) : []));

/** How the names of a mapping are found in the rows of one kind of source. */
export interface Names<Row> {
  readonly resolve: Resolve<Row>;
  /** For names that may have several values; without it, each has one at most. */
  readonly resolveEach?: ResolveEach<Row>;
}

/** Makes the closure that turns rows into people; `today` is `YYYY-MM-DD`. */
export function peopleOf<Row>(config: PeopleConfig, { resolve, resolveEach }: Names<Row>, today: string): ToBatch<Row> {
  const key = config.key === undefined ? undefined : resolve(config.key);
  const fields = PERSON_FIELDS.flatMap(field => {
    const value = config.map[field];
    return value === undefined ? [] : [[field, compileValue(value, resolve)] as const];
  });
  const each = resolveEach ?? (name => oneOf(resolve(name)));
  const departments = config.map.departments === undefined ? undefined : compileEach(config.map.departments, each);
  const extra = Object.entries(config.extra ?? {})
    .map(([name, value]) => [name, compileValue(value, resolve)] as const)
    .sort(([a], [b]) => byBytes(a, b));
  const active = config.active === undefined ? undefined : compileCondition(config.active, resolve, today);
  const record = (row: Row) => personRecord(row, { key, fields, departments, extra, active });
  return rows => ({ kind: 'people', records: rows.map(record), rows: rows.length });
}

interface PersonReaders<Row> {
  readonly key: Reader<Row> | undefined;
  readonly fields: readonly (readonly [PersonField, Reader<Row>])[];
  readonly departments: ((row: Row) => readonly string[]) | undefined;
  readonly extra: readonly (readonly [string, Reader<Row>])[];
  readonly active: ((row: Row) => boolean) | undefined;
}

/** Shared by the many that have none. */
const NONE: readonly never[] = Object.freeze([]);
const NO_FIELDS: readonly BrokenField[] = NONE;

function personRecord<Row>(row: Row, readers: PersonReaders<Row>): PersonRecord {
  let broken = NO_FIELDS;
  const take = <Value>(field: string, read: ((row: Row) => Value | undefined) | undefined) => {
    if (read === undefined) return undefined;
    const got = attempt(read, row);
    if ('value' in got) return got.value;
    broken = [...broken, { field, why: got.why }];
    return undefined;
  };
  const fields: Partial<Record<PersonField, string>> = {};
  for (const [field, read] of readers.fields) {
    const text = take(field, read);
    if (text !== undefined) fields[field] = text;
  }
  const departments = take('departments', readers.departments)
    ?.map(text => text.trim())
    .filter(text => text !== '');
  const extra: Extra[] = [];
  for (const [name, read] of readers.extra) {
    const text = take(`extra.${name}`, read);
    if (text !== undefined) extra.push([name, text.trim()]);
  }
  const key = take('key', readers.key)?.trim() ?? '';
  const active = isActive(row, readers.active);
  if (typeof active === 'string') broken = [...broken, { field: 'active', why: active }];
  return {
    key,
    fields,
    departments: departments && departments.length > 0 ? departments : NONE,
    extra: extra.length === 0 ? NONE : extra,
    active: active !== false,
    broken,
  };
}

/** An unreadable leave date is a broken field, not a departure: the text says what is wrong with it. */
function isActive<Row>(row: Row, judge: ((row: Row) => boolean) | undefined): boolean | string {
  if (judge === undefined) return true;
  try {
    return judge(row);
  } catch (error) {
    if (error instanceof UnreadableValue) return error.message;
    throw error;
  }
}

/** The same for departments. */
export function departmentsOf<Row>(map: DepartmentMap, resolve: Resolve<Row>): ToBatch<Row> {
  const code = compileValue(map.group_no, resolve);
  const name = map.display_name === undefined ? undefined : compileValue(map.display_name, resolve);
  const parent = map.parent_group_no === undefined ? undefined : compileValue(map.parent_group_no, resolve);
  const record = (row: Row): DepartmentRecord => {
    const broken: BrokenField[] = [];
    const take = (field: string, read: Reader<Row> | undefined) => {
      const got = read === undefined ? { value: '' } : attempt(read, row);
      if ('value' in got) return got.value?.trim() ?? '';
      broken.push({ field, why: got.why });
      return '';
    };
    const group_no = take('group_no', code);
    return {
      group_no,
      display_name: take('display_name', name),
      parent_group_no: take('parent_group_no', parent),
      broken,
    };
  };
  return rows => ({ kind: 'departments', records: rows.map(record), rows: rows.length });
}

/** The same for memberships. */
export function membershipsOf<Row>(map: MembershipMap, resolve: Resolve<Row>): ToBatch<Row> {
  const person = compileValue(map.key, resolve);
  const code = compileValue(map.group_no, resolve);
  const record = (row: Row): MembershipRecord[] => {
    const group_no = code(row)?.trim() ?? '';
    const key = person(row)?.trim() ?? '';
    return group_no === '' || key === '' ? [] : [{ person: key, group_no }];
  };
  return rows => ({ kind: 'memberships', records: rows.flatMap(record), rows: rows.length });
}
