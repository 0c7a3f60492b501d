/** `YYYY-MM-DD` of a moment in a time zone. */
export function dayIn(timezone: string, moment: Date): string {
  // Swedish is the language that writes dates so.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' }).format(moment);
}

/** `2026-08-20 02:00`. */
export function minuteIn(timezone: string, moment: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' }).format(
    moment,
  );
}
