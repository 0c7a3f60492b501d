import { hash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { type Digest, digestOf, type Problem, type RunNumber, runNumber } from '../roster/model.ts';
import { StoreError } from './error.ts';
import { chunks } from './records.ts';
import type { Tables } from './schema.ts';

/**
 * What runs found wrong. Most runs find what the one before found, so that each list is kept once, by its digest, however
 * many runs say so; no list at all where nothing is wrong.
 */
export type ListName = Digest | '';

/** Keeps a list, if it is not there yet; gives what a run has of it. */
export async function keepList(db: Transaction<Tables>, problems: readonly Problem[]): Promise<ListName> {
  if (problems.length === 0) return '';
  const list = JSON.stringify(problems);
  const digest = nameOf(list);
  const known = db.selectFrom('problem_lists').select('digest').where('digest', '=', digest);
  if (!(await known.executeTakeFirst())) {
    await db.insertInto('problem_lists').values({ digest, problems: list }).execute();
  }
  return digest;
}

export const nameOf = (list: string): Digest => digestOf(hash('sha256', list));

/** Lists that are read at once: they may be long. */
const PAGE = 20;

export type Lists = ReadonlyMap<string, readonly Problem[]>;

/** The lists of these names, but for those that are missing or are not what was written. */
export async function wholeLists(db: Kysely<Tables>, names: Iterable<string>): Promise<Lists> {
  const found = new Map<string, readonly Problem[]>([['', []]]);
  const wanted = [...new Set(names)].filter(name => name !== '');
  for (const some of chunks(wanted, PAGE)) {
    const rows = await db.selectFrom('problem_lists').selectAll().where('digest', 'in', some).execute();
    for (const { digest, problems } of rows) {
      if (nameOf(problems) === digest) found.set(digest, JSON.parse(problems) as Problem[]);
    }
  }
  return found;
}

/** One of them. Throws a StoreError when it is missing or is not what was written. */
export function listIn(lists: Lists, name: string, run: number): readonly Problem[] {
  const list = lists.get(name);
  if (list) return list;
  throw new StoreError(`the store is damaged: what run ${run} found wrong is not what was written; restore a backup`);
}

/** All lists in which a text may be, in pages; what a hint says of JSON is for the caller to look at closely. */
export async function* listsWith(
  db: Kysely<Tables>,
  hint: (list: string) => boolean,
): AsyncGenerator<{ readonly name: Digest; readonly problems: readonly Problem[] }> {
  for (let after = ''; ; ) {
    const rows = db.selectFrom('problem_lists').selectAll().where('digest', '>', after).orderBy('digest').limit(PAGE);
    const page = await rows.execute();
    for (const { digest, problems } of page) {
      if (hint(problems)) yield { name: digestOf(digest), problems: JSON.parse(problems) as Problem[] };
    }
    after = page.at(-1)?.digest ?? '';
    if (page.length < PAGE) return;
  }
}

/** How many runs have a list. */
export async function countRuns(db: Kysely<Tables>, name: ListName): Promise<number> {
  const runs = db.selectFrom('runs').where('problems', '=', name);
  const row = await runs.select(is => is.fn.countAll().as('count')).executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Gives all runs that have one list another in its place. */
export async function replaceList(db: Transaction<Tables>, name: ListName, left: readonly Problem[]): Promise<void> {
  const kept = await keepList(db, left);
  if (kept === name) return;
  await db.updateTable('runs').set({ problems: kept }).where('problems', '=', name).execute();
  await db.deleteFrom('problem_lists').where('digest', '=', name).execute();
}

/** Deletes the lists that no run has any more; at once, for a run that ends meanwhile may just take one. */
export async function dropLists(db: Kysely<Tables>): Promise<void> {
  const had = db.selectFrom('runs').select('problems');
  await db.deleteFrom('problem_lists').where('digest', 'not in', had).execute();
}

/** The lowest number among the runs that have each list that is missing, or is not what was written. */
export async function runsWithoutLists(db: Kysely<Tables>): Promise<RunNumber[]> {
  const rows = db.selectFrom('runs').select(['problems', is => is.fn.min('number').as('first')]);
  const had = await rows.groupBy('problems').orderBy('first').execute();
  const lost: RunNumber[] = [];
  for (const some of chunks(had, PAGE)) {
    const names = some.map(row => row.problems);
    const whole = await wholeLists(db, names);
    for (const { problems, first } of some) if (!whole.has(problems)) lost.push(runNumber(Number(first)));
  }
  return lost;
}
