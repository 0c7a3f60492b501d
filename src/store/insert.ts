import { type CompiledQuery, createQueryId, type Insertable, type Kysely } from 'kysely';
import { chunks } from './records.ts';
import type { Tables } from './schema.ts';

/** Rows in one INSERT: more gain nothing, and the engine has to read a statement as long as they are many. */
const ROWS = 200;

/**
 * Inserts rows that all have the same columns in the same order. The statement is built once for each number of rows, and
 * after that only gets other values: building it anew costs more than the insertion.
 */
export async function insertRows<Table extends keyof Tables & string>(
  db: Kysely<Tables>,
  table: Table,
  rows: readonly Insertable<Tables[Table]>[],
): Promise<void> {
  let statement: CompiledQuery | undefined;
  let built = 0;
  for (const some of chunks(rows, ROWS)) {
    if (built !== some.length) statement = db.insertInto(table).values(some).compile();
    built = some.length;
    if (statement) {
      const parameters = some.flatMap(row => Object.values(row));
      await db.executeQuery({ ...statement, parameters, queryId: createQueryId() });
    }
  }
}
