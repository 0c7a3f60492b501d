import type { Kysely, Selectable } from 'kysely';
import { NO_CHANGES } from '../roster/compare.ts';
import {
  type ChangeCounts,
  digestOf,
  type GuardFinding,
  holdNumber,
  type RecordedStatus,
  type RunNumber,
  runNumber,
  snapshotNumber,
} from '../roster/model.ts';
import type { ProblemCount } from '../roster/problems.ts';
import { writeExtracts } from './extracts.ts';
import { highest, nextNumber } from './highest.ts';
import { updateHolds } from './holds.ts';
import { keepList, listIn, runsWithoutLists, wholeLists } from './problem-lists.ts';
import type { Tables } from './schema.ts';
import { publish } from './snapshots.ts';
import type { Finished, RecordedRun, RunCause, RunEnd, RunHead, RunQueries, Runs, SourceRead } from './store.ts';

const GOOD: readonly RecordedStatus[] = ['published', 'unchanged'];
/** A run that never ends is as bad as one that failed, however long it goes on saying nothing. */
const BAD: readonly RecordedStatus[] = ['failed', 'interrupted', 'running'];
/** Those that ended by themselves; when a run was interrupted nobody knows. */
const FINISHED: readonly RecordedStatus[] = ['published', 'unchanged', 'held', 'failed'];

export function runs(db: Kysely<Tables>): Runs {
  return {
    begin: run => begin(db, run),
    finish: (number, end) => finish(db, number, end),
    ...queries(db, rows => withReports(db, rows)),
    heads: queries(db, async rows => rows.map(runHead)),
    async newestGoodNumber() {
      const row = await db
        .selectFrom('runs')
        .select('number')
        .where('status', 'in', GOOD)
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row && runNumber(row.number);
    },
    async provedGood(fingerprint) {
      const row = await db
        .selectFrom('runs')
        .select('number')
        .where('fingerprint', '=', fingerprint)
        .where('status', 'in', GOOD)
        .where('unproved', '=', 0)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
    unreadable: () => runsWithoutLists(db),
  };
}

type Row = Selectable<Tables['runs']>;

/** The questions about runs, with as much of them as `read` makes of their rows. */
function queries<Run>(db: Kysely<Tables>, read: (rows: readonly Row[]) => Promise<Run[]>): RunQueries<Run> {
  const rows = () => db.selectFrom('runs').selectAll();
  const newest = () => rows().orderBy('number', 'desc');
  const all = async (query: ReturnType<typeof rows>) => await read(await query.execute());
  const one = async (query: ReturnType<typeof rows>) => (await all(query.limit(1)))[0];
  const bad = () => rows().where('status', 'in', BAD).orderBy('number');
  return {
    list: count => all(newest().limit(count)),
    get: number => one(rows().where('number', '=', number)),
    newestFinished: () => one(newest().where('status', 'in', FINISHED)),
    newestGood: () => one(newest().where('status', 'in', GOOD)),
    firstBadSince: number => one(bad().where('number', '>', number ?? 0)),
  };
}

/** Called with the run lock held: whatever has not ended by now never will. */
function begin(db: Kysely<Tables>, run: { cause: RunCause; at: Date; fingerprint: string }): Promise<RunNumber> {
  return db.transaction().execute(async transaction => {
    await transaction
      .updateTable('runs')
      .set({ status: 'interrupted', finished: run.at.getTime() })
      .where('finished', 'is', null)
      .execute();
    const number = await nextNumber(transaction, 'runs');
    await transaction
      .insertInto('runs')
      .values({
        number,
        cause: run.cause,
        started: run.at.getTime(),
        finished: null,
        status: 'running',
        snapshot: null,
        hold: null,
        changes: JSON.stringify(NO_CHANGES),
        sources: '[]',
        problems: '',
        counts: '[]',
        findings: '[]',
        fingerprint: run.fingerprint,
        unproved: 0,
      })
      .execute();
    return runNumber(number);
  });
}

function finish(db: Kysely<Tables>, number: RunNumber, end: RunEnd): Promise<Finished> {
  const { outcome, report, publication, extracts, approval, at } = end;
  return db.transaction().execute(async transaction => {
    // A commit whose answer got lost was a commit all the same, and what it wrote stands.
    const run = await transaction
      .selectFrom('runs')
      .select(['number', 'status', 'fingerprint'])
      .where('number', '=', number)
      .executeTakeFirst();
    if (run?.status !== 'running') return { recorded: false, hold: undefined };
    if (outcome.status === 'published' && publication) {
      await publish(transaction, publication, { run: number, at, hold: approval?.hold });
    }
    if (extracts) await writeExtracts(transaction, extracts);
    const hold = await updateHolds(transaction, end, run);
    const newest = await highest(transaction, 'snapshots');
    await transaction
      .updateTable('runs')
      .set({
        finished: at.getTime(),
        status: outcome.status,
        snapshot: newest ?? null,
        hold: hold ?? null,
        changes: JSON.stringify('changes' in outcome ? outcome.changes : NO_CHANGES),
        sources: JSON.stringify(report.sources),
        problems: await keepList(transaction, report.problems),
        counts: JSON.stringify(report.counts),
        findings: JSON.stringify(outcome.status === 'held' ? outcome.reasons : []),
        unproved: end.unproved ? 1 : 0,
      })
      .where('number', '=', number)
      .execute();
    return { recorded: true, hold };
  });
}

const runHead = (row: Row): RunHead => ({
  number: runNumber(row.number),
  cause: row.cause as RunCause,
  started: new Date(row.started),
  finished: row.finished === null ? undefined : new Date(row.finished),
  status: row.status as RecordedStatus,
  snapshot: row.snapshot === null ? undefined : snapshotNumber(row.snapshot),
  hold: row.hold === null ? undefined : holdNumber(row.hold),
  changes: JSON.parse(row.changes) as ChangeCounts,
  findings: JSON.parse(row.findings) as GuardFinding[],
  fingerprint: row.fingerprint,
  sources: (JSON.parse(row.sources) as WrittenRead[]).map(sourceRead),
  counts: JSON.parse(row.counts) as ProblemCount[],
  found: row.problems === '' ? undefined : digestOf(row.problems),
});

/** The same with what they found; a list that several have is read once. */
async function withReports(db: Kysely<Tables>, rows: readonly Row[]): Promise<RecordedRun[]> {
  const lists = await wholeLists(
    db,
    rows.map(row => row.problems),
  );
  return rows.map(row => ({
    ...runHead(row),
    problems: listIn(lists, row.problems, row.number),
  }));
}

/** A read as it is in its column: with its times in ISO 8601. */
type WrittenRead = Omit<SourceRead, 'of' | 'failure'> & { of?: string; failure?: { since: string; why: string } };

const sourceRead = ({ of, failure, ...read }: WrittenRead): SourceRead => ({
  ...read,
  ...(of === undefined ? {} : { of: new Date(of) }),
  ...(failure === undefined ? {} : { failure: { ...failure, since: new Date(failure.since) } }),
});
