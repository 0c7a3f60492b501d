import type { Kysely, Transaction } from 'kysely';
import type { PersonKey } from '../roster/model.ts';
import type { Form } from './erasure.ts';
import { insertRows } from './insert.ts';
import { ASKED_AT_ONCE, chunks } from './records.ts';
import type { Tables } from './schema.ts';

/** Where a form stands in a snapshot, among all people. */
export interface Place {
  readonly form: number;
  readonly snapshot: number;
  readonly place: number;
}

/** In every snapshot that is kept: behind whoever has a lower key, and whoever was purged there. */
export async function placesOf(db: Kysely<Tables>, key: PersonKey, forms: readonly Form[]): Promise<Place[]> {
  const snapshots = await db.selectFrom('snapshots').select('number').orderBy('number').execute();
  const theirs = snapshots.flatMap(({ number }) => {
    const form = forms.find(({ first, last }) => first <= number && number <= (last ?? number));
    return form ? { form: form.id, snapshot: number } : [];
  });
  if (theirs.length === 0) return [];
  const spans = await db
    .selectFrom('people')
    .select(['first', 'last', is => is.fn.countAll().as('count')])
    .where('key', '<', key)
    .groupBy(['first', 'last'])
    .execute();
  const taken = await placesTaken(db);
  return theirs.map(({ form, snapshot }) => {
    const before = spans
      .filter(({ first, last }) => first <= snapshot && snapshot <= (last ?? snapshot))
      .reduce((sum, { count }) => sum + Number(count), 0);
    return { form, snapshot, place: freePlace(before, taken.get(snapshot) ?? []) };
  });
}

/** By snapshot, lowest first. */
async function placesTaken(db: Kysely<Tables>): Promise<Map<number, number[]>> {
  const rows = await db.selectFrom('purged_places').select(['snapshot', 'place']).orderBy('place').execute();
  return new Map(
    [...Map.groupBy(rows, row => row.snapshot)].map(([number, list]) => [number, list.map(row => row.place)]),
  );
}

/** The place of whoever comes behind so many people who are there, since the purged have kept theirs. */
function freePlace(before: number, taken: readonly number[]): number {
  let place = before;
  for (const one of taken) if (one <= place) place += 1;
  return place;
}

/** Of each form the leaf and span stay, and where it stood, so that digests still verify. */
export async function leaveLeaves(
  db: Transaction<Tables>,
  forms: readonly Form[],
  places: readonly Place[],
): Promise<void> {
  const last = await db
    .selectFrom('purged')
    .select(is => is.fn.max('id').as('highest'))
    .executeTakeFirst();
  const next = Number(last?.highest ?? 0) + 1;
  const ids = new Map(forms.map((form, place) => [form.id, next + place]));
  const idOf = (form: number) => ids.get(form) ?? 0;
  await insertRows(
    db,
    'purged',
    forms.map(({ id, first, last, leaf }) => ({ id: idOf(id), first, last: last ?? first, leaf })),
  );
  await insertRows(
    db,
    'purged_places',
    places.map(({ form, snapshot, place }) => ({ purged: idOf(form), snapshot, place })),
  );
  for (const some of chunks([...ids.keys()], ASKED_AT_ONCE)) {
    await db.deleteFrom('people').where('id', 'in', some).execute();
  }
}
