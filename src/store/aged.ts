import type { Kysely } from 'kysely';
import { dropLists } from './problem-lists.ts';
import { runs } from './runs.ts';
import type { Tables } from './schema.ts';

/** What is old among all that goes by its age alone: runs, deliveries, ended holds and pins, and what is left of logins. */
interface Old {
  /** What ended, or happened, earlier than this moment goes; milliseconds. */
  readonly before: number;
  /** The snapshots that stay. */
  readonly kept: readonly number[];
  readonly dryRun: boolean;
}

/** Runs in one transaction. */
const PAGE = 2000;

/** Takes away what is old; tells how many runs and deliveries that were, or would be. */
export async function pruneAged(db: Kysely<Tables>, old: Old): Promise<{ runs: number; deliveries: number }> {
  const resting = await restingOn(db, old);
  const runs = await pruneRuns(db, resting.runs, old);
  const deliveries = await pruneDeliveries(db, old);
  if (!old.dryRun) {
    await dropLists(db);
    await pruneHolds(db, resting.holds, old);
    await prunePins(db, old);
    await pruneLogins(db, old);
  }
  return { runs, deliveries };
}

/**
 * The runs and holds on which something rests that stays. Those with the highest number are among them, since the next one
 * counts on from there: no number is ever given twice.
 */
async function restingOn(db: Kysely<Tables>, { before, kept }: Old) {
  const snapshots = await db.selectFrom('snapshots').select(['number', 'run', 'hold']).execute();
  const published = snapshots.filter(one => kept.includes(one.number));
  const all = await db.selectFrom('holds').select(['number', 'run', 'ended_by', 'closed']).orderBy('number').execute();
  const approved = new Set(published.map(one => one.hold));
  const holds = all.filter(
    one => one === all.at(-1) || one.closed === null || one.closed >= before || approved.has(one.number),
  );
  const ofHolds = holds.flatMap(({ run, ended_by }) => (ended_by === null ? [run] : [run, ended_by]));
  return {
    runs: new Set([...published.map(one => one.run), ...ofHolds, ...(await tellingRuns(db))]),
    holds: new Set(holds.map(one => one.number)),
  };
}

/** The runs that tell how things stand, be they as old as they may. */
async function tellingRuns(db: Kysely<Tables>): Promise<number[]> {
  const { list, newestFinished, newestGood, firstBadSince } = runs(db).heads;
  const good = await newestGood();
  const judging = await db
    .selectFrom('runs')
    .select('number')
    .where('status', 'in', ['published', 'unchanged', 'held'])
    .orderBy('number', 'desc')
    .limit(1)
    .execute();
  const proving = good ? await proofOf(db, good.fingerprint) : [];
  const last = [await newestFinished(), ...(await list(1))];
  const found = [good, await firstBadSince(good?.number), ...last, ...judging, ...proving];
  return found.flatMap(run => run?.number ?? []);
}

/** The newest run that proves the configuration of the newest good one, which may not do so itself. */
const proofOf = (db: Kysely<Tables>, fingerprint: string) =>
  db
    .selectFrom('runs')
    .select('number')
    .where('fingerprint', '=', fingerprint)
    .where('status', 'in', ['published', 'unchanged'])
    .where('unproved', '=', 0)
    .orderBy('number', 'desc')
    .limit(1)
    .execute();

async function pruneRuns(db: Kysely<Tables>, resting: ReadonlySet<number>, { before, dryRun }: Old): Promise<number> {
  let count = 0;
  for (let after = 0; ; ) {
    const page = await db
      .selectFrom('runs')
      .select('number')
      .where('started', '<', before)
      .where('number', '>', after)
      .orderBy('number')
      .limit(PAGE)
      .execute();
    const going = page.map(row => row.number).filter(number => !resting.has(number));
    if (!dryRun && going.length > 0) await db.deleteFrom('runs').where('number', 'in', going).execute();
    count += going.length;
    after = page.at(-1)?.number ?? 0;
    if (page.length < PAGE) return count;
  }
}

/** Deliveries in one transaction. */
const DELIVERIES = 2000;

async function pruneDeliveries(db: Kysely<Tables>, { before, dryRun }: Old): Promise<number> {
  const last = await lastDeliveries(db);
  const old = db
    .selectFrom('deliveries')
    .where('at', '<', before)
    .where('id', 'not in', ['', ...last]);
  if (dryRun) {
    const row = await old.select(is => is.fn.countAll().as('count')).executeTakeFirst();
    return Number(row?.count ?? 0);
  }
  let count = 0;
  for (;;) {
    const page = await old.select('id').orderBy('at').limit(DELIVERIES).execute();
    if (page.length === 0) return count;
    const ids = page.map(row => row.id);
    await db.deleteFrom('deliveries').where('id', 'in', ids).execute();
    count += ids.length;
  }
}

/** Of each client the last two that reached it whole: what it has, and what it had before. */
async function lastDeliveries(db: Kysely<Tables>): Promise<string[]> {
  const clients = await db.selectFrom('deliveries').select('client').distinct().execute();
  const found: string[] = [];
  for (const { client } of clients) {
    const rows = await db
      .selectFrom('deliveries')
      .select('id')
      .where('client', '=', client)
      .where('finished', '=', 1)
      .orderBy('number', 'desc')
      .orderBy('at', 'desc')
      .limit(2)
      .execute();
    found.push(...rows.map(row => row.id));
  }
  return found;
}

async function pruneHolds(db: Kysely<Tables>, resting: ReadonlySet<number>, { before }: Old): Promise<void> {
  await db
    .deleteFrom('holds')
    .where('closed', '<', before)
    .where('number', 'not in', [0, ...resting])
    .execute();
}

async function prunePins(db: Kysely<Tables>, { before }: Old): Promise<void> {
  const last = await db
    .selectFrom('pins')
    .select(is => is.fn.max('number').as('highest'))
    .executeTakeFirst();
  await db
    .deleteFrom('pins')
    .where('ended', '<', before)
    .where('number', '<', Number(last?.highest ?? 0))
    .execute();
}

/** What would go by itself at the next one, where another ever comes. */
async function pruneLogins(db: Kysely<Tables>, { before }: Old): Promise<void> {
  await db.deleteFrom('unlocks').where('at', '<', before).execute();
  await db.deleteFrom('login_failures').where('expire', '<', before).execute();
}
