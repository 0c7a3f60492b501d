import { hostname } from 'node:os';
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from './config/schema.ts';
import { databaseAddress } from './connect/database.ts';
import { mayEcho, openLine } from './line.ts';
import type { Announced } from './notices/announce.ts';
import type { ReportAnswer, ReportQuery } from './report/asked.ts';
import type { ReportTerms } from './report/collect.ts';
import type { SnapshotNumber } from './roster/model.ts';
import { renderSnapshot, renderTo } from './runs/body.ts';
import { BodyDraft, BodyUnwritable } from './runs/body-file.ts';
import { bodyFolder } from './runs/body-folder.ts';
import { NO_MEMORY, type Remembering } from './runs/echo.ts';
import type { Habits } from './runs/intake.ts';
import { pruneWhenDue } from './runs/prune.ts';
import { inTurn } from './runs/turn.ts';
import type { RunAnswer, RunSummary, WorkerAnswer, WorkerRequest } from './runs/worker.ts';
import { openStore } from './store/open.ts';
import type { RunCause, Store } from './store/store.ts';

/**
 * The composition root of the thread in which runs are made. It opens a store and sources of its own: nothing but plain
 * data comes from the main thread.
 */

const MIB = 1024 * 1024;
/** So much heap is worth looking through when there is nothing to do. */
const LOOSE = 48 * MIB;
/** So much that is in use is too much for a thread that has nothing to do. */
const GROWN = 192 * MIB;

const config = workerData as Config;
let opened: Promise<Store> | undefined;

/** Opened when it is first needed; one that could not be opened is tried again by whoever asks next. */
function openedStore(): Promise<Store> {
  if (opened) return opened;
  const opening = openStore(config.store, { migrate: false });
  opened = opening;
  opening.catch(() => {
    opened = undefined;
  });
  return opening;
}

/** Learned as long as the thread lives; the next one learns it anew. */
const habits: Habits = { several: new Set(), isMixed: false };

/** Answers that are being rendered: each takes about as much memory as a run, so that a run waits until they are there. */
const rendering = new Set<Promise<unknown>>();

async function makeRun(cause: RunCause, memory: Remembering | undefined): Promise<RunSummary> {
  await Promise.allSettled(rendering);
  const store = await openedStore();
  const line = { ...(await openLine(config, store)), memory, habits, isQuiet: true };
  const turn = await inTurn(line, { cause, dryRun: false, signal: new AbortController().signal });
  if ('joined' in turn) return { run: turn.joined, outcome: turn.outcome, report: undefined, joined: true };
  return { run: turn.run, outcome: turn.outcome, report: turn.report, joined: false };
}

async function rendered(snapshot: SnapshotNumber): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const made = render(snapshot);
  rendering.add(made);
  return await made.finally(() => rendering.delete(made));
}

/** Into its file; where none can be written, the bytes. */
async function render(snapshot: SnapshotNumber): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const store = await openedStore();
  const folder = bodyFolder(databaseAddress(config.store), process.env);
  if (folder === undefined) return await renderSnapshot(store, snapshot);
  try {
    await renderTo(store, snapshot, id => BodyDraft.open({ folder, id, encoding: 'identity' }));
    return undefined;
  } catch (error) {
    if (!(error instanceof BodyUnwritable)) throw error;
    return await renderSnapshot(store, snapshot);
  }
}

type Telling = Omit<Extract<WorkerRequest, { ask: 'announce' }>, 'id' | 'ask'>;

/** Loaded only where somebody is to be told: mail alone is as much code as a run. */
async function tell({ certificate, ...unrecorded }: Telling): Promise<Announced[]> {
  const [{ announce }, { healthOf }] = await Promise.all([import('./notices/announce.ts'), import('./runs/health.ts')]);
  const store = await openedStore();
  const now = new Date();
  const health = await healthOf({ ...config, ...unrecorded }, store, now);
  const { notify, sync, timezone } = config;
  const report = (hold: number, masked: boolean) =>
    onReport({ masked, live: false }, ({ heldPage }, terms) => heldPage(terms, hold));
  return await announce({ notify, sync, timezone, store, health, certificate, host: hostname(), now, report });
}

const report = (query: ReportQuery): Promise<ReportAnswer> =>
  onReport({ masked: false, live: true }, ({ reportAnswer }, terms) => reportAnswer(terms, query));

/**
 * On a store of its own: a report waits for no run then, and in a file it could not write if it tried. Loaded only where one
 * is wanted.
 */
async function onReport<Made>(
  how: Pick<ReportTerms, 'masked' | 'live'>,
  make: (room: typeof import('./report/asked.ts'), terms: ReportTerms) => Promise<Made>,
): Promise<Made> {
  const room = await import('./report/asked.ts');
  const { sources, sync, timezone, language } = config;
  await using store = await openStore(config.store, { migrate: false, readOnly: true });
  return await make(room, { sources, sync, timezone, language, store, now: new Date(), ...how });
}

async function answer(request: WorkerRequest): Promise<void> {
  const reply = (message: WorkerAnswer, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);
  try {
    if (request.ask === 'run') {
      const memory: Remembering | undefined = mayEcho(config) ? { last: request.memory } : undefined;
      const summary = await makeRun(request.cause, memory);
      const answer: RunAnswer = { summary, memory: memory?.last ?? NO_MEMORY };
      return reply({ id: request.id, answer });
    }
    if (request.ask === 'prune') {
      const { retention, timezone } = config;
      const pruning = await pruneWhenDue(await openedStore(), { retention, timezone, now: new Date() });
      return reply({ id: request.id, answer: pruning });
    }
    if (request.ask === 'announce') return reply({ id: request.id, answer: await tell(request) });
    if (request.ask === 'report') {
      const answer = await report(request.query);
      return reply({ id: request.id, answer }, answer.status === 'made' ? [answer.gzip.buffer] : []);
    }
    const bytes = await rendered(request.snapshot);
    reply({ id: request.id, answer: bytes }, bytes ? [bytes.buffer] : []);
  } catch (error) {
    const { message, stack } = error as Error;
    reply({ id: request.id, failure: message, stack });
  }
}

v8.setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const used = () => v8.getHeapStatistics().used_heap_size;

/**
 * Gives back the memory that a big run took, while nobody waits: a thread that stays is warm for the next one. One that
 * holds on to it all the same asks to be replaced.
 */
function tidyUp(): void {
  if (used() > LOOSE) collect();
  if (used() > GROWN) parentPort?.postMessage({ grown: true } satisfies WorkerAnswer);
}

parentPort?.on('message', async (request: WorkerRequest) => {
  await answer(request);
  setImmediate(tidyUp);
});
