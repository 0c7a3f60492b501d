import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import type { SqlSourceConfig } from '../../config/sources.ts';
import { databaseAddress } from '../../connect/database.ts';
import { databaseTrouble } from '../../connect/database-trouble.ts';
import type { Page, Reading, Statement } from './reading.ts';

const PAGE = 1000;

/** Opens a read transaction on an embedded database, which is not changed by it. */
export async function openSqliteReading(config: SqlSourceConfig, signal: AbortSignal): Promise<Reading> {
  signal.throwIfAborted();
  const address = databaseAddress(config);
  const path = address.engine === 'sqlite' ? address.path : '';
  const db = begin(path, config.timeouts.connect);
  return {
    warnings: [],
    columnsOf: async table =>
      db
        .prepare('select name from pragma_table_xinfo(?) order by cid')
        .all(table)
        .map(row => String(row['name'])),
    quote: identifier => `"${identifier.replaceAll('"', '""')}"`,
    select: statement => select(db, statement, { signal, timeout: config.timeouts.query }),
    [Symbol.asyncDispose]: async () => db.close(),
  };
}

/** The moment of the first statement is that of all, so one is asked at once; it also tells whether this is a database. */
function begin(path: string, timeout: number): DatabaseSync {
  using opening = new DisposableStack();
  try {
    const db = opening.use(new DatabaseSync(path, { readOnly: true, timeout }));
    db.exec('begin; select count(*) from sqlite_schema');
    opening.move();
    return db;
  } catch (error) {
    if (isMissing(path)) throw new Error(`there is no database at ${path}`, { cause: error });
    throw new Error(`sqlite:${path} cannot be read: ${databaseTrouble(error)}`, { cause: error });
  }
}

/** Not there, which is another matter than a folder that we may not enter. */
function isMissing(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT';
  }
}

interface Limits {
  readonly signal: AbortSignal;
  /** Milliseconds for a whole statement. */
  readonly timeout: number;
}

/** The limits are looked at between pages: while the engine is at one row, nothing can break it off. */
async function* select(db: DatabaseSync, { text }: Statement, { signal, timeout }: Limits): AsyncGenerator<Page> {
  signal.throwIfAborted();
  const until = performance.now() + timeout;
  const statement = db.prepare(text);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const columns = statement.columns().map(column => column.name);
  if (columns.length === 0) throw new Error('the query gives no rows: it is not a SELECT');
  let rows: unknown[][] = [];
  for (const row of statement.iterate() as unknown as Iterable<unknown[]>) {
    rows.push(row);
    if (rows.length < PAGE) continue;
    yield { columns, rows };
    rows = [];
    // The engine never waits, so without this an abort could not be heard before the last row.
    await turn();
    signal.throwIfAborted();
    if (performance.now() > until) throw new Error(`the query took longer than ${timeout / 1000} s`);
  }
  yield { columns, rows };
}
