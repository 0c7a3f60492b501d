import { type Kysely, MysqlAdapter, sql } from 'kysely';
import { StoreError } from './error.ts';
import type { Tables } from './schema.ts';
import { deleteSetting, setting } from './settings.ts';

/** Erases from the engine's files what was erased from its tables, if that was not done yet. */
export async function finishPurge(db: Kysely<Tables>): Promise<void> {
  if ((await setting(db, 'purge_unfinished')) === undefined) return;
  if (db.getExecutor().adapter instanceof MysqlAdapter) await rebuildTables(db);
  else await rewriteFile(db);
  await deleteSetting(db, 'purge_unfinished');
}

const UNFINISHED = "the rows are erased, but not yet what the store's files still have of them";
const AGAIN = 'the same command once more finishes it, as does "rosterd prune --yes"';

/** The file with nothing in it but what is there, and an empty log of changes. */
async function rewriteFile(db: Kysely<Tables>): Promise<void> {
  try {
    await sql`vacuum`.execute(db);
  } catch (error) {
    throw new StoreError(`${UNFINISHED}: ${(error as Error).message}; ${AGAIN}`, { cause: error });
  }
  const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db);
  if (rows[0]?.busy === 0) return;
  throw new StoreError(
    `${UNFINISHED}: another process has been reading the store all the while (a backup, perhaps); when it has ended, ${AGAIN}`,
  );
}

/** How long to wait for somebody who is reading these tables, in seconds; a server's own limit may be a day. */
const WAIT = 10;

/** What the server keeps besides its tables, in logs and backups, is not for us to reach. */
const rebuildTables = (db: Kysely<Tables>): Promise<void> =>
  db.connection().execute(async connection => {
    try {
      await sql`set session lock_wait_timeout = ${sql.lit(WAIT)}`.execute(connection);
      await sql`optimize table people, ledger, runs, problem_lists, holds, extract_parts`.execute(connection);
    } catch (error) {
      throw new StoreError(`${UNFINISHED}: ${(error as Error).message}; ${AGAIN}`, { cause: error });
    } finally {
      await sql`set session lock_wait_timeout = default`.execute(connection);
    }
  });

/** What the engine finds wrong with its own file; one that belongs to a server is for the server to look after. */
export async function integrity(db: Kysely<Tables>): Promise<string[]> {
  if (db.getExecutor().adapter instanceof MysqlAdapter) return [];
  try {
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db);
    return rows.map(row => row.integrity_check).filter(text => text !== 'ok');
  } catch (error) {
    return [(error as Error).message];
  }
}
