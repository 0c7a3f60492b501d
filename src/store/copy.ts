import { createHash, hash } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { Kysely, sql } from 'kysely';
import type { DatabaseConfig } from '../config/connections.ts';
import { databaseAddress } from '../connect/database.ts';
import { StoreError } from './error.ts';
import { insertRows } from './insert.ts';
import { mysqlDialect } from './mysql.ts';
import { PRIMARY_KEYS, type Tables } from './schema.ts';
import { sqliteDialect } from './sqlite.ts';
import type { Engine } from './store.ts';

/** The tables of a store, on either engine, as what is copied from or to. */
export interface OpenTables extends AsyncDisposable {
  readonly engine: Engine;
  /** What they are, as the subject of a sentence: `the store sqlite:roster.db`. */
  readonly what: string;
  readonly db: Kysely<Tables>;
}

/** Opens tables that are there already. A file that is opened `readOnly` stays as it is, to the last byte. */
export function openTables(config: DatabaseConfig, what: string, { readOnly = false } = {}): OpenTables {
  const address = databaseAddress(config);
  const dialect =
    address.engine === 'mysql'
      ? mysqlDialect(config)
      : sqliteDialect(address.path, { timeout: PATIENCE, create: false, readOnly });
  const db = new Kysely<Tables>({ dialect });
  return { engine: address.engine, what, db, [Symbol.asyncDispose]: () => db.destroy() };
}

/** How long to wait for another writer of a SQLite file, in milliseconds. */
const PATIENCE = 5000;

/** How many rows a table has, and a digest of whatever is in them, which is the same on both engines. */
export interface TableTally {
  readonly rows: number;
  readonly digest: string;
}

/** By the name of the table. */
export type Tally = Readonly<Record<string, TableTally>>;

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** Told of rows as they are copied. */
  onRows?(table: string, count: number): void;
}

/**
 * Makes the tables of `to` the same as those of `from`, both of this version, in one transaction; tells what they hold then.
 * All of it is read as of one moment, while whoever writes goes on writing, in pages, and read back before it counts.
 */
export function copyStore(from: OpenTables, to: OpenTables, options: CopyOptions): Promise<Tally> {
  return atOneMoment(from, async source => {
    const copied = async (target: Kysely<Tables>) => {
      const tally = await copyTables({ ...from, db: source }, target, options);
      const lost = differing(tally, await tallyOf({ ...to, db: target }));
      if (lost.length > 0)
        throw new StoreError(`${to.what} did not keep what was written to it, in ${lost.join(', ')}`);
      options.signal.throwIfAborted();
      return tally;
    };
    return await to.db
      .transaction()
      .execute(copied)
      .catch(error => {
        options.signal.throwIfAborted();
        throw worded(error, `${to.what} cannot be written`);
      });
  });
}

async function copyTables(from: OpenTables, to: Kysely<Tables>, { signal, onRows }: CopyOptions): Promise<Tally> {
  const tables: [string, TableTally][] = [];
  for (const table of TABLES) {
    await to.deleteFrom(table).execute();
    const meter = new Meter();
    for await (const rows of pages(from, table)) {
      signal.throwIfAborted();
      await insertRows(to, table, rows as never);
      meter.pass(rows);
      onRows?.(table, rows.length);
    }
    tables.push([table, meter.tally]);
  }
  return Object.fromEntries(tables);
}

async function tallyOf(from: OpenTables): Promise<Tally> {
  const tallies: [string, TableTally][] = [];
  for (const table of TABLES) {
    const meter = new Meter();
    for await (const rows of pages(from, table)) meter.pass(rows);
    tallies.push([table, meter.tally]);
  }
  return Object.fromEntries(tallies);
}

/** The tables in which two tallies differ. */
const differing = (a: Tally, b: Tally): string[] =>
  TABLES.filter(table => a[table]?.rows !== b[table]?.rows || a[table]?.digest !== b[table]?.digest);

type TableName = keyof Tables;
type Row = Readonly<Record<string, unknown>>;

const TABLES = Object.keys(PRIMARY_KEYS) as TableName[];

/** Counts rows as they pass, and digests what is in them. */
class Meter {
  readonly #hash = createHash('sha256');
  #rows = 0;
  /** In an order that no engine chooses. */
  #columns: readonly string[] | undefined;

  pass(rows: readonly Row[]): void {
    this.#columns ??= Object.keys(rows[0] ?? {}).sort();
    this.#rows += rows.length;
    for (const row of rows) this.#hash.update(`${JSON.stringify(this.#columns.map(column => plain(row[column])))}\n`);
  }

  get tally(): TableTally {
    return { rows: this.#rows, digest: this.#hash.digest('hex') };
  }
}

const plain = (value: unknown) => (value instanceof Uint8Array ? hash('sha256', value) : value);

/** Rows a page: enough that the round trip does not count, few enough that a page is small. */
const PAGE = 4000;
/** The same where one row may be long: what is one page here is one statement there. */
const WIDE: Partial<Record<string, number>> = { problem_lists: 10, holds: 10, extract_parts: 1 };

/** All rows of a table by its primary key, none of them twice and none left out if they are all of one moment. */
async function* pages({ what, db }: OpenTables, table: string): AsyncGenerator<readonly Row[]> {
  try {
    for (let page = await pageAfter(db, table, undefined); page.length > 0; ) {
      yield page;
      // Nothing else here lets a signal through: SQLite answers at once.
      await breath();
      page = await pageAfter(db, table, page.at(-1));
    }
  } catch (error) {
    throw worded(error, `${what} cannot be read`);
  }
}

type AnyTables = Record<string, Record<string, unknown>>;

/**
 * The rows after a row: those that share all of its key but the last column, else all but the last two, and so on. Each of
 * these questions is one range of the index, on both engines; comparing whole keys is that only on one.
 */
async function pageAfter(db: Kysely<Tables>, table: string, last: Row | undefined): Promise<readonly Row[]> {
  const keys = PRIMARY_KEYS[table as TableName];
  const some = keys
    .reduce((all, key) => all.orderBy(key), (db as unknown as Kysely<AnyTables>).selectFrom(table).selectAll())
    .limit(WIDE[table] ?? PAGE);
  if (!last) return await some.execute();
  for (const [place, key] of [...keys.entries()].reverse()) {
    const shared = keys.slice(0, place).reduce((rows, same) => rows.where(same, '=', last[same]), some);
    const rows = await shared.where(key, '>', last[key]).execute();
    if (rows.length > 0) return rows;
  }
  return [];
}

/** How a read begins in which everything is of one moment; `begin` alone takes the writer's place on SQLite. */
const BEGIN: Readonly<Record<Engine, readonly string[]>> = {
  sqlite: ['begin deferred'],
  mysql: ['set transaction isolation level repeatable read', 'start transaction with consistent snapshot, read only'],
};

/** Whatever `work` reads is of one moment, however long it takes; nobody who writes has to wait for it. */
function atOneMoment<Value>({ engine, db }: OpenTables, work: (db: Kysely<Tables>) => Promise<Value>): Promise<Value> {
  return db.connection().execute(async connection => {
    for (const statement of BEGIN[engine]) await sql.raw(statement).execute(connection);
    try {
      return await work(connection);
    } finally {
      await sql`rollback`.execute(connection).catch(() => {});
    }
  });
}

function worded(error: unknown, what: string): unknown {
  if (error instanceof StoreError) return error;
  return new StoreError(`${what}: ${(error as Error).message}`, { cause: error });
}
