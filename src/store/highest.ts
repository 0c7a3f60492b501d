import type { Kysely } from 'kysely';
import type { Tables } from './schema.ts';

/** What is counted 1, 2, 3 …; deliveries and notices for their order alone. */
type Counted = 'snapshots' | 'runs' | 'holds' | 'pins' | 'deliveries' | 'notices';

/** The highest number that was given; undefined where there is none. */
export async function highest(db: Kysely<Tables>, table: Counted): Promise<number | undefined> {
  const row = await db
    .selectFrom(table)
    .select(is => is.fn.max('number').as('highest'))
    .executeTakeFirst();
  return row?.highest == null ? undefined : Number(row.highest);
}

/** The number that follows. */
export const nextNumber = async (db: Kysely<Tables>, table: Counted): Promise<number> =>
  ((await highest(db, table)) ?? 0) + 1;
