import { isUnchanged } from '../roster/compare.ts';
import { type HoldNumber, type Outcome, type RunNumber, snapshotNumber } from '../roster/model.ts';
import type { Hold, HoldEnd, Lock, Publication, RunEnd, RunReport, Store } from '../store/store.ts';
import { takeLock, type Waiting } from './lock.ts';
import { type Line, type RunResult, run } from './run.ts';
import { minuteIn } from './time.ts';

export interface ApprovalRequest extends Waiting {
  readonly hold: HoldNumber;
  /** Kept with the hold; `""` for none. */
  readonly reason: string;
  /** Told as soon as that is so, since the run after it takes its time and may break off. */
  approved?(published: Published): void;
}

/** What became of the candidate. */
export interface Published {
  readonly run: RunNumber;
  readonly outcome: Extract<Outcome, { status: 'published' | 'unchanged' }>;
}

/** What came of an administrator's word. */
export type Approval =
  | (Published & {
      readonly status: 'approved';
      /** The run that was made at once, so that whatever else changed since is judged by itself. */
      readonly next: RunResult;
    })
  | { readonly status: 'refused'; readonly why: string }
  /** There is no such hold. */
  | { readonly status: 'unknown'; readonly why: string };

/**
 * Publishes the candidate of the hold that stands, exactly, whatever the sources say by now; then makes a run. Waits for a
 * run under way, which may end the hold: then there is nothing to approve any more.
 */
export async function approve(line: Line, request: ApprovalRequest): Promise<Approval> {
  const { hold: number, reason, signal } = request;
  await using lock = await takeLock(line.store, request);
  const hold = await line.store.holds.get(number);
  if (!hold) return { status: 'unknown', why: await unknown(number, line) };
  const why = refusal(hold, line.timezone);
  if (why !== undefined) return { status: 'refused', why };
  const published = await publish(line, { hold, reason, lock });
  // We were frozen for so long that the lock went to another, whose run says that ours never ended.
  if (!published)
    return { status: 'refused', why: `hold ${number} was not approved: another run came between; try again` };
  request.approved?.(published);
  const both = AbortSignal.any([signal, lock.lost]);
  const next = await run(line, { cause: 'pull', dryRun: false, signal: both });
  return { status: 'approved', ...published, next };
}

function refusal({ number, end, people }: Hold, timezone: string): string | undefined {
  if (end) {
    return `hold ${number} ${ENDS[end.how](end.run)} (${minuteIn(timezone, end.at)})`;
  }
  return people === 0 ? `hold ${number} has no people: a roster without people is never published` : undefined;
}

const ENDS: Readonly<Record<HoldEnd['how'], (run: RunNumber) => string>> = {
  approved: () => 'was approved before',
  overtaken: run => `ended by itself: run ${run} was within the limits, and what it found is served`,
  outdated: () => 'is of an older version, which did not keep its candidate; "rosterd pull" makes another',
};

async function unknown(number: HoldNumber, { store }: Line): Promise<string> {
  const standing = await store.holds.open();
  return `there is no hold ${number}; ${standing ? `hold ${standing.number} stands` : 'no hold stands'}`;
}

async function publish(
  { store, now }: Line,
  { hold, reason, lock }: { hold: Hold; reason: string; lock: Lock },
): Promise<Published | undefined> {
  const publication = await store.holds.publication(hold.number);
  // Under the fingerprint of the candidate: this proves the configuration that it was made under.
  const made = await store.runs.begin({ cause: 'approve', at: now(), fingerprint: hold.fingerprint });
  const outcome = outcomeOf(publication);
  const report = reportOf(await store.runs.get(hold.run));
  lock.lost.throwIfAborted();
  const approval = { hold: hold.number, reason };
  const end: RunEnd = { at: now(), outcome, report, publication, approval };
  const recorded = await finished(store, made, end);
  return recorded ? { run: made, outcome } : undefined;
}

/** Whether the run ended so. A commit whose answer got lost was a commit all the same. */
async function finished({ runs }: Store, made: RunNumber, end: RunEnd): Promise<boolean> {
  try {
    return (await runs.finish(made, end)).recorded;
  } catch (error) {
    const there = await runs.get(made).catch(() => undefined);
    if (there?.status === end.outcome.status) return true;
    throw error;
  }
}

/** A source that ran empty is held even where nobody goes: then there is nothing to publish, and it is only believed. */
function outcomeOf({ number, changes }: Publication): Published['outcome'] {
  return isUnchanged(changes)
    ? { status: 'unchanged', snapshot: snapshotNumber(number - 1) }
    : { status: 'published', snapshot: number, changes };
}

/** What the held run read and found is what is accepted now: later runs are measured by it. */
const reportOf = (held: RunReport | undefined): RunReport =>
  held
    ? { sources: held.sources, problems: held.problems, counts: held.counts }
    : { sources: [], problems: [], counts: [] };
