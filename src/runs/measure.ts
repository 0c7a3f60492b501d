import { sizeOf } from '../roster/candidate.ts';
import type { Change } from '../roster/compare.ts';
import { DriftCount, tollNow } from '../roster/drift.ts';
import type { Baseline, Measured } from '../roster/guard.ts';
import type { ChangeCounts, Department, Person, RowCounts, Snapshot, SourceName } from '../roster/model.ts';
import type { ProblemCount } from '../roster/problems.ts';
import type { SourceRead, Store, Version } from '../store/store.ts';
import type { Prepared } from './candidate.ts';
import { type Pulled, readsOf } from './pull.ts';

/** How long ago the second baseline was newest: a slow leak counts; milliseconds. */
export const OLDER = 7 * 86_400_000;

/** What a run knows when its candidate comes before the guards. */
interface Case {
  readonly pulled: Pulled;
  readonly prepared: Prepared;
  readonly people: readonly Change<Person>[];
  readonly departments: readonly Change<Department>[];
  readonly changes: ChangeCounts;
  readonly newest: Snapshot | undefined;
  /** When the run began. */
  readonly at: Date;
}

interface Measuring {
  readonly store: Store;
  readonly fingerprint: string;
}

/** Everything about a candidate that guards look at. */
export async function measure({ store, fingerprint }: Measuring, run: Case): Promise<Measured> {
  const { prepared, changes, newest } = run;
  const { candidate, problems } = prepared;
  const good = await store.runs.heads.newestGood();
  const now = newest && { number: newest.number, counts: newest, toll: tollNow(run) };
  return {
    counts: sizeOf(candidate),
    changes,
    newest: now,
    older: now && (await olderBaseline(store, now, run)),
    rows: rowsOf(readsOf(run.pulled)),
    rowsBefore: rowsOf(good?.sources ?? []),
    quarantined: keptOut(problems.counts),
    leaving: run.people.flatMap(change => (change.event === 'removed' ? change.before.value : [])),
    proved: await store.runs.provedGood(fingerprint),
    hadRuns: (await store.runs.heads.newestFinished()) !== undefined,
  };
}

/** People who are not served, and rows that may be about people, but nobody can be known by them. */
const KEPT_OUT = ['newcomer', 'username_missing', 'key_missing'];

const keptOut = (counts: readonly ProblemCount[]): number =>
  counts.reduce(
    (sum, { code, effect, count }) => (effect === 'quarantined' && KEPT_OUT.includes(code) ? sum + count : sum),
    0,
  );

const rowsOf = (reads: readonly SourceRead[]): Map<SourceName, RowCounts> =>
  new Map(reads.map(read => [read.source, read.rows]));

async function olderBaseline(store: Store, now: Baseline, run: Case): Promise<Baseline | undefined> {
  // A candidate that takes nothing adds nothing to a leak either.
  if (Object.values(now.toll).every(count => count === 0)) return undefined;
  const older = await store.snapshots.before(new Date(run.at.getTime() - OLDER));
  if (!older || older.number >= now.number) return undefined;
  const between = await store.snapshots.list(now.number - older.number);
  const count = new DriftCount({
    since: older.number,
    candidate: run,
    approved: new Set(between.flatMap(({ number, hold }) => (hold === undefined ? [] : number))),
  });
  for await (const [key, forms] of byKey(store.people.since(older.number), one => one.key)) count.person(key, forms);
  const departments = byKey(store.departments.since(older.number), one => one.group_no);
  for await (const [key, forms] of departments) count.department(key, forms);
  return { number: older.number, counts: older, toll: count.toll() };
}

/** All forms of one key together, one key after the other; they come by key, but pages end anywhere. */
async function* byKey<Value>(
  pages: AsyncIterable<readonly Version<Value>[]>,
  keyOf: (value: Value) => string,
): AsyncGenerator<[key: string, forms: readonly Version<Value>[]]> {
  let key: string | undefined;
  let forms: Version<Value>[] = [];
  for await (const page of pages) {
    for (const form of page) {
      const own = keyOf(form.value);
      if (own !== key) {
        if (key !== undefined) yield [key, forms];
        key = own;
        forms = [];
      }
      forms.push(form);
    }
  }
  if (key !== undefined) yield [key, forms];
}
