import type { Kysely } from 'kysely';
import type { Entry } from '../roster/compare.ts';
import type { Removal, Stored } from '../roster/known.ts';
import { leaf, readDepartment, readPerson } from '../roster/leaf.ts';
import {
  type Department,
  digestOf,
  type Person,
  type Provenance,
  type RemovalReason,
  type SnapshotNumber,
  snapshotNumber,
  sourceName,
} from '../roster/model.ts';
import { RowDamaged } from './error.ts';
import type { RecordTable, Tables } from './schema.ts';
import type { Records, Version } from './store.ts';

/** Rows a page: enough that the round trip does not count, few enough that a page is small. */
const PAGE = 4000;
/** Keys in one question: below every engine's limit of parameters. */
export const ASKED_AT_ONCE = 2000;

type Table = 'people' | 'departments';

export const peopleRecords = (db: Kysely<Tables>): Records<Person> => records(db, 'people', readPerson);
export const departmentRecords = (db: Kysely<Tables>): Records<Department> =>
  records(db, 'departments', readDepartment);

function records<Value extends Person | Department>(
  db: Kysely<Tables>,
  table: Table,
  read: (content: string) => Value,
): Records<Value> {
  return {
    head: () => head(db, table),
    async load(keys) {
      const found: Stored<Value>[] = [];
      for (const some of chunks(keys, ASKED_AT_ONCE)) {
        const rows = await db
          .selectFrom(table)
          .selectAll()
          .where('last', 'is', null)
          .where('key', 'in', some)
          .execute();
        for (const row of rows) found.push(stored(row, read, table));
      }
      return found;
    },
    at: number => at(db, table, number, read),
    between: (a, b) => between(db, table, { a, b, read }),
    async named(name, number) {
      const rows = await db.selectFrom(table).selectAll().where('name', '=', name).where(holdsAt(number)).execute();
      return rows[0] && stored(rows[0], read, table);
    },
    async history(name) {
      const rows = await db.selectFrom(table).selectAll().where('name', '=', name).orderBy('first').execute();
      return rows.map(row => version(row, read, table));
    },
    since: number => since(db, table, { number, read }),
    async latest(keys) {
      const found = new Map<string, Version<Value>>();
      for (const some of chunks(keys, ASKED_AT_ONCE)) {
        const rows = await db.selectFrom(table).selectAll().where('key', 'in', some).orderBy('first').execute();
        for (const row of rows) found.set(row.key, version(row, read, table));
      }
      return [...found.values()];
    },
  };
}

async function* head(db: Kysely<Tables>, table: Table) {
  const from = `${table}_head` as const;
  for (let after: string | undefined; ; ) {
    const page = db.selectFrom(from).select(['key', 'leaf']).orderBy('key').limit(PAGE);
    const rows = await (after === undefined ? page : page.where('key', '>', after)).execute();
    if (rows.length > 0) yield rows.map(row => ({ key: row.key, leaf: digestOf(row.leaf) }));
    after = rows.at(-1)?.key;
    if (rows.length < PAGE) return;
  }
}

async function* at<Value extends Person | Department>(
  db: Kysely<Tables>,
  table: Table,
  number: SnapshotNumber,
  read: (content: string) => Value,
) {
  for (let after: string | undefined; ; ) {
    const page = db.selectFrom(table).selectAll().where(holdsAt(number)).orderBy('key').limit(PAGE);
    const rows = await (after === undefined ? page : page.where('key', '>', after)).execute();
    if (rows.length > 0) yield rows.map(row => stored(row, read, table));
    after = rows.at(-1)?.key;
    if (rows.length < PAGE) return;
  }
}

/** Their ids are asked for first: in pages of rows the engine would put all of them in order for each page. */
async function* since<Value extends Person | Department>(
  db: Kysely<Tables>,
  table: Table,
  { number, read }: { number: SnapshotNumber; read: (content: string) => Value },
) {
  const ids = await db
    .selectFrom(table)
    .select('id')
    .where(is => is.or([is('first', '>', number), is('last', '>=', number)]))
    .orderBy('key')
    .orderBy('first')
    .execute();
  for (const some of chunks(ids, ASKED_AT_ONCE)) {
    const wanted = some.map(row => row.id);
    const rows = await db.selectFrom(table).selectAll().where('id', 'in', wanted).execute();
    const byId = new Map(rows.map(row => [row.id, row]));
    yield wanted.flatMap(id => {
      const row = byId.get(id);
      return row ? version(row, read, table) : [];
    });
  }
}

