import { type Kysely, sql } from 'kysely';
import type { Removal } from '../roster/known.ts';
import { type RemovalReason, sourceName } from '../roster/model.ts';
import type { RecordTable, Tables } from './schema.ts';

/** The forms of people and departments, as they are asked for. */
export type Table = 'people' | 'departments';

/** Leaves are digests in hex wherever they are not in a column; an engine turns them into that for next to nothing. */
export const LEAF = sql<string>`lower(hex(leaf))`.as('leaf');

/** Rows with what a stored value is made of. */
export const formsIn = (db: Kysely<Tables>, table: Table) =>
  db.selectFrom(table).select(['key', 'name', 'first', 'content', 'origin', LEAF]);

/** The same, with where they end and why. */
export const versionsIn = (db: Kysely<Tables>, table: Table) =>
  formsIn(db, table).select(['id', 'last', 'reason', 'reason_source']);

export type FormRow = Pick<RecordTable, 'key' | 'name' | 'first' | 'content' | 'origin'> & { readonly leaf: string };
export type VersionRow = FormRow & Pick<RecordTable, 'id' | 'last' | 'reason' | 'reason_source'>;

/** Why a row ended, where nothing took its place. */
export const removalOf = (row: { reason: string; reason_source: string }): Removal | undefined =>
  row.reason === '' ? undefined : { reason: row.reason as RemovalReason, source: sourceName(row.reason_source) };
