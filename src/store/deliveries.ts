import type { Kysely, Selectable } from 'kysely';
import { snapshotNumber } from '../roster/model.ts';
import { nextNumber } from './highest.ts';
import type { Tables } from './schema.ts';
import type { Deliveries, Delivery } from './store.ts';

/** `added` is told how many rows were written, once they are there. */
export function deliveries(db: Kysely<Tables>, added: (rows: number) => void = () => {}): Deliveries {
  const rows = () =>
    db.selectFrom('deliveries').selectAll().orderBy('number', 'desc').orderBy('at', 'desc').orderBy('snapshot', 'desc');
  const finished = () => rows().where('finished', '=', 1);
  return {
    async add(list) {
      if (list.length === 0) return;
      const written = await db.transaction().execute(async transaction => {
        const from = await nextNumber(transaction, 'deliveries');
        const fresh = await unrecorded(transaction, list);
        const made = fresh.map((one, place) => ({
          ...one,
          number: from + place,
          at: one.at.getTime(),
          finished: one.finished ? 1 : 0,
        }));
        if (made.length > 0) await transaction.insertInto('deliveries').values(made).execute();
        return made.length;
      });
      added(written);
    },
    list: async count => (await rows().limit(count).execute()).map(delivery),
    async newestFinished() {
      const row = await finished().limit(1).executeTakeFirst();
      return row && delivery(row);
    },
    async lastOfEach() {
      const clients = await db.selectFrom('deliveries').select('client').distinct().where('finished', '=', 1).execute();
      const last = await Promise.all(
        clients.map(({ client }) => finished().where('client', '=', client).limit(1).executeTakeFirst()),
      );
      return last
        .flatMap(row => row ?? [])
        .sort((a, b) => b.number - a.number || b.at - a.at)
        .map(delivery);
    },
    finishedTo: async (client, count) =>
      (await finished().where('client', '=', client).limit(count).execute()).map(delivery),
  };
}

type Identified = Delivery & { readonly id: string };

/** Those that are not there yet: whoever heard no answer tries again, though all may have been recorded. */
async function unrecorded(db: Kysely<Tables>, list: readonly Identified[]): Promise<readonly Identified[]> {
  const ids = list.map(one => one.id);
  const rows = await db.selectFrom('deliveries').select('id').where('id', 'in', ids).execute();
  const there = new Set(rows.map(row => row.id));
  return list.filter(one => !there.has(one.id));
}

const delivery = ({ snapshot, client, at, finished, bytes }: Selectable<Tables['deliveries']>): Delivery => ({
  snapshot: snapshotNumber(snapshot),
  client,
  at: new Date(at),
  finished: finished === 1,
  bytes,
});
