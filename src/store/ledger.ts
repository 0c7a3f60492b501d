import { createHmac, randomBytes } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import { fold } from '../roster/fold.ts';
import { isErased, type Ledger } from '../roster/known.ts';
import { type PersonKey, storedKey, type Username, username } from '../roster/model.ts';
import { insertRows } from './insert.ts';
import { ASKED_AT_ONCE, chunks } from './records.ts';
import type { Tables } from './schema.ts';
import { setting, writeSetting } from './settings.ts';
import type { Publication, Store } from './store.ts';

type Asked = Parameters<Store['ledger']>[0];
type Row = Selectable<Tables['ledger']>;

/**
 * What was ever published of what is asked for; names are the same when they fold to the same. What is left of purged people
 * counts as well, and has its names back as far as they are asked for.
 */
export async function ledger(db: Kysely<Tables>, asked: Asked): Promise<Ledger> {
  const rows = [...(await erasedRows(db, asked)), ...(await plainRows(db, asked))];
  const [keys, usernames, emails] = [new Set<string>(asked.keys), folded(asked.usernames), folded(asked.emails)];
  const byKey = new Map<PersonKey, Username>();
  const byUsername = new Map<string, { key: PersonKey; username: Username }>();
  const byEmail = new Map<string, Username[]>();
  // Whoever came back is there under their name, too, and that is what counts: it comes later.
  for (const row of rows) {
    const [key, name] = [storedKey(row.key), username(row.username)];
    const known = byEmail.get(row.folded) ?? [];
    if (row.kind === 'username' && keys.has(key)) byKey.set(key, name);
    if (row.kind === 'username' && usernames.has(row.folded)) byUsername.set(row.folded, { key, username: name });
    if (row.kind === 'email' && emails.has(row.folded) && !known.includes(name))
      byEmail.set(row.folded, [...known, name]);
  }
  return { byKey, byUsername, byEmail };
}

const folded = (names: readonly string[]) => new Set(names.map(fold));

async function plainRows(db: Kysely<Tables>, { keys, usernames, emails }: Asked): Promise<Row[]> {
  const found: Row[] = [];
  const rows = (kind: Row['kind']) => db.selectFrom('ledger').selectAll().where('kind', '=', kind);
  for (const some of chunks(keys, ASKED_AT_ONCE)) {
    found.push(...(await rows('username').where('key', 'in', some).execute()));
  }
  for (const some of chunks([...folded(usernames)], ASKED_AT_ONCE)) {
    found.push(...(await rows('username').where('folded', 'in', some).execute()));
  }
  for (const some of chunks([...folded(emails)], ASKED_AT_ONCE)) {
    found.push(...(await rows('email').where('folded', 'in', some).execute()));
  }
  return found;
}

/** What is left of purged people: few rows, of which all are looked at. A hash of what is asked for is that again. */
async function erasedRows(db: Kysely<Tables>, { keys, usernames, emails }: Asked): Promise<Row[]> {
  const hash = await hasher(db);
  const rows = hash ? await hashedRows(db) : [];
  if (!hash || rows.length === 0) return [];
  const texts = new Map([...folded(usernames), ...folded(emails), ...keys].map(text => [hash(text), text]));
  const spelled = new Map(usernames.map(name => [hash(fold(name)), name]));
  return rows.map(({ kind, ...row }) => ({
    kind,
    folded: texts.get(row.folded) ?? row.folded,
    username: spelled.get(row.username) ?? row.username,
    key: texts.get(row.key) ?? row.key,
  }));
}

/** Where all hashes begin, and where they end. */
const [FROM, TO] = ['purged:', 'purged;'];

const hashedRows = (db: Kysely<Tables>): Promise<Row[]> =>
  db
    .selectFrom('ledger')
    .selectAll()
    .where('kind', 'in', ['username', 'email'])
    .where('folded', '>=', FROM)
    .where('folded', '<', TO)
    .execute();

/**
 * Hashes names so that equal ones stay equal, and nobody can try names on them who does not have the store's key. Undefined
 * where nobody was ever purged.
 */
async function hasher(db: Kysely<Tables>): Promise<((text: string) => string) | undefined> {
  const key = await setting(db, 'ledger_key');
  return key === undefined
    ? undefined
    : text => `${FROM}${createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('hex')}`;
}

/** Usernames and emails of a person that are there by name. */
export async function countNames(db: Kysely<Tables>, key: PersonKey): Promise<number> {
  const rows = await db.selectFrom('ledger').select('folded').where('key', '=', key).execute();
  return rows.filter(row => !isErased(row.folded)).length;
}

/** How many names there are only hashes of. */
export async function countErased(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('ledger')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('kind', 'in', ['username', 'email'])
    .where('folded', '>=', FROM)
    .where('folded', '<', TO)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Puts hashes in the place of a person's names. */
export async function eraseNames(db: Transaction<Tables>, key: PersonKey): Promise<void> {
  const rows = await db.selectFrom('ledger').selectAll().where('key', '=', key).execute();
  if (rows.length === 0) return;
  if ((await setting(db, 'ledger_key')) === undefined) {
    await writeSetting(db, 'ledger_key', randomBytes(32).toString('hex'));
  }
  const hash = await hasher(db);
  const hashed = (text: string) => (isErased(text) || !hash ? text : hash(text));
  await db.deleteFrom('ledger').where('key', '=', key).execute();
  await addRows(
    db,
    rows.map(row => ({
      kind: row.kind,
      folded: hashed(row.folded),
      username: hashed(fold(row.username)),
      key: hashed(row.key),
    })),
  );
}

async function addRows(db: Transaction<Tables>, rows: readonly Row[]): Promise<void> {
  const known = new Set((await hashedRows(db)).map(markOf));
  const fresh = new Map(rows.map(row => [markOf(row), row]));
  await insertRows(
    db,
    'ledger',
    [...fresh].flatMap(([mark, row]) => (known.has(mark) ? [] : row)),
  );
}

const markOf = ({ kind, folded, username }: Row) => JSON.stringify([kind, folded, username]);

/**
 * Gives what is left of purged people who are published again back to them. Their earlier emails stay hashes, for nobody
 * knows them any more; what they have now was just written by name.
 */
export async function giveBack(db: Transaction<Tables>, names: Publication['names']): Promise<void> {
  const hash = await hasher(db);
  const left = hash ? Map.groupBy(await hashedRows(db), row => row.username) : new Map<string, Row[]>();
  if (!hash || left.size === 0) return;
  for (const { key, username, email } of names) {
    const theirs = left.get(hash(fold(username))) ?? [];
    const written = new Set([hash(fold(username)), hash(fold(email))]);
    for (const row of theirs) {
      const same = db
        .deleteFrom('ledger')
        .where('kind', '=', row.kind)
        .where('folded', '=', row.folded)
        .where('username', '=', row.username);
      await same.execute();
    }
    await insertRows(
      db,
      'ledger',
      theirs.flatMap(({ kind, folded }) => (written.has(folded) ? [] : { kind, folded, username, key })),
    );
  }
}
