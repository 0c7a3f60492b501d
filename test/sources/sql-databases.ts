import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '../support/folder.ts';
import { freshDatabase } from '../support/mariadb.ts';

/** A database of the test's own, on either engine. */
export interface Database extends AsyncDisposable {
  /** With an account that may only read, where there are accounts. */
  readonly url: string;
  /** Runs one or several statements, as somebody who may do everything. */
  execute(sql: string): Promise<void>;
  /** How many connections of readers, or open handles of the file, there are. */
  connections(): Promise<number>;
}

export interface Server extends Database {
  /** With an account that may do everything. */
  readonly writer: string;
  readonly user: string;
  /** The ids of the reader's connections. */
  threads(): Promise<number[]>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

export async function mariadb(options: { on?: string } = {}): Promise<Server> {
  const database = await freshDatabase(options);
  const url = await database.reader();
  const user = new URL(url).username;
  const threads = async () => {
    const rows = await database.execute('select id from information_schema.processlist where user = ?', [user]);
    return (rows as { id: number }[]).map(row => Number(row.id));
  };
  return {
    url,
    user,
    writer: database.url,
    threads,
    connections: async () => (await threads()).length,
    rows: async sql => (await database.execute(sql)) as Record<string, unknown>[],
    execute: async sql => void (await database.execute(sql)),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

export async function sqlite(): Promise<Database & { readonly file: string }> {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'hr.db');
  new DatabaseSync(file).close();
  return {
    file,
    url: `sqlite:${file}`,
    connections: async () => handlesOf(file),
    execute: async sql => {
      using database = new DatabaseSync(file);
      database.exec(sql);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** How often this process has a file open; Linux tells. */
function handlesOf(file: string): number {
  const links = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter(link => link === file).length;
}

export const engines = { MariaDB: mariadb, SQLite: sqlite };

/** Rows for an INSERT: one tuple for each number from 1 on. */
export const tuples = (count: number, of: (number: number) => string) =>
  Array.from({ length: count }, (_, place) => `(${of(place + 1)})`).join(',');
