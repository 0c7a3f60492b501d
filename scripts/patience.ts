import { setTimeout as wait } from 'node:timers/promises';
import { isBusy } from '../src/connect/database-trouble.ts';
import { Failed } from './exit.ts';

/** How long a run may take to write what it publishes; milliseconds. */
const PATIENCE = 60_000;
const PAUSE = 250;

/** Does something that writes to the store; while a run is writing it says so, and tries again. Throws a Failed in the end. */
export async function whenFree(work: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (let tries = 1; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isHeldUp(error)) throw error;
      if (performance.now() > until) throw new Failed('a run has been writing to the store for a minute; try again');
      if (tries === 1) process.stderr.write('rosterd: a run is writing to the store; waiting for it\n');
      await wait(PAUSE);
    }
  }
}

const isHeldUp = (error: unknown) =>
  isBusy(error) || ['ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK'].includes(String((error as { code?: unknown }).code));