/** The rows that hold in a snapshot. */
const holdsAt = (number: SnapshotNumber) => (is: import('kysely').ExpressionBuilder<Tables, Table>) =>
  is.and([is('first', '<=', number), is.or([is('last', 'is', null), is('last', '>=', number)])]);

/**
 * The rows that hold at only one of two snapshots. Read as two ranges and put together by the caller: joined in one
 * statement the plan goes quadratic.
 */
async function between<Value extends Person | Department>(
  db: Kysely<Tables>,
  table: Table,
  { a, b, read }: { a: SnapshotNumber; b: SnapshotNumber; read: (content: string) => Value },
) {
  const [low, high] = a <= b ? [a, b] : [b, a];
  const ended = await db
    .selectFrom(table)
    .selectAll()
    .where('last', '>=', low)
    .where('last', '<', high)
    .where('first', '<=', low)
    .orderBy('key')
    .execute();
  const begun = await db
    .selectFrom(table)
    .selectAll()
    .where('first', '>', low)
    .where('first', '<=', high)
    .where(is => is.or([is('last', 'is', null), is('last', '>=', high)]))
    .orderBy('key')
    .execute();
  const why = a <= b ? await removals(db, table, low, high) : new Map<string, Removal>();
  const load = (row: RecordTable) => stored(row, read, table);
  const older = ended.map(row => entry(row, load, why.get(row.key)));
  const newer = begun.map(row => entry(row, load, undefined));
  return a <= b ? { before: older, after: newer } : { before: newer, after: older };
}

/** Why those went that were removed in a range; the row that says so may not be the one that held at its start. */
async function removals(db: Kysely<Tables>, table: Table, low: number, high: number): Promise<Map<string, Removal>> {
  const rows = await db
    .selectFrom(table)
    .select(['key', 'reason', 'reason_source'])
    .where('last', '>=', low)
    .where('last', '<', high)
    .where('reason', '!=', '')
    .orderBy('last')
    .execute();
  return new Map(rows.flatMap(row => (removalOf(row) ? [[row.key, removalOf(row) as Removal]] : [])));
}

function entry<Value>(
  row: RecordTable,
  load: (row: RecordTable) => Stored<Value>,
  removal: Removal | undefined,
): Entry<Value> {
  return { key: row.key, leaf: digestOf(row.leaf), load: () => ({ ...load(row), removal }) };
}

const removalOf = (row: { reason: string; reason_source: string }): Removal | undefined =>
  row.reason === '' ? undefined : { reason: row.reason as RemovalReason, source: sourceName(row.reason_source) };

function stored<Value extends Person | Department>(
  row: RecordTable,
  read: (content: string) => Value,
  table: Table,
): Stored<Value> {
  if (leaf(row.content) !== row.leaf) throw damaged(row, table, 'content');
  const value = read(row.content);
  const name = 'username' in value ? value.username : value.group_no;
  if (name !== row.name) throw damaged(row, table, 'name');
  return { value, leaf: digestOf(row.leaf), from: provenanceOf(row, table) };
}

function provenanceOf(row: RecordTable, table: Table): Provenance {
  if (row.origin === '') return {};
  try {
    return JSON.parse(row.origin) as Provenance;
  } catch {
    throw damaged(row, table, 'origin');
  }
}

const DAMAGE: Readonly<Record<RowDamaged['part'], string>> = {
  content: 'is not what its digest says',
  name: 'has another name in it',
  origin: 'does not say where its fields came from',
};

const damaged = ({ name, first }: RecordTable, table: Table, part: RowDamaged['part']) =>
  new RowDamaged(
    `the store is damaged: ${table} "${name}", as it was from snapshot ${first} on, ${DAMAGE[part]}; restore a backup`,
    part,
  );

function version<Value extends Person | Department>(
  row: RecordTable,
  read: (content: string) => Value,
  table: Table,
): Version<Value> {
  return {
    ...stored(row, read, table),
    first: snapshotNumber(row.first),
    last: row.last === null ? undefined : snapshotNumber(row.last),
    removal: removalOf(row),
  };
}

export function* chunks<One>(list: Iterable<One>, size: number): Generator<One[]> {
  let some: One[] = [];
  for (const one of list) {
    some.push(one);
    if (some.length < size) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
