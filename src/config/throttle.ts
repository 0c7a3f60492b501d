import { z } from 'zod';
import { duration, seconds } from './units.ts';

/** For longer than a day nobody is held: what counts is kept in memory, and timers end at 24 days. */
const span = duration.refine(
  time => time >= seconds(1) && time <= seconds(86_400),
  'is not between 1s and 24h; write it like 30m',
);

/** How many wrong passwords somebody may give before every other is refused for a while. */
export const throttle = z
  .strictObject({
    failures: z
      .int()
      .min(1, 'is less than 1')
      .optional()
      .describe(
        "fewer than the directory's own lock-out threshold, else passwords that are tried here lock accounts there",
      ),
    within: span
      .optional()
      .describe("a wrong password counts for so long after the last one; not below the directory's observation window"),
  })
  .optional()
  .transform(given => ({ failures: given?.failures ?? 3, within: given?.within ?? seconds(1800) }));
