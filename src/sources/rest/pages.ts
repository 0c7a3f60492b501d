import type { BlockConfig } from '../../config/manifest.ts';
import { isObject, type Json, textOf } from './json.ts';
import { compileNotation } from './notation.ts';
import { compilePaging, type Next, type Paging, type Turn } from './paging.ts';
import { type CompiledRequest, UnusableRequest } from './request.ts';
import { lookupIn, type Scope } from './scope.ts';
import type { Answer, Session } from './session.ts';
import { signOfMore } from './signs.ts';
import { parseTemplate } from './template.ts';

/** A list as a manifest describes it: the requests that lead to it, and where the records stand in the answers. */
export interface List {
  readonly config: BlockConfig;
  /** Made first, one after the other; what they answer is `responses`. */
  readonly before: readonly CompiledRequest[];
  /** The one whose answer is page 1. */
  readonly request: CompiledRequest;
  readonly max_pages: number;
}

/** One page of a list. */
export interface ListPage {
  readonly records: readonly Json[];
  readonly answer: Answer;
}

/** The server tells another number of records than it gave. It may be changing; a second read tells. */
export class TotalDisagrees extends Error {
  override readonly name = 'TotalDisagrees';
}

/** A count that disagrees may only have been true a moment before or after: once more, and then it is believed. */
export async function untilCounted<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TotalDisagrees)) throw error;
    return await read();
  }
}

/**
 * All pages of a list, in order. It ends when the server says that there is no more, or throws: when a cap was reached
 * with more behind it, when pages repeat, when the server's total disagrees, or when a lone page looks like one of several.
 */
export async function* pagesOf(list: List, session: Session, scope: Scope): AsyncGenerator<ListPage> {
  const responses = await answersBefore(list, session, scope);
  const paging = compilePaging(list.config, list.request);
  const known = new Repeats();
  let rows = 0;
  let total: number | undefined;
  let short: ShortPage | undefined;
  let last: Answer | undefined;
  let next: Next | undefined = paging?.first ?? list.request.prepare;
  for (let page = 1; next !== undefined; page += 1) {
    const make = next;
    const answer = await ask(list.request, session, { ...scope, responses }, { page, make });
    const records = recordsOf(answer, list.config, session);
    const repeated = known.add(answer, records);
    if (repeated) throw session.failure(repeated, answer, answer.text);
    rows += records.length;
    const counted = totalIn(answer, list.config, session) ?? total;
    // Somebody who went between two pages moves all others up by one, and the one at the border is on neither.
    if (total !== undefined && counted !== total) {
      const what = `the server counted ${total} records before, and counts ${counted} now`;
      throw new TotalDisagrees(session.failure(what, answer).message);
    }
    total = counted;
    if (short && records.length > 0) throw session.failure(smaller(list.config, short), answer);
    short = isShort(list.config, records) ? { page, rows: records.length } : undefined;
    yield { records, answer };
    last = answer;
    next = followed(paging, { answer, page, rows: records.length, rowsSoFar: rows, total }, session);
    if (next !== undefined)
      mustNotExceed(list, { answer, page, blind: paging?.blind === true && total === undefined }, session);
  }
  if (last) checkEnd(list, paging, { last, rows, total }, session);
}

/** What an answer says about the next page may be none of the things that it can say. */
function followed(paging: Paging | undefined, turn: Turn, session: Session): Next | undefined {
  try {
    return paging?.after(turn);
  } catch (error) {
    if (error instanceof UnusableRequest) throw session.failure(error.message, turn.answer, turn.answer.text);
    throw error;
  }
}

interface ShortPage {
  readonly page: number;
  readonly rows: number;
}

/** Where the offset grows by a fixed size, whoever a smaller page left out is never asked for. */
const isShort = ({ paginate }: BlockConfig, records: readonly Json[]) =>
  paginate?.step === 'size' && records.length > 0 && records.length < (paginate.size ?? 0);

const smaller = ({ paginate }: BlockConfig, { page, rows }: ShortPage) =>
  `page ${page} had ${rows} records, fewer than its size of ${paginate?.size}, and there are more behind it: ` +
  'what lies between is not read; set size to what the server gives at once, or leave step out';

async function answersBefore({ before }: List, session: Session, scope: Scope): Promise<Json[]> {
  const responses: Json[] = [];
  for (const request of before) {
    const answer = await ask(request, session, { ...scope, responses }, { page: undefined });
    responses.push(answer.body ?? answer.text);
  }
  return responses;
}

