import type { Kysely } from 'kysely';
import { snapshotNumber } from '../roster/model.ts';
import type { Tables } from './schema.ts';
import type { Deliveries } from './store.ts';

export function deliveries(db: Kysely<Tables>): Deliveries {
  return {
    async add(list) {
      const rows = list.map(one => ({ ...one, at: one.at.getTime(), finished: one.finished ? 1 : 0 }));
      if (rows.length > 0) await db.insertInto('deliveries').values(rows).execute();
    },
    async list(count) {
      const rows = await db.selectFrom('deliveries').selectAll().orderBy('at', 'desc').limit(count).execute();
      return rows.map(({ snapshot, client, at, finished, bytes }) => ({
        snapshot: snapshotNumber(snapshot),
        client,
        at: new Date(at),
        finished: finished === 1,
        bytes,
      }));
    },
  };
}
