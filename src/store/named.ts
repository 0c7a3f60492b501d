import { type Kysely, sql } from 'kysely';
import { fold } from '../roster/fold.ts';
import { isErased } from '../roster/known.ts';
import { readPerson } from '../roster/leaf.ts';
import { type PersonKey, type Problem, storedKey } from '../roster/model.ts';
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
  const rows = db.selectFrom('people').select(['key', 'content']).where(quoted('content', name));
  return (await rows.execute()).flatMap(({ key, content }) => (readPerson(content).login === name ? key : []));
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

/** Whether a column of JSON has a string in it. */
const quoted = (column: 'content' | 'problems', text: string) =>
  sql<boolean>`instr(${sql.ref(column)}, ${JSON.stringify(text)}) > 0`;

/** Runs that are looked at together: their problems make them long. */
const PAGE = 20;

/** The problems of all runs that have a string as one of their values. */
async function problemsWith(db: Kysely<Tables>, text: string): Promise<Problem[]> {
  const found: Problem[] = [];
  for (let after = 0; ; ) {
    const page = await db
      .selectFrom('runs')
      .select(['number', 'problems'])
      .where('number', '>', after)
      .where(quoted('problems', text))
      .orderBy('number')
      .limit(PAGE)
      .execute();
    const problems = page.flatMap(row => JSON.parse(row.problems) as Problem[]);
    found.push(...problems.filter(problem => problem.key === text || problem.name === text));
    after = page.at(-1)?.number ?? 0;
    if (page.length < PAGE) return found;
  }
}
