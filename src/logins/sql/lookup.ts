import type { Socket } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { addAbortSignal } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2';
import type { SqlAuthenticatorConfig } from '../../config/schema.ts';
import { databaseAddress } from '../../connect/database.ts';
import { mysqlOptions } from '../../connect/mysql.ts';

/** What the configured query gives for a login. */
export interface Found {
  readonly columns: number;
  /** Every row, as the text of each of its columns, null for NULL. */
  readonly rows: readonly Row[];
}

type Row = readonly (string | null)[];

/**
 * Asks the database for a login. Rejects when it cannot be asked, and at once, with nothing left open, when `signal` aborts.
 */
export type PasswordLookup = (login: string, signal: AbortSignal) => Promise<Found>;

/**
 * How to read password hashes from the database that the configuration names. Every attempt has a connection of its own:
 * none waits for another, and none meets what another has left behind.
 */
export function passwordLookup(config: SqlAuthenticatorConfig): PasswordLookup {
  const address = databaseAddress(config);
  return address.engine === 'sqlite' ? sqliteLookup(address.path, config.query) : mysqlLookup(config);
}

/** SQLite's code for a database that somebody else is just writing. */
const BUSY = 5;

function sqliteLookup(file: string, query: string): PasswordLookup {
  return async (login, signal) => {
    for (;;) {
      try {
        return readSqlite(file, query, login);
      } catch (error) {
        const { errcode, message } = error as Error & { errcode?: number };
        if (errcode !== BUSY) throw new Error(`${file}: ${message}`, { cause: error });
        // SQLite itself would wait on this thread, and everybody else with it.
        await sleep(20, undefined, { signal });
      }
    }
  };
}

function readSqlite(file: string, query: string, login: string): Found {
  using database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  const statement = database.prepare(query);
  statement.setReturnArrays(true);
  const rows = statement.all(login).map(row => Object.values(row).map(textOf));
  return { columns: statement.columns().length, rows };
}

function mysqlLookup(config: SqlAuthenticatorConfig): PasswordLookup {
  return async (login, signal) => {
    const { connection, socket } = await openMysql(config, signal);
    try {
      const found = await readMysql(connection, config.query, login);
      connection.end();
      return found;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  };
}

/** Prepared on the server, so that a `?` within a string of the query stays one. */
async function readMysql(connection: Connection, query: string, login: string): Promise<Found> {
  const [rows, fields] = await connection.promise().execute({ sql: query, values: [login], rowsAsArray: true });
  if (!Array.isArray(rows)) throw new Error('the query gives no rows; it must be a SELECT');
  return { columns: fields.length, rows: rows.map(row => (row as unknown as unknown[]).map(textOf)) };
}

/** A connection that breaks when `signal` aborts. The socket is ours, because mysql2's own `destroy` only says goodbye and waits. */
async function openMysql(config: SqlAuthenticatorConfig, signal: AbortSignal): Promise<OpenMysql> {
  const { createConnection } = await import('mysql2');
  const options = await mysqlOptions(config, 0);
  const socket = addAbortSignal(signal, options.stream() as Socket);
  const connection = createConnection({ ...options, stream: socket });
  // Whoever waits for an answer is told as well; this is for when nobody does.
  connection.on('error', () => {});
  return { connection, socket };
}

interface OpenMysql {
  readonly connection: Connection;
  readonly socket: Socket;
}

/** A hash as text, whether the column is of text or of bytes. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value);
}
