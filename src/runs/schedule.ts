import { Cron } from 'croner';

/** Calls `start` whenever the pattern comes round in its time zone, but never while the last call is still going on. */
export function startSchedule(pattern: string, timezone: string, start: () => Promise<unknown>): Disposable {
  const job = new Cron(pattern, { timezone, protect: true }, async () => {
    await start();
  });
  return { [Symbol.dispose]: () => job.stop() };
}

/** `YYYY-MM-DD` of a moment in a time zone. */
export function dayIn(timezone: string, moment: Date): string {
  // Swedish is the language that writes dates so.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' }).format(moment);
}
