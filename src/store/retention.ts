import type { Kysely, Transaction } from 'kysely';
import { pruneAged } from './aged.ts';
import { finishPurge } from './files.ts';
import { ASKED_AT_ONCE, chunks } from './records.ts';
import type { RecordTable, Tables } from './schema.ts';
import { decide } from './settings.ts';
import type { Pruned, PruneOptions, Pruning } from './store.ts';

/**
 * Takes away snapshots with the forms that held in no other, and what is older than a moment. The snapshots go first and all
 * at once: what is left of them if we die then belongs to nobody, and the next time takes it away. The rest goes in
 * transactions so small that nobody waits long for the store's writer.
 */
export async function prune(db: Kysely<Tables>, pruning: Pruning, { dryRun, signal }: PruneOptions): Promise<Pruned> {
  const { going, kept } = dryRun
    ? await sorted(db, pruning)
    : await db.transaction().execute(async transaction => {
        await decide(transaction);
        signal?.throwIfAborted();
        const found = await sorted(transaction, pruning);
        await deleteSnapshots(transaction, found.going);
        return found;
      });
  const gaps = gapsBetween(kept);
  const how = { gaps, dryRun, signal };
  const people = await pruneForms(db, 'people', how);
  const departments = await pruneForms(db, 'departments', how);
  signal?.throwIfAborted();
  const aged = await pruneAged(db, { before: pruning.before.getTime(), kept, dryRun });
  if (!dryRun) {
    await prunePurged(db);
    await finishPurge(db);
  }
  return { snapshots: going.length, people, departments, ...aged };
}

/** The numbers of the snapshots that go, and of those that stay, lowest first. */
interface Sorted {
  readonly going: readonly number[];
  readonly kept: readonly number[];
}

/** Looked at anew, for somebody may have pinned one since they were chosen. */
async function sorted(db: Kysely<Tables>, { snapshots }: Pruning): Promise<Sorted> {
  const rows = await db.selectFrom('snapshots').select('number').orderBy('number').execute();
  const pinned = await db.selectFrom('pins').select('snapshot').where('ended', 'is', null).execute();
  const held = await db.selectFrom('holds').select('base').where('closed', 'is', null).execute();
  const asked = new Set<number>(snapshots);
  for (const { snapshot } of pinned) asked.delete(snapshot);
  for (const { base } of held) asked.delete(base ?? 0);
  asked.delete(rows.at(-1)?.number ?? 0);
  const numbers = rows.map(row => row.number);
  return { going: numbers.filter(one => asked.has(one)), kept: numbers.filter(one => !asked.has(one)) };
}

async function deleteSnapshots(db: Transaction<Tables>, numbers: readonly number[]): Promise<void> {
  for (const some of chunks(numbers, ASKED_AT_ONCE)) {
    await db.deleteFrom('snapshots').where('number', 'in', some).execute();
  }
}

/** Two snapshots that stay, and none between them does; `low` is 0 before the first. */
interface Gap {
  readonly low: number;
  readonly high: number;
}

const gapsBetween = (kept: readonly number[]): Gap[] =>
  kept.map((high, place) => ({ low: kept[place - 1] ?? 0, high })).filter(({ low, high }) => high - low > 1);

/** Forms that held in a gap and nowhere else: they are in no snapshot that stays. */
async function pruneForms(
  db: Kysely<Tables>,
  table: 'people' | 'departments',
  { gaps, dryRun, signal }: PruneOptions & { gaps: readonly Gap[] },
): Promise<number> {
  let count = 0;
  for (const gap of gaps) {
    if (dryRun) {
      count += await countForms(db, table, gap);
      continue;
    }
    for await (const page of formsWithin(db, table, gap)) {
      signal?.throwIfAborted();
      await db.transaction().execute(async transaction => {
        await handOver(transaction, table, { forms: page, low: gap.low });
        const ids = page.map(form => form.id);
        await transaction.deleteFrom(table).where('id', 'in', ids).execute();
      });
      count += page.length;
    }
  }
  return count;
}

async function countForms(db: Kysely<Tables>, table: 'people' | 'departments', { low, high }: Gap): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select(is => is.fn.countAll().as('count'))
    .where('last', '>', low)
    .where('last', '<', high)
    .where('first', '>', low)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

type Form = Pick<RecordTable, 'id' | 'key' | 'last' | 'reason' | 'reason_source'>;

/** In pages, in the order in which they ended. */
async function* formsWithin(db: Kysely<Tables>, table: 'people' | 'departments', { low, high }: Gap) {
  for (let after = { last: low, id: 0 }; ; ) {
    const { last, id } = after;
    const page: Form[] = await db
      .selectFrom(table)
      .select(['id', 'key', 'last', 'reason', 'reason_source'])
      .where('last', '>=', last)
      .where('last', '<', high)
      .where('first', '>', low)
      .where(is => is.or([is('last', '>', last), is('id', '>', id)]))
      .orderBy('last')
      .orderBy('id')
      .limit(ASKED_AT_ONCE)
      .execute();
    if (page.length > 0) yield page;
    after = { last: page.at(-1)?.last ?? high, id: page.at(-1)?.id ?? 0 };
    if (page.length < ASKED_AT_ONCE) return;
  }
}

/**
 * Why somebody went is said by their last form. Where that goes, the form that they had in the last snapshot before the gap
 * says it from now on, so that comparing over the gap still tells.
 */
async function handOver(
  db: Transaction<Tables>,
  table: 'people' | 'departments',
  { forms, low }: { forms: readonly Form[]; low: number },
): Promise<void> {
  const latest = new Map(forms.flatMap(form => (form.reason === '' ? [] : [[form.key, form] as const])));
  for (const same of Map.groupBy(latest.values(), form => `${form.reason} ${form.reason_source}`).values()) {
    const { reason = '', reason_source = '' } = same[0] ?? {};
    await db
      .updateTable(table)
      .set({ reason, reason_source })
      .where(
        'key',
        'in',
        same.map(form => form.key),
      )
      .where('first', '<=', low)
      .where('last', '>=', low)
      .execute();
  }
}

/** What is left of purged people, as far as it belongs to no snapshot any more. */
async function prunePurged(db: Kysely<Tables>): Promise<void> {
  await db
    .deleteFrom('purged_places')
    .where('snapshot', 'not in', is => is.selectFrom('snapshots').select('number'))
    .execute();
  await db
    .deleteFrom('purged')
    .where('id', 'not in', is => is.selectFrom('purged_places').select('purged'))
    .execute();
}
