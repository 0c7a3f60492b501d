import { Cron } from 'croner';

/**
 * Calls `start`, with the moment, whenever the pattern comes round in its time zone, but never while the last call is still
 * going on.
 */
export function startSchedule(pattern: string, timezone: string, start: (tick: Date) => Promise<unknown>): Disposable {
  const job = new Cron(pattern, { timezone, protect: true }, async () => {
    // Patterns know whole seconds, and timers are a little late.
    await start(new Date(Math.floor(Date.now() / 1000) * 1000));
  });
  return { [Symbol.dispose]: () => job.stop() };
}

/** When a pattern next comes round in its time zone after a moment; undefined when it never does again. */
export const nextTick = (pattern: string, timezone: string, after: Date): Date | undefined =>
  new Cron(pattern, { timezone, paused: true }).nextRun(after) ?? undefined;