/** Makes one request of a manifest. */
export async function ask(
  request: CompiledRequest,
  session: Session,
  scope: Scope,
  { page, make = request.prepare }: { page: number | undefined; make?: Next },
): Promise<Answer> {
  const { continue_if } = request.config;
  const lookup = () => {
    const { oauth, more } = session.tokens();
    return session.watched(lookupIn({ ...scope, oauth: oauth ?? scope.oauth, more: { ...scope.more, ...more } }));
  };
  const wanted = continue_if && parseTemplate(continue_if.value).render(lookup());
  return session.ask({ make: () => make(lookup()), rules: request.config, page, wanted });
}

/** The records of a page: always a list, or an error that says what there is instead. */
function recordsOf(answer: Answer, config: BlockConfig, session: Session): readonly Json[] {
  const { data_from } = config;
  if (answer.empty) return [];
  if (answer.body === undefined) throw session.failure(session.masked(noJson(answer)), answer, answer.text);
  const found = compileNotation(data_from)(answer.body);
  if (Array.isArray(found)) return found.every(isRecord) ? found : refuse(answer, session);
  // Where there is nobody, SCIM may leave the list out.
  if (found === undefined && totalIn(answer, config, session) === 0) return [];
  const kind = found === undefined ? '' : `; what is there is ${kindOf(found, session)}, and no list`;
  throw session.failure(`Notation '${data_from}' not in ${session.quoted(answer.text)}${kind}`, answer);
}

const kindOf = (value: Json, session: Session) => (isObject(value) ? 'an object' : session.shown(value));

/** A record is an object; or a text or number, where a service lists nothing else. */
const isRecord = (value: Json) => value !== null && !Array.isArray(value);

function refuse(answer: Answer, session: Session): never {
  throw session.failure('expected a list of records, and one of them is null or a list', answer, answer.text);
}

/** What a body is that is no JSON. */
export function noJson({ status, headers, text }: Answer): string {
  if (text.trim() === '') return `expected JSON, and got nothing (status ${status})`;
  const type = headers.get('content-type') ?? 'no content type';
  const page = /html/i.test(type) || /^\s*<(!doctype|html)/i.test(text);
  return `expected JSON, and got ${type}${page ? ', a page for people to read, as a login page is' : ''}`;
}

/** Notices pages that come again. */
class Repeats {
  readonly #requests = new Set<string>();
  readonly #records = new Set<string>();

  add({ request }: Answer, records: readonly Json[]): string | undefined {
    const asked = `${request.method} ${request.url.href} ${request.body ?? ''}`;
    const first = records[0] === undefined ? undefined : JSON.stringify(records[0]);
    if (this.#requests.has(asked)) return 'pagination loops: the same page is asked for again';
    if (first !== undefined && this.#records.has(first)) {
      return 'pagination loops: it begins with the same record as a page before';
    }
    this.#requests.add(asked);
    if (first !== undefined) this.#records.add(first);
    return undefined;
  }
}

interface Reached {
  readonly answer: Answer;
  readonly page: number;
  readonly blind: boolean;
}

function mustNotExceed({ config, max_pages }: List, { answer, page, blind }: Reached, session: Session): void {
  const cap = Math.min(config.amount_pages_to_fetch ?? max_pages, max_pages);
  // Where only a page without records tells the end, that page does not count.
  if (page < cap + (blind ? 1 : 0)) return;
  const name = cap === config.amount_pages_to_fetch ? 'amount_pages_to_fetch' : 'max_pages';
  throw session.failure(`there is more behind page ${cap}, where ${name} ends it: the list is not complete`, answer);
}

interface End {
  readonly last: Answer;
  readonly rows: number;
  /** As the server last told it; a page that only says that there is no more does not. */
  readonly total: number | undefined;
}

function checkEnd({ config }: List, paging: Paging | undefined, end: End, session: Session): void {
  const { last, rows, total } = end;
  if (total !== undefined && total !== rows) {
    const what = `the server counts ${total} records, and gave ${rows}`;
    throw new TotalDisagrees(session.failure(what, last).message);
  }
  if (config.single_page || total !== undefined || paging?.blind || paging?.tells?.(last)) return;
  const sign = signOfMore(last, rows, config.data_from);
  if (sign === undefined) return;
  const described = paging ? 'finds' : 'reads';
  const way = 'describe them with paginate or next_page_from; if this is all there is, set single_page: true';
  throw session.failure(
    `the server has more pages than this manifest ${described} (${sign.what} ${session.shown(sign.value)}); ${way}`,
    last,
  );
}

/** How many records the server says that there are. */
function totalIn(answer: Answer, { expect_total_from: from }: BlockConfig, session: Session): number | undefined {
  if (from === undefined || answer.empty) return undefined;
  const header = /^header:(.*)$/i.exec(from)?.[1]?.trim();
  const text =
    header === undefined
      ? textOf(compileNotation(from)(answer.body ?? null))
      : answer.headers.get(header.toLowerCase());
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw session.failure(`expected the number of records in ${from}, and got ${session.shown(text)}`, answer);
}
