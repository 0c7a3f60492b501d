import type { Kysely, Transaction } from 'kysely';
import type { PurgedLeaf } from '../roster/leaf.ts';
import { digestOf, type PersonKey, type Provenance, type SnapshotNumber } from '../roster/model.ts';
import { type Traces, tracesOf } from '../roster/traces.ts';
import { leaveLeaves, placesOf } from './erased-leaves.ts';
import { eraseProblems, maskHolds, maskNotices, maskRuns } from './erased-texts.ts';
import { StoreError } from './error.ts';
import { eraseRecords } from './extracts.ts';
import { finishPurge } from './files.ts';
import { type VersionRow, versionsIn } from './forms.ts';
import { countNames, eraseNames } from './ledger.ts';
import { namesOf } from './named.ts';
import { PEOPLE } from './packed.ts';
import type { Tables } from './schema.ts';
import { decide, writeSetting } from './settings.ts';
import type { PruneOptions, Purged } from './store.ts';
import { forgetLogins } from './unlocks.ts';

/** One row of the person. */
export type Form = VersionRow;

/**
 * Erases one person in one transaction, then whatever the engine's files still have of them. A StoreError says so when that
 * could not be done, for somebody is reading: to purge anybody once more, or to prune, does it.
 */
export async function purge(db: Kysely<Tables>, key: PersonKey, { dryRun, signal }: PruneOptions): Promise<Purged> {
  const forms = await formsOf(db, key);
  const [served] = forms.filter(form => form.last === null);
  if (served) throw new StoreError(`"${served.name}" is served: nobody is purged who has not left`);
  const traces = await tracesIn(db, key, forms);
  if (dryRun) return await eraseAll(db, { forms, traces, write: undefined });
  const purged = await db.transaction().execute(async transaction => {
    await decide(transaction);
    signal?.throwIfAborted();
    await refuseServed(transaction, key, forms);
    await writeSetting(transaction, 'purge_unfinished', '1');
    return await eraseAll(transaction, { forms, traces, write: transaction });
  });
  await finishPurge(db);
  return purged;
}

/** Somebody may have gone back to a snapshot that has them since that was looked at. */
async function refuseServed(db: Transaction<Tables>, key: PersonKey, forms: readonly Form[]): Promise<void> {
  const pin = await db.selectFrom('pins').select('snapshot').where('ended', 'is', null).executeTakeFirst();
  const pinned = forms.find(({ first, last }) => pin && first <= pin.snapshot && pin.snapshot <= (last ?? first));
  if (pinned) throw new StoreError(`"${pinned.name}" is served, in snapshot ${pin?.snapshot}, which is pinned`);
  const held = await db
    .selectFrom('hold_rows')
    .select(['hold', 'name'])
    .where('kind', '=', 'people')
    .where('key', '=', key)
    .where('leaf', 'is not', null)
    .executeTakeFirst();
  if (held) throw new StoreError(`the candidate of hold ${held.hold} has "${held.name}": decide about it first`);
}

const formsOf = (db: Kysely<Tables>, key: PersonKey): Promise<Form[]> =>
  versionsIn(db, 'people').where('key', '=', key).orderBy('first').execute();

async function tracesIn(db: Kysely<Tables>, key: PersonKey, forms: readonly Form[]): Promise<Traces> {
  const found = forms.map(form => ({
    value: PEOPLE.unpack(form).value(),
    from: form.origin === '' ? {} : (JSON.parse(form.origin) as Provenance),
  }));
  return tracesOf(key, found, await namesOf(db, key));
}

interface Erasing {
  readonly forms: readonly Form[];
  readonly traces: Traces;
  /** Absent: it is only told how much there is. */
  readonly write: Transaction<Tables> | undefined;
}

async function eraseAll(db: Kysely<Tables>, erasing: Erasing): Promise<Purged> {
  const { forms, traces, write } = erasing;
  const places = await placesOf(db, traces.key, forms);
  const names = await countNames(db, traces.key);
  if (write) {
    await leaveLeaves(write, forms, places);
    await forgetLogins(write, [...forms.map(form => form.name), ...(await namesOf(write, traces.key))]);
    await eraseNames(write, traces.key);
    await maskRuns(db, traces, write);
    await maskNotices(db, traces, write);
  }
  return {
    versions: forms.length,
    snapshots: new Set(places.map(one => one.snapshot)).size,
    records: await eraseRecords(db, traces, write),
    problems: (await eraseProblems(db, traces, write)) + (await maskHolds(db, traces, write)),
    names,
  };
}

/** Leaves of purged people in a snapshot, with their places among all of its people. */
export async function purgedLeaves(db: Kysely<Tables>, number: SnapshotNumber): Promise<PurgedLeaf[]> {
  const rows = await db
    .selectFrom('purged_places')
    .innerJoin('purged', 'purged.id', 'purged_places.purged')
    .select(['purged_places.place', 'purged.leaf'])
    .where('purged_places.snapshot', '=', number)
    .orderBy('purged_places.place')
    .execute();
  return rows.map(({ place, leaf }) => ({ place, leaf: digestOf(leaf) }));
}
