import v8 from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type { Config } from './config/schema.ts';
import { openLine } from './line.ts';
import { renderSnapshot } from './runs/body.ts';
import { takeTurn } from './runs/lock.ts';
import { run } from './runs/run.ts';
import type { RunSummary, WorkerAnswer, WorkerRequest } from './runs/worker.ts';
import { openStore } from './store/open.ts';
import type { RunCause } from './store/store.ts';

/**
 * The composition root of the thread in which runs are made. It opens a store and sources of its own: nothing but plain
 * data comes from the main thread.
 */

/** Above this many bytes of heap after the work the thread asks to be replaced. */
const GROWN = 192 * 1024 * 1024;

const config = workerData as Config;
const opened = openStore(config.store, { migrate: false });
// Whoever asks first is told; without this the thread would die before it could say why.
opened.catch(() => {});

async function makeRun(cause: RunCause): Promise<RunSummary> {
  const store = await opened;
  const turn = await takeTurn(store, new AbortController().signal);
  if ('theirs' in turn) return { ...turn.theirs, report: undefined, joined: true };
  await using lock = turn.mine;
  const result = await run(openLine(config, store), { cause, dryRun: false, signal: lock.lost });
  return { run: result.run, outcome: result.outcome, report: result.report, joined: false };
}

async function answer(request: WorkerRequest): Promise<void> {
  const reply = (message: WorkerAnswer, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);
  try {
    if (request.ask === 'run') {
      const summary = await makeRun(request.cause);
      return reply({ id: request.id, answer: summary, grown: v8.getHeapStatistics().used_heap_size > GROWN });
    }
    const bytes = await renderSnapshot(await opened, request.snapshot);
    reply({ id: request.id, answer: bytes, grown: false }, [bytes.buffer]);
  } catch (error) {
    reply({ id: request.id, failure: (error as Error).message });
  }
}

parentPort?.on('message', (request: WorkerRequest) => void answer(request));
