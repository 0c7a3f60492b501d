import { start } from './failure.ts';
import { isObject, type Json, type JsonObject, own } from './json.ts';
import type { Answer } from './session.ts';

/** Blocks in which services tell about their pages. */
const TELLING =
  /^(paging|pagination|page|page_?info|meta|metadata|_?links|info|response_metadata|result_info|cursor)$/i;
/** How deep such blocks stand in each other: `meta.pagination.links`. */
const DEPTH = 3;

const NEXT =
  /^(@?odata\.nextlink|(__|@)?(after|next)(_?(page|link|url|uri|cursor|token|page_?token|page_?url|page_?link|href|offset))?)$/i;
const MORE =
  /^(more|(has|is)_?(more|next|truncated)(_?(pages?|records?|results?|items?))?|more_?(records|results|items|pages|data))$/i;
const LAST = /^(is_?)?last(_?page)?$/i;
const TOTAL =
  /^(count|@odata\.count|total(_?(count|records?|results?|elements|items?|rows|size|hits|num))?|records?_?total)$/i;
const PAGES = /^(pages|total_?pages?|pages?_?(total|count)|num_?pages|last_?page)$/i;

/** What says that there is more: `"has_more" is`, and the value. */
export interface Sign {
  readonly what: string;
  readonly value: Json;
}

/** How much was read, this answer included. */
interface SoFar {
  readonly rows: number;
  readonly pages: number;
}

/**
 * What in the last answer says that there is more behind it; undefined when nothing does. `rows` is how many records there
 * were on all pages.
 */
export function signOfMore(answer: Answer, rows: number, data_from: string): Sign | undefined {
  const soFar = { rows, pages: answer.page ?? 1 };
  for (const block of blocks(answer.body, data_from)) {
    for (const [key, value] of Object.entries(block)) {
      if (isSign(key, value, soFar)) return { what: `"${start(key, 40)}" is`, value };
    }
  }
  return inHeaders(answer, soFar);
}

/** The body, what is around the list in it, and the blocks that tell about pages. */
function blocks(body: Json | undefined, data_from: string): JsonObject[] {
  if (!isObject(body)) return [];
  const around: JsonObject[] = [body];
  for (const part of data_from.split('.')) {
    const next = around.at(-1);
    const inner = next && own(next, part);
    if (isObject(inner)) around.push(inner);
    else break;
  }
  const found = new Set(around);
  let inner = around;
  for (let depth = 0; depth < DEPTH; depth += 1) {
    inner = inner.flatMap(block =>
      Object.entries(block).flatMap(([key, value]) => (TELLING.test(key) && isObject(value) ? [value] : [])),
    );
    for (const block of inner) found.add(block);
  }
  return [...found];
}

function isSign(key: string, value: Json, { rows, pages }: SoFar): boolean {
  if (NEXT.test(key)) return isTarget(value);
  if (MORE.test(key)) return value === true || value === 'true';
  if (LAST.test(key) && (value === false || value === 'false')) return true;
  if (PAGES.test(key)) return numberOf(value) > pages;
  return TOTAL.test(key) && numberOf(value) > rows;
}

/** What a next page is told by, where a block tells it. */
const TARGETS = ['href', 'url', 'link', 'after', 'cursor', 'page', 'token'];

/** A link, a cursor or a page: anything that is not nothing. */
function isTarget(value: Json | undefined): boolean {
  if (value === undefined) return false;
  if (isObject(value)) return TARGETS.some(name => isTarget(own(value, name)));
  return value !== null && value !== false && value !== '' && value !== 0 && !Array.isArray(value);
}

function numberOf(value: Json): number {
  return typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value)) ? Number(value) : 0;
}

/** The headers in which services count all records, and all pages. */
const TOTALS = ['x-total-count', 'x-total', 'x-wp-total'];
const PAGE_COUNTS = ['x-total-pages', 'x-wp-totalpages', 'x-page-count'];

function inHeaders({ headers }: Answer, { rows, pages }: SoFar): Sign | undefined {
  const sign = (name: string): Sign => ({ what: `${name} is`, value: headers.get(name) ?? '' });
  if (linkTo('next', headers.get('link')))
    return { what: 'its Link header names a next page:', value: headers.get('link') ?? '' };
  const above = (most: number) => (name: string) => numberOf(headers.get(name) ?? '') > most;
  const counted = TOTALS.find(above(rows)) ?? PAGE_COUNTS.find(above(pages));
  if (counted !== undefined) return sign(counted);
  // items 0-24/3000
  const [, total = ''] = /^\s*\w+\s+\S+\/(\d+)\s*$/.exec(headers.get('content-range') ?? '') ?? [];
  if (numberOf(total) > rows) return sign('content-range');
  return headers.get('x-next-page') ? sign('x-next-page') : undefined;
}

/** The target of a `Link` header (RFC 8288) for a relation; undefined when there is none. */
export function linkTo(relation: string, header: string | undefined): string | undefined {
  for (const [, target, parameters = ''] of (header ?? '').matchAll(/<([^>]*)>((?:\s*;\s*[^,;"]+(?:"[^"]*")?)*)/g)) {
    const [, quoted, bare] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters) ?? [];
    if ((quoted ?? bare ?? '').toLowerCase().split(/\s+/).includes(relation)) return target;
  }
  return undefined;
}
