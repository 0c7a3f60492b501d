import type { Effect } from '../roster/model.ts';
import { whyOf } from '../runs/why.ts';
import type { Delivery, RecordedRun, RunHead, SourceRead, Store } from '../store/store.ts';
import type { RosterStanding, SourceStanding } from '../views/standing.ts';
import { firstOf } from './choice.ts';
import { problemData } from './collect-diff.ts';
import {
  type DeliveryData,
  LIMITS,
  type ProblemsData,
  type RunData,
  type SourceData,
  type StandingData,
} from './data.ts';

type Standing = Omit<RosterStanding, 'renamed'>;

/** How things stand, as `rosterd status` tells it. */
export function standingData(standing: Standing): StandingData {
  const { troubles, newest, served, pin, runs, delivered } = standing;
  return {
    troubles,
    newest: newest?.number,
    served: served?.number,
    pinned: pin && { snapshot: pin.snapshot, at: pin.at.toISOString() },
    confirmed: runs.good?.finished?.toISOString(),
    failing: failingIn(standing),
    lastRun: runs.last && runData(runs.last),
    delivered: delivered && deliveryData(delivered),
  };
}

/** Absent while nothing failed since the last good run, and when the newest was held, which is another matter. */
function failingIn({ runs: { last, bad } }: Standing): StandingData['failing'] {
  if (!bad || !last) return undefined;
  const run = last.status === 'running' ? bad : last;
  if (run.status === 'held' || run.status === 'running') return undefined;
  return { since: bad.started.toISOString(), why: reasonOf(run) };
}

const INTERRUPTED = 'its process ended before the run did';

/** Why a run is none that published or confirmed anything; `""` of one that did, or is under way. */
function reasonOf(run: RecordedRun): string {
  switch (run.status) {
    case 'published':
    case 'unchanged':
    case 'running':
      return '';
    case 'interrupted':
      return INTERRUPTED;
    case 'held':
    case 'failed':
      return whyOf(run);
  }
}

const runData = (run: RecordedRun): RunData => ({
  number: run.number,
  started: run.started.toISOString(),
  status: run.status,
  hold: run.hold,
  why: reasonOf(run),
});

export const deliveryData = ({ snapshot, client, at, finished }: Delivery): DeliveryData => ({
  snapshot,
  client,
  at: at.toISOString(),
  finished,
});

const BAD: ReadonlySet<string> = new Set(['failed', 'held', 'interrupted']);

/** Those that went wrong among the newest runs, oldest first. */
export async function badRuns(store: Store, recent: readonly RunHead[]): Promise<RunData[]> {
  const found: RunData[] = [];
  // Runs that found the same wrong have one list of problems, and that of a failed run may be long.
  const whys = new Map<string, string>();
  for (const head of recent.filter(run => BAD.has(run.status))) {
    const mark = head.status === 'failed' && head.found !== undefined ? head.found : undefined;
    const why = (mark && whys.get(mark)) ?? reasonOf(await withProblems(store, head));
    if (mark) whys.set(mark, why);
    found.push({ ...runData({ ...head, problems: [] }), why });
  }
  return firstOf(found, { count: LIMITS.runs, bytes: LIMITS.runBytes }).kept.reverse();
}

/** The problems only where they say why. */
const withProblems = async (store: Store, head: RunHead): Promise<RecordedRun> =>
  (head.status === 'failed' ? await store.runs.get(head.number) : undefined) ?? { ...head, problems: [] };

/** What matters most first. */
const EFFECTS: readonly Effect[] = ['failed', 'quarantined', 'kept', 'dropped', 'fixed', 'warned'];

/** What the newest run that looked at everybody found wrong. */
export function problemsData(judging: RecordedRun | undefined): ProblemsData {
  if (!judging) return { run: undefined, listed: [], counts: [] };
  const order = (one: { readonly effect: Effect }) => EFFECTS.indexOf(one.effect);
  const listed = judging.problems.toSorted((a, b) => order(a) - order(b)).map(problemData);
  return {
    run: judging.number,
    listed: firstOf(listed, { count: LIMITS.problems, bytes: LIMITS.problemBytes }).kept,
    counts: judging.counts.toSorted((a, b) => order(a) - order(b) || b.count - a.count),
  };
}

/** A source with its last reads, of the newest runs. */
export const sourceData = (source: SourceStanding, recent: readonly RunHead[]): SourceData => ({
  name: source.source,
  required: source.required,
  failing: source.failing,
  failingSince: source.failing_since?.toISOString(),
  why: source.why,
  read: source.at?.toISOString(),
  rows: source.rows,
  next: source.next?.toISOString(),
  reads: recent
    .flatMap(run => run.sources.filter(read => read.source === source.source).map(read => readData(run, read)))
    .slice(0, LIMITS.reads),
});

const readData = (run: RunHead, { state, rows, took }: SourceRead): SourceData['reads'][number] => ({
  run: run.number,
  at: run.started.toISOString(),
  state,
  rows,
  took,
});
