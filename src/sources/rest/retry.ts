import type { HttpResponse } from '../../connect/http.ts';
import type { Clock } from '../clock.ts';

/** How often a request is tried, and how long all the waiting between the tries may take, in milliseconds. */
export const TRIES = 5;
export const PATIENCE = 300_000;

/** What a server says when the same request may succeed later. */
const LATER = new Set([408, 425, 429, 500, 502, 503, 504]);
export const isPassing = (status: number) => LATER.has(status);

/**
 * How long to wait before the next try, in milliseconds: what the answer asks for by `Retry-After`, else by
 * `X-RateLimit-Reset`, else 2, 4, 8 and 16 s, each a quarter more or less.
 */
export function waitBefore(tried: number, answer: HttpResponse | undefined, clock: Clock): number {
  const asked = answer && (retryAfter(answer, clock) ?? rateLimitReset(answer, clock));
  return asked ?? 2 ** tried * 1000 * (0.75 + clock.random() / 2);
}

/** Sun, 22 Nov 2026 05:36:36 GMT: without a day and a time in it, a text is no date that a server would send. */
const DATE = /^[a-z]{3,9},? .*\d\d:\d\d/i;

/** Seconds, or a date. One that is past says nothing: the clocks may differ. */
function retryAfter({ headers }: HttpResponse, clock: Clock): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const moment = DATE.test(text) ? Date.parse(text) : Number.NaN;
  return ahead(moment - clock.now());
}

const ahead = (wait: number) => (wait > 0 ? wait : undefined);

const RESET = ['x-ratelimit-reset', 'x-rate-limit-reset', 'ratelimit-reset'];
const REMAINING = ['x-ratelimit-remaining', 'x-rate-limit-remaining', 'ratelimit-remaining'];
/** No service makes us wait for thirty years: from here on a number is a moment. */
const MOMENT = 1_000_000_000;

/**
 * Seconds from now, or a moment in seconds or milliseconds since 1970: its size tells which. Many services tell it with
 * every answer; while requests remain, it is not what there is to wait for.
 */
function rateLimitReset({ headers }: HttpResponse, clock: Clock): number | undefined {
  const told = (names: readonly string[]) => names.map(name => headers.get(name)).find(text => text !== undefined);
  const text = told(RESET)?.trim() ?? '';
  if (!/^\d+(\.\d+)?$/.test(text) || Number(told(REMAINING)) > 0) return undefined;
  const number = Number(text);
  if (number < MOMENT) return ahead(number * 1000);
  return ahead((number < MOMENT * 1000 ? number * 1000 : number) - clock.now());
}
