import type { Kysely, Transaction } from 'kysely';
import { cleansed, masked, type Traces } from '../roster/traces.ts';
import { countRuns, listsWith, replaceList } from './problem-lists.ts';
import type { Tables } from './schema.ts';

/** Takes a person out of what runs found wrong; the counts stay. Tells how many problems those are, in all runs together. */
export async function eraseProblems(
  db: Kysely<Tables>,
  traces: Traces,
  write: Transaction<Tables> | undefined,
): Promise<number> {
  let count = 0;
  for await (const { name, problems } of listsWith(db, list => traces.hint.test(list))) {
    const found = cleansed(problems, traces);
    if (found.count === 0) continue;
    count += found.count * (await countRuns(db, name));
    if (write) await replaceList(write, name, found.left);
  }
  return count;
}

/** Runs that are looked at together. */
const PAGE = 500;

/** Takes a person's names out of what runs say in sentences: of guards, and of sources that could not be read. */
export async function maskRuns(db: Kysely<Tables>, traces: Traces, write: Transaction<Tables>): Promise<void> {
  for (let after = 0; ; ) {
    const page = await db
      .selectFrom('runs')
      .select(['number', 'findings', 'sources'])
      .where('number', '>', after)
      .orderBy('number')
      .limit(PAGE)
      .execute();
    for (const run of page) {
      if (![run.findings, run.sources].some(json => traces.hint.test(json))) continue;
      const left = { findings: maskedTexts(run.findings, traces), sources: maskedTexts(run.sources, traces) };
      const isSame = left.findings === run.findings && left.sources === run.sources;
      if (!isSame) await write.updateTable('runs').set(left).where('number', '=', run.number).execute();
    }
    after = page.at(-1)?.number ?? 0;
    if (page.length < PAGE) return;
  }
}

/** The same for what somebody was told, or still is to be. */
export async function maskNotices(db: Kysely<Tables>, traces: Traces, write: Transaction<Tables>): Promise<void> {
  const rows = await db.selectFrom('notices').select(['number', 'content']).execute();
  for (const { number, content } of rows) {
    const left = maskedTexts(content, traces);
    if (left === content) continue;
    await write.updateTable('notices').set({ content: left }).where('number', '=', number).execute();
  }
}

/**
 * JSON with the sentences in it masked: those of findings, those that say why something could not be done, and the reason
 * that an administrator gave.
 */
const maskedTexts = (json: string, traces: Traces): string =>
  JSON.stringify(JSON.parse(json), (name, value: unknown) =>
    typeof value === 'string' && ['text', 'why', 'reason'].includes(name) ? masked(value, traces) : value,
  );

/** The hold that stands keeps its candidate, but nobody who is in that is purged. Tells how many say something of them. */
export async function maskHolds(
  db: Kysely<Tables>,
  traces: Traces,
  write: Transaction<Tables> | undefined,
): Promise<number> {
  const holds = await db.selectFrom('holds').select(['number', 'findings', 'reason']).execute();
  let count = 0;
  for (const { number, findings, reason } of holds) {
    const left = { findings: maskedTexts(findings, traces), reason: reason === null ? null : masked(reason, traces) };
    if (left.findings === findings && left.reason === reason) continue;
    count += 1;
    if (write) await write.updateTable('holds').set(left).where('number', '=', number).execute();
  }
  return count;
}
