import type { Kysely, Selectable, Transaction } from 'kysely';
import { entryOf } from '../roster/compare.ts';

import { leaf, readDepartment, readPerson, rosterDigest } from '../roster/leaf.ts';
import {
  type ChangeCounts,
  type Department,
  type Digest,
  digestOf,
  type GuardFinding,
  type HoldNumber,
  holdNumber,
  type Person,
  type Provenance,
  type RemovalReason,
  runNumber,
  snapshotNumber,
  sourceName,
} from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import { StoreError } from './error.ts';
import { highest, nextNumber } from './highest.ts';
import { insertRows } from './insert.ts';
import { departmentRecords, peopleRecords } from './records.ts';
import type { Tables } from './schema.ts';
import type {
  EndedRow,
  Hold,
  HoldEnd,
  Holds,
  NewRow,
  Publication,
  Records,
  RowChanges,
  RunEnd,
  Sides,
} from './store.ts';

export function holds(db: Kysely<Tables>): Holds {
  const people = peopleRecords(db);
  const departments = departmentRecords(db);
  return {
    async open() {
      const row = await openHold(db);
      return row && hold(row);
    },
    async get(number) {
      const row = await db.selectFrom('holds').selectAll().where('number', '=', number).executeTakeFirst();
      return row && hold(row);
    },
    async list(count) {
      const rows = await db.selectFrom('holds').selectAll().orderBy('number', 'desc').limit(count).execute();
      return rows.map(hold);
    },
    async candidate(number) {
      return {
        people: await sidesOf(await heldRows(db, number, 'people'), people, PERSON),
        departments: await sidesOf(await heldRows(db, number, 'departments'), departments, DEPARTMENT),
      };
    },
    publication: number => publicationOf(db, number),
  };
}

const openHold = (db: Kysely<Tables>) =>
  db.selectFrom('holds').selectAll().where('closed', 'is', null).orderBy('number', 'desc').limit(1).executeTakeFirst();

const hold = (row: Selectable<Tables['holds']>): Hold => ({
  number: holdNumber(row.number),
  run: runNumber(row.run),
  opened: new Date(row.opened),
  findings: JSON.parse(row.findings) as GuardFinding[],
  changes: JSON.parse(row.changes) as ChangeCounts,
  base: row.base === null ? undefined : snapshotNumber(row.base),
  digest: digestOf(row.digest ?? ''),
  people: row.people ?? 0,
  departments: row.departments ?? 0,
  memberships: row.memberships ?? 0,
  fingerprint: row.fingerprint ?? '',
  ...(row.closed === null ? {} : { end: endOf(row, new Date(row.closed)) }),
});

const endOf = ({ how, ended_by, run, reason }: Selectable<Tables['holds']>, at: Date): HoldEnd => ({
  at,
  how: (how ?? 'overtaken') as HoldEnd['how'],
  run: runNumber(ended_by ?? run),
  reason: reason ?? '',
});

type HeldRow = Selectable<Tables['hold_rows']>;

async function heldRows(db: Kysely<Tables>, number: HoldNumber, kind: HeldRow['kind']): Promise<HeldRow[]> {
  const rows = db.selectFrom('hold_rows').selectAll().where('hold', '=', number).where('kind', '=', kind);
  return (await rows.orderBy('key').execute()).sort((a, b) => byBytes(a.key, b.key));
}

interface Form<Value> {
  read(content: string): Value;
  keyOf(value: Value): string;
  nameOf(value: Value): string;
}

const PERSON: Form<Person> = { read: readPerson, keyOf: one => one.key, nameOf: one => one.username };
const DEPARTMENT: Form<Department> = {
  read: readDepartment,
  keyOf: one => one.group_no,
  nameOf: one => one.group_no,
};

async function sidesOf<Value>(
  rows: readonly HeldRow[],
  records: Records<Value>,
  form: Form<Value>,
): Promise<Sides<Value>> {
  const ended = rows.filter(row => row.ends === 1);
  const loaded = await records.load(ended.map(row => row.key));
  const stored = new Map(loaded.map(one => [form.keyOf(one.value), one]));
  const before = ended.flatMap(row => {
    const one = stored.get(row.key);
    return one ? entryOf(row.key, one, endedRow(row).removal) : [];
  });
  const after = rows.flatMap(row => {
    const fresh = freshRow(row, form);
    return fresh ? entryOf(row.key, { ...fresh.row, value: fresh.value }) : [];
  });
  return { before, after };
}

const endedRow = ({ key, reason, reason_source }: HeldRow): EndedRow => ({
  key,
  removal: reason === '' ? undefined : { reason: reason as RemovalReason, source: sourceName(reason_source) },
});

/** What a row brings, if anything: what its content says, which its leaf and the columns beside it have to say, too. */
function freshRow<Value>(held: HeldRow, { read, keyOf, nameOf }: Form<Value>) {
  const { hold: number, key, name, leaf: own, content, origin } = held;
  if (name === null || own === null || content === null) return undefined;
  const value = leaf(content) === own ? read(content) : undefined;
  if (value === undefined || keyOf(value) !== key || nameOf(value) !== name) {
    throw damaged(number, `"${name}" differs`);
  }
  const from = origin ? (JSON.parse(origin) as Provenance) : {};
  const row: NewRow = { key, name, leaf: digestOf(own), content, from };
  return { row, value };
}

