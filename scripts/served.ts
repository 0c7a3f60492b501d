import type { Snapshot } from '../src/roster/model.ts';
import type { Delivery, Store } from '../src/store/store.ts';
import type { Pair } from '../src/views/difference.ts';
import { NotFound } from './exit.ts';

/** The last two deliveries to one client, with their snapshots. */
export interface Served extends Pair {
  readonly last: Delivery;
  /** Absent when the last was the first. */
  readonly previous: Delivery | undefined;
  /** The newest delivery of another snapshot than the last one's; absent when there is none. */
  readonly other: Delivery | undefined;
}

/** How far back to look for a delivery of another snapshot. */
const DELIVERIES = 1000;

/** What the client that was served last was told then, and the time before. Throws NotFound when there is nothing. */
export async function lastServed({ store }: { readonly store: Store }): Promise<Served> {
  const newest = await store.deliveries.newestFinished();
  if (!newest) throw new NotFound('no snapshot has been delivered yet; "rosterd log --deliveries" lists every try');
  const [last = newest, previous, ...more] = await store.deliveries.finishedTo(newest.client, DELIVERIES);
  const other = [previous, ...more].find(one => one !== undefined && one.snapshot !== last.snapshot);
  return {
    last,
    previous,
    other,
    before: previous && (await kept(store, previous)),
    after: await kept(store, last),
  };
}

async function kept(store: Store, { snapshot }: Delivery): Promise<Snapshot> {
  const found = await store.snapshots.get(snapshot);
  if (found) return found;
  throw new NotFound(
    `snapshot ${snapshot}, which was delivered, is not kept any more; "rosterd log" lists all there are`,
  );
}
