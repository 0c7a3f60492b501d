import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './schema.ts';
import type { Prunings } from './store.ts';

/** What the store keeps for itself. */
export type Setting =
  /** The key of the hashes that are left of purged names, in hex. */
  | 'ledger_key'
  /** When old things were last taken away, in milliseconds. */
  | 'pruned_at'
  /** There from the beginning, for {@link decide}. */
  | 'decision'
  /** There while files may still have what was purged from the tables. */
  | 'purge_unfinished';

export async function setting(db: Kysely<Tables>, name: Setting): Promise<string | undefined> {
  const row = await db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

export async function writeSetting(db: Kysely<Tables>, name: Setting, value: string): Promise<void> {
  await deleteSetting(db, name);
  await db.insertInto('settings').values({ name, value }).execute();
}

export async function deleteSetting(db: Kysely<Tables>, name: Setting): Promise<void> {
  await db.deleteFrom('settings').where('name', '=', name).execute();
}

/**
 * Makes a transaction wait for others that decide which snapshots are served and which go. The first statement of each of
 * them: without it a MySQL server lets two go by that do not see each other's rows.
 */
export async function decide(db: Transaction<Tables>): Promise<void> {
  await db.updateTable('settings').set({ value: '' }).where('name', '=', 'decision').execute();
}

/** When old things were last taken away. */
export function prunings(db: Kysely<Tables>): Prunings {
  return {
    async last() {
      const at = await setting(db, 'pruned_at');
      return at === undefined ? undefined : new Date(Number(at));
    },
    note: at => writeSetting(db, 'pruned_at', String(at.getTime())),
  };
}
