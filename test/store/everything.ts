import { NO_CHANGES } from '../../src/roster/compare.ts';
import { type Problem, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import { openTables } from '../../src/store/copy.ts';
import { insertRows } from '../../src/store/insert.ts';
import type { Store } from '../../src/store/store.ts';
import type { Place } from './engines.ts';
import { AT, begin, department, finish, NO_REPORT, person, publication, publish, roster } from './rosters.ts';

/** What {@link fill} publishes first and last. */
export const FIRST = roster(
  [person('hr/1', { nick_name: '林 😀 \\\' "' }), person('hr/2'), person('hr/林')],
  [department('RD', '研發'), department('S', 'Sales', 'RD')],
);
const SECOND = roster(
  [person('hr/1', { nick_name: "O'Brien" }), person('hr/3')],
  [department('RD', 'R & D'), department('S', 'Sales', 'RD')],
);
const HELD = roster([person('hr/1')], [department('RD', 'R & D')]);

const extractOf = (source: string, text: string) => ({
  at: AT,
  fingerprint: 'f1',
  extract: {
    source: sourceName(source),
    // More than one part.
    people: Array.from({ length: 2500 }, (_, place) => ({
      key: `${place}`,
      fields: { username: `u${place}`, nick_name: `${text} ${place}` },
      departments: [],
      extra: [],
      active: true,
      broken: [],
    })),
    departments: undefined,
    memberships: [],
    rows: { people: 2500, departments: 0, memberships: 0 },
    problems: [],
  },
});

/** Puts rows into every table of a store, by way of the store or, where nothing makes such a row, of the table. */
export async function fill(store: Store, { config }: Pick<Place, 'config'>, { more = 0 } = {}): Promise<void> {
  const many = roster(
    [...FIRST.people.values(), ...Array.from({ length: more }, (_, place) => person(`hr/more-${place}`))],
    [...FIRST.departments.values()],
  );
  await publish(store, roster([]), many);
  await publish(store, many, SECOND);
  await publish(store, SECOND, FIRST);
  await finishWith(store, { extracts: { fresh: [extractOf('ad', 'one'), extractOf('hr', 'two')], needed: undefined } });
  await holdCandidate(store);
  await begin(store);
  await store.pins.set({ snapshot: snapshotNumber(2), at: AT });
  await store.unlocks.note('hr/1', AT);
  await store.deliveries.add(
    ['one', 'two'].map(id => ({ id, snapshot: snapshotNumber(2), client: '総務', at: AT, finished: true, bytes: 99 })),
  );
  await using tables = openTables(config, 'the store');
  // Of snapshots that are not there, for these would not be what they were.
  await insertRows(tables.db, 'purged', [{ id: 900, first: 90, last: 91, leaf: 'a'.repeat(64) }]);
  await insertRows(tables.db, 'purged_places', [
    { purged: 900, snapshot: 90, place: 2 },
    { purged: 900, snapshot: 91, place: 0 },
  ]);
  await insertRows(tables.db, 'settings', [{ name: 'ledger_key', value: 'a key' }]);
  await insertRows(tables.db, 'login_failures', [{ key: 'b'.repeat(64), points: 2, expire: AT.getTime() }]);
  await tellSomebody(store);
  const [run] = await tables.db.selectFrom('runs').selectAll().where('number', '=', 4).execute();
  // More than a page.
  if (run)
    await insertRows(
      tables.db,
      'runs',
      Array.from({ length: 60 }, (_, at) => ({ ...run, number: 10 + at })),
    );
}

/** A hold that stands, and what one channel is to be told of it. */
async function tellSomebody({ notices }: Store): Promise<void> {
  const state = { subject: 'held', mark: '1', level: 1, standing: true, entered: AT, since: AT, run: 5 };
  const content = JSON.stringify({
    kind: 'held',
    hold: 1,
    reasons: [{ guard: 'people_removed', text: '2 people go' }],
  });
  const about = { channel: 'c'.repeat(64), subject: 'held', entered: AT, kind: 'held', at: AT } as const;
  await notices.record({ before: [], after: [state], fresh: [{ id: 'msg_1', ...about, content }] });
}

/** What the runs of {@link fill} found wrong that published nothing. */
export const PROBLEM: Problem = {
  ...{ code: 'email_missing', effect: 'quarantined', source: sourceName('hr'), kind: 'person' },
  ...{ key: 'hr/林', name: '林', text: 'no email: "林"' },
};

async function finishWith(store: Store, more: Partial<Parameters<Store['runs']['finish']>[1]>): Promise<void> {
  const outcome = { status: 'unchanged', snapshot: snapshotNumber(3) } as const;
  const report = { ...NO_REPORT, problems: [PROBLEM] };
  await store.runs.finish(await begin(store), { at: AT, outcome, report, publication: undefined, ...more });
}

async function holdCandidate(store: Store): Promise<void> {
  const reasons = [{ guard: 'people_removed', count: 2, limit: 1, of: 3, text: '2 people go' }] as const;
  const outcome = { status: 'held', hold: undefined, reasons, changes: NO_CHANGES } as const;
  await finish(store, await begin(store), outcome, publication(FIRST, HELD, 4));
}

/** All rows of all tables, behind the store's back, as text that is the same for both engines. */
export async function everything({ rows }: Pick<Place, 'rows'>): Promise<Record<string, string[]>> {
  const all: [string, string[]][] = [];
  for (const table of await tablesIn({ rows })) {
    const found = await rows(`select * from ${table}`);
    all.push([table, found.map(textOf).sort()]);
  }
  return Object.fromEntries(all);
}

/** The tables that migrations have made, besides those in which they keep books. */
export async function tablesIn({ rows }: Pick<Place, 'rows'>): Promise<string[]> {
  const found = await rows("select name from sqlite_schema where type = 'table'").catch(() =>
    rows('select table_name as name from information_schema.tables where table_schema = database()'),
  );
  return found
    .map(row => String(row['name']))
    .filter(name => !name.startsWith('kysely_'))
    .sort();
}

function textOf(row: Readonly<Record<string, unknown>>): string {
  const values = Object.entries(row).map(([column, value]) => [column, bytesOf(value)] as const);
  return JSON.stringify(values.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is text on one engine is bytes on the other. */
const bytesOf = (value: unknown) =>
  typeof value === 'string' || value instanceof Uint8Array ? Buffer.from(value as string).toString('base64') : value;
