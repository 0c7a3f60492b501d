import { type Kysely, MysqlAdapter, type RawBuilder, sql } from 'kysely';
import type { Tables } from './schema.ts';

/** See `Store.mark`. */
export async function mark(db: Kysely<Tables>): Promise<string> {
  const query = db.getExecutor().adapter instanceof MysqlAdapter ? ON_SERVER : EMBEDDED;
  const { rows } = await query.execute(db);
  return JSON.stringify(rows[0]);
}

/** Runs, which alone publish, hold and end holds; pins; and who was purged. */
const WHAT_DECIDES = sql`
  (select max(number) from runs) as run,
  (select status from runs order by number desc limit 1) as status,
  (select finished from runs order by number desc limit 1) as finished,
  (select max(number) from snapshots) as newest,
  (select max(number) from pins) as pin,
  (select count(*) from pins where ended is null) as pinned,
  (select count(*) from purged) as purged,
  (select sum(id) from purged) as whose`;

const ON_SERVER: RawBuilder<unknown> = sql`select ${WHAT_DECIDES}`;

/** SQLite counts by itself whatever any other connection writes; what this one writes most of all, deliveries, decide nothing. */
const EMBEDDED: RawBuilder<unknown> = sql`select data_version as others, ${WHAT_DECIDES} from pragma_data_version`;
