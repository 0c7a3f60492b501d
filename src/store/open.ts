import { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseConfig } from '../config/connections.ts';
import { databaseAddress, printableAddress } from '../connect/database.ts';
import { deliveries } from './deliveries.ts';
import { purge, purgedLeaves } from './erasure.ts';
import { StoreError } from './error.ts';
import { extracts } from './extracts.ts';
import { integrity } from './files.ts';
import { holds } from './holds.ts';
import { countErased, ledger } from './ledger.ts';
import { serverMark } from './mark.ts';
import { keysNamed, namesOf } from './named.ts';
import { notices } from './notices.ts';
import { pins } from './pins.ts';
import { presence } from './presence.ts';
import { departmentRecords, peopleRecords } from './records.ts';
import { prune } from './retention.ts';
import { runs } from './runs.ts';
import { migrations, type Tables } from './schema.ts';
import { prunings } from './settings.ts';
import { snapshots } from './snapshots.ts';
import { copyFile, lockFile, sqliteDialect } from './sqlite.ts';
import type { Lock, Runs, Store } from './store.ts';
import { unlocks } from './unlocks.ts';

export interface StoreOptions {
  /** True makes the store or brings it up to date; only `serve` and `pull` may. */
  readonly migrate: boolean;
  /** False spares a SQLite store the copy of what it was before it is brought up to date: for one that is a copy itself. */
  readonly keepOld?: boolean;
  /** How long to wait for another writer, in milliseconds. */
  readonly timeout?: number;
  /** True leaves a SQLite store as it is, to the last byte, whatever is tried; on a server it is the caller's word. */
  readonly readOnly?: boolean;
}

/** Opens the store. Throws a StoreError when it cannot be reached, is not there, or is of another version. */
export async function openStore(config: DatabaseConfig, options: StoreOptions): Promise<Store> {
  const address = databaseAddress(config);
  const { migrate, keepOld = true, timeout = 5000, readOnly = false } = options;
  const embedded =
    address.engine === 'sqlite' ? sqliteDialect(address.path, { timeout, create: migrate, readOnly }) : undefined;
  const dialect = embedded ?? (await mysqlEngine()).mysqlDialect(config);
  const db = new Kysely<Tables>({ dialect });
  const all = migrations(address.engine);
  const kept = address.engine === 'sqlite' && keepOld ? keepingOld(address.path, all) : all;
  try {
    await bringUpToDate(db, kept, migrate);
  } catch (error) {
    await db.destroy();
    if (error instanceof StoreError) throw error;
    throw address.engine === 'mysql'
      ? (await mysqlEngine()).unreachable(config, error)
      : new StoreError(`the store ${address.path}: ${(error as Error).message}`);
  }
  const present = address.engine === 'sqlite' ? presence(address.path) : () => {};
  const keepers = address.engine === 'mysql' ? new (await mysqlEngine()).LockKeepers(config) : undefined;
  return {
    engine: address.engine,
    address: printableAddress(address),
    snapshots: snapshots(db),
    people: peopleRecords(db),
    departments: departmentRecords(db),
    runs: durable(runs(db), present),
    holds: holds(db),
    extracts: extracts(db),
    // They decide nothing; whoever serves would have to look at everything again after each.
    deliveries: deliveries(db, rows => embedded?.overlook(rows)),
    pins: pins(db),
    unlocks: unlocks(db),
    notices: notices(db),
    ledger: asked => ledger(db, asked),
    prune: (pruning, how) => prune(db, pruning, how),
    purge: (key, how) => purge(db, key, how),
    purged: number => purgedLeaves(db, number),
    prunings: prunings(db),
    erased: () => countErased(db),
    keysNamed: name => keysNamed(db, name),
    namesOf: key => namesOf(db, key),
    integrity: () => integrity(db),
    mark: embedded ? asserting(present, async () => embedded.mark()) : serverMark(db),
    lock: async name => {
      if (!keepers) return lockStore(config, name);
      // Spares those who wait for a lock that they try for it each time.
      return (await keepers.isLocked(db, name)) ? undefined : keepers.lock(name);
    },
    async [Symbol.asyncDispose]() {
      await keepers?.[Symbol.asyncDispose]();
      await db.destroy();
    },
  };
}

