import { type Kysely, sql } from 'kysely';
import type { Entry } from '../roster/compare.ts';
import { fold } from '../roster/fold.ts';
import type { Removal, Stored } from '../roster/known.ts';
import { leaf } from '../roster/leaf.ts';
import {
  type Department,
  type Digest,
  digestOf,
  type Person,
  type Provenance,
  type RemovalReason,
  type SnapshotNumber,
  snapshotNumber,
  sourceName,
} from '../roster/model.ts';
import { RowDamaged } from './error.ts';
import { DEPARTMENTS, type Packing, PEOPLE } from './packed.ts';
import type { RecordTable, Tables } from './schema.ts';
import type { Records, Version } from './store.ts';

/** Rows a page: enough that the round trip does not count, few enough that a page is small. */
const PAGE = 4000;
/** Keys in one question: below every engine's limit of parameters. */
export const ASKED_AT_ONCE = 2000;

type Table = 'people' | 'departments';

export const peopleRecords = (db: Kysely<Tables>): Records<Person> => records({ db, table: 'people', packing: PEOPLE });
export const departmentRecords = (db: Kysely<Tables>): Records<Department> =>
  records({ db, table: 'departments', packing: DEPARTMENTS });

/** Where records are, and how they are written there. */
interface Shelf<Value> {
  readonly db: Kysely<Tables>;
  readonly table: Table;
  readonly packing: Packing<Value>;
}

function records<Value extends Person | Department>(shelf: Shelf<Value>): Records<Value> {
  const { db, table } = shelf;
  return {
    head: () => head(db, table),
    async load(keys) {
      const found: Stored<Value>[] = [];
      for (const some of chunks(keys, ASKED_AT_ONCE)) {
        const rows = await formsIn(db, table).where('last', 'is', null).where('key', 'in', some).execute();
        for (const row of rows) found.push(stored(row, shelf));
      }
      return found;
    },
    at: number => at(shelf, number),
    between: (a, b) => between(shelf, a, b),
    async named(name, number) {
      const key = await keyOf(shelf, name);
      const row = await formsIn(db, table).where('key', '=', key).where(holdsAt(number)).executeTakeFirst();
      return row && stored(row, shelf);
    },
    async history(name) {
      const key = await keyOf(shelf, name);
      const rows = await versionsIn(db, table).where('key', '=', key).orderBy('first').execute();
      return rows.map(row => version(row, shelf));
    },
    since: number => since(shelf, number),
    async latest(keys) {
      const found = new Map<string, Version<Value>>();
      for (const some of chunks(keys, ASKED_AT_ONCE)) {
        const rows = await versionsIn(db, table).where('key', 'in', some).orderBy('first').execute();
        for (const row of rows) found.set(row.key, version(row, shelf));
      }
      return [...found.values()];
    },
  };
}

/** Leaves are digests in hex wherever they are not in a column; an engine turns them into that for next to nothing. */
const LEAF = sql<string>`lower(hex(leaf))`.as('leaf');

/** Rows with what a stored value is made of. */
const formsIn = (db: Kysely<Tables>, table: Table) =>
  db.selectFrom(table).select(['key', 'name', 'first', 'content', 'origin', LEAF]);

/** The same, with where they end and why. */
export const versionsIn = (db: Kysely<Tables>, table: Table) =>
  formsIn(db, table).select(['id', 'last', 'reason', 'reason_source']);

export type FormRow = Pick<RecordTable, 'key' | 'name' | 'first' | 'content' | 'origin'> & { readonly leaf: string };
export type VersionRow = FormRow & Pick<RecordTable, 'id' | 'last' | 'reason' | 'reason_source'>;

/** A name belongs to one key for ever, and whose it is the ledger knows; `""` for one that nobody has had. */
async function keyOf({ db, table }: Pick<Shelf<unknown>, 'db' | 'table'>, name: string): Promise<string> {
  if (table === 'departments') return name;
  const row = await db
    .selectFrom('ledger')
    .select('key')
    .where('kind', '=', 'username')
    .where('folded', '=', fold(name))
    .where('username', '=', name)
    .executeTakeFirst();
  return row?.key ?? '';
}

