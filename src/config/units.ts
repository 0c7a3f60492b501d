import { z } from 'zod';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time span such as `10s`, `30m` or `24h`; milliseconds inside. */
export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'is not a time span; write it like 500ms, 10s, 30m, 24h or 7d')
  .transform(text => {
    const [, count = '', unit = 's'] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
    return Math.round(Number(count) * UNITS[unit as keyof typeof UNITS]);
  });

/** A share such as `5%`; a number between 0 and 1 inside. */
export const share = z
  .string()
  .regex(/^\d+(\.\d+)?\s*%$/, 'is not a share; write it like 5%')
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
