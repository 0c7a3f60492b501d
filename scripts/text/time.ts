// In one place for what runs write and what commands print.
export { minuteIn } from '../../src/runs/time.ts';

const SECOND = 1000;
const UNITS = [
  ['day', 86_400 * SECOND],
  ['hour', 3600 * SECOND],
  ['minute', 60 * SECOND],
] as const;

/** How long ago something was, in the largest unit that it fills: `3 hours ago`. */
export function ago(moment: Date, now: Date): string {
  const passed = largest(now.getTime() - moment.getTime());
  return passed === undefined ? 'just now' : `${passed} ago`;
}

/** The same of something to come: `in 3 hours`. */
export const ahead = (moment: Date, now: Date) =>
  `in ${largest(moment.getTime() - now.getTime()) ?? 'less than a minute'}`;

function largest(milliseconds: number): string | undefined {
  const [unit, size] = UNITS.find(([, length]) => milliseconds >= length) ?? [];
  if (unit === undefined || size === undefined) return undefined;
  const count = Math.floor(milliseconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** A time span, to the precision that its length deserves: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function span(milliseconds: number): string {
  if (milliseconds < 10 * SECOND) return `${(milliseconds / SECOND).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / SECOND);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The last moment of a day, `YYYY-MM-DD`, in a time zone: days there may begin at any hour and have any length. */
export function endOfDay(zone: string, day: string): Date {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
  const utc = Date.parse(`${day}T00:00:00Z`);
  // Zones are at most 14 hours from UTC; the day is over somewhere between these two.
  let still = utc - 15 * 3600 * SECOND;
  let over = utc + 54 * 3600 * SECOND;
  while (over - still > 1) {
    const middle = Math.floor((still + over) / 2);
    if (format.format(middle) <= day) still = middle;
    else over = middle;
  }
  return new Date(still);
}

/** The day before a day. */
export const dayBefore = (day: string) =>
  new Date(Date.parse(`${day}T00:00:00Z`) - 86_400 * SECOND).toISOString().slice(0, 10);

/** Whether this is a day of the calendar, `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(text);
}
