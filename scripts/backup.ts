import { existsSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseConfig } from '../src/config/connections.ts';
import { databaseAddress, printableAddress } from '../src/connect/database.ts';
import type { Snapshot } from '../src/roster/model.ts';
import { copyStore, openTables, type Tally } from '../src/store/copy.ts';
import { StoreError } from '../src/store/error.ts';
import { openStore } from '../src/store/open.ts';
import type { Store } from '../src/store/store.ts';
import { note, stamp } from './backup-file.ts';
import { UsageError } from './exit.ts';
import { fromHere } from './print.ts';
import { beside, makeStoreFile } from './store-file.ts';

export interface CopyTerms {
  readonly signal: AbortSignal;
  /** Told of rows as they are copied. */
  readonly onRows: (table: string, count: number) => void;
}

export interface BackupTerms extends CopyTerms {
  /** True lets the backup take the place of a file that is there. */
  readonly force: boolean;
  readonly now: Date;
}

/** A store and a backup of it, of which one was made of the other. */
export interface Copied {
  readonly file: string;
  /** Of the store, without a password. */
  readonly store: string;
  /** Of the file. */
  readonly bytes: number;
  /** When the backup was made. */
  readonly made: Date;
  readonly newest: Snapshot | undefined;
  readonly tables: Tally;
}

/** Writes a backup of a store to a file, while whoever uses the store goes on. */
export async function backUp(config: DatabaseConfig, given: string, terms: BackupTerms): Promise<Copied> {
  const file = placeFor(given, config, terms);
  await using store = await opened(config);
  await using from = openTables(config, `the store ${store.address}`);
  const made = terms.now;
  const { filling: tables, newest } = await makeStoreFile(file, `the backup ${fromHere(file)}`, {
    async fill(to) {
      await note(to, { made: made.toISOString(), of: store.address });
      return await copyStore(from, to, terms);
    },
    seal: stamp,
  });
  return { file, store: store.address, bytes: statSync(file).size, made, newest, tables };
}

/** The store as it is; a backup changes nothing. Throws a StoreError that says so when it is not there, or of another version. */
async function opened(config: DatabaseConfig): Promise<Store> {
  try {
    return await openStore(config, { migrate: false });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'outdated') throw error;
    const where = printableAddress(databaseAddress(config));
    throw new StoreError(
      `the store ${where} was written by an older rosterd; make the backup with that version, before this one's "serve" or "pull" brings the store up to date`,
      { cause: error, code: 'outdated' },
    );
  }
}

/** Where a backup goes: a link stays, and what it leads to is written. Throws a UsageError where none may be written. */
function placeFor(given: string, config: DatabaseConfig, { force }: BackupTerms): string {
  const there = statSync(given, { throwIfNoEntry: false });
  const file = there ? realpathSync(given) : resolve(given);
  if (there?.isDirectory()) throw new UsageError(`${given} is a folder; name a file in it`);
  if (there && !there.isFile()) throw new UsageError(`${given} is no file that a backup could be written to`);
  if (isPartOf(config, file)) {
    throw new UsageError(`${given} is the store itself, or belongs to it; name another file`);
  }
  if (there && !force) throw new UsageError(`${given} is there already; name another file, or let --force replace it`);
  return file;
}

/** Whether a file is a SQLite store, by whatever name, or lies beside it as a part of it. */
function isPartOf(config: DatabaseConfig, file: string): boolean {
  const address = databaseAddress(config);
  if (address.engine !== 'sqlite' || !existsSync(address.path)) return false;
  const path = realpathSync(address.path);
  const locks = ['run', 'serve'].map(name => `${path}-${name}-lock`);
  return [path, ...beside(path), ...locks].includes(file) || isSame(path, file);
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map(path => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev;
}
