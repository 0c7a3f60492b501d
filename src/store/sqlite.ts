import { closeSync, fchmodSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import { databaseTrouble, isBusy } from '../connect/database-trouble.ts';
import { likeItsFolder } from '../connect/owner.ts';
import { StoreError } from './error.ts';

export interface SqliteOptions {
  /** How long to wait for another writer, in milliseconds; 0 fails at once, as the main thread needs it. */
  readonly timeout: number;
  /** False refuses to make a file that is not there. */
  readonly create: boolean;
  /** True leaves the file as it is, to the last byte. */
  readonly readOnly?: boolean;
}

/** The embedded engine, for Kysely, which opens it with the first query. */
export interface EmbeddedDialect extends SqliteDialect {
  /** See `Store.mark`. Asked of SQLite itself: Kysely would take three times as long as the answer, for every call. */
  mark(): string;
  /** Leaves the mark as it was before so many rows were written, which decide nothing. */
  overlook(rows: number): void;
}

/** The file and those beside it can be read by their owner only. */
export const sqliteDialect = (path: string, options: SqliteOptions): EmbeddedDialect => new Dialect(path, options);

/** Migrates in a transaction, which Kysely leaves out for SQLite: for all or nothing, and for one process after another. */
class Dialect extends SqliteDialect implements EmbeddedDialect {
  #counted: (() => Counted) | undefined;
  #overlooked = 0;

  constructor(path: string, options: SqliteOptions) {
    const database = async () => {
      const db = openSqlite(path, options);
      this.#counted = counting(db, path);
      return adapted(db, path);
    };
    super({ database });
  }

  override createAdapter(): SqliteAdapter {
    return new Adapter();
  }

  mark(): string {
    if (!this.#counted) throw new Error('the store was asked for its mark before it was opened');
    const { others, ours } = this.#counted();
    return `${others} ${ours - this.#overlooked}`;
  }

  overlook(rows: number): void {
    this.#overlooked += rows;
  }
}

/** What SQLite counts by itself. */
interface Counted {
  /** Goes up when any other connection has written. */
  readonly others: number;
  /** Rows that this one has written. */
  readonly ours: number;
}

function counting(db: DatabaseSync, path: string): () => Counted {
  const others = db.prepare('pragma data_version');
  const ours = db.prepare('select total_changes() as rows');
  return () =>
    naming(path, () => ({ others: Number(others.get()?.['data_version']), ours: Number(ours.get()?.['rows']) }));
}

class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Opening may have to wait for a recovery, whatever comes later; milliseconds. */
const OPENING = 5000;

function openSqlite(path: string, { timeout, create, readOnly = false }: SqliteOptions): DatabaseSync {
  const what = `the store ${path}`;
  if (!isThere(path, what)) {
    const message = `there is no store at ${path}; "rosterd serve" or "rosterd pull" makes it`;
    if (!create) throw new StoreError(message, { code: 'absent' });
    makePrivate(path, what);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: OPENING, readOnly });
    if (!readOnly) db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on');
    db.exec(`pragma busy_timeout = ${timeout}`);
    return db;
  } catch (error) {
    db?.close();
    throw new StoreError(`${what} cannot be opened: ${databaseTrouble(error)}`, { cause: error });
  }
}

/** A folder that we may not enter is another matter than a file that is not there. */
function isThere(path: string, what: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false;
    throw new StoreError(`${what} cannot be reached: ${(error as Error).message}`, { cause: error });
  }
}

