import { parentPort, threadId } from 'node:worker_threads';
import { NO_MEMORY } from '../../src/runs/echo.ts';
import type { WorkerRequest } from '../../src/runs/worker.ts';

let grown = false;

/** A thread that answers a run with its own number, dies of one that /sync started, and has grown once `schedule` did. */
parentPort?.on('message', (request: WorkerRequest) => {
  if (request.ask === 'run' && request.cause === 'sync') process.exit(3);
  const summary = { run: threadId, outcome: { status: 'unchanged' } };
  const answer = request.ask === 'run' ? { summary, memory: NO_MEMORY } : undefined;
  parentPort?.postMessage({ id: request.id, answer });
  grown ||= request.ask === 'run' && request.cause === 'schedule';
  if (grown) parentPort?.postMessage({ grown });
});
