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
import { databaseTrouble } from '../connect/database-trouble.ts';
import { cut, endPool, mysqlOptions, socketOf } from '../connect/mysql.ts';
import { StoreError } from './error.ts';
import type { LockOrder, LockTask, LockWord } from './lock-keeper.ts';
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
      // mysql2 hears the first error of a connection alone, and another would end the process.
      connection.on('error', () => {});
    });
    return {
      getConnection: got =>
        pool.getConnection((error, one) => got(error && named(config, error), one && watched(one, config, patience))),
      end: done => void endPool(pool, ENDING).then(() => done(undefined)),
    };
  };
  return new TransactionDialect({ pool });
}

/** How long a pool may take to end, in milliseconds. */
const ENDING = 3_000;

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
 * Exclusive locks by name, for everybody who uses this database on this server: each is `GET_LOCK` on a connection of its own,
 * in a thread of its own, so that it lasts however busy we are. A thread stays for the next lock, since to start one takes
 * longer than a run in which nothing changed; it keeps nobody from ending who does not dispose of it.
 */
export class LockKeepers implements AsyncDisposable {
  readonly #config: DatabaseConfig;
  #idle: Worker[] = [];
  #isOver = false;

  constructor(config: DatabaseConfig) {
    this.#config = config;
  }

  /** Undefined when somebody else has it. `lost` aborts when the server dropped it. */
  async lock(name: string): Promise<Lock | undefined> {
    const thread = this.#idle.pop() ?? new Worker(new URL('./lock-keeper.ts', import.meta.url));
    const keeper = new Keeper(thread, one => this.#free(one));
    const word = await keeper.ask({ config: this.#config, name: lockName(this.#config, name), silence: SILENCE });
    if (word === 'ours') return keeper;
    await keeper.ended;
    if (typeof word === 'string') return undefined;
    throw unreachable(this.#config, errorOf(word));
  }

  /**
   * Whether somebody has a lock, as far as the server tells: for those who wait for it, to whom a look comes cheaper than a
   * try. Why it does not tell, a try finds out.
   */
  async isLocked(db: Kysely<Tables>, name: string): Promise<boolean> {
    const looked = sql<{ holder: unknown }>`select is_used_lock(${lockName(this.#config, name)}) as holder`.execute(db);
    return await looked.then(
      ({ rows }) => (rows[0]?.holder ?? null) !== null,
      () => false,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#idle.splice(0).map(thread => thread.terminate()));
  }

  async #free(thread: Worker): Promise<void> {
    if (this.#isOver) {
      await thread.terminate();
      return;
    }
    thread.unref();
    const isOther = (one: Worker) => one !== thread;
    thread.once('exit', () => {
      this.#idle = this.#idle.filter(isOther);
    });
    thread.on('error', () => {});
    this.#idle.push(thread);
  }
}

/** One such lock, for whoever has no store open. */
export async function lockByName(config: DatabaseConfig, name: string): Promise<Lock | undefined> {
  await using stack = new AsyncDisposableStack();
  const keepers = stack.use(new LockKeepers(config));
  const lock = await keepers.lock(name);
  if (!lock) return undefined;
  stack.use(lock);
  const owned = stack.move();
  return { lost: lock.lost, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A lock that a thread keeps, as it is seen from outside; see `lock-keeper.ts`. */
class Keeper implements Lock {
  readonly #thread: Worker;
  readonly #free: (thread: Worker) => Promise<void>;
  readonly #first = Promise.withResolvers<LockWord>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #lost = new AbortController();
  #isGivenBack = false;

  constructor(thread: Worker, free: (thread: Worker) => Promise<void>) {
    this.#thread = thread;
    this.#free = free;
    thread.removeAllListeners();
    thread.on('message', (word: LockWord) => this.#heard(word));
    thread.on('error', (error: NodeJS.ErrnoException) => this.#heard({ failure: error.message, code: error.code }));
    thread.on('exit', () => this.#heard({ failure: 'the thread that kept it has ended', code: undefined }));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Fulfilled when the thread is free for another, or gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The first word that the thread says to a task. */
  ask(task: LockTask): Promise<LockWord> {
    this.#tell(task);
    return this.#first.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isGivenBack = true;
    this.#tell('give it back');
    await this.ended;
  }

  #tell(order: LockOrder): void {
    this.#thread.ref();
    this.#thread.postMessage(order);
  }

  #heard(word: LockWord): void {
    this.#first.resolve(word);
    if (word === 'ours') {
      // To hold it is no reason for a process to go on.
      this.#thread.unref();
      return;
    }
    this.#thread.removeAllListeners();
    this.#end(word).then(this.#ended.resolve, this.#ended.reject);
    if (typeof word === 'string' || this.#isGivenBack) return;
    this.#lost.abort(new StoreError('the store dropped the lock: its connection broke', { cause: errorOf(word) }));
  }

  async #end(word: LockWord): Promise<void> {
    if (typeof word === 'string') await this.#free(this.#thread);
    else await this.#thread.terminate();
  }
}

/** Errors lose their codes between threads. */
const errorOf = ({ failure, code }: Exclude<LockWord, string>) => Object.assign(new Error(failure), code && { code });

/** Locks belong to the server, not to a database, and their names end at 64 characters. */
function lockName(config: DatabaseConfig, name: string): string {
  const address = databaseAddress(config);
  const database = address.engine === 'mysql' ? address.database : '';
  return `rosterd.${hash('sha256', database).slice(0, 16)}.${name}`;
}

/** The same words wherever the server is found not to answer. */
export function unreachable(config: DatabaseConfig, error: unknown): StoreError {
  return new StoreError(troubleWith(config, error), { cause: error });
}

/** An error of the driver's that says which store; the rest of it stays, for whoever tells passing troubles by their code. */
const named = (config: DatabaseConfig, error: Error): Error =>
  Object.assign(new Error(troubleWith(config, error), { cause: error }), error);

function troubleWith(config: DatabaseConfig, error: unknown): string {
  const { message } = error as Error;
  const what = `the store ${where(config)}`;
  return message.startsWith(what) ? message : `${what} cannot be used: ${databaseTrouble(error)}`;
}
