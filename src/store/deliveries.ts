import type { Kysely, Selectable } from 'kysely';
import { snapshotNumber } from '../roster/model.ts';
import type { Tables } from './schema.ts';
import type { Deliveries, Delivery } from './store.ts';

export function deliveries(db: Kysely<Tables>): Deliveries {
  const rows = () => db.selectFrom('deliveries').selectAll().orderBy('at', 'desc');
  return {
    async add(list) {
      const made = list.map(one => ({ ...one, at: one.at.getTime(), finished: one.finished ? 1 : 0 }));
      if (made.length > 0) await db.insertInto('deliveries').values(made).execute();
    },
    list: async count => (await rows().limit(count).execute()).map(delivery),
    async newestFinished() {
      const row = await rows().where('finished', '=', 1).limit(1).executeTakeFirst();
      return row && delivery(row);
    },
  };
}

const delivery = ({ snapshot, client, at, finished, bytes }: Selectable<Tables['deliveries']>): Delivery => ({
  snapshot: snapshotNumber(snapshot),
  client,
  at: new Date(at),
  finished: finished === 1,
  bytes,
});
