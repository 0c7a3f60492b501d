import { hash } from 'node:crypto';
import type { MysqlDialect, MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely';
import mysql, { type Connection, type PoolConnection, type TypeCastField, type TypeCastNext } from 'mysql2';
import type { DatabaseConfig } from '../config/connections.ts';
import { databaseAddress, printableAddress } from '../connect/database.ts';
import { cut, mysqlOptions, socketOf } from '../connect/mysql.ts';
import { StoreError } from './error.ts';
import { SILENCE, TransactionDialect } from './transaction.ts';

/** The shared engine, for Kysely. */
export function mysqlDialect(config: DatabaseConfig, patience: Patience = PATIENCE): MysqlDialect {
  const pool = async (): Promise<MysqlPool> => {
    const options = await mysqlOptions(config, patience.connecting);
    const pool = mysql.createPool({ ...options, bigNumberStrings: false, connectionLimit: 4, typeCast: bytesAsText });
    pool.on('connection', connection => {
      connection.query(SESSION, error => error && connection.destroy());
    });
    return {
      getConnection: got => pool.getConnection((error, one) => got(error, one && watched(one, config, patience))),
      end: done => pool.end(done),
    };
  };
  return new TransactionDialect({ pool });
}

/**
 * How every connection is set up, whatever its server prefers: mysql2 writes values with backslashes, quotes them as we do
 * here, and what is too long must be an error and not cut off. Rows that somebody else holds come free after
 * {@link SILENCE} at the latest, unless their owner goes on working.
 */
const SESSION = "set session sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = 30";

/** How long the server may send nothing at all while it lets us in or works on a statement, in milliseconds. */
export interface Patience {
  readonly connecting: number;
  readonly reading: number;
  /** Longer than it waits for locks. */
  readonly writing: number;
  /** Of tables as a whole, which takes as long as they are big, and waiting for somebody else who is at it. */
  readonly rebuilding: number;
}

const PATIENCE: Patience = { connecting: 10_000, reading: 20_000, writing: 60_000, rebuilding: 3_600_000 };

function patienceFor(statement: string, patience: Patience): number {
  if (/^(alter|create|drop|optimize)\b|\bget_lock\b/i.test(statement)) return patience.rebuilding;
  return /^select\b/i.test(statement) ? patience.reading : patience.writing;
}

/**
 * A connection that is cut when the server says nothing any more: one that is frozen, or whose machine is gone, closes
 * nothing, and would hang a daemon for ever.
 */
function watched(connection: PoolConnection, config: DatabaseConfig, patience: Patience): MysqlPoolConnection {
  const { config: options, threadId } = connection;
  return {
    config: options,
    threadId,
    connect: done => connection.connect(done),
    release: () => connection.release(),
    destroy: () => connection.destroy(),
    query(text, values, done) {
      const limit = patienceFor(text, patience);
      const stop = onSilence(connection, limit, () => {
        cut(connection);
        // mysql2 calls nobody back once we have closed the connection.
        done?.(silent(config, limit), []);
      });
      return connection.query(text, values, (error, rows) => {
        stop();
        done?.(error, rows as MysqlQueryResult);
      });
    },
  };
}

/** Calls `silent` when nothing came over a connection for so many milliseconds. Gives what ends the watch. */
function onSilence(connection: Connection, limit: number, silent: () => void): () => void {
  const socket = socketOf(connection);
  let heard = socket.bytesRead;
  const watch = setInterval(() => {
    if (socket.bytesRead === heard) {
      clearInterval(watch);
      silent();
    }
    heard = socket.bytesRead;
  }, limit);
  return () => clearInterval(watch);
}

/** As the system says it of a connection that broke, for whoever tells passing troubles from others by their code. */
const silent = (config: DatabaseConfig, limit: number) =>
  Object.assign(
    new Error(`the store ${where(config)} did not say a word for ${limit / 1000} s; is its server frozen?`),
    {
      code: 'ETIMEDOUT',
      syscall: 'read',
    },
  );

const where = (config: DatabaseConfig) => printableAddress(databaseAddress(config));

/** Keys are stored as bytes, so that they sort as they do elsewhere; they are UTF-8 all the same. */
function bytesAsText(field: TypeCastField, next: TypeCastNext): unknown {
  return field.type === 'VAR_STRING' ? field.string('utf8') : next();
}

/** How often the holder of a lock says a word, in milliseconds. */
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
  return new StoreError(`the store ${where(config)} cannot be used: ${what}`, { cause: error });
}
