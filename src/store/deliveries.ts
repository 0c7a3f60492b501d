import type { Kysely, Selectable } from 'kysely';
import { snapshotNumber } from '../roster/model.ts';
import type { Tables } from './schema.ts';
import type { Deliveries, Delivery } from './store.ts';

export function deliveries(db: Kysely<Tables>): Deliveries {
  const rows = () => db.selectFrom('deliveries').selectAll().orderBy('at', 'desc').orderBy('snapshot', 'desc');
  const finished = () => rows().where('finished', '=', 1);
  return {
    async add(list) {
      const made = list.map(one => ({ ...one, at: one.at.getTime(), finished: one.finished ? 1 : 0 }));
      if (made.length > 0) await db.insertInto('deliveries').values(made).execute();
    },
    list: async count => (await rows().limit(count).execute()).map(delivery),
    async newestFinished() {
      const row = await finished().limit(1).executeTakeFirst();
      return row && delivery(row);
    },
    async lastOfEach() {
      const newest = await db
        .selectFrom('deliveries')
        .select(['client', is => is.fn.max('at').as('at')])
        .where('finished', '=', 1)
        .groupBy('client')
        .execute();
      const found = await Promise.all(
        newest.map(({ client, at }) => finished().where('client', '=', client).where('at', '=', at).executeTakeFirst()),
      );
      return found.flatMap(row => (row ? delivery(row) : [])).sort((a, b) => b.at.getTime() - a.at.getTime());
    },
    finishedTo: async (client, count) =>
      (await finished().where('client', '=', client).limit(count).execute()).map(delivery),
  };
}

const delivery = ({ snapshot, client, at, finished, bytes }: Selectable<Tables['deliveries']>): Delivery => ({
  snapshot: snapshotNumber(snapshot),
  client,
  at: new Date(at),
  finished: finished === 1,
  bytes,
});
