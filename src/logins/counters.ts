import type { Pool, PoolConnection, ResultSetHeader } from 'mysql2';
import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';
import type { DatabaseConfig } from '../config/connections.ts';
import type { ThrottleConfig } from '../config/schema.ts';
import { databaseAddress, printableAddress } from '../connect/database.ts';
import { cut, endPool, mysqlOptions } from '../connect/mysql.ts';
import { troubleOf } from '../connect/trouble.ts';
import { markOfName } from '../roster/name-mark.ts';

/** Whether a try may be made; if not, when the newest of those failures was that leave none. */
export type Taking = { readonly taken: true } | { readonly taken: false; readonly since: Date };

/**
 * What counts against each username, in this process or for all replicas that share a store. A try that is under way counts
 * as a failure until it is known to be none, so that no more are ever made at once than failures are allowed. Every
 * method rejects, in bounded time, when the store that keeps the counts does not answer.
 */
export interface Counters extends AsyncDisposable {
  /** Takes one of the tries that are left, before the password is tried anywhere. One that is refused changes nothing. */
  take(username: string): Promise<Taking>;
  /**
   * The try that was taken was a wrong password: it counts, and those before it with it, for the whole of
   * `throttle.within` from now on. A directory goes on counting while no failure is further than its observation
   * window from the one before; were each forgotten by itself here, one try in each window would lock the account there.
   */
  keep(username: string): Promise<void>;
  /** The try that was taken does not count: an outage, or the directory says something else than "wrong". */
  giveBack(username: string): Promise<void>;
  /** Nothing counts any more: the right password, or an administrator's word. */
  clear(username: string): Promise<void>;
  /** Counts by these limits from now on; what counts already goes on to do so for as long as it did. */
  adjust(throttle: ThrottleConfig): void;
}

/** How long the store may take over one step, in milliseconds. */
const PATIENCE = 3000;

/** Counters in memory beside an embedded store, which one process serves, and in the tables of one on a server. */
export async function openCounters(
  store: DatabaseConfig,
  throttle: ThrottleConfig,
  patience = PATIENCE,
): Promise<Counters> {
  const address = databaseAddress(store);
  const counts =
    address.engine === 'mysql'
      ? await sharedCounts({ store, database: address.database, patience }, throttle)
      : ownCounts(throttle);
  return counters(counts, throttle);
}

/** Where the counts are, by the hashes of usernames. */
interface Counts extends AsyncDisposable {
  readonly limiter: RateLimiterAbstract;
  /** Lets what counts do so for so many milliseconds from now on; false when nothing does any more. */
  prolong(key: string, within: number): Promise<boolean>;
  /** Takes one step; each is all that happens to the counts while it lasts. */
  step<Value>(work: () => Promise<Value>): Promise<Value>;
}

function counters({ limiter, prolong, step, ...counts }: Counts, throttle: ThrottleConfig): Counters {
  let { failures, within } = throttle;
  const refusal = ({ msBeforeNext }: RateLimiterRes): Taking => ({
    taken: false,
    since: new Date(Date.now() + msBeforeNext - within),
  });
  const giveBack = async (key: string) => {
    const left = await step(() => limiter.reward(key));
    // It had expired, or was cleared: nothing is given back that does not count any more.
    if (left.consumedPoints < 0) await step(() => limiter.penalty(key));
  };
  return {
    async take(username) {
      const key = markOfName(username);
      const before = await step(() => limiter.get(key));
      if (before && before.consumedPoints >= failures) return refusal(before);
      // Not `consume`: it is the same, but that it throws where a limit is passed.
      const after = await step(() => limiter.penalty(key));
      if (after.consumedPoints <= failures) return { taken: true };
      await giveBack(key);
      return refusal(after);
    },
    async keep(username) {
      const key = markOfName(username);
      // What expired while the password was tried counts no more, but this one does.
      if (!(await step(() => prolong(key, within)))) await step(() => limiter.penalty(key));
    },
    giveBack: username => giveBack(markOfName(username)),
    async clear(username) {
      await step(() => limiter.delete(markOfName(username)));
    },
    adjust(changed) {
      ({ failures, within } = changed);
      limiter.points = failures;
      limiter.duration = within / 1000;
    },
    [Symbol.asyncDispose]: () => counts[Symbol.asyncDispose](),
  };
}

const settings = ({ failures, within }: ThrottleConfig) => ({
  keyPrefix: '',
  points: failures,
  duration: within / 1000,
});

function ownCounts(throttle: ThrottleConfig): Counts {
  const limiter = new RateLimiterMemory(settings(throttle));
  let last: Promise<unknown> = Promise.resolve();
  return {
    limiter,
    async prolong(key, within) {
      const found = await limiter.get(key);
      if (!found) return false;
      await limiter.set(key, found.consumedPoints, within / 1000);
      return true;
    },
    step(work) {
      const next = last.then(work);
      last = next.catch(() => {});
      return next;
    },
    // Its timers keep no process alive.
    [Symbol.asyncDispose]: async () => {},
  };
}

