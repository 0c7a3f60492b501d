import { type ColumnBuilderCallback, type CreateTableBuilder, type Expression, type Kysely, sql } from 'kysely';
import type { Engine } from './store.ts';

/** A store that a migration is at. */
export interface Ground {
  readonly db: Kysely<unknown>;
  readonly engine: Engine;
}

/**
 * The steps of migrations, which may be taken twice on a MySQL server: it keeps what was done before a migration broke off, and
 * the next try begins anew. In a SQLite file a migration is done as a whole or not at all, and what is there already is not
 * ours.
 */
export function newTable({ db, engine }: Ground, name: string): CreateTableBuilder<string> {
  const table = db.schema.createTable(name);
  return engine === 'mysql' ? table.ifNotExists() : table;
}

/** Adds a column where a MySQL server has none of that name in the table. */
export async function addColumn(
  ground: Ground,
  { table, name, type }: { readonly table: string; readonly name: string; readonly type: Expression<unknown> },
  more: ColumnBuilderCallback = column => column,
): Promise<void> {
  if (await isThere(ground, 'columns', { table, column: 'column_name', name })) return;
  await ground.db.schema.alterTable(table).addColumn(name, sql`${type}`, more).execute();
}

/** Adds an index, likewise. */
export async function addIndex(
  ground: Ground,
  { table, name, columns, unique = false }: { table: string; name: string; columns: string[]; unique?: boolean },
): Promise<void> {
  if (await isThere(ground, 'statistics', { table, column: 'index_name', name })) return;
  const index = ground.db.schema.createIndex(name).on(table).columns(columns);
  await (unique ? index.unique() : index).execute();
}

/** Takes an index away that a MySQL server has; on SQLite it does nothing. */
export async function dropIndex(ground: Ground, { table, name }: { table: string; name: string }): Promise<void> {
  if (!(await isThere(ground, 'statistics', { table, column: 'index_name', name }))) return;
  await ground.db.schema.dropIndex(name).on(table).execute();
}

/** Adds a row where none has its key, whichever engine it is. */
export async function addRow({ db }: Ground, table: string, key: string, row: Readonly<Record<string, unknown>>) {
  const rows = db as Kysely<Record<string, Record<string, unknown>>>;
  const known = rows.selectFrom(table).select(key).where(key, '=', row[key]);
  if (!(await known.executeTakeFirst())) await rows.insertInto(table).values(row).execute();
}

interface Part {
  readonly table: string;
  /** Where the server keeps such names. */
  readonly column: 'column_name' | 'index_name';
  readonly name: string;
}

async function isThere({ db, engine }: Ground, list: 'columns' | 'statistics', part: Part): Promise<boolean> {
  if (engine === 'sqlite') return false;
  const { rows } = await sql`select 1 from ${sql.table(`information_schema.${list}`)}
    where table_schema = database() and table_name = ${part.table} and ${sql.ref(part.column)} = ${part.name} limit 1`.execute(
    db,
  );
  return rows.length > 0;
}