async function* head(db: Kysely<Tables>, table: Table) {
  const rows = () => db.selectFrom(`${table}_head` as const).select(['key', LEAF]);
  for (let after: string | undefined; ; ) {
    const page = rows().orderBy('key').limit(PAGE);
    const found = await (after === undefined ? page : page.where('key', '>', after)).execute();
    if (found.length > 0) yield found as { key: string; leaf: Digest }[];
    after = found.at(-1)?.key;
    if (found.length < PAGE) return;
  }
}

async function* at<Value extends Person | Department>(shelf: Shelf<Value>, number: SnapshotNumber) {
  const { db, table } = shelf;
  for (let after: string | undefined; ; ) {
    const page = formsIn(db, table).where(holdsAt(number)).orderBy('key').limit(PAGE);
    const rows = await (after === undefined ? page : page.where('key', '>', after)).execute();
    if (rows.length > 0) yield rows.map(row => stored(row, shelf));
    after = rows.at(-1)?.key;
    if (rows.length < PAGE) return;
  }
}

/** Their ids are asked for first: in pages of rows the engine would put all of them in order for each page. */
async function* since<Value extends Person | Department>(shelf: Shelf<Value>, number: SnapshotNumber) {
  const { db, table } = shelf;
  const ids = await db
    .selectFrom(table)
    .select('id')
    .where(is => is.or([is('first', '>', number), is('last', '>=', number)]))
    .orderBy('key')
    .orderBy('first')
    .execute();
  for (const some of chunks(ids, ASKED_AT_ONCE)) {
    const wanted = some.map(row => row.id);
    const rows = await versionsIn(db, table).where('id', 'in', wanted).execute();
    const byId = new Map(rows.map(row => [row.id, row]));
    yield wanted.flatMap(id => {
      const row = byId.get(id);
      return row ? version(row, shelf) : [];
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
async function between<Value extends Person | Department>(shelf: Shelf<Value>, a: SnapshotNumber, b: SnapshotNumber) {
  const { db, table } = shelf;
  const [low, high] = a <= b ? [a, b] : [b, a];
  const ended = await formsIn(db, table)
    .select(['reason', 'reason_source'])
    .where('last', '>=', low)
    .where('last', '<', high)
    .where('first', '<=', low)
    .orderBy('key')
    .execute();
  const begun = await formsIn(db, table)
    .where('first', '>', low)
    .where('first', '<=', high)
    .where(is => is.or([is('last', 'is', null), is('last', '>=', high)]))
    .orderBy('key')
    .execute();
  // Between neighbours nobody comes and goes again: whoever ended says why.
  const why = a < b - 1 ? await removals(db, table, low, high) : undefined;
  const load = (row: FormRow) => stored(row, shelf);
  const older = ended.map(row => entry(row, load, a > b ? undefined : why ? why.get(row.key) : removalOf(row)));
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

function entry<Value>(row: FormRow, load: (row: FormRow) => Stored<Value>, removal: Removal | undefined): Entry<Value> {
  return { key: row.key, leaf: digestOf(row.leaf), load: () => ({ ...load(row), removal }) };
}

const removalOf = (row: { reason: string; reason_source: string }): Removal | undefined =>
  row.reason === '' ? undefined : { reason: row.reason as RemovalReason, source: sourceName(row.reason_source) };

function stored<Value extends Person | Department>(row: FormRow, { table, packing }: Shelf<Value>): Stored<Value> {
  const unpacked = packing.unpack(row);
  if (leaf(unpacked.content) !== row.leaf) throw damaged(row, table, 'content');
  const value = unpacked.value();
  const name = 'username' in value ? value.username : value.group_no;
  if (name !== row.name) throw damaged(row, table, 'name');
  return { value, leaf: digestOf(row.leaf), from: provenanceOf(row, table) };
}

function provenanceOf(row: FormRow, table: Table): Provenance {
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

const damaged = ({ name, first }: FormRow, table: Table, part: RowDamaged['part']) =>
  new RowDamaged(
    `the store is damaged: ${table} "${name}", as it was from snapshot ${first} on, ${DAMAGE[part]}; restore a backup`,
    part,
  );

function version<Value extends Person | Department>(row: VersionRow, shelf: Shelf<Value>): Version<Value> {
  return {
    ...stored(row, shelf),
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
