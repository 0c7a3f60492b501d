import type { z } from 'zod';
import { scheduleTrouble } from './schedule.ts';

/**
 * A manifest's schedule in croner's form: with six fields the last one is the seconds there, and the first one here.
 * Nothing may come round more often than once a minute.
 */
export function croner(pattern: string | null | undefined, context: z.RefinementCtx): string | undefined {
  if (pattern === null || pattern === undefined || pattern.trim() === '') return undefined;
  const fields = pattern.trim().split(/\s+/);
  const [seconds = '0', ...rest] = fields.length === 6 ? [fields.at(-1), ...fields.slice(0, -1)] : ['0', ...fields];
  const wrong = (message: string) => context.addIssue({ code: 'custom', message });
  if (fields.length > 6) {
    wrong(`"${pattern}" is not a schedule (it has ${fields.length} fields); write it like "*/15 * * * *"`);
    return undefined;
  }
  if (fields.length === 6 && !/^\d+$/.test(seconds)) {
    wrong(`"${pattern}" comes more often than once a minute; its last field, the seconds, must be one number`);
    return undefined;
  }
  const converted = fields.length === 6 ? [seconds, ...rest].join(' ') : pattern.trim();
  const trouble = scheduleTrouble(converted);
  if (trouble !== undefined) wrong(trouble.replace(`"${converted}"`, `"${pattern}"`));
  return converted;
}
