import assert from 'node:assert/strict';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import fc from 'fast-check';
import { verify } from '../../scripts/verify.ts';
import { damagedParts } from '../../scripts/verify-parts.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { type Extract, type Outcome, type Problem, sourceName } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { type Place, sqlite } from '../store/engines.ts';
import { AT, begin, department, NO_REPORT, NOBODY, person, publication, publish, roster } from '../store/rosters.ts';

const [HR, AD] = ['hr', 'ad'].map(sourceName) as [ReturnType<typeof sourceName>, ReturnType<typeof sourceName>];

const FIRST = roster(
  [person('hr/ann', { departments: ['RD'] }), person('hr/bob'), person('hr/林', { extra: [['floor', '3']] })],
  [department('RD', 'Research'), department('S', 'Sales', 'RD')],
);
const SECOND = roster(
  [person('hr/ann', { departments: ['RD', 'S'] }), person('hr/bob', { nick_name: 'Bob' }), person('hr/cho')],
  [...FIRST.departments.values()],
);
const THIRD = roster([...SECOND.people.values(), person('hr/林', { nick_name: '林' })], [department('RD', 'Research')]);
const HELD = roster([person('hr/ann', { company: 'C' }), person('hr/dan')], [department('RD', 'R & D')]);

const extract: Extract = {
  source: AD,
  people: [{ key: '1', fields: { username: 'ann' }, departments: [], extra: [], active: true, broken: [] }],
  departments: undefined,
  memberships: [{ person: '1', group_no: 'RD' }],
  rows: { people: 1, departments: 0, memberships: 1 },
  problems: [],
};

const PROBLEM: Problem = {
  ...{ code: 'email_missing', effect: 'quarantined', source: HR, kind: 'person' },
  ...{ key: 'hr/1', name: '林', text: 'no email' },
};

const READ = [HR, AD].map(source => ({
  source,
  state: 'read' as const,
  rows: { people: 1, departments: 1, memberships: 1 },
  took: 1,
}));

/** Everything that is verified: snapshots, a hold that stands, an extract, problems; with reasons and provenance. */
async function fill(store: Store, { rows }: Pick<Place, 'rows'>): Promise<void> {
  await publish(store, NOBODY, FIRST);
  await publish(store, FIRST, SECOND);
  await publish(store, SECOND, THIRD, { removal: { reason: 'left', source: HR } });
  const outcome: Outcome = { status: 'held', hold: undefined, reasons: [], changes: NO_CHANGES };
  await store.runs.finish(await begin(store), {
    at: AT,
    outcome,
    report: { ...NO_REPORT, sources: READ, problems: [PROBLEM] },
    publication: publication(THIRD, HELD, 4, { removal: { reason: 'left', source: HR } }),
    extracts: { fresh: [{ extract, at: AT, fingerprint: 'f1' }], needed: undefined },
  });
  for (const table of ['people', 'hold_rows']) {
    const only = table === 'people' ? '' : " where kind = 'people' and content is not null";
    await rows(`update ${table} set origin = '{"email":"ad","departments":"payroll"}'${only}`);
  }
}

/** What is damaged: snapshots by number, other parts by kind. */
async function damage(store: Store): Promise<string[]> {
  const found: string[] = [];
  const all = (await store.snapshots.list(99)).reverse();
  await verify(store, all, ({ snapshot, faults }) => {
    if (faults.length > 0) found.push(`snapshot ${snapshot.number}`);
  });
  for await (const { part } of damagedParts(store)) found.push(part);
  return found;
}

/** Tables with what has to be named when a byte of theirs is another. */
const TABLES: Readonly<Record<string, RegExp>> = {
  people: /snapshot [123]/,
  departments: /snapshot [123]/,
  snapshots: /snapshot \d/,
  people_head: /snapshot 3/,
  departments_head: /snapshot 3/,
  hold_rows: /hold/,
  extract_parts: /extract/,
  problem_lists: /run/,
};

/** Numbers that only tell rows apart: nothing is ever found by them. */
const UNREAD = ['id'];

/** Which byte of a value, as a fraction of how many it has, and which of its bits. */
const anyPlace = fc.record({
  byte: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  bit: fc.nat({ max: 6 }),
});

suite('rosterd verify', () => {
  let here: Awaited<ReturnType<typeof sqlite>>;
  let store: Store;
  before(async () => {
    here = await sqlite();
    store = await here.open();
    await fill(store, here);
  });
  after(async () => {
    await store[Symbol.asyncDispose]();
    await here[Symbol.asyncDispose]();
  });

  test('finds nothing wrong where nothing is', async () => {
    assert.deepEqual(await damage(store), []);
  });

  test('finds a byte that is another than it was, in any column of any row', async () => {
    using db = new DatabaseSync(here.file);
    await fc.assert(
      fc.asyncProperty(anyPlace, async place => {
        for (const cell of cellsIn(db)) {
          const other = flipped(cell, place);
          if (!replaced(db, cell, { from: cell.value, to: other })) continue;
          const found = await damage(store);
          assert.ok(replaced(db, cell, { from: other, to: cell.value }));
          assert.match(
            found.join(),
            TABLES[cell.table] ?? /^$/,
            `${cell.table}.${cell.column}: ${cell.value} → ${other}`,
          );
        }
      }),
      { numRuns: 1 },
    );
    assert.deepEqual(await damage(store), []);
  });
});

type Value = Exclude<SQLOutputValue, null>;

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly value: Value;
  /** The other columns of its row. */
  readonly others: Readonly<Record<string, SQLOutputValue>>;
}

/** Every value there is, but for empty ones. */
function* cellsIn(db: DatabaseSync): Generator<Cell> {
  for (const table of Object.keys(TABLES)) {
    for (const row of db.prepare(`select * from ${table}`).all()) {
      for (const [column, value] of Object.entries(row)) {
        const { [column]: _, ...others } = row;
        if (value !== null && value !== '' && !UNREAD.includes(column)) yield { table, column, value, others };
      }
    }
  }
}

/** Puts another value in the place of one; false where there is a row of that key already. */
function replaced(
  db: DatabaseSync,
  { table, column, value, others }: Cell,
  { from, to }: { from: Value; to: Value },
): boolean {
  const bound = typeof value === 'string' ? 'cast(? as text)' : '?';
  const same = [`"${column}" is ${bound}`, ...Object.keys(others).map(name => `"${name}" is ?`)].join(' and ');
  try {
    const update = db.prepare(`update ${table} set "${column}" = ${bound} where ${same}`);
    assert.equal(update.run(to, from, ...Object.values(others)).changes, 1, `${table}.${column}`);
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === undefined) throw error;
    return false;
  }
}

/** A value with one bit another; all of a byte where it is compressed, for some bits of that say nothing. */
function flipped({ table, value }: Cell, { byte, bit }: { byte: number; bit: number }): Value {
  if (typeof value === 'number') return value ^ (1 << (bit + 7 * Math.floor(byte * 4)));
  const bytes = Buffer.from(value as string);
  const place = Math.floor(byte * bytes.length);
  bytes[place] = (bytes[place] ?? 0) ^ (table === 'extract_parts' && typeof value !== 'string' ? 0xff : 1 << bit);
  return bytes;
}
