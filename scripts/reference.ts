import { type Snapshot, type SnapshotNumber, snapshotNumber } from '../src/roster/model.ts';
import { dayIn } from '../src/runs/time.ts';
import type { Store } from '../src/store/store.ts';
import { heldSnapshot } from '../src/views/held.ts';
import { NotFound, UsageError } from './exit.ts';
import { dayBefore, endOfDay, isDay, minuteIn } from './text/time.ts';

/** Where a REF is looked up, and what its days mean. */
export interface Place {
  readonly store: Store;
  readonly zone: string;
  readonly now: Date;
}

/** What to say in a store that has no snapshot. */
export const NOTHING = 'nothing has been published yet; "rosterd status" tells why, "rosterd pull" makes a run';

export const REF_HELP = '42, head, head~1, delivered, held, @2026-11-20 or @yesterday';
/** For {@link resolvePublished}. */
export const PUBLISHED_HELP = REF_HELP.replace(' held,', '');

/**
 * The snapshot that a REF means. A date is the end of that day in the configured time zone. Throws a UsageError for what is
 * no REF, and NotFound, with what there is, for one that means nothing here.
 */
export async function resolveReference(ref: string, place: Place): Promise<Snapshot> {
  const [, count] = /^head(?:~(\d{1,9}))?$/.exec(ref) ?? [];
  if (ref === 'head' || count !== undefined) return back(Number(count ?? 0), ref, place);
  if (/^\d{1,15}$/.test(ref)) return numbered(snapshotNumber(Number(ref)), place);
  if (ref.startsWith('@')) return atEndOf(ref, place);
  if (ref === 'delivered') return delivered(place);
  if (ref === 'held') return held(place);
  throw new UsageError(`"${ref}" does not name a snapshot; write ${REF_HELP}`);
}

/** The same for whoever can do nothing with what was not published. */
export async function resolvePublished(ref: string, place: Place): Promise<Snapshot> {
  if (ref !== 'held') return await resolveReference(ref, place);
  throw new UsageError(
    'a held candidate is no snapshot; "rosterd review" shows it, and "rosterd approve" publishes it',
  );
}

async function back(count: number, ref: string, { store, zone }: Place): Promise<Snapshot> {
  const found = (await store.snapshots.list(count + 1))[count];
  return found ?? missing(`there is no ${ref}`, { store, zone });
}

async function numbered(number: SnapshotNumber, { store, zone }: Place): Promise<Snapshot> {
  return (await store.snapshots.get(number)) ?? missing(`there is no snapshot ${number}`, { store, zone });
}

async function atEndOf(ref: string, { store, zone, now }: Place): Promise<Snapshot> {
  const day = dayOf(ref.slice(1), dayIn(zone, now));
  if (day === undefined) throw new UsageError(`"${ref}" is not a day; write @2026-11-20, @today or @yesterday`);
  const found = await store.snapshots.before(endOfDay(zone, day));
  return found ?? missing(`nothing had been published by the end of ${day} (${zone})`, { store, zone });
}

function dayOf(text: string, today: string): string | undefined {
  if (text === 'today') return today;
  if (text === 'yesterday') return dayBefore(today);
  return isDay(text) ? text : undefined;
}

async function delivered({ store, zone }: Place): Promise<Snapshot> {
  const last = await store.deliveries.newestFinished();
  if (!last) throw new NotFound('no snapshot has been delivered yet; "rosterd log --deliveries" lists every try');
  const found = await store.snapshots.get(last.snapshot);
  return found ?? missing(`snapshot ${last.snapshot}, which was delivered last, is not kept any more`, { store, zone });
}

async function held({ store }: Place): Promise<Snapshot> {
  const found = await heldSnapshot(store);
  if (found) return found;
  throw new NotFound('nothing is held; "rosterd status" tells how things stand');
}

/** Never returns: says what is not there, and what is. */
async function missing(what: string, { store, zone }: Pick<Place, 'store' | 'zone'>): Promise<never> {
  const all = await store.snapshots.list(Number.MAX_SAFE_INTEGER);
  const oldest = all.at(-1);
  if (!oldest) throw new NotFound(NOTHING);
  const first = `the oldest is of ${minuteIn(zone, oldest.at)}`;
  throw new NotFound(
    `${what}; there ${all.length === 1 ? 'is' : 'are'} ${ranges(all.map(one => one.number))}, ${first}`,
  );
}

/** Numbers, newest first, as `1, 5 to 42`. */
export function ranges(numbers: readonly number[]): string {
  const spans: { from: number; to: number }[] = [];
  for (const number of numbers.toReversed()) {
    const last = spans.at(-1);
    if (last && last.to === number - 1) last.to = number;
    else spans.push({ from: number, to: number });
  }
  return spans.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(', ');
}
