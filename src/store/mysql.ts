import { hash } from 'node:crypto';
import { MysqlDialect, type MysqlPool } from 'kysely';
import mysql, { type Connection, type TypeCastField, type TypeCastNext } from 'mysql2';
import type { DatabaseConfig } from '../config/connections.ts';
import { databaseAddress, printableAddress } from '../connect/database.ts';
import { cut, mysqlOptions } from '../connect/mysql.ts';
import { StoreError } from './error.ts';

/** The shared engine, for Kysely. */
export function mysqlDialect(config: DatabaseConfig): MysqlDialect {
  return new MysqlDialect({
    pool: async () => {
      const options = await mysqlOptions(config);
      const pool = mysql.createPool({
        ...options,
        bigNumberStrings: false,
        connectionLimit: 4,
        typeCast: bytesAsText,
      });
      pool.on('connection', connection => {
        connection.query(SESSION, error => error && connection.destroy());
      });
      return pool as unknown as MysqlPool;
    },
  });
}

/**
 * How every connection is set up, whatever its server prefers: mysql2 writes values with backslashes, quotes them as we do
 * here, and what is too long must be an error and not cut off.
 */
const SESSION = "set session sql_mode = 'STRICT_ALL_TABLES'";

/** Keys are stored as bytes, so that they sort as they do elsewhere; they are UTF-8 all the same. */
function bytesAsText(field: TypeCastField, next: TypeCastNext): unknown {
  return field.type === 'VAR_STRING' ? field.string('utf8') : next();
}

/**
 * How long the server keeps a lock whose holder does not say a word, in seconds. The holder speaks every third of it; a
 * killed one is noticed at once, a frozen machine after this.
 */
const SILENCE = 9;
const BEAT = (SILENCE * 1000) / 3;

/**
 * An exclusive lock by name, for everybody who uses this database on this server: `GET_LOCK` on a connection of its own.
 * Undefined when somebody else has it. `lost` aborts when the server dropped it.
 */
export async function lockByName(
  config: DatabaseConfig,
  name: string,
): Promise<(AsyncDisposable & { readonly lost: AbortSignal }) | undefined> {
  const connection = mysql.createConnection(await mysqlOptions(config));
  const full = lockName(config, name);
  const lost = new AbortController();
  const lose = (cause?: Error) => {
    lost.abort(new StoreError('the store dropped the lock: its connection broke', { cause }));
    cut(connection);
  };
  connection.on('error', lose);
  try {
    await ask(connection, `set session wait_timeout = ${SILENCE}`);
    const [row] = (await ask(connection, 'select get_lock(?, 0) as got', [full])) as { got: number }[];
    if (Number(row?.got) !== 1) {
      cut(connection);
      return undefined;
    }
  } catch (error) {
    cut(connection);
    throw unreachable(config, error);
  }
  const beat = setInterval(() => ask(connection, 'do 0').catch(lose), BEAT);
  beat.unref();
  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      // Said before the connection goes, so that whoever tries next finds it free at once.
      await ask(connection, 'do release_lock(?)', [full]).catch(() => {});
      cut(connection);
    },
  };
}

/** Locks belong to the server, not to a database, and their names end at 64 characters. */
function lockName(config: DatabaseConfig, name: string): string {
  const address = databaseAddress(config);
  const database = address.engine === 'mysql' ? address.database : '';
  return `rosterd.${hash('sha256', database).slice(0, 16)}.${name}`;
}

/** A short question. Whoever does not answer before the next beat will not: the lock is given up before the server does. */
function ask(connection: Connection, text: string, values: readonly unknown[] = []): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer came for ${BEAT / 1000} s`)), BEAT);
    connection.query(text, [...values], (error, rows) => {
      clearTimeout(late);
      if (error) reject(error);
      else resolve(rows);
    });
  });
}

/** The same words wherever the server is found not to answer. */
export function unreachable(config: DatabaseConfig, error: unknown): StoreError {
  const what = (error as Error).message || (error as { code?: string }).code || 'no answer';
  return new StoreError(`the store ${printableAddress(databaseAddress(config))} cannot be used: ${what}`, {
    cause: error,
  });
}
