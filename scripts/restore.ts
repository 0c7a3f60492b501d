import { existsSync, statSync } from 'node:fs';
import type { DatabaseConfig } from '../src/config/connections.ts';
import { databaseAddress, printableAddress } from '../src/connect/database.ts';
import { copyStore, type OpenTables, openTables } from '../src/store/copy.ts';
import { StoreError } from '../src/store/error.ts';
import { lockStore, openStore } from '../src/store/open.ts';
import type { Engine, Lock } from '../src/store/store.ts';
import type { Copied, CopyTerms } from './backup.ts';
import { openBackup } from './backup-file.ts';
import { Failed } from './exit.ts';
import { beside, makeStoreFile, verifiedNewest } from './store-file.ts';

/** Fills a store that is empty, on either engine, from a backup, which is looked through before anything is written. */
export async function restore(config: DatabaseConfig, file: string, terms: CopyTerms): Promise<Copied> {
  await using claim = await claimed(config);
  await refuseUnlessEmpty(config);
  await using backup = await openBackup(file);
  const signal = AbortSignal.any([terms.signal, claim.lost]);
  const filled = await fill(config, backup.tables, { ...terms, signal });
  return {
    file,
    store: printableAddress(databaseAddress(config)),
    bytes: statSync(file).size,
    made: new Date(backup.note.made),
    ...filled,
  };
}

/** Keeps runs, and of an embedded store daemons, away from a store that may not be there yet. */
async function claimed(config: DatabaseConfig): Promise<Lock> {
  const address = databaseAddress(config);
  const where = printableAddress(address);
  await using stack = new AsyncDisposableStack();
  if (address.engine === 'sqlite') {
    const serve = stack.use((await lockStore(config, 'serve')) ?? null);
    if (!serve) throw new Failed(`rosterd serves the store ${where}; stop it first, and start it again afterwards`);
  }
  const run = stack.use((await lockStore(config, 'run')) ?? null);
  if (!run) throw new Failed(`a run is under way on the store ${where}; ${RUNNING[address.engine]}`);
  const owned = stack.move();
  return { lost: run.lost, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const RUNNING: Readonly<Record<Engine, string>> = {
  sqlite: 'try again when it has ended',
  mysql: 'stop the daemons that use it, and try again',
};

async function refuseUnlessEmpty(config: DatabaseConfig): Promise<void> {
  const address = databaseAddress(config);
  const what = await contents(config);
  if (what !== '') {
    const way =
      address.engine === 'sqlite'
        ? 'move its file away, with those of its name that lie beside it'
        : 'name another database in the configuration, an empty one';
    throw new Failed(`the store ${printableAddress(address)} is not empty: it has ${what}; ${way}`);
  }
  if (address.engine !== 'sqlite') return;
  // SQLite would take them for the new store's.
  const left = beside(address.path).filter(name => existsSync(name));
  if (left.length === 0) return;
  throw new Failed(
    `${left.join(' and ')} is of a store that was at ${address.path}, or in use there; move it to where that store is`,
  );
}

/** What is in a store that must not be lost, in words; `""` for nothing. */
async function contents(config: DatabaseConfig): Promise<string> {
  try {
    await using store = await openStore(config, { migrate: false });
    const newest = await store.snapshots.newest();
    const [last] = await store.runs.list(1);
    return [
      ...(newest ? [`snapshots up to ${newest.number}`] : []),
      ...(last ? [`runs up to ${last.number}`] : []),
    ].join(' and ');
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'other') throw error;
    return error.code === 'absent' ? '' : 'whatever an older rosterd has put there';
  }
}

async function fill(
  config: DatabaseConfig,
  backup: OpenTables,
  terms: CopyTerms,
): Promise<Pick<Copied, 'newest' | 'tables'>> {
  const address = databaseAddress(config);
  const what = `the store ${printableAddress(address)}`;
  if (address.engine === 'sqlite') {
    const { filling, newest } = await makeStoreFile(address.path, what, {
      fill: to => copyStore(backup, to, terms),
    });
    return { tables: filling, newest };
  }
  await using store = await openStore(config, { migrate: true });
  await using to = openTables(config, what);
  return { tables: await copyStore(backup, to, terms), newest: await verifiedNewest(store, what) };
}
