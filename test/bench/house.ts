import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../src/config/schema.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { configOf } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrSettings } from '../support/hr.ts';
import { freshDatabase } from '../support/mariadb.ts';
import { openRuns, type Runs } from './runs.ts';
import { type HrTables, hrTables, sourceSettings } from './tables.ts';

export type StoreEngine = 'sqlite' | 'mysql';

/** Where things are. */
export interface Ground {
  /** The superuser's address of the database server. */
  readonly server: string;
  /** What stores are on. */
  readonly engine: StoreEngine;
}

/** An organisation of so many people, whose first snapshot is published. */
export interface House extends AsyncDisposable {
  readonly size: number;
  readonly tables: HrTables;
  readonly settings: Settings;
  /** Of the settings. */
  readonly config: Config;
  readonly store: Store;
  readonly runs: Runs;
  /** How long the very first run took, in milliseconds, with the start of its thread. */
  readonly firstRun: number;
  /** The same organisation with an empty store, which goes with the house. */
  newSettings(engine?: StoreEngine): Promise<Settings>;
  /** An empty folder, which goes with the house. */
  newFolder(): Promise<string>;
}

/** A configuration as it would stand in a file. */
export type Settings = ReturnType<typeof hrSettings>;

export async function openHouse({ server, engine: usual }: Ground, size: number): Promise<House> {
  await using owned = new AsyncDisposableStack();
  const folder = owned.use(await temporaryFolder());
  const tables = owned.use(await hrTables(server, size));
  const newFolder = () => mkdtemp(join(folder.path, 'own-'));
  const newSettings = async (engine = usual): Promise<Settings> => {
    const settings = hrSettings(await newFolder(), tables.url, { sources: [sourceSettings(tables.url)] });
    if (engine === 'sqlite') return settings;
    return { ...settings, store: goes.use(await freshDatabase({ on: server })).url };
  };
  const goes = owned.use(new AsyncDisposableStack());
  const settings = await newSettings();
  const config = configOf(settings);
  const runs = owned.use(await openRuns(config));
  const firstRun = await runs.make('published');
  const store = owned.use(await openStore(config.store, { migrate: false }));
  const all = owned.move();
  return {
    ...{ size, tables, settings, config, store, runs, firstRun, newSettings, newFolder },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
