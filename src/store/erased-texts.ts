import type { Kysely, Transaction } from 'kysely';
import type { Problem } from '../roster/model.ts';
import { cleansed, masked, type Traces } from '../roster/traces.ts';
import type { Tables } from './schema.ts';

/** Runs that are looked at together: their problems make them long. */
const PAGE = 20;

/** Takes a person out of what runs found wrong; the counts stay. Tells how many problems those are. */
export async function eraseProblems(
  db: Kysely<Tables>,
  traces: Traces,
  write: Transaction<Tables> | undefined,
): Promise<number> {
  let count = 0;
  for (let after = 0; ; ) {
    const page = await db
      .selectFrom('runs')
      .select(['number', 'problems', 'findings', 'sources'])
      .where('number', '>', after)
      .orderBy('number')
      .limit(PAGE)
      .execute();
    for (const run of page) {
      if (![run.problems, run.findings, run.sources].some(json => traces.hint.test(json))) continue;
      const problems = cleansed(JSON.parse(run.problems) as Problem[], traces);
      count += problems.count;
      const left = {
        problems: problems.count > 0 ? JSON.stringify(problems.left) : run.problems,
        findings: maskedTexts(run.findings, traces),
        sources: maskedTexts(run.sources, traces),
      };
      const isSame = left.problems === run.problems && left.findings === run.findings && left.sources === run.sources;
      if (!isSame && write) await write.updateTable('runs').set(left).where('number', '=', run.number).execute();
    }
    after = page.at(-1)?.number ?? 0;
    if (page.length < PAGE) return count;
  }
}

/** JSON with the sentences in it masked: those of findings, and those that say why a source could not be read. */
const maskedTexts = (json: string, traces: Traces): string =>
  JSON.stringify(JSON.parse(json), (name, value: unknown) =>
    typeof value === 'string' && ['text', 'why'].includes(name) ? masked(value, traces) : value,
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