interface SharedStore {
  readonly store: DatabaseConfig;
  readonly database: string;
  readonly patience: number;
}

/** Every step is one statement, or one transaction of the limiter, so that replicas may take theirs at the same time. */
async function sharedCounts(shared: SharedStore, throttle: ThrottleConfig): Promise<Counts> {
  const pool = await connections(shared);
  const lender = lending(pool, shared.patience);
  const { default: RateLimiterMySQL } = await import('rate-limiter-flexible/lib/RateLimiterMySQL.js');
  const limiter = new RateLimiterMySQL({
    ...settings(throttle),
    storeClient: lender,
    storeType: 'pool',
    dbName: shared.database,
    tableName: 'login_failures',
    tableCreated: true,
    // It would never end that.
    clearExpiredByTimeout: false,
  });
  const clearing = setInterval(() => {
    // What fails now is done the next time.
    changed(lender, 'delete from login_failures where expire < ?', [Date.now()]).catch(() => {});
  }, CLEARING);
  clearing.unref();
  return {
    limiter,
    async prolong(key, within) {
      const now = Date.now();
      const statement = 'update login_failures set expire = ? where `key` = ? and expire > ?';
      return (await changed(lender, statement, [now + within, key, now])) > 0;
    },
    step: work => worded(shared.store, () => twice(() => inTime(shared.patience, work))),
    async [Symbol.asyncDispose]() {
      clearInterval(clearing);
      await endPool(pool, shared.patience);
    },
  };
}

/** How often rows are deleted that do not count any more, in milliseconds. */
const CLEARING = 300_000;

/** Logins need few at a time: each is lent for a statement or two. */
const CONNECTIONS = 4;

async function connections({ store, patience }: SharedStore): Promise<Pool> {
  const options = await mysqlOptions(store, patience);
  const { createPool } = await import('mysql2');
  const pool = createPool({ ...options, bigNumberStrings: false, connectionLimit: CONNECTIONS });
  pool.on('connection', connection => {
    connection.query(SESSION, error => error && connection.destroy());
    // mysql2 hears the first error of a connection alone, and another would end the process.
    connection.on('error', () => {});
  });
  return pool;
}

/**
 * A row that somebody else holds is waited for shorter than a login may take, in seconds; it comes free when a replica dies,
 * and soon after one has frozen, or its machine is gone.
 */
const SESSION = 'set session innodb_lock_wait_timeout = 2, wait_timeout = 60';

type Done = (error: Error | null, result?: unknown) => void;

/** What the limiter asks of a connection. */
interface Lent {
  query(...query: [text: string, ...values: unknown[][], done: Done]): void;
  rollback(): void;
  release(): void;
}

/** What the limiter takes for a pool. */
interface Lender {
  getConnection(got: (error: Error | null, connection?: Lent) => void): void;
}

/** Lends connections for so many milliseconds: who comes to one too late gets none, and one that is kept longer is cut. */
const lending = (pool: Pool, patience: number): Lender => ({
  getConnection(got) {
    const until = performance.now() + patience;
    pool.getConnection((error, connection) => {
      if (error) return got(error);
      const left = until - performance.now();
      if (left > 0) return got(null, lent(connection, left));
      connection.release();
      got(new Error('lets us have no connection: all are in use'));
    });
  },
});

function lent(connection: PoolConnection, left: number): Lent {
  const end = setTimeout(() => cut(connection), left);
  return {
    query: (...query) => void Reflect.apply(connection.query, connection, query),
    rollback: () => connection.rollback(() => {}),
    release() {
      clearTimeout(end);
      connection.release();
    },
  };
}

/** How many rows a statement found to change. */
function changed(lender: Lender, statement: string, values: unknown[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  lender.getConnection((error, connection) => {
    if (!connection) return reject(error);
    connection.query(statement, values, (failure, result) => {
      connection.release();
      if (failure) reject(failure);
      else resolve((result as ResultSetHeader).affectedRows);
    });
  });
  return promise;
}

/**
 * Tries once more what a deadlock or a lost connection kept from being done. Where the connection was lost after it was
 * done, one failure too many counts: rather that than one too few.
 */
async function twice<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!isPassing(error)) throw error;
    return await work();
  }
}

function isPassing(error: unknown): boolean {
  const { code, fatal } = error as { readonly code?: string; readonly fatal?: boolean };
  return code === 'ER_LOCK_DEADLOCK' || (fatal === true && code !== 'ETIMEDOUT');
}

/** Gives up after so many milliseconds: mysql2 calls nobody back whose connection was cut. */
async function inTime<Value>(patience: number, work: () => Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`did not answer within ${patience / 1000} s`)), patience);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function worded<Value>(store: DatabaseConfig, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const where = printableAddress(databaseAddress(store));
    throw new Error(`failed logins cannot be counted: the store ${where} ${troubleOf(error)}`, { cause: error });
  }
}