async function publicationOf(db: Kysely<Tables>, number: HoldNumber): Promise<Publication> {
  const row = await db.selectFrom('holds').selectAll().where('number', '=', number).executeTakeFirst();
  if (!row || row.closed !== null) throw new StoreError(`hold ${number} does not stand`);
  const { base, digest, changes, people: count, departments: codes, memberships } = hold(row);
  if ((await highest(db, 'snapshots')) !== base) {
    throw new StoreError(`the candidate of hold ${number} follows snapshot ${base ?? 'none'}, which is not the newest`);
  }
  const people = changesIn(await heldRows(db, number, 'people'), PERSON);
  const departments = changesIn(await heldRows(db, number, 'departments'), DEPARTMENT);
  const rebuilt = rosterDigest(
    await leavesAfter(departmentRecords(db), departments.rows),
    await leavesAfter(peopleRecords(db), people.rows),
  );
  if (rebuilt !== digest) throw damaged(number, 'what is there does not add up to its digest');
  return {
    number: snapshotNumber((base ?? 0) + 1),
    digest,
    counts: { people: count, departments: codes, memberships },
    changes,
    people: people.rows,
    departments: departments.rows,
    names: people.values.map(({ key, username, email }) => ({ key, username, email })),
  };
}

const damaged = (number: number, what: string) =>
  new StoreError(
    `the store is damaged: the candidate of hold ${number} is not what was held: ${what}; restore a backup`,
  );

function changesIn<Value>(held: readonly HeldRow[], form: Form<Value>): { rows: RowChanges; values: Value[] } {
  const fresh = held.flatMap(row => freshRow(row, form) ?? []);
  const odd = held.find(({ ends }) => ends !== 0 && ends !== 1);
  if (odd) throw damaged(odd.hold, `"${odd.key}" neither ends nor stays`);
  const ended = held.filter(row => row.ends === 1).map(endedRow);
  return { rows: { ended, fresh: fresh.map(one => one.row) }, values: fresh.map(one => one.value) };
}

/** The leaves of everything that holds now, with these changes, in key order. */
async function leavesAfter(records: Records<unknown>, { ended, fresh }: RowChanges): Promise<Digest[]> {
  const gone = new Set(ended.map(one => one.key));
  const all: { readonly key: string; readonly leaf: Digest }[] = [...fresh];
  for await (const page of records.head()) all.push(...page.filter(one => !gone.has(one.key)));
  return all.sort((a, b) => byBytes(a.key, b.key)).map(one => one.leaf);
}

/**
 * What the end of a run does to the hold that stands: a held run leaves it alone or opens one, with its candidate; a good
 * one ends it, and what it kept is deleted. Tells the hold of a held run.
 */
export async function updateHolds(
  db: Transaction<Tables>,
  end: RunEnd,
  run: { readonly number: number; readonly fingerprint: string },
): Promise<HoldNumber | undefined> {
  const { outcome } = end;
  if (outcome.status === 'failed') return undefined;
  if (outcome.status !== 'held') {
    await endHold(db, end, run.number);
    return undefined;
  }
  const standing = await openHold(db);
  return standing ? holdNumber(standing.number) : await keep(db, end, run);
}

async function endHold(db: Transaction<Tables>, { at, approval }: RunEnd, run: number): Promise<void> {
  await db
    .updateTable('holds')
    .set({
      closed: at.getTime(),
      how: approval ? 'approved' : 'overtaken',
      ended_by: run,
      reason: approval?.reason ?? '',
    })
    .where('closed', 'is', null)
    .execute();
  // The candidate is a snapshot now, or nobody's business any more.
  await db.deleteFrom('hold_rows').execute();
}

async function keep(
  db: Transaction<Tables>,
  { outcome, publication, at }: RunEnd,
  run: { readonly number: number; readonly fingerprint: string },
): Promise<HoldNumber> {
  if (outcome.status !== 'held' || !publication) throw new Error('a run is held without a candidate');
  const number = await nextNumber(db, 'holds');
  await db
    .insertInto('holds')
    .values({
      number,
      run: run.number,
      opened: at.getTime(),
      closed: null,
      findings: JSON.stringify(outcome.reasons),
      changes: JSON.stringify(outcome.changes),
      base: publication.number === 1 ? null : publication.number - 1,
      digest: publication.digest,
      ...publication.counts,
      fingerprint: run.fingerprint,
      how: null,
      ended_by: null,
      reason: null,
    })
    .execute();
  await insertRows(db, 'hold_rows', rowsOf(publication.people, number, 'people'));
  await insertRows(db, 'hold_rows', rowsOf(publication.departments, number, 'departments'));
  return holdNumber(number);
}

function rowsOf({ ended, fresh }: RowChanges, number: number, kind: HeldRow['kind']): HeldRow[] {
  const ends = new Map(ended.map(one => [one.key, one.removal]));
  const begins = new Map(Array.from(fresh, one => [one.key, one]));
  return [...new Set([...ends.keys(), ...begins.keys()])].map(key => {
    const removal = ends.get(key);
    const one = begins.get(key);
    return {
      hold: number,
      kind,
      key,
      ends: ends.has(key) ? 1 : 0,
      reason: removal?.reason ?? '',
      reason_source: removal?.source ?? '',
      name: one?.name ?? null,
      leaf: one?.leaf ?? null,
      content: one?.content ?? null,
      origin: one ? JSON.stringify(one.from) : null,
    };
  });
}
