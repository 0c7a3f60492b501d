import { type Kysely, sql } from 'kysely';
import type { Tables } from './schema.ts';

/** See `Store.mark`, on a server. The statement is made once: making it takes longer than the answer. */
export function serverMark(db: Kysely<Tables>): () => Promise<string> {
  const query = DECIDING.compile(db);
  return async () => {
    const { rows } = await db.executeQuery(query);
    return JSON.stringify(rows[0]);
  };
}

/** Runs, which alone publish, hold and end holds; pins; and who was purged. */
const DECIDING = sql`
  select (select max(number) from runs) as run,
  (select status from runs order by number desc limit 1) as status,
  (select finished from runs order by number desc limit 1) as finished,
  (select max(number) from snapshots) as newest,
  (select max(number) from pins) as pin,
  (select count(*) from pins where ended is null) as pinned,
  (select count(*) from purged) as purged,
  (select sum(id) from purged) as whose`;
