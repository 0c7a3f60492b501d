import assert from 'node:assert/strict';
import type { Config } from '../../src/config/schema.ts';
import { RunWorker } from '../../src/runs/worker.ts';
import { openStore } from '../../src/store/open.ts';
import { timed } from './side-by-side.ts';

/** Runs as the daemon has them made: in a thread that stays for the next one. */
export interface Runs extends AsyncDisposable {
  /** Makes a run that has to end like this; gives the milliseconds until its end was known. */
  make(expected: 'published' | 'unchanged'): Promise<number>;
  /** Makes a run that publishes what there may be to publish. */
  settle(): Promise<void>;
}

const WORKER = new URL('../../src/run-worker.ts', import.meta.url);
const PROFILED = new URL('profiled-worker.ts', import.meta.url);

/** The store is made when there is none. */
export async function openRuns(config: Config): Promise<Runs> {
  await (await openStore(config.store, { migrate: true }))[Symbol.asyncDispose]();
  const worker = new RunWorker({
    module: process.env['ROSTERD_BENCH_PROFILE'] ? PROFILED : WORKER,
    config,
    onRun: () => {},
    onPruned: () => {},
    onFailure: () => {},
    now: () => new Date(),
  });
  return {
    async settle() {
      await worker.run('schedule');
    },
    make: expected =>
      timed(async () => {
        const { outcome } = await worker.run('schedule');
        assert.equal(outcome.status, expected, JSON.stringify(outcome).slice(0, 1000));
      }),
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}
