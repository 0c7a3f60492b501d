import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { RunAnswer, WorkerAnswer, WorkerRequest } from '../../src/runs/worker.ts';

// The thread in which runs are made, with a CPU profile of each: unchanged-3.cpuprofile is that of the third question.

const folder = process.env['ROSTERD_BENCH_PROFILE'] ?? '.';
const session = new Session();
session.connect();
session.post('Profiler.enable');
// In microseconds: short enough for a run of a tenth of a second.
session.post('Profiler.setSamplingInterval', { interval: 250 });

const profiled = new Set<number>();

parentPort?.on('message', ({ id, ask }: WorkerRequest) => {
  if (ask !== 'run') return;
  profiled.add(id);
  session.post('Profiler.start');
});

const port = parentPort;
const post = port?.postMessage.bind(port);
if (port && post) {
  port.postMessage = (message: WorkerAnswer, transfer) => {
    if ('id' in message && profiled.delete(message.id)) keep(message);
    post(message, transfer as ArrayBuffer[]);
  };
}

function keep(message: Extract<WorkerAnswer, { id: number }>): void {
  const outcome = 'answer' in message ? (message.answer as RunAnswer).summary.outcome.status : 'broken';
  session.post('Profiler.stop', (_, { profile }) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${outcome}-${message.id}.cpuprofile`), JSON.stringify(profile));
  });
}

await import('../../src/run-worker.ts');
