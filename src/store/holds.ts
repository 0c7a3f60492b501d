import type { Kysely, Transaction } from 'kysely';
import { type GuardFinding, type HoldNumber, holdNumber, type Outcome, runNumber } from '../roster/model.ts';
import type { Tables } from './schema.ts';
import type { Holds } from './store.ts';

export function holds(db: Kysely<Tables>): Holds {
  return {
    async open() {
      const row = await openHold(db);
      return (
        row && {
          number: holdNumber(row.number),
          run: runNumber(row.run),
          opened: new Date(row.opened),
          findings: JSON.parse(row.findings) as GuardFinding[],
        }
      );
    },
  };
}

const openHold = (db: Kysely<Tables>) =>
  db.selectFrom('holds').selectAll().where('closed', 'is', null).orderBy('number', 'desc').limit(1).executeTakeFirst();

/**
 * What an outcome does to the hold that stands: a held run leaves it alone or opens one, a good one closes it. The
 * candidate itself, and deciding about it, come with `review` and `approve`.
 */
export async function updateHolds(
  db: Transaction<Tables>,
  outcome: Outcome,
  { run, at }: { run: number; at: Date },
): Promise<HoldNumber | undefined> {
  if (outcome.status === 'failed') return undefined;
  if (outcome.status !== 'held') {
    await db.updateTable('holds').set({ closed: at.getTime() }).where('closed', 'is', null).execute();
    return undefined;
  }
  const standing = await openHold(db);
  if (standing) return holdNumber(standing.number);
  const last = await db
    .selectFrom('holds')
    .select(is => is.fn.max('number').as('highest'))
    .executeTakeFirst();
  const number = Number(last?.highest ?? 0) + 1;
  const changes = JSON.stringify(outcome.changes);
  const findings = JSON.stringify(outcome.reasons);
  await db.insertInto('holds').values({ number, run, opened: at.getTime(), closed: null, findings, changes }).execute();
  return holdNumber(number);
}
