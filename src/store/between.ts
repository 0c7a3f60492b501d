import type { ExpressionBuilder, Kysely } from 'kysely';
import type { Entry } from '../roster/compare.ts';
import type { Removal, Stored } from '../roster/known.ts';
import { digestOf, type SnapshotNumber } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import { type FormRow, formsIn, removalOf, type Table } from './forms.ts';
import type { RecordTable, Tables } from './schema.ts';
import type { Records, Sides } from './store.ts';

/** Where rows are that are compared, and what is made of one. */
interface Shelf<Value> {
  readonly db: Kysely<Tables>;
  readonly table: Table;
  /** Throws a RowDamaged for one that is not what was written. */
  load(row: FormRow): Stored<Value>;
}

/** Keys that have changed, in a page. */
const PAGE = 2000;

/** What differs between two snapshots, as the contract has it. */
export const comparisons = <Value>(shelf: Shelf<Value>): Pick<Records<Value>, 'between' | 'differing'> => ({
  between: (a, b) => between(shelf, a, b),
  differing: (a, b) => differing(shelf, a, b),
});

/**
 * The rows that hold at only one of two snapshots. Read as two ranges and put together by the caller: joined in one
 * statement the plan goes quadratic.
 */
async function between<Value>(shelf: Shelf<Value>, a: SnapshotNumber, b: SnapshotNumber) {
  const { db, table } = shelf;
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  const ended = await endedIn(db, table).where(endsIn(low, high)).orderBy('key').execute();
  const begun = await formsIn(db, table).where(beginsIn(low, high)).orderBy('key').execute();
  return sidesOf(shelf, { ended, begun }, { a, b, why: await reasonsFor(shelf, a, b) });
}

/** The same in pages, of which each has both sides of its keys. */
async function* differing<Value>(
  shelf: Shelf<Value>,
  a: SnapshotNumber,
  b: SnapshotNumber,
): AsyncGenerator<Sides<Value>> {
  const { db, table } = shelf;
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  const ids = () => db.selectFrom(table).select(['id', 'key']).orderBy('key');
  const endedIds = await ids().where(endsIn(low, high)).execute();
  const begunIds = await ids().where(beginsIn(low, high)).execute();
  const why = await reasonsFor(shelf, a, b);
  for (const some of byKeys(endedIds, begunIds)) {
    const ended = some.ended.length > 0 ? await endedIn(db, table).where('id', 'in', some.ended).execute() : [];
    const begun = some.begun.length > 0 ? await formsIn(db, table).where('id', 'in', some.begun).execute() : [];
    yield sidesOf(shelf, { ended: ended.sort(byKey), begun: begun.sort(byKey) }, { a, b, why });
  }
}

const byKey = (one: { readonly key: string }, other: { readonly key: string }) => byBytes(one.key, other.key);

interface Keyed {
  readonly id: number;
  readonly key: string;
}

/** Two lists in key order, a part of the keys at a time. */
function* byKeys(ended: readonly Keyed[], begun: readonly Keyed[]) {
  for (let [old, fresh] = [0, 0]; old < ended.length || fresh < begun.length; ) {
    // As far as both go together: no key is cut in two.
    const ends = [ended[old + PAGE - 1], begun[fresh + PAGE - 1]].filter(one => one !== undefined);
    const last = ends.sort(byKey)[0]?.key;
    const reach = (list: readonly Keyed[], from: number) => {
      let to = from;
      for (let one = list[to]; one && (last === undefined || byBytes(one.key, last) <= 0); one = list[to]) to += 1;
      return to;
    };
    const [oldTo, freshTo] = [reach(ended, old), reach(begun, fresh)];
    yield {
      ended: ended.slice(old, oldTo).map(one => one.id),
      begun: begun.slice(fresh, freshTo).map(one => one.id),
    };
    [old, fresh] = [oldTo, freshTo];
  }
}

/** Rows that held in the first of two snapshots and ended before the second. */
const endsIn = (low: number, high: number) => (is: ExpressionBuilder<Tables, Table>) =>
  is.and([is('last', '>=', low), is('last', '<', high), is('first', '<=', low)]);

/** Rows that began after the first of two snapshots and held in the second. */
const beginsIn = (low: number, high: number) => (is: ExpressionBuilder<Tables, Table>) =>
  is.and([is('first', '>', low), is('first', '<=', high), is.or([is('last', 'is', null), is('last', '>=', high)])]);

const endedIn = (db: Kysely<Tables>, table: Table) => formsIn(db, table).select(['reason', 'reason_source']);

type EndedForm = FormRow & Pick<RecordTable, 'reason' | 'reason_source'>;

/** Between which snapshots, and why those went of whom the row that ended does not say it. */
interface Span {
  readonly a: SnapshotNumber;
  readonly b: SnapshotNumber;
  readonly why: ReadonlyMap<string, Removal> | undefined;
}

function sidesOf<Value>(
  shelf: Shelf<Value>,
  { ended, begun }: { readonly ended: readonly EndedForm[]; readonly begun: readonly FormRow[] },
  { a, b, why }: Span,
): Sides<Value> {
  const older = ended.map(row => entry(row, shelf, a > b ? undefined : why ? why.get(row.key) : removalOf(row)));
  const newer = begun.map(row => entry(row, shelf, undefined));
  return a <= b ? { before: older, after: newer } : { before: newer, after: older };
}

/** Between neighbours nobody comes and goes again: whoever ended says why. Back in time there is no reason. */
const reasonsFor = async ({ db, table }: Pick<Shelf<unknown>, 'db' | 'table'>, a: SnapshotNumber, b: SnapshotNumber) =>
  a < b - 1 ? await removals(db, table, a, b) : undefined;

/** Why those went that were removed in a range; the row that says so may not be the one that held at its start. */
async function removals(db: Kysely<Tables>, table: Table, low: number, high: number): Promise<Map<string, Removal>> {
  const rows = await db
    .selectFrom(table)
    .select(['key', 'reason', 'reason_source'])
    .where('last', '>=', low)
    .where('last', '<', high)
    .where('reason', '!=', '')
    .orderBy('last')
    .execute();
  return new Map(rows.flatMap(row => (removalOf(row) ? [[row.key, removalOf(row) as Removal]] : [])));
}

function entry<Value>(row: FormRow, { load }: Shelf<Value>, removal: Removal | undefined): Entry<Value> {
  return { key: row.key, leaf: digestOf(row.leaf), load: () => ({ ...load(row), removal }) };
}
