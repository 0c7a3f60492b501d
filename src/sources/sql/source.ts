import type { SqlSourceConfig } from '../../config/schema.ts';
import {
  type BrokenField,
  type DepartmentRecord,
  type Extra,
  type MembershipRecord,
  PERSON_FIELDS,
  type PersonField,
  type PersonRecord,
  type Problem,
  type SourceName,
  sourceName,
} from '../../roster/model.ts';
import { byBytes } from '../../roster/order.ts';
import {
  compileCondition,
  compileValue,
  namesIn,
  namesInCondition,
  type Reader,
  type Resolve,
  UnreadableValue,
} from '../mapping.ts';
import { type Batch, type Pull, type Source, SourceError } from '../source.ts';
import { attempt, columnsOfResult, type Row } from './columns.ts';
import { openMysqlReading } from './mysql.ts';
import type { Page, Reading } from './reading.ts';
import { openSqliteReading } from './sqlite.ts';

/** A MySQL, MariaDB or SQLite database: people, and departments and memberships where they have queries of their own. */
export function sqlSource(config: SqlSourceConfig): Source {
  const name = sourceName(config.name);
  return { name, read: pull => read(config, name, pull) };
}

async function* read(config: SqlSourceConfig, name: SourceName, pull: Pull): AsyncGenerator<Batch> {
  const open = config.url.startsWith('sqlite:') ? openSqliteReading : openMysqlReading;
  try {
    await using reading = await open(config, pull.signal);
    yield { kind: 'problems', problems: reading.warnings.map(text => warning(name, text)) };
    for (const part of parts(config, pull)) yield* rowsOf(reading, part);
  } catch (error) {
    if (pull.signal.aborted) throw new SourceError(name, 'the reading was broken off', { cause: error });
    throw new SourceError(name, (error as Error).message, { cause: error });
  }
}

/** One of the things that a source is asked for. */
interface Part {
  readonly kind: 'people' | 'departments' | 'memberships';
  readonly block: { readonly query?: string | undefined; readonly table?: string | undefined };
  readonly encoding: Readonly<Record<string, string>>;
  /** The columns that the mapping needs. */
  readonly needs: readonly string[];
  compile(resolve: Resolve<Row>): (rows: readonly Row[]) => Batch;
}

function parts({ people, departments, memberships }: SqlSourceConfig, pull: Pull): Part[] {
  const encoding = (block: { encoding?: Readonly<Record<string, string>> | undefined }) => block.encoding ?? {};
  const list: Part[] = [];
  if (departments) {
    const needs = Object.values(departments.map).flatMap(value => (value ? namesIn(value) : []));
    const compile = (resolve: Resolve<Row>) => departmentRows(departments, resolve);
    list.push({ kind: 'departments', block: departments, encoding: encoding(departments), needs, compile });
  }
  const needs = [
    ...(people.key ? [people.key] : []),
    ...[...Object.values(people.map), ...Object.values(people.extra ?? {})].flatMap(value =>
      value ? namesIn(value) : [],
    ),
    ...(people.active ? namesInCondition(people.active) : []),
  ];
  const compile = (resolve: Resolve<Row>) => peopleRows(people, resolve, pull.today);
  list.push({ kind: 'people', block: people, encoding: encoding(people), needs, compile });
  if (memberships) {
    const named = Object.values(memberships.map).flatMap(namesIn);
    const compileRows = (resolve: Resolve<Row>) => membershipRows(memberships, resolve);
    list.push({
      kind: 'memberships',
      block: memberships,
      encoding: encoding(memberships),
      needs: named,
      compile: compileRows,
    });
  }
  return list;
}

async function* rowsOf(reading: Reading, part: Part): AsyncGenerator<Batch> {
  const text = part.block.query ?? (await selectFrom(reading, part));
  const what = part.block.query === undefined ? `table ${part.block.table}` : `the ${part.kind} query`;
  let map: ((rows: readonly Row[]) => Batch) | undefined;
  try {
    for await (const page of reading.select({ text, encoding: part.encoding })) {
      map ??= part.compile(resolveIn(page, part, what));
      yield map(page.rows);
    }
  } catch (error) {
    throw new Error(map ? `${what}: ${(error as Error).message}` : explain(error as Error, what), { cause: error });
  }
}

const explain = ({ message }: Error, what: string) => (message.includes(what) ? message : `${what}: ${message}`);

/** Looks all columns up first, those of conditions and rare fallbacks too, so that a lack is found on the first row. */
function resolveIn({ columns }: Page, part: Part, what: string): Resolve<Row> {
  const resolve = columnsOfResult(what, columns, part.encoding);
  for (const name of [...part.needs, ...Object.keys(part.encoding)]) resolve(name);
  return resolve;
}

