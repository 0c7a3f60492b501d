import { writeFileSync } from 'node:fs';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { type OpenTables, openTables } from '../../src/store/copy.ts';
import { insertRows } from '../../src/store/insert.ts';
import { DEPARTMENTS, PEOPLE } from '../../src/store/packed.ts';
import { migrations, type Tables } from '../../src/store/schema.ts';
import { type Place, sqlite } from './engines.ts';
import { fill } from './everything.ts';

/** The first migration that an old store has not behind it, unless something else is said. */
export const FIRST_NEW = '2026-11-22-third-decisions';

/** Makes a store as older versions did, up to a migration, with all that they knew of what `fill` puts into one. */
export async function makeOld(
  here: Place & { readonly file?: string },
  { upTo = '2026-11-22-second-extracts' } = {},
): Promise<void> {
  await using now = await sqlite();
  await using store = await now.open();
  await fill(store, now);
  if (here.file) writeFileSync(here.file, '', { mode: 0o600 });
  await using from = openTables(now.config, 'the store of today');
  await using to = openTables(here.config, 'the old store');
  await migrateUpTo(to, upTo);
  for (const { name, columns } of await to.db.introspection.getTables()) {
    const { rows } =
      await sql`select ${sql.join(columns.map(column => sql.ref(column.name)))} from ${sql.table(name)}`.execute(
        from.db,
      );
    // The migrations put rows into some of them.
    await to.db.deleteFrom(name as keyof Tables).execute();
    const old = upTo < PACKED ? await unpacked(from, name, rows as Row[]) : rows;
    await insertRows(to.db, name as keyof Tables, old as never);
  }
}

/** The migration that made rows short. */
const PACKED = '2026-11-24-fifth-packed';

type Row = Record<string, unknown>;

/** Rows as they were before it: contents and digests as text, and with each run all that it found wrong. */
async function unpacked({ db }: OpenTables, table: string, rows: readonly Row[]): Promise<Row[]> {
  const lists = await db.selectFrom('problem_lists').selectAll().execute();
  const problems = new Map(lists.map(list => [list.digest, list.problems]));
  const packing = { people: PEOPLE, departments: DEPARTMENTS }[table];
  return rows.map(row => ({
    ...row,
    ...(row['leaf'] instanceof Uint8Array ? { leaf: Buffer.from(row['leaf']).toString('hex') } : {}),
    ...(packing ? { content: packing.unpack(row as never).content } : {}),
    ...(table === 'runs' ? { problems: problems.get(String(row['problems'])) ?? '[]' } : {}),
  }));
}

async function migrateUpTo({ db, engine }: OpenTables, last: string): Promise<void> {
  const known = Object.entries(migrations(engine)).filter(([name]) => name <= last);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries(known) } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