/** Made with its mode and owner before SQLite first opens it: WAL and journal then get the same. */
function makePrivate(path: string, what: string): void {
  try {
    const file = openSync(path, 'ax', 0o600);
    try {
      fchmodSync(file, 0o600);
      likeItsFolder(file, dirname(path));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    // Somebody else made it meanwhile, in the same way.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new StoreError(`${what} cannot be made: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Copies a store, as it was when it was last written, to a file beside it that only its owner can read: all of it, or the
 * file is as it was before. Whoever is just writing the store is not waited for.
 */
export async function copyFile(path: string, copy: string): Promise<void> {
  const partial = `${copy}.partial`;
  const clear = () => {
    for (const file of [partial, `${partial}-journal`]) rmSync(file, { force: true });
  };
  // What somebody left whose process died.
  clear();
  try {
    makePrivate(partial, 'it');
    using from = new DatabaseSync(path, { timeout: OPENING, readOnly: true });
    from.prepare('vacuum into ?').run(partial);
    await flush(partial);
    renameSync(partial, copy);
    await flush(dirname(copy));
  } finally {
    clear();
  }
}

/** A file is on the disk after this, and so is a name once its folder is. */
export async function flush(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}

/** How many statements are kept prepared: all that a run repeats. */
const PREPARED = 32;

function adapted(db: DatabaseSync, path: string): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => db.close(),
    prepare(text) {
      const known = prepared.get(text);
      if (known) return known;
      const made = adaptedStatement(db, path, text);
      if (prepared.size >= PREPARED) prepared.clear();
      prepared.set(text, made);
      return made;
    },
  };
}

/**
 * Kysely asks a statement whether it gives rows; node:sqlite tells by whether it has columns. All transactions here write,
 * and take the writer's place when they begin: one that reads first fails at once if somebody wrote in between.
 */
function adaptedStatement(db: DatabaseSync, path: string, text: string): SqliteStatement {
  const statement = db.prepare(text === 'begin' ? 'begin immediate' : text);
  // On a full disk SQLite has rolled back by itself, and an error about that would hide the one that tells why.
  const isDone = () => text === 'rollback' && !db.isTransaction;
  statement.setReturnArrays(true);
  return {
    reader: statement.columns().length > 0,
    all: parameters =>
      naming(path, () => {
        const rows = statement.all(...(parameters as SQLInputValue[]));
        const columns = columnsOf(statement);
        return rows.map(row => rowOf(row, columns));
      }),
    run: parameters =>
      isDone() ? NOTHING_DONE : naming(path, () => statement.run(...(parameters as SQLInputValue[]))),
    iterate: function* (parameters) {
      for (const row of statement.iterate(...(parameters as SQLInputValue[]))) yield rowOf(row, columnsOf(statement));
    },
  };
}

/** To be asked once there are rows: somebody may have changed the table since it was prepared. */
const columnsOf = (statement: StatementSync) => statement.columns().map(column => column.name ?? '');

type Row = Record<string, SQLOutputValue>;

/** A row as Kysely wants it. Those that node:sqlite makes by itself have no shape in common, and take half as long again. */
function rowOf(values: Row | readonly SQLOutputValue[], columns: readonly string[]): Row {
  const row: Row = {};
  let place = 0;
  for (const name of columns) row[name] = (values as SQLOutputValue[])[place++] as SQLOutputValue;
  return row;
}

const NOTHING_DONE = { changes: 0, lastInsertRowid: 0 };

/** Says which store was not free, of which SQLite says no more than that. */
function naming<Value>(path: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (!isBusy(error)) throw error;
    const { errcode } = error as Error & { errcode: number };
    const text = `the store ${path} cannot be used: ${databaseTrouble(error)}`;
    throw Object.assign(new StoreError(text, { cause: error }), { errcode });
  }
}

/**
 * An exclusive lock that the operating system drops when its holder dies: a transaction held open on a file of its own.
 * Undefined when somebody else has it.
 */
export function lockFile(path: string): Disposable | undefined {
  const what = `the lock ${path}`;
  if (!isThere(path, what)) makePrivate(path, what);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 0 });
    db.exec('begin exclusive');
  } catch (error) {
    db?.close();
    if (isBusy(error)) return undefined;
    const why = `${(error as Error).message}; look whether it belongs to the account that runs rosterd`;
    throw new StoreError(`${what} cannot be taken: ${why}`, { cause: error });
  }
  const held = db;
  return { [Symbol.dispose]: () => held.close() };
}
