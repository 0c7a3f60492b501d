import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { sql } from 'kysely';
import type { Snapshot } from '../src/roster/model.ts';
import { renderSnapshot } from '../src/runs/body.ts';
import { type OpenTables, openTables } from '../src/store/copy.ts';
import { StoreError } from '../src/store/error.ts';
import { openStore } from '../src/store/open.ts';
import { flush, lockFile } from '../src/store/sqlite.ts';
import type { Store } from '../src/store/store.ts';
import { Failed } from './exit.ts';

/** A store that is in a file of its own now. */
export interface Made<Filling> {
  readonly filling: Filling;
  /** The newest snapshot in it, which was verified. */
  readonly newest: Snapshot | undefined;
}

/** What goes into a store that is made. */
export interface Contents<Filling> {
  fill(tables: OpenTables): Promise<Filling>;
  /** The last thing that is done to the file, which nobody has open any more. */
  seal?(file: string): Promise<void>;
}

/**
 * Makes a store in one SQLite file that only its owner can read: filled and verified under another name beside its place,
 * which it takes as a whole or not at all. `what` it is, is the subject of sentences: `the backup FILE`.
 */
export async function makeStoreFile<Filling>(
  file: string,
  what: string,
  { fill, seal }: Contents<Filling>,
): Promise<Made<Filling>> {
  const partial = `${file}.partial`;
  const lock = `${partial}-lock`;
  try {
    using mine = lockFile(lock);
    if (!mine) throw new Failed(`${partial} is just being written by somebody else; wait until they are done`);
    using _ = { [Symbol.dispose]: () => remove([partial, ...beside(partial), lock]) };
    // What somebody left whose process died.
    remove([partial, ...beside(partial)]);
    const made = { filling: await filled(partial, what, fill), newest: await newestVerified(partial, what) };
    {
      await using tables = openTables({ url: `sqlite:${partial}` }, what);
      await inOneFile(tables);
    }
    await seal?.(partial);
    renameSync(partial, file);
    await flush(dirname(file));
    return made;
  } catch (error) {
    throw worded(error, partial, what);
  }
}

/** What goes wrong on the way goes wrong with the file, which nobody knows by its other name or takes for a store yet. */
function worded(error: unknown, partial: string, what: string): unknown {
  const { message, code } = error as NodeJS.ErrnoException;
  // Where there is no room for the memory that its users share, SQLite says only this.
  const why = message.replace(/disk I\/O error$/, '$&; is the disk full?');
  if (error instanceof StoreError) {
    const other = new RegExp(`the (store|lock) ${RegExp.escape(partial)}\\S*`);
    return new StoreError(why.replace(other, what), { cause: error });
  }
  return code === undefined ? error : new StoreError(`${what} cannot be written: ${why}`, { cause: error });
}

async function filled<Filling>(
  partial: string,
  what: string,
  fill: (tables: OpenTables) => Promise<Filling>,
): Promise<Filling> {
  const config = { url: `sqlite:${partial}` };
  const store = await openStore(config, { migrate: true });
  await store[Symbol.asyncDispose]();
  await using tables = openTables(config, what);
  await inOneFile(tables);
  return await fill(tables);
}

async function newestVerified(partial: string, what: string): Promise<Snapshot | undefined> {
  await using store = await openStore({ url: `sqlite:${partial}` }, { migrate: false });
  return await verifiedNewest(store, what);
}

/** The newest snapshot. Throws a Failed when the store does not have all of it, as it was published. */
export async function verifiedNewest(store: Store, what: string): Promise<Snapshot | undefined> {
  const newest = await store.snapshots.newest();
  if (!newest) return undefined;
  try {
    await renderSnapshot(store, newest.number);
    return newest;
  } catch (error) {
    throw new Failed(`${what} is not sound: ${(error as Error).message}`, { cause: error });
  }
}

/** Without a log beside it, which would take as much space again, and without which a copy of the file is no whole copy. */
async function inOneFile({ db }: OpenTables): Promise<void> {
  await sql`pragma journal_mode = delete`.execute(db);
}

/** What SQLite may put beside a file. */
export const beside = (file: string) => ['-wal', '-shm', '-journal'].map(suffix => `${file}${suffix}`);

function remove(files: readonly string[]): void {
  for (const file of files) rmSync(file, { force: true });
}
