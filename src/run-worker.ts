import v8 from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from './config/schema.ts';
import { mayEcho, openLine } from './line.ts';
import type { Rendered } from './runs/answers.ts';
import { compressed, renderSnapshot } from './runs/body.ts';
import { pruneWhenDue } from './runs/prune.ts';
import type { Memory } from './runs/run.ts';
import { inTurn } from './runs/turn.ts';
import type { RunAnswer, RunSummary, WorkerAnswer, WorkerRequest } from './runs/worker.ts';
import { openStore } from './store/open.ts';
import type { RunCause, Store } from './store/store.ts';

/**
 * The composition root of the thread in which runs are made. It opens a store and sources of its own: nothing but plain
 * data comes from the main thread.
 */

/** Above this many bytes of heap after the work the thread asks to be replaced. */
const GROWN = 192 * 1024 * 1024;

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

async function makeRun(cause: RunCause, memory: Memory | undefined): Promise<RunSummary> {
  const store = await openedStore();
  const line = { ...openLine(config, store), memory };
  const turn = await inTurn(line, { cause, dryRun: false, signal: new AbortController().signal });
  if ('joined' in turn) return { run: turn.joined, outcome: turn.outcome, report: undefined, joined: true };
  return { run: turn.run, outcome: turn.outcome, report: turn.report, joined: false };
}

async function answer(request: WorkerRequest): Promise<void> {
  const reply = (message: WorkerAnswer, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);
  try {
    if (request.ask === 'run') {
      const memory: Memory | undefined = mayEcho(config) ? { echo: request.echo } : undefined;
      const summary = await makeRun(request.cause, memory);
      const answer: RunAnswer = { summary, echo: memory?.echo };
      return reply({ id: request.id, answer, grown: v8.getHeapStatistics().used_heap_size > GROWN });
    }
    if (request.ask === 'prune') {
      const { retention, timezone } = config;
      const pruning = await pruneWhenDue(await openedStore(), { retention, timezone, now: new Date() });
      return reply({ id: request.id, answer: pruning, grown: v8.getHeapStatistics().used_heap_size > GROWN });
    }
    const rendered = compressed(await renderSnapshot(await openedStore(), request.snapshot));
    const answer: Rendered = rendered;
    reply({ id: request.id, answer, grown: false }, [rendered.bytes.buffer, rendered.gzip.buffer]);
  } catch (error) {
    const { message, stack } = error as Error;
    reply({ id: request.id, failure: message, stack });
  }
}

parentPort?.on('message', (request: WorkerRequest) => void answer(request));
