import type { Kysely } from 'kysely';
import { fold } from '../roster/fold.ts';
import type { Stored } from '../roster/known.ts';
import { leaf } from '../roster/leaf.ts';
import {
  type Department,
  type Digest,
  digestOf,
  type Person,
  type Provenance,
  type SnapshotNumber,
  snapshotNumber,
} from '../roster/model.ts';
import { comparisons } from './between.ts';
import { RowDamaged } from './error.ts';
import { type FormRow, formsIn, LEAF, removalOf, type Table, type VersionRow, versionsIn } from './forms.ts';
import { DEPARTMENTS, type Packing, PEOPLE } from './packed.ts';
import type { Tables } from './schema.ts';
import type { Records, Version } from './store.ts';

/** Keys and leaves a page: enough that the round trip does not count, few enough that a page is small. */
const PAGE = 4000;
/** Whole records a page, which take twenty times as much memory, and then as much again for what is made of them. */
const RECORDS = 1000;
/** Keys in one question: below every engine's limit of parameters. */
export const ASKED_AT_ONCE = 2000;

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
    ...comparisons({ db, table, load: row => stored(row, shelf) }),
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
    const page = formsIn(db, table).where(holdsAt(number)).orderBy('key').limit(RECORDS);
    const rows = await (after === undefined ? page : page.where('key', '>', after)).execute();
    if (rows.length > 0) yield rows.map(row => stored(row, shelf));
    after = rows.at(-1)?.key;
    if (rows.length < RECORDS) return;
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