/** What has to be in the store that whoever opens it next will find. */
const durable = ({ begin, finish, ...questions }: Runs, present: () => void): Runs => ({
  ...questions,
  begin: asserting(present, begin),
  finish: asserting(present, finish),
});

const asserting =
  <Args extends unknown[], Value>(present: () => void, work: (...args: Args) => Promise<Value>) =>
  async (...args: Args): Promise<Value> => {
    present();
    return await work(...args);
  };

/** Loaded only where a store is on it: its driver is as much code as all of ours. */
const mysqlEngine = () => import('./mysql.ts');

type LockName = Parameters<Store['lock']>[0];

/** Never aborts: the operating system keeps a file's lock for as long as its holder lives. */
const NEVER = new AbortController().signal;

/** Takes a lock of a store, which need not be there yet; see `Store.lock`. */
export async function lockStore(config: DatabaseConfig, name: LockName): Promise<Lock | undefined> {
  const address = databaseAddress(config);
  if (address.engine === 'mysql') return (await mysqlEngine()).lockByName(config, name);
  const lock = lockFile(`${address.path}-${name}-lock`);
  return lock && { lost: NEVER, [Symbol.asyncDispose]: async () => lock[Symbol.dispose]() };
}

type Migrations = Readonly<Record<string, Migration>>;

async function bringUpToDate(db: Kysely<Tables>, all: Migrations, migrate: boolean): Promise<void> {
  const known = Object.keys(all);
  const done = await migrationsDone(db);
  const newer = done.filter(name => !known.includes(name));
  if (newer.length > 0) {
    throw new StoreError(`the store was written by a newer rosterd (it has ${newer.join(', ')}); install that version`);
  }
  if (done.length === known.length) return;
  if (!migrate) {
    throw new StoreError(
      'the store is empty or of an older version; "rosterd serve" or "rosterd pull" brings it up to date',
      { code: done.length === 0 ? 'absent' : 'outdated' },
    );
  }
  const { Migrator } = await import('kysely/migration');
  const migrator = new Migrator({ db, provider: { getMigrations: async () => all } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

/**
 * The same migrations, of which the first to be done to a store puts a copy of it aside: whatever comes of them, the version
 * before can go on with that. It does so in the transaction of all of them, in which nobody else writes, and another
 * connection sees what was there before. The very first migration makes the store, and there is nothing to copy.
 */
function keepingOld(path: string, all: Migrations): Migrations {
  let isKept = false;
  const keeping = Object.entries(all).map(([name, { up }], place): [string, Migration] => [
    name,
    {
      async up(db) {
        if (place > 0 && !isKept) await keepOld(path, name);
        isKept = true;
        await up(db);
      },
    },
  ]);
  return Object.fromEntries(keeping);
}

async function keepOld(path: string, migration: string): Promise<void> {
  const copy = `${path}.before-${migration}`;
  try {
    await copyFile(path, copy);
  } catch (error) {
    const why = `it is copied to ${copy} first, and that failed: ${(error as Error).message}`;
    throw new StoreError(`the store ${path} was not brought up to date: ${why}; make room there`, { cause: error });
  }
}

/**
 * The names of the migrations that tables have behind them; none where there are no tables. Kysely's own look at the tables
 * takes as long as all else that is done to open a store.
 */
export async function migrationsDone(db: Kysely<Tables>): Promise<string[]> {
  try {
    const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
      .selectFrom('kysely_migration')
      .select('name')
      .execute();
    return rows.map(row => row.name);
  } catch (error) {
    if (isTableMissing(error as NodeJS.ErrnoException)) return [];
    throw error;
  }
}

const isTableMissing = ({ code, message }: NodeJS.ErrnoException) =>
  code === 'ER_NO_SUCH_TABLE' || message === 'no such table: kysely_migration';
