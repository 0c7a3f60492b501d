import { hash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import {
  type Kysely,
  type MysqlDialect,
  type MysqlPool,
  type MysqlPoolConnection,
  type MysqlQueryResult,
  sql,
} from 'kysely';
import mysql, { type Connection, type PoolConnection, type TypeCastField, type TypeCastNext } from 'mysql2';
import type { DatabaseConfig } from '../config/connections.ts';
import { databaseAddress, printableAddress } from '../connect/database.ts';
import { cut, mysqlOptions, socketOf } from '../connect/mysql.ts';
import { StoreError } from './error.ts';
import type { LockTask, LockWord } from './lock-keeper.ts';
import type { Tables } from './schema.ts';
import type { Lock } from './store.ts';
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

/**
 * An exclusive lock by name, for everybody who uses this database on this server: `GET_LOCK` on a connection of its own, in
 * a thread of its own, so that it lasts however busy we are. Undefined when somebody else has it. `lost` aborts when the
 * server dropped it.
 */
export async function lockByName(config: DatabaseConfig, name: string): Promise<Lock | undefined> {
  const keeper = new Keeper({ config, name: lockName(config, name), silence: SILENCE });
  const word = await keeper.firstWord;
  if (word === 'ours') return keeper;
  await keeper.ended;
  if (typeof word === 'string') return undefined;
  throw unreachable(config, errorOf(word));
}

/** The thread that keeps a lock, as it is seen from outside; see `lock-keeper.ts`. */
class Keeper implements Lock {
  readonly firstWord: Promise<LockWord>;
  readonly ended: Promise<void>;
  readonly #thread: Worker;
  readonly #lost = new AbortController();
  #isGivenBack = false;

  constructor(task: LockTask) {
    const first = Promise.withResolvers<LockWord>();
    const ended = Promise.withResolvers<void>();
    this.firstWord = first.promise;
    this.ended = ended.promise;
    this.#thread = new Worker(new URL('./lock-keeper.ts', import.meta.url), { workerData: task });
    const hear = (word: LockWord) => {
      first.resolve(word);
      this.#heard(word);
    };
    this.#thread.on('message', hear);
    this.#thread.on('error', (error: NodeJS.ErrnoException) => hear({ failure: error.message, code: error.code }));
    this.#thread.on('exit', () => {
      hear({ failure: 'the thread that kept it has ended', code: undefined });
      ended.resolve();
    });
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isGivenBack = true;
    this.#thread.ref();
    this.#thread.postMessage('give it back');
    await this.ended;
  }

  #heard(word: LockWord): void {
    if (word === 'ours') {
      // To hold it is no reason for a process to go on.
      this.#thread.unref();
      return;
    }
    void this.#thread.terminate();
    if (typeof word === 'string' || this.#isGivenBack) return;
    this.#lost.abort(new StoreError('the store dropped the lock: its connection broke', { cause: errorOf(word) }));
  }
}

/** Errors lose their codes between threads. */
const errorOf = ({ failure, code }: Exclude<LockWord, string>) => Object.assign(new Error(failure), code && { code });

/**
 * Whether somebody has a lock, as far as the server tells: for those who wait for it, to whom a look comes cheaper than a
 * try. Why it does not tell, a try finds out.
 */
export async function isLocked(db: Kysely<Tables>, config: DatabaseConfig, name: string): Promise<boolean> {
  const looked = sql<{ holder: unknown }>`select is_used_lock(${lockName(config, name)}) as holder`.execute(db);
  return await looked.then(
    ({ rows }) => (rows[0]?.holder ?? null) !== null,
    () => false,
  );
}

/** Locks belong to the server, not to a database, and their names end at 64 characters. */
function lockName(config: DatabaseConfig, name: string): string {
  const address = databaseAddress(config);
  const database = address.engine === 'mysql' ? address.database : '';
  return `rosterd.${hash('sha256', database).slice(0, 16)}.${name}`;
}

/** The same words wherever the server is found not to answer. */
export function unreachable(config: DatabaseConfig, error: unknown): StoreError {
  const what = (error as Error).message || (error as { code?: string }).code || 'no answer';
  return new StoreError(`the store ${where(config)} cannot be used: ${what}`, { cause: error });
}
