import { z } from 'zod';
import { text } from './values.ts';

/** How a manifest gets from page to page. */

const NO_COUNT = 'is not a whole number';
/** Forms in a browser save numbers as text. */
export const count = z.union([
  z.int(NO_COUNT),
  z
    .string()
    .regex(/^-?\d+$/, NO_COUNT)
    .transform(Number),
]);
export const between = (least: number, most: number) =>
  count.refine(given => given >= least && given <= most, `must be from ${least} to ${most}`);

export const paginate = z
  .strictObject({
    type: z.enum(['link', 'page', 'offset', 'cursor']),
    in: z.enum(['query', 'body']).default('query'),
    param: text.optional(),
    start: count.optional(),
    size: between(1, 1_000_000).optional(),
    step: z.enum(['records', 'size']).default('records').describe('what an offset grows by'),
    cursor_from: z.string().optional(),
    more_from: z.string().optional().describe('where the answer says whether there is more'),
  })
  .superRefine(({ type, param, cursor_from, step, size }, context) => {
    const missing = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (type !== 'link' && param === undefined) missing('param', 'is missing: which parameter chooses the page');
    if (type === 'cursor' && cursor_from === undefined) missing('cursor_from', 'is missing: where the cursor stands');
    if (step === 'size' && size === undefined) missing('size', 'is missing, and the offset should grow by it');
  });

interface Paging {
  readonly next_page_from?: string | undefined;
  readonly next_page_token_from?: string | undefined;
  readonly next_page?: string | undefined;
  readonly paginate?: unknown;
  readonly for_each?: string | undefined;
  readonly execute: readonly unknown[];
}

/** What of it does not go together. */
export function pagingTrouble(one: Paging, context: z.RefinementCtx): void {
  const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  const theirs = one.next_page_from ?? one.next_page_token_from ?? one.next_page;
  if (one.paginate !== undefined && theirs !== undefined) wrong('paginate', 'does not go together with next_page…');
  if (one.next_page_token_from !== undefined && one.next_page === undefined)
    wrong('next_page', 'is missing: the URL with {{ NEXT_PAGE_TOKEN }} that next_page_token_from is for');
  if (one.next_page !== undefined && one.next_page_token_from === undefined)
    wrong('next_page_token_from', 'is missing: where the token for next_page stands');
  if (one.next_page_from !== undefined && one.next_page_token_from !== undefined)
    wrong('next_page_from', 'does not go together with next_page_token_from');
  if (one.for_each === 'self' && one.execute.length < 2)
    wrong('execute', 'needs two requests with for_each "self": one that lists the records, then one for each of them');
}
