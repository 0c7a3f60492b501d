import { parentPort, threadId } from 'node:worker_threads';
import type { WorkerRequest } from '../../src/runs/worker.ts';

/** A thread that answers a run with its own number, dies of one that /sync started, and says after `schedule` that it has grown. */
parentPort?.on('message', (request: WorkerRequest) => {
  if (request.ask === 'run' && request.cause === 'sync') process.exit(3);
  if (request.ask === 'prune') return parentPort?.postMessage({ id: request.id, answer: undefined, grown: false });
  const answer = { summary: { run: threadId, outcome: { status: 'unchanged' } }, echo: undefined };
  const grown = request.ask === 'run' && request.cause === 'schedule';
  parentPort?.postMessage({ id: request.id, answer, grown });
});
