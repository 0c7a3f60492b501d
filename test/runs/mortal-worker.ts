import { parentPort, threadId, workerData } from 'node:worker_threads';
import { NO_MEMORY } from '../../src/runs/echo.ts';
import type { WorkerRequest } from '../../src/runs/worker.ts';

let grown = false;
/** A run that waits for somebody to announce something. */
let waiting: number | undefined;

const answer = (id: number, value: unknown) => parentPort?.postMessage({ id, answer: value });
/** The thread's own number, and the language of the configuration that it was given. */
const ran = () => ({
  summary: { run: threadId, outcome: { status: 'unchanged' }, report: workerData.language },
  memory: NO_MEMORY,
});

/**
 * A thread that dies of a run that /sync started, has grown once `schedule` did, and ends one that `start` did when it is
 * asked to announce. Of reports it says its language.
 */
parentPort?.on('message', (request: WorkerRequest) => {
  if (request.ask === 'announce' && waiting !== undefined) answer(waiting, ran());
  if (request.ask === 'report') return answer(request.id, { status: 'missing', message: workerData.language });
  if (request.ask !== 'run') return answer(request.id, undefined);
  if (request.cause === 'sync') process.exit(3);
  if (request.cause === 'start') {
    waiting = request.id;
    return;
  }
  answer(request.id, ran());
  grown ||= request.cause === 'schedule';
  if (grown) parentPort?.postMessage({ grown });
});
