import { type Kysely, MysqlAdapter, type RawBuilder, sql } from 'kysely';
import type { Tables } from './schema.ts';

/** See `Store.mark`. The statement is made once: making it takes longer than the answer. */
export function marks(db: Kysely<Tables>): () => Promise<string> {
  const isServer = db.getExecutor().adapter instanceof MysqlAdapter;
  const query = (isServer ? ON_SERVER : EMBEDDED).compile(db);
  return async () => {
    const { rows } = await db.executeQuery(query);
    return JSON.stringify(rows[0]);
  };
}

/** SQLite counts by itself what any other connection writes, and what this one does: of that, deliveries decide nothing. */
const EMBEDDED: RawBuilder<unknown> = sql`
  select data_version as others, total_changes() as ours from pragma_data_version`;

/** Runs, which alone publish, hold and end holds; pins; and who was purged. */
const ON_SERVER: RawBuilder<unknown> = sql`
  select (select max(number) from runs) as run,
  (select status from runs order by number desc limit 1) as status,
  (select finished from runs order by number desc limit 1) as finished,
  (select max(number) from snapshots) as newest,
  (select max(number) from pins) as pin,
  (select count(*) from pins where ended is null) as pinned,
  (select count(*) from purged) as purged,
  (select sum(id) from purged) as whose`;
