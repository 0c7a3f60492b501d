import type { Kysely, Selectable, Transaction } from 'kysely';
import { NO_CHANGES } from '../roster/compare.ts';
import { fold } from '../roster/fold.ts';
import {
  type ChangeCounts,
  digestOf,
  type HoldNumber,
  holdNumber,
  type RunNumber,
  runNumber,
  type Snapshot,
  snapshotNumber,
} from '../roster/model.ts';
import { insertRows } from './insert.ts';
import { giveBack } from './ledger.ts';
import { DEPARTMENTS, PEOPLE } from './packed.ts';
import { ASKED_AT_ONCE, chunks } from './records.ts';
import type { Tables } from './schema.ts';
import type { Publication, RowChanges, Snapshots } from './store.ts';

export function snapshots(db: Kysely<Tables>): Snapshots {
  const rows = () => db.selectFrom('snapshots').selectAll().orderBy('number', 'desc');
  const one = async (query: ReturnType<typeof rows>) => {
    const row = await query.limit(1).executeTakeFirst();
    return row && snapshot(row);
  };
  return {
    newest: () => one(rows()),
    get: number => one(rows().where('number', '=', number)),
    list: async count => (await rows().limit(count).execute()).map(snapshot),
    async before(moment) {
      // Under a clock that was put back, what came later may have an earlier time.
      const after = await db
        .selectFrom('snapshots')
        .select(is => is.fn.min('number').as('lowest'))
        .where('at', '>', moment.getTime())
        .executeTakeFirst();
      return one(after?.lowest == null ? rows() : rows().where('number', '<', after.lowest));
    },
  };
}

const snapshot = (row: Selectable<Tables['snapshots']>): Snapshot => ({
  number: snapshotNumber(row.number),
  at: new Date(row.at),
  digest: digestOf(row.digest),
  people: row.people,
  departments: row.departments,
  memberships: row.memberships,
  changes: changesIn(row.changes),
  run: runNumber(row.run),
  ...(row.hold === null ? {} : { hold: holdNumber(row.hold) }),
});

/** Counts are for people to read: where they cannot be read any more they are no numbers, and the rest can be used. */
function changesIn(text: string): ChangeCounts {
  try {
    return JSON.parse(text) as ChangeCounts;
  } catch {
    return Object.fromEntries(Object.keys(NO_CHANGES).map(name => [name, Number.NaN])) as unknown as ChangeCounts;
  }
}

/** Writes a snapshot into the transaction of the run that publishes it. Its number is the primary key: nobody else can have it. */
export async function publish(
  db: Transaction<Tables>,
  publication: Publication,
  { run, at, hold }: { run: RunNumber; at: Date; hold: HoldNumber | undefined },
): Promise<void> {
  const { number, digest, counts, changes } = publication;
  await db
    .insertInto('snapshots')
    .values({ number, at: at.getTime(), digest, ...counts, changes: JSON.stringify(changes), run, hold: hold ?? null })
    .execute();
  await writeRows(db, 'people', publication.people, number);
  await writeRows(db, 'departments', publication.departments, number);
  await writeNames(db, publication.names);
}

async function writeRows(db: Transaction<Tables>, table: 'people' | 'departments', rows: RowChanges, number: number) {
  const head = `${table}_head` as const;
  const byRemoval = Map.groupBy(rows.ended, ({ removal }) => (removal ? `${removal.reason} ${removal.source}` : ' '));
  for (const [why, ended] of byRemoval) {
    const [reason = '', reason_source = ''] = why.split(' ');
    for (const some of chunks(ended, ASKED_AT_ONCE)) {
      const keys = some.map(one => one.key);
      await db
        .updateTable(table)
        .set({ last: number - 1, reason, reason_source })
        .where('last', 'is', null)
        .where('key', 'in', keys)
        .execute();
      await db.deleteFrom(head).where('key', 'in', keys).execute();
    }
  }
  const { pack } = PACKINGS[table];
  let id = await nextId(db, table);
  for (const some of chunks(rows.fresh, ASKED_AT_ONCE)) {
    const made = some.map(({ from, ...row }) => {
      const { key, name } = row;
      const [leaf, content] = [Buffer.from(row.leaf, 'hex'), pack(row)];
      const origin = Object.keys(from).length === 0 ? '' : JSON.stringify(from);
      return { id: id++, key, name, first: number, last: null, leaf, content, origin, reason: '', reason_source: '' };
    });
    await insertRows(db, table, made);
    await insertRows(
      db,
      head,
      made.map(row => ({ key: row.key, id: row.id, leaf: row.leaf })),
    );
  }
}

const PACKINGS = { people: PEOPLE, departments: DEPARTMENTS };

/** Numbered here and not by the engine, for the head needs them too; the run lock keeps others out. */
async function nextId(db: Transaction<Tables>, table: 'people' | 'departments'): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select(is => is.fn.max('id').as('highest'))
    .executeTakeFirst();
  return Number(row?.highest ?? 0) + 1;
}

/** Adds to the ledger what it does not have yet; what it has, it keeps. */
async function writeNames(db: Transaction<Tables>, names: Publication['names']): Promise<void> {
  for (const some of chunks(names, ASKED_AT_ONCE)) {
    const keys = some.map(one => one.key);
    const known = await db
      .selectFrom('ledger')
      .select(['kind', 'folded', 'username'])
      .where('key', 'in', keys)
      .execute();
    const have = new Set(known.map(nameMark));
    const rows = some.flatMap(({ key, username, email }) => [
      { kind: 'username' as const, folded: fold(username), username, key },
      { kind: 'email' as const, folded: fold(email), username, key },
    ]);
    await insertRows(
      db,
      'ledger',
      rows.filter(row => !have.has(nameMark(row))),
    );
    await giveBack(db, some);
  }
}

const nameMark = (row: { kind: string; folded: string; username: string }) =>
  JSON.stringify([row.kind, row.folded, row.username]);
