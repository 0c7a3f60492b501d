import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sql } from 'kysely';
import { type OpenTables, openTables } from '../src/store/copy.ts';
import { migrationsDone, openStore } from '../src/store/open.ts';
import { migrations } from '../src/store/schema.ts';
import { Failed, UsageError } from './exit.ts';

/** What a backup says of itself, in a table that no store has. */
export interface Note {
  /** When it was made, in ISO 8601. */
  readonly made: string;
  /** The address of the store that it is of, without a password. */
  readonly of: string;
}

/** Makes a store in a file a backup. */
export async function note({ db }: OpenTables, { made, of }: Note): Promise<void> {
  await sql`create table backup (made text not null, "of" text not null)`.execute(db);
  await sql`insert into backup values (${made}, ${of})`.execute(db);
}

/** Where SQLite leaves four bytes each to whoever uses the file, in its head: the user version and the application id. */
const OURS = [60, 68];
/** From where to where else the head changes when somebody only looks at the store. */
const ITS: readonly (readonly [from: number, to: number])[] = [
  [18, 20],
  [24, 28],
  [92, 100],
];

/** Writes a digest of a file, which nobody has open any more, into its head: by it damage is found. */
export async function stamp(file: string): Promise<void> {
  const digest = await digestOf(file);
  await using handle = await open(file, 'r+');
  for (const [place, at] of OURS.entries()) await handle.write(digest, place * 4, 4, at);
  await handle.sync();
}

async function isStamped(file: string): Promise<boolean> {
  const found = Buffer.alloc(8);
  await using handle = await open(file);
  for (const [place, at] of OURS.entries()) await handle.read(found, place * 4, 4, at);
  return found.equals(await digestOf(file));
}

/** Eight bytes, of all that stays. */
async function digestOf(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  let isHead = true;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    if (isHead) for (const [from, to] of [...OURS.map(at => [at, at + 4]), ...ITS]) chunk.subarray(from, to).fill(0);
    isHead = false;
    hash.update(chunk);
  }
  return hash.digest().subarray(0, 8);
}

/** A backup that is as it was written, as tables of this version. */
export interface Backup extends AsyncDisposable {
  readonly tables: OpenTables;
  readonly note: Note;
}

/** Opens a backup, all of which is as it was written; the file stays so. Throws a Failed that says why it is no good. */
export async function openBackup(file: string): Promise<Backup> {
  const there = statSync(file, { throwIfNoEntry: false });
  if (!there?.isFile()) throw new UsageError(there ? `${file} is no file` : `there is no file ${file}`);
  const what = `the backup ${file}`;
  if (!(await isStamped(file))) throw damaged(what, 'it is not as "rosterd backup" has written it');
  await using stack = new AsyncDisposableStack();
  const found = stack.use(openTables({ url: `sqlite:${resolve(file)}` }, what, { readOnly: true }));
  const { older, note: noted } = await look(found);
  const tables = older ? stack.use(await broughtUpToDate(found)) : found;
  const owned = stack.move();
  return { tables, note: noted, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const damaged = (what: string, why: string) =>
  new Failed(
    `${what} is damaged, or none: ${why}\nNothing was restored; take another one. If rosterd has served it since, it is a store: name it as that in the configuration.`,
  );

async function look(tables: OpenTables): Promise<{ readonly older: boolean; readonly note: Note }> {
  try {
    const older = await isOlder(tables);
    const { rows } = await sql<Note>`select made, "of" from backup`.execute(tables.db);
    return { older, note: rows[0] ?? { made: '', of: '' } };
  } catch (error) {
    throw error instanceof Failed ? error : damaged(tables.what, (error as Error).message);
  }
}

async function isOlder({ what, db }: OpenTables): Promise<boolean> {
  const known = Object.keys(migrations('sqlite'));
  const done = await migrationsDone(db);
  const newer = done.filter(name => !known.includes(name));
  if (newer.length === 0) return done.length < known.length;
  throw new Failed(`${what} was made by a newer rosterd (it has ${newer.join(', ')}); install that version`);
}

/** A copy of this version, which goes with its folder. */
async function broughtUpToDate({ what, db }: OpenTables): Promise<OpenTables> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'rosterd-restore-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const file = join(folder, 'roster.db');
  await sql`vacuum into ${file}`.execute(db);
  const store = await openStore({ url: `sqlite:${file}` }, { migrate: true, keepOld: false });
  await store[Symbol.asyncDispose]();
  const tables = stack.use(openTables({ url: `sqlite:${file}` }, what));
  const owned = stack.move();
  return { ...tables, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
