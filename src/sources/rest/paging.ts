import type { BlockConfig, PaginateConfig } from '../../config/manifest.ts';
import { isObject, type Json, own, parseJson, textOf } from './json.ts';
import { compileNotation } from './notation.ts';
import { type CompiledRequest, isLed, nextPageUrl, type Prepared, UnusableRequest } from './request.ts';
import type { Answer } from './session.ts';
import { linkTo } from './signs.ts';
import { type Lookup, parseTemplate } from './template.ts';

/** A page that was read, as far as it matters for what comes next. */
export interface Turn {
  readonly answer: Answer;
  /** From 1. */
  readonly page: number;
  /** Of this page. */
  readonly rows: number;
  /** Of all pages so far, this one included. */
  readonly rowsSoFar: number;
  /** What the server says that there are altogether, where the manifest knows where it says so. */
  readonly total: number | undefined;
}

/** How a further page is asked for: anew each time it is tried, with the tokens of that moment. */
export type Next = (lookup: Lookup) => Prepared;

/** How a manifest gets from page to page. */
export interface Paging {
  /** True where the server does not say whether there is more: then only a page without records is the end. */
  readonly blind: boolean;
  /** Whether an answer says in so many words if there is more. */
  tells?(answer: Answer): boolean;
  /** The first page. */
  first: Next;
  /** The page after; undefined at the end. */
  after(turn: Turn): Next | undefined;
}

/** The way from page to page that a block of a manifest describes; undefined when it describes none. */
export function compilePaging(block: BlockConfig, request: CompiledRequest): Paging | undefined {
  const { next_page_from, next_page_token_from, next_page, paginate } = block;
  const first = request.prepare;
  if (next_page_from !== undefined) return byLink(request, linkIn(next_page_from));
  if (next_page_token_from !== undefined && next_page !== undefined) {
    const token = compileNotation(next_page_token_from);
    const template = parseTemplate(next_page);
    return {
      blind: false,
      first,
      after: ({ answer }) => {
        const text = targetIn(token(answer.body ?? null));
        if (text === undefined) return undefined;
        return lookup => {
          const withToken: Lookup = name => (name === 'NEXT_PAGE_TOKEN' ? text : lookup(name));
          return { ...request.follow(nextPageUrl(template, withToken), lookup), led: isLed(template, withToken) };
        };
      },
    };
  }
  if (paginate === undefined) return undefined;
  if (paginate.type === 'link') return byLink(request, answer => linkTo('next', answer.headers.get('link')));
  return paginate.type === 'cursor' ? byCursor(paginate, request) : byCount(paginate, request);
}

function byLink(request: CompiledRequest, find: (answer: Answer) => string | undefined): Paging {
  return {
    blind: false,
    first: request.prepare,
    after: ({ answer }) => {
      const link = find(answer);
      const target = link === undefined ? undefined : (URL.parse(link, answer.request.url.href)?.href ?? link);
      return target === undefined ? undefined : lookup => request.follow(target, lookup);
    },
  };
}

function linkIn(notation: string) {
  const read = compileNotation(notation);
  return (answer: Answer) => targetIn(read(answer.body ?? null));
}

/** null, missing, `""` and false are the end; what is neither that nor a text is no way to the next page. */
function targetIn(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === false || value === '') return undefined;
  const text = value === true ? undefined : textOf(value);
  if (text === undefined) throw new UnusableRequest(`what should lead to the next page is ${kindOf(value)}`);
  return text;
}

const kindOf = (value: Json) => (Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : String(value));

function byCursor(config: PaginateConfig, request: CompiledRequest): Paging {
  const cursor = compileNotation(config.cursor_from ?? '');
  const more = config.more_from === undefined ? undefined : compileNotation(config.more_from);
  return {
    blind: false,
    tells: answer => more?.(answer.body ?? null) !== undefined,
    first: request.prepare,
    after: ({ answer }) => {
      const found = cursor(answer.body ?? null) ?? null;
      const goesOn = more && isYes(more(answer.body ?? null), config.more_from ?? '');
      if (goesOn === true && targetIn(found) === undefined)
        throw new UnusableRequest(
          `${config.more_from} says that there is more, and ${config.cursor_from} has no cursor`,
        );
      if (goesOn === false || targetIn(found) === undefined) return undefined;
      return lookup => withParameter(request.prepare(lookup), config, found);
    },
  };
}

/** By number of page, or by number of records to skip. */
function byCount(config: PaginateConfig, request: CompiledRequest): Paging {
  const more = config.more_from === undefined ? undefined : compileNotation(config.more_from);
  const start = config.start ?? (config.type === 'page' ? 1 : 0);
  const at =
    (value: number): Next =>
    lookup =>
      withParameter(request.prepare(lookup), config, value);
  const step = config.step === 'size' ? config.size : undefined;
  return {
    blind: more === undefined,
    tells: answer => more?.(answer.body ?? null) !== undefined,
    first: at(start),
    after: ({ answer, page, rows, rowsSoFar, total }) => {
      if (more ? !isYes(more(answer.body ?? null), config.more_from ?? '') : rows === 0) return undefined;
      if (total !== undefined && rowsSoFar >= total) return undefined;
      if (config.type === 'page') return at(start + page);
      return at(start + (step === undefined ? rowsSoFar : step * page));
    },
  };
}

/** How services say whether there is more; leaving it out says no. */
function isYes(value: Json | undefined, notation: string): boolean {
  const text = value === null || value === undefined ? '' : (textOf(value) ?? kindOf(value));
  if (/^(true|yes|y|[1-9]\d*)$/i.test(text)) return true;
  if (/^(false|no|n|0|)$/i.test(text)) return false;
  throw new UnusableRequest(`${notation} should say whether there is more, and is neither yes nor no`);
}

/** The request with one more parameter, or with another value of one that it has. */
function withParameter(request: Prepared, { in: place, param = '' }: PaginateConfig, value: Json): Prepared {
  if (place === 'body') return withField(request, param, value);
  const url = new URL(request.url);
  url.searchParams.set(param, textOf(value) ?? '');
  return { ...request, url };
}

/** In JSON, `param` is a path: `variables.after`. Where there is no body yet it is JSON. */
function withField({ body = '', headers, ...request }: Prepared, param: string, value: Json): Prepared {
  if (body !== '' && !/^\s*\{/.test(body)) {
    const form = new URLSearchParams(body);
    form.set(param, textOf(value) ?? '');
    return { ...request, headers, body: form.toString() };
  }
  const told = headers.some(({ name }) => name.toLowerCase() === 'content-type');
  return {
    ...request,
    headers: told ? headers : [...headers, { name: 'content-type', value: 'application/json', secret: false }],
    body: JSON.stringify(placed(body === '' ? {} : parsed(body), param.split('.'), value)),
  };
}

function parsed(body: string): Json {
  try {
    return parseJson(body);
  } catch {
    // What is wrong is not told: it would quote the body.
    throw new UnusableRequest('has a body that is no JSON, in which the page cannot be said');
  }
}

/** `{"page": {"cursor": value}}` for `page.cursor`. */
function placed(body: Json | undefined, [key = '', ...rest]: readonly string[], value: Json): Json {
  const block = isObject(body) ? body : {};
  return { ...block, [key]: rest.length === 0 ? value : placed(own(block, key), rest, value) };
}
