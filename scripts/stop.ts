import { Stopped } from './exit.ts';

/** Aborts on SIGTERM or SIGINT, with what became of what was being done. */
export function stopOnSignals(outcome: string): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => stop.abort(new Stopped(`stopped by ${name}; ${outcome}`)));
  }
  return stop.signal;
}
