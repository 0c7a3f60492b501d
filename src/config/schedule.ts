import { Cron } from 'croner';
import { z } from 'zod';

/** What is wrong with a pattern as a schedule; undefined when it comes round. */
export function scheduleTrouble(pattern: string): string | undefined {
  try {
    return new Cron(pattern, { paused: true }).nextRun() === null ? `"${pattern}" never comes` : undefined;
  } catch (error) {
    const what = (error as Error).message.replace(/^\w+: /, '');
    return `"${pattern}" is not a schedule (${what}); write it like "*/15 * * * *"`;
  }
}

/** When something starts by itself: a cron pattern, in croner's form. */
export const schedule = z.string().superRefine((pattern, context) => {
  const message = scheduleTrouble(pattern);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});
