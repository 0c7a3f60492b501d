import { sizeOf } from '../roster/candidate.ts';
import {
  type Change,
  compareDepartments,
  comparePeople,
  countChanges,
  entryOf,
  isUnchanged,
  withAdded,
} from '../roster/compare.ts';
import { type GuardRules, guard } from '../roster/guard.ts';
import type { Department, Outcome, Person, Problem, RunNumber, SourceName } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import { ProblemList } from '../roster/problems.ts';
import type { ExtractChanges, Publication, RunCause, RunReport } from '../store/store.ts';
import { type Prepared, prepare } from './candidate.ts';
import {
  type Echo,
  echoOf,
  listen,
  NO_MEMORY,
  type Remembering,
  remembering,
  stillHolds,
  surroundings,
} from './echo.ts';
import type { Household } from './intake.ts';
import { outcomeOf } from './lock.ts';
import { measure } from './measure.ts';
import { changing, doubted, missing, unclear } from './missing.ts';
import { publicationOf } from './publication.ts';
import { excusesOf, failuresOf, isUnproved, type Pulled, readsOf, replaced } from './pull.ts';
import { extractChanges, pullDue, readNow, type StandInTerms, type Trip } from './stand-in.ts';

/** Everything that a run works with; the composition root puts it together. */
export interface Line extends Household {
  readonly standIns: ReadonlyMap<SourceName, StandInTerms>;
  readonly guards: GuardRules;
  /** The clients that are configured; what others were served counts no more. */
  readonly clients: readonly string[];
  /** Of sources and mappings, without secrets, times and server settings. */
  readonly fingerprint: string;
  readonly timezone: string;
  /** What the last run left for this one, which leaves something in its place; absent: everything is thought over anew. */
  readonly memory?: Remembering | undefined;
  now(): Date;
  /** `YYYY-MM-DD` in the configured time zone. */
  today(): string;
}

