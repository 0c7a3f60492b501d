import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { DatabaseConfig } from '../../src/config/connections.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freshDatabase } from '../support/mariadb.ts';

/** A place for a store of the test's own, on either engine; nothing is in it yet. */
export interface Place extends AsyncDisposable {
  readonly config: DatabaseConfig;
  /** Opens the store; making it where it is not there is the default. */
  open(options?: { migrate?: boolean; timeout?: number }): Promise<Store>;
  /** Rows of a statement, behind the store's back. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

export async function sqlite(): Promise<Place & { readonly file: string }> {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'roster.db');
  const config = { url: `sqlite:${file}` };
  return {
    file,
    config,
    open: ({ migrate = true, timeout = 5000 } = {}) => openStore(config, { migrate, timeout }),
    rows: async sql => {
      using database = new DatabaseSync(file);
      return database.prepare(sql).all();
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

export async function mariadb(options: { on?: string } = {}): Promise<Place & { readonly database: string }> {
  const database = await freshDatabase(options);
  const config = { url: database.url };
  return {
    database: database.name,
    config,
    open: ({ migrate = true } = {}) => openStore(config, { migrate }),
    rows: async sql => (await database.execute(sql)) as Record<string, unknown>[],
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

export const engines = { SQLite: sqlite, MariaDB: mariadb };
