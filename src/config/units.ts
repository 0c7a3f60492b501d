import { z } from 'zod';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const NO_DURATION = 'is not a time span; write it like 500ms, 10s, 30m, 24h or 7d';
const NO_SHARE = 'is not a share; write it like 5%';

/** Milliseconds. */
export const seconds = (count: number) => count * 1000;

/** A time span such as `10s`, `30m` or `24h`; milliseconds inside. */
export const duration = z
  .string(NO_DURATION)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, NO_DURATION)
  .transform(text => {
    const [, count = '', unit = 's'] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
    return Math.round(Number(count) * UNITS[unit as keyof typeof UNITS]);
  });

/** A time span that somebody waits: timers end at 24 days, and take a longer one for none. */
export const patience = duration.refine(
  span => span >= 1 && span < 2 ** 31,
  'is not a time to wait; write it like 500ms, 10s or 30m, at most 24d',
);

/** A share such as `5%`; a number between 0 and 1 inside. */
export const share = z
  .string(NO_SHARE)
  .regex(/^\d+(\.\d+)?\s*%$/, NO_SHARE)
  .transform(text => Number(text.replace('%', '')) / 100)
  .refine(number => number <= 1, 'is more than 100%');

/** An IANA time zone that this machine knows. */
export const timezone = z.string().refine(
  name => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      return true;
    } catch {
      return false;
    }
  },
  { error: issue => `"${issue.input}" is not a time zone; write it like Asia/Taipei` },
);
