import { type Kysely, sql } from 'kysely';
import { fold } from '../roster/fold.ts';
import { isErased } from '../roster/known.ts';
import { type PersonKey, type Problem, storedKey } from '../roster/model.ts';
import { PEOPLE } from './packed.ts';
import { listsWith } from './problem-lists.ts';
import type { Tables } from './schema.ts';

/**
 * The keys of people by one name: whoever has it as the key, else as the username, else as the login, else those whom
 * problems of runs are about under that name. More than one is left to the caller to tell apart.
 */
export async function keysNamed(db: Kysely<Tables>, name: string): Promise<PersonKey[]> {
  for (const find of [byKey, byUsername, byLogin, byProblems]) {
    const keys = await find(db, name);
    if (keys.length > 0) return [...new Set(keys)].map(storedKey);
  }
  return [];
}

type Finding = (db: Kysely<Tables>, name: string) => Promise<string[]>;

const byKey: Finding = async (db, name) => {
  const row = await db.selectFrom('people').select('key').where('key', '=', name).limit(1).executeTakeFirst();
  const isKnown = row !== undefined || (await namesOf(db, storedKey(name))).length > 0;
  return isKnown ? [name] : [];
};

/** The ledger knows those whose history was pruned, too; and nobody else has a name that folds to the same. */
const byUsername: Finding = async (db, name) => {
  const rows = db.selectFrom('ledger').select('key').where('kind', '=', 'username').where('folded', '=', fold(name));
  return (await rows.execute()).flatMap(({ key }) => (isErased(key) ? [] : key));
};

const byLogin: Finding = async (db, name) => {
  const rows = db.selectFrom('people').select(['key', 'name', 'content']).where(mentions(name));
  return (await rows.execute()).flatMap(row => (PEOPLE.unpack(row).value().login === name ? row.key : []));
};

const byProblems: Finding = async (db, name) =>
  (await problemsWith(db, name)).flatMap(problem =>
    problem.kind === 'person' && problem.name === name && problem.key !== '' ? problem.key : [],
  );

/**
 * Usernames and emails under which somebody was published, be their history pruned; of somebody who never was, the names that
 * problems of runs have for them.
 */
export async function namesOf(db: Kysely<Tables>, key: PersonKey): Promise<string[]> {
  const rows = await db.selectFrom('ledger').select(['kind', 'folded', 'username']).where('key', '=', key).execute();
  const names = rows.flatMap(({ kind, folded, username }) => (kind === 'username' ? username : folded));
  if (names.length > 0) return names.filter(name => !isErased(name));
  return (await problemsWith(db, key)).flatMap(problem =>
    problem.key === key && problem.name !== '' ? problem.name : [],
  );
}

/** Whether a content may have a text in it: as it is, where nothing has to be escaped, else as in JSON. */
const mentions = (text: string) => sql<boolean>`instr(content, ${JSON.stringify(text).slice(1, -1)}) > 0`;

/** The problems of runs, each list once, that have a string as one of their values. */
async function problemsWith(db: Kysely<Tables>, text: string): Promise<Problem[]> {
  const quoted = JSON.stringify(text);
  const found: Problem[] = [];
  for await (const { problems } of listsWith(db, list => list.includes(quoted))) {
    found.push(...problems.filter(problem => problem.key === text || problem.name === text));
  }
  return found;
}