export interface RunRequest {
  readonly cause: RunCause;
  /** The same verdict, and nothing is written. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** What a run decided, and what it saw on the way. */
export interface Decision {
  readonly outcome: Outcome;
  readonly report: RunReport;
  readonly people: readonly Change<Person>[];
  readonly departments: readonly Change<Department>[];
  readonly publication: Publication | undefined;
  readonly extracts: ExtractChanges | undefined;
  /** Whether some part of the configuration was not used. */
  readonly unproved: boolean;
}

export interface RunResult extends Omit<Decision, 'publication' | 'extracts' | 'unproved'> {
  /** Absent in a dry run. */
  readonly run: RunNumber | undefined;
}

/** One trip down the line. The caller holds the run lock, unless it is a dry run. */
export async function run(line: Line, request: RunRequest): Promise<RunResult> {
  const at = line.now();
  if (request.dryRun) return { ...(await decide(line, request, at)), run: undefined };
  // Without the lock, beginning would declare the run dead that has it now.
  request.signal.throwIfAborted();
  const number = await line.store.runs.begin({ cause: request.cause, at, fingerprint: line.fingerprint });
  try {
    if (!line.memory) return await conclude(line, number, await decide(line, request, at), request.signal);
    return await runWith(line.memory, { line, request, at, number });
  } catch (error) {
    request.signal.throwIfAborted();
    const text = `the run broke off: ${(error as Error).message}`;
    const broken = failed(NOTHING_READ, [problem('run_broken', text)]);
    return await conclude(line, number, broken, request.signal).catch(second => {
      throw new Error(`${text}; that could not be recorded either: ${(second as Error).message}`, { cause: error });
    });
  }
}

interface Begun {
  readonly line: Line;
  readonly request: RunRequest;
  readonly at: Date;
  readonly number: RunNumber;
}

/** A run that may hear that nothing changed, and remembers what it heard. */
async function runWith(memory: Remembering, { line, request, at, number }: Begun): Promise<RunResult> {
  const { echo, isCalm } = memory.last;
  memory.last = NO_MEMORY;
  const same = echo && (await stillHolds(echo, line.store, at)) && (await hear(line, echo, request.signal));
  if (same) {
    const result = await conclude(line, number, same, request.signal);
    if (result.outcome.status === 'unchanged') memory.last = { echo: { ...echo, run: number }, isCalm: true };
    return result;
  }
  // Before any of it is looked up: what comes in between is then thought over again.
  const around = await surroundings(line.store);
  const { sources, said } = isCalm ? remembering(line.sources) : { sources: line.sources, said: NOTHING_SAID };
  const result = await conclude(line, number, await decide({ ...line, sources }, request, at), request.signal);
  const { outcome, report } = result;
  if (outcome.status === 'unchanged') {
    const { snapshot } = outcome;
    const left = echoOf({ run: number, snapshot, thought: at.getTime(), surroundings: around, said, report });
    memory.last = { echo: left, isCalm: true };
  }
  return result;
}

const NOTHING_SAID: ReadonlyMap<SourceName, readonly string[]> = new Map();

/** The verdict of the run before once more, where all that it came of is the same; what the sources say is not kept. */
async function hear(line: Line, echo: Echo, signal: AbortSignal): Promise<Decision | undefined> {
  const sources = await listen(line.sources, echo, { signal, today: line.today() });
  if (!sources) return undefined;
  return {
    outcome: { status: 'unchanged', snapshot: echo.snapshot },
    report: { sources, ...echo.report },
    people: [],
    departments: [],
    publication: undefined,
    extracts: undefined,
    unproved: false,
  };
}

/** The one place that writes how a run ended. */
async function conclude(line: Line, number: RunNumber, decision: Decision, signal: AbortSignal): Promise<RunResult> {
  // Whoever lost the lock on the way must not publish: another run may be doing so.
  signal.throwIfAborted();
  const { recorded, hold } = await line.store.runs.finish(number, { ...decision, at: line.now() });
  const ended = recorded ? undefined : await line.store.runs.get(number);
  if (ended) return { ...decision, outcome: outcomeOf(ended), run: number };
  const outcome = decision.outcome.status === 'held' ? { ...decision.outcome, hold } : decision.outcome;
  return { ...decision, outcome, run: number };
}

const NOTHING_READ: Pulled = [];

async function decide(line: Line, { cause, signal }: RunRequest, at: Date): Promise<Decision> {
  const trip: Trip = { cause, at, pull: { signal, today: line.today() } };
  return await believe(line, await pullDue(line, trip), trip);
}

/** The verdict on what was pulled. Who is missing there is believed only when a second read says the same. */
async function believe(line: Line, first: Pulled, trip: Trip): Promise<Decision> {
  if (failuresOf(first).length > 0) return failed(first);
  const prepared = await prepare(first, line);
  const before = missing(prepared.candidate);
  const sources = doubted(before, first, line);
  if (sources.length === 0) return judge(line, first, { prepared, at: trip.at });
  const again = await readNow(line, sources, trip);
  // What cannot be read twice counts as if it had not been read at all.
  const unread = again.filter(one => one.read.state !== 'read');
  if (unread.length > 0) return believe(line, replaced(first, unread), trip);
  const second = replaced(first, again);
  const confirmed = await prepare(second, line);
  const disagree = changing({ first: before, second: missing(confirmed.candidate) }, sources);
  return disagree.length > 0 ? failed(second, disagree) : judge(line, second, { prepared: confirmed, at: trip.at });
}

async function judge(
  line: Line,
  pulled: Pulled,
  { prepared, at }: { prepared: Prepared; at: Date },
): Promise<Decision> {
  const report = reportOf(pulled, prepared);
  const [people, departments] = changesOf(prepared);
  const { newcomers } = prepared.candidate;
  const counted = countChanges(people, departments);
  const changes = newcomers ? withAdded(counted, newcomers) : counted;
  const base = { report, people, departments, publication: undefined, unproved: isUnproved(pulled) };
  const decided = (outcome: Outcome) => ({ ...base, outcome, extracts: extractChanges(line, pulled, { outcome, at }) });
  const lost = await unbelieved(line, prepared);
  if (lost.length > 0) return failed(pulled, lost);
  const newest = await line.store.snapshots.newest();
  const reasons = guard(
    await measure(line, { pulled, prepared, people, departments, changes, newest, at }),
    line.guards,
  );
  const { people: size } = sizeOf(prepared.candidate);
  const isEmpty = size === 0;
  if (isEmpty && (!newest || reasons.length === 0)) {
    return { ...failed(pulled, [EMPTY]), report: { ...report, problems: [EMPTY, ...report.problems] } };
  }
  if (reasons.length === 0 && newest && isUnchanged(changes)) {
    return decided({ status: 'unchanged', snapshot: newest.number });
  }
  const publication = publicationOf(prepared.candidate, { people, departments, changes, after: newest?.number });
  const outcome: Outcome =
    reasons.length > 0
      ? { status: 'held', hold: undefined, reasons, changes, people: size }
      : { status: 'published', snapshot: publication.number, changes };
  return { ...decided(outcome), publication };
}

/** Why people who are missing may be there after all. */
async function unbelieved({ store }: Line, { candidate, problems }: Prepared): Promise<Problem[]> {
  const missings = missing(candidate);
  if (missings.length === 0) return [];
  const good = await store.runs.newestGood();
  return unclear(missings, { now: problems.listed, before: good?.problems ?? [] });
}

/** What would change; only those who were looked at can have changed. */
function changesOf({ candidate, known }: Prepared): [Change<Person>[], Change<Department>[]] {
  const before = [...known.incumbents.values(), ...known.gone]
    .map(stored => entryOf(stored.value.key, stored, candidate.removedPeople.get(stored.value.key)))
    .sort(byKey);
  const looked = [...candidate.people].map(([key, member]) => entryOf(key, member));
  const served = [...known.departments].map(([key, stored]) =>
    entryOf(key, stored, candidate.removedDepartments.get(key)),
  );
  const listed = [...candidate.departments].map(([key, member]) => entryOf(key, member));
  return [
    [...comparePeople(before, looked.sort(byKey))],
    [...compareDepartments(served.sort(byKey), listed.sort(byKey))],
  ];
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }) => byBytes(a.key, b.key);

const reportOf = (pulled: Pulled, { problems }: Prepared): RunReport => ({
  sources: readsOf(pulled),
  problems: problems.listed,
  counts: problems.counts,
});

function failed(pulled: Pulled, problems: readonly Problem[] = failuresOf(pulled)): Decision {
  const all = new ProblemList();
  for (const one of [...problems, ...excusesOf(pulled)]) all.add(one);
  return {
    outcome: { status: 'failed', problems },
    report: { sources: readsOf(pulled), problems: all.listed, counts: all.counts },
    people: [],
    departments: [],
    publication: undefined,
    extracts: undefined,
    unproved: true,
  };
}

const problem = (code: string, text: string): Problem => ({
  code,
  effect: 'failed',
  source: '',
  kind: 'roster',
  key: '',
  name: '',
  text,
});

const EMPTY = problem(
  'roster_empty',
  'a roster without people is never published, and the sources give nobody who could be served',
);
