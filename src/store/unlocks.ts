import type { Kysely } from 'kysely';
import { markOfName } from '../roster/name-mark.ts';
import type { Tables } from './schema.ts';
import type { Unlocks } from './store.ts';

/** No throttle counts for longer than a day, so that nothing older is left to be forgiven; milliseconds. */
const DAY = 86_400_000;

export function unlocks(db: Kysely<Tables>): Unlocks {
  return {
    note: (username, at) =>
      db.transaction().execute(async transaction => {
        const name = markOfName(username);
        await transaction
          .deleteFrom('unlocks')
          .where(row => row.or([row('name', '=', name), row('at', '<', at.getTime() - DAY)]))
          .execute();
        await transaction.insertInto('unlocks').values({ name, at: at.getTime() }).execute();
      }),
    async last(username) {
      const row = await db
        .selectFrom('unlocks')
        .select('at')
        .where('name', '=', markOfName(username))
        .executeTakeFirst();
      return row && new Date(row.at);
    },
  };
}

/** Takes away what is kept of the logins of somebody who is known by these names. */
export async function forgetLogins(db: Kysely<Tables>, names: readonly string[]): Promise<void> {
  const hashes = [...new Set(names)].map(markOfName);
  if (hashes.length === 0) return;
  await db.deleteFrom('unlocks').where('name', 'in', hashes).execute();
  await db.deleteFrom('login_failures').where('key', 'in', hashes).execute();
}