async function selectFrom(reading: Reading, { block, needs }: Part): Promise<string> {
  const table = block.table ?? '';
  const columns = await reading.columnsOf(table);
  if (columns.length === 0) throw new Error(`there is no table or view "${table}" that the account may read`);
  const resolve = columnsOfResult(`table ${table}`, columns, {});
  for (const name of needs) resolve(name);
  return `select ${[...new Set(needs)].map(reading.quote).join(', ')} from ${reading.quote(table)}`;
}

type PeopleConfig = SqlSourceConfig['people'];

function peopleRows(config: PeopleConfig, resolve: Resolve<Row>, today: string): (rows: readonly Row[]) => Batch {
  const key = config.key === undefined ? undefined : resolve(config.key);
  const fields = PERSON_FIELDS.flatMap(field => {
    const value = config.map[field];
    return value === undefined ? [] : [[field, compileValue(value, resolve)] as const];
  });
  const departments = config.map.departments === undefined ? undefined : compileValue(config.map.departments, resolve);
  const extra = Object.entries(config.extra ?? {})
    .map(([name, value]) => [name, compileValue(value, resolve)] as const)
    .sort(([a], [b]) => byBytes(a, b));
  const active = config.active === undefined ? undefined : compileCondition(config.active, resolve, today);
  const record = (row: Row) => personRecord(row, { key, fields, departments, extra, active });
  return rows => ({ kind: 'people', records: rows.map(record), rows: rows.length });
}

interface PersonReaders {
  readonly key: Reader<Row> | undefined;
  readonly fields: readonly (readonly [PersonField, Reader<Row>])[];
  readonly departments: Reader<Row> | undefined;
  readonly extra: readonly (readonly [string, Reader<Row>])[];
  readonly active: ((row: Row) => boolean) | undefined;
}

/** Shared by the many that have none. */
const NONE: readonly never[] = Object.freeze([]);
const NO_FIELDS: readonly BrokenField[] = NONE;

function personRecord(row: Row, readers: PersonReaders): PersonRecord {
  let broken = NO_FIELDS;
  const take = (field: string, read: Reader<Row> | undefined) => {
    if (read === undefined) return undefined;
    const got = attempt(read, row);
    if ('text' in got) return got.text;
    broken = [...broken, { field, why: got.why }];
    return undefined;
  };
  const fields: Partial<Record<PersonField, string>> = {};
  for (const [field, read] of readers.fields) {
    const text = take(field, read);
    if (text !== undefined) fields[field] = text;
  }
  const department = take('departments', readers.departments)?.trim();
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
    departments: department ? [department] : NONE,
    extra: extra.length === 0 ? NONE : extra,
    active: active !== false,
    broken,
  };
}

/** An unreadable leave date is a broken field, not a departure: the text says what is wrong with it. */
function isActive(row: Row, judge: ((row: Row) => boolean) | undefined): boolean | string {
  if (judge === undefined) return true;
  try {
    return judge(row);
  } catch (error) {
    if (error instanceof UnreadableValue) return error.message;
    throw error;
  }
}

type DepartmentsConfig = NonNullable<SqlSourceConfig['departments']>;

function departmentRows({ map }: DepartmentsConfig, resolve: Resolve<Row>): (rows: readonly Row[]) => Batch {
  const code = compileValue(map.group_no, resolve);
  const name = map.display_name === undefined ? undefined : compileValue(map.display_name, resolve);
  const parent = map.parent_group_no === undefined ? undefined : compileValue(map.parent_group_no, resolve);
  const record = (row: Row): DepartmentRecord => {
    const broken: BrokenField[] = [];
    const take = (field: string, read: Reader<Row> | undefined) => {
      const got = read === undefined ? { text: '' } : attempt(read, row);
      if ('text' in got) return got.text?.trim() ?? '';
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

type MembershipsConfig = NonNullable<SqlSourceConfig['memberships']>;

function membershipRows({ map }: MembershipsConfig, resolve: Resolve<Row>): (rows: readonly Row[]) => Batch {
  const person = compileValue(map.key, resolve);
  const code = compileValue(map.group_no, resolve);
  const record = (row: Row): MembershipRecord[] => {
    const group_no = code(row)?.trim() ?? '';
    const key = person(row)?.trim() ?? '';
    return group_no === '' || key === '' ? [] : [{ person: key, group_no }];
  };
  return rows => ({ kind: 'memberships', records: rows.flatMap(record), rows: rows.length });
}

const warning = (source: SourceName, text: string): Problem => ({
  code: 'account_can_write',
  effect: 'warned',
  source,
  kind: 'source',
  key: '',
  name: '',
  text,
});
