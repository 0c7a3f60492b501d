import { hash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { dropIndex, type Ground, newTable } from './steps.ts';

/**
 * The migration to a store that is half as big: leaves are bytes, each list of problems is there once, and nothing is indexed
 * that is found otherwise. Contents stay as they are, since both forms can be read. What can be done twice comes first:
 * a MySQL server keeps what was done before a migration broke off.
 */
export async function packTables(ground: Ground): Promise<void> {
  await moveProblems(ground);
  for (const table of ['people', 'departments', 'people_head', 'departments_head']) await packLeaves(ground, table);
  for (const table of ['people', 'departments']) await dropIndexes(ground, table);
}

/** Leaves of another length were damaged before, and are so after it. */
async function packLeaves({ db, engine }: Ground, table: string): Promise<void> {
  const [name, column] = [sql.table(table), sql.ref('leaf')];
  const none = sql`unhex(${'0'.repeat(64)})`;
  if (engine === 'sqlite') {
    const packed = sql`coalesce(unhex(${column}), ${none})`;
    await sql`update ${name} set ${column} = ${packed} where length(${column}) <> 32`.execute(db);
    return;
  }
  await sql`alter table ${name} modify ${column} varbinary(128) not null`.execute(db);
  // A server in strict mode takes no leaf that is none.
  const packed = sql`if(convert(${column} using ascii) regexp '^[0-9A-Fa-f]{64}$', unhex(${column}), ${none})`;
  for (let left = true; left; ) {
    const some = sql`update ${name} set ${column} = ${packed} where length(${column}) <> 32 limit ${sql.lit(AT_ONCE)}`;
    left = Number((await some.execute(db)).numAffectedRows) > 0;
  }
  await sql`alter table ${name} modify ${column} binary(32) not null`.execute(db);
}

/** Rows that a server changes in one statement: within seconds, for what takes a minute is broken off and begins anew. */
const AT_ONCE = 100_000;

/** By name the ledger finds people; and what holds now is found by key, never by that it has no end. */
async function dropIndexes(ground: Ground, table: string): Promise<void> {
  const { db, engine } = ground;
  if (engine === 'mysql') return dropIndex(ground, { table, name: `${table}_name` });
  for (const name of ['name', 'last']) await db.schema.dropIndex(`${table}_${name}`).execute();
  const index = db.schema.createIndex(`${table}_last`).on(table).column('last');
  await index.where(sql.ref('last'), 'is not', null).execute();
}

interface Written {
  runs: { number: number; problems: string };
  problem_lists: { digest: string; problems: string };
}

/** Runs that are looked at together: their problems make them long. */
const PAGE = 20;

async function moveProblems(ground: Ground): Promise<void> {
  const { engine } = ground;
  const db = ground.db as Kysely<Written>;
  await newTable(ground, 'problem_lists')
    .addColumn(
      'digest',
      engine === 'mysql' ? sql`varchar(128) character set ascii collate ascii_bin` : 'text',
      column => column.primaryKey().notNull(),
    )
    .addColumn(
      'problems',
      engine === 'mysql' ? sql`longtext character set utf8mb4 collate utf8mb4_bin` : 'text',
      column => column.notNull(),
    )
    .execute();
  for (let after = 0; ; ) {
    const rows = db.selectFrom('runs').select(['number', 'problems']).where('number', '>', after).orderBy('number');
    const page = await rows.limit(PAGE).execute();
    for (const run of page) if (run.problems.startsWith('[')) await moveList(db, run);
    after = page.at(-1)?.number ?? 0;
    if (page.length < PAGE) return;
  }
}

async function moveList(db: Kysely<Written>, { number, problems }: Written['runs']): Promise<void> {
  const digest = problems === '[]' ? '' : hash('sha256', problems);
  const known = db.selectFrom('problem_lists').select('digest').where('digest', '=', digest);
  if (digest !== '' && !(await known.executeTakeFirst())) {
    await db.insertInto('problem_lists').values({ digest, problems }).execute();
  }
  await db.updateTable('runs').set({ problems: digest }).where('number', '=', number).execute();
}
