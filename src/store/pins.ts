import type { Kysely } from 'kysely';
import { snapshotNumber } from '../roster/model.ts';
import { StoreError } from './error.ts';
import { nextNumber } from './highest.ts';
import type { Tables } from './schema.ts';
import { decide } from './settings.ts';
import type { Pins } from './store.ts';

export function pins(db: Kysely<Tables>): Pins {
  return {
    async current() {
      const row = await db
        .selectFrom('pins')
        .select(['snapshot', 'at'])
        .where('ended', 'is', null)
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && { snapshot: snapshotNumber(row.snapshot), at: new Date(row.at) };
    },
    set: ({ snapshot, at }) =>
      db.transaction().execute(async transaction => {
        await decide(transaction);
        const there = await transaction
          .selectFrom('snapshots')
          .select('number')
          .where('number', '=', snapshot)
          .executeTakeFirst();
        // Retention may have taken it away since it was chosen.
        if (!there) throw new StoreError(`there is no snapshot ${snapshot} to pin; "rosterd log" lists all there are`);
        await transaction.updateTable('pins').set({ ended: at.getTime() }).where('ended', 'is', null).execute();
        const number = await nextNumber(transaction, 'pins');
        await transaction.insertInto('pins').values({ number, snapshot, at: at.getTime(), ended: null }).execute();
      }),
    async end(at) {
      const result = await db
        .updateTable('pins')
        .set({ ended: at.getTime() })
        .where('ended', 'is', null)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
  };
}
