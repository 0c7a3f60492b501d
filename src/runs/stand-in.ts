import type { Outcome, Problem, SourceName } from '../roster/model.ts';
import type { Pull, Source } from '../sources/source.ts';
import type { ExtractChanges, ExtractHead, RunCause, SourceRead, Store, StoredExtract } from '../store/store.ts';
import { type Household, intakesFor } from './intake.ts';
import { type Pulled, type PulledSource, pullAll } from './pull.ts';
import { nextTick } from './schedule.ts';
import { minuteIn } from './time.ts';

/** When its stored extract stands in for a source. Without such terms a source is read in every run, or fails it. */
export interface StandInTerms {
  /** False: while it cannot be read, too. */
  readonly required: boolean;
  /** When it is read, as a cron pattern; absent: in every run. */
  readonly schedule: string | undefined;
  /** Of its block in the configuration: an extract that was read under another one is out of date. */
  readonly fingerprint: string;
}

/** The sources of a line and what may stand in for them. */
interface Sources extends Household {
  readonly standIns: ReadonlyMap<SourceName, StandInTerms>;
  /** In which the schedules come round, and times are told. */
  readonly timezone: string;
}

/** The run that sources are pulled for. */
export interface Trip {
  readonly cause: RunCause;
  /** When it began. */
  readonly at: Date;
  readonly pull: Pull;
}

/** Every source of a line: read if it is due, else its stored extract. */
export async function pullDue(line: Sources, trip: Trip): Promise<Pulled> {
  const heads = line.standIns.size > 0 ? await line.store.extracts.heads() : [];
  const due = line.sources.filter(({ name }) =>
    isDue(
      line.standIns.get(name),
      heads.find(head => head.source === name),
      { ...trip, timezone: line.timezone },
    ),
  );
  const read = await readNow(line, due, trip);
  const of = ({ name }: Source) => read.find(one => one.read.source === name) ?? waiting(line, name);
  return await Promise.all(line.sources.map(of));
}

/**
 * Reads sources, whatever their schedule. One that cannot be read is represented by its stored extract if it is optional.
 * Throws when the run is aborted: a reading that was broken off says nothing about its source.
 */
export async function readNow(line: Sources, sources: readonly Source[], trip: Trip): Promise<Pulled> {
  const pulled = await pullAll(sources, trip.pull, await intakesFor(line));
  trip.pull.signal.throwIfAborted();
  return await Promise.all(pulled.map(one => (one.problem ? unreadable(line, one, one.problem, trip) : one)));
}

type Moment = Pick<Trip, 'cause' | 'at'> & { readonly timezone: string };

/** Whether a source has to be read, rather than represented by the extract of it that there is. */
export function isDue(
  terms: StandInTerms | undefined,
  stored: ExtractHead | undefined,
  { cause, at, timezone }: Moment,
): boolean {
  if (terms?.schedule === undefined || stored === undefined || cause === 'pull') return true;
  // An extract of the future is one from before the clock was put back.
  if (stored.fingerprint !== terms.fingerprint || stored.at > at) return true;
  const next = nextTick(terms.schedule, timezone, stored.at);
  return next !== undefined && next <= at;
}

/** A source whose time has not come. */
async function waiting({ store }: Sources, source: SourceName): Promise<PulledSource> {
  const stored = await store.extracts.get(source);
  if (!stored) throw new Error(`the stored extract of source ${source} went away while the run was under way`);
  return { ...standIn(stored, 0), problem: undefined };
}

function standIn({ extract, at }: StoredExtract, took: number) {
  const read: SourceRead = { source: extract.source, state: 'stored', rows: extract.rows, took, of: at };
  return { extract, read };
}

/** What becomes of a source that could not be read. */
async function unreadable(line: Sources, one: PulledSource, problem: Problem, trip: Trip): Promise<PulledSource> {
  const { source, took } = one.read;
  const terms = line.standIns.get(source);
  const failure = { since: await failingSince(line.store, source, trip.at), why: problem.text };
  const failed = { ...one, read: { ...one.read, failure } };
  if (!terms || terms.required) return failed;
  const stored = await line.store.extracts.get(source);
  if (stored) {
    const { extract, read } = standIn(stored, took);
    const outdated = stored.fingerprint !== terms.fingerprint;
    return { extract, read: { ...read, failure }, problem: standsIn(problem, stored, { terms, line }), outdated };
  }
  const excused = (await hasGiven(line, source)) ? nothingStandsIn(problem) : leftOut(problem);
  return { ...failed, problem: excused };
}

/** The beginning of the first run of those in a row that could not read a source; this one's, if the last one could. */
async function failingSince(store: Store, source: SourceName, at: Date): Promise<Date> {
  const of = (run: { readonly sources: readonly SourceRead[] } | undefined) =>
    run?.sources.find(one => one.source === source);
  const last = await store.runs.newestFinished();
  // A run that broke off says nothing about its sources.
  const run = of(last) ? last : await store.runs.newestGood();
  const read = of(run);
  if (!run || !read) return at;
  return read.failure?.since ?? (read.state === 'failed' ? run.started : at);
}

/** Whether what is served may be made of what a source gave: then it cannot be left out. */
async function hasGiven({ store, sources }: Sources, source: SourceName): Promise<boolean> {
  const good = await store.runs.newestGood();
  if (!good) return (await store.snapshots.newest()) !== undefined;
  // One that is not configured any more may be this one under its old name.
  const gone = (name: SourceName) => !sources.some(one => one.name === name);
  return good.sources.some(read => read.state !== 'failed' && (read.source === source || gone(read.source)));
}

const standsIn = (
  problem: Problem,
  { at, fingerprint }: StoredExtract,
  { terms, line }: { terms: StandInTerms; line: Sources },
): Problem => {
  const older = fingerprint === terms.fingerprint ? '' : ', read under an older configuration,';
  const text = `cannot be read (${problem.text}); its extract of ${minuteIn(line.timezone, at)}${older} stands in`;
  return { ...problem, code: 'source_stands_in', effect: 'warned', text };
};

const nothingStandsIn = (problem: Problem): Problem => ({
  ...problem,
  text: `cannot be read (${problem.text}), and there is no earlier extract of it to stand in for what it gave`,
});

const leftOut = (problem: Problem): Problem => ({
  ...problem,
  code: 'source_left_out',
  effect: 'dropped',
  text: `cannot be read (${problem.text}); nothing that is served came from it, so the run goes on without it`,
});

/** What a run that ended so does to the stored extracts. Nobody's is deleted before a roster without it was good. */
export function extractChanges(
  { standIns }: Sources,
  pulled: Pulled,
  { outcome, at }: { outcome: Outcome; at: Date },
): ExtractChanges | undefined {
  if (outcome.status === 'failed') return undefined;
  const fresh = pulled.flatMap(({ read, extract }) => {
    const terms = standIns.get(read.source);
    return terms && extract && read.state === 'read' ? { extract, at, fingerprint: terms.fingerprint } : [];
  });
  return { fresh, needed: outcome.status === 'held' ? undefined : [...standIns.keys()] };
}
