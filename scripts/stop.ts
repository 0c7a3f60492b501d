import { Stopped } from './exit.ts';

/** Aborts on SIGTERM or SIGINT, with what became of what was being done. */
export function stopOnSignals(outcome: string): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => stop.abort(new Stopped(`stopped by ${name}; ${outcome}`)));
  }
  return stop.signal;
}

/** Said once, when a run of others has to be waited for; on the standard error, so that what is printed stays what it is. */
export function sayWaiting(): void {
  process.stderr.write('rosterd: another run is under way; waiting for its end\n');
}
