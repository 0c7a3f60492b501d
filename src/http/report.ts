import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { ClientConfig } from '../config/schema.ts';
import type { AskedPair, ReportAnswer, ReportQuery } from '../report/asked.ts';
import { admission, authFailures } from './basic-auth.ts';
import { callers } from './caller.ts';
import { FAILURES } from './failure.ts';
import { LIMITS } from './limits.ts';
import { WORDS } from './messages.ts';
import { failed, type Page, type PageAnswer, type PageCall } from './monitor-page.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** By what the report is shown; a reload of the configuration may bring other terms. */
export interface ReportTerms {
  readonly clients: readonly ClientConfig[];
  /** Addresses and networks of proxies whose word about who calls is taken. */
  readonly trustedProxies?: readonly string[];
}

/** Where reports come from. */
export interface ReportService {
  /** Makes what is asked for, in another thread. */
  make(query: ReportQuery): Promise<ReportAnswer>;
  /** As `Store.mark`. */
  mark(): Promise<string>;
}

interface ReportSettings extends ReportService, ReportTerms {
  readonly log: Logger;
  readonly now: () => Date;
}

/** The pages of the monitor that are for administrators alone. */
export interface ReportPages {
  /** By their paths. */
  readonly pages: ReadonlyMap<string, Page>;
  /** Shows them by these terms from the next call on. */
  change(terms: ReportTerms): void;
}

/** How many calls may wait for the one that is being answered. */
const WAITING = 8;

/** `/report` and what it asks for by itself: each is made for whoever shows that they are an administrator, one at a time. */
export function reportPages({ make, mark, log, now, ...first }: ReportSettings): ReportPages {
  // Counted on, whatever is configured anew.
  const failures = authFailures(LIMITS.authFailures);
  const inTurn = oneAtATime(WAITING);
  const door = (terms: ReportTerms) => ({
    isOpen: terms.clients.some(client => client.scopes.includes('admin')),
    admit: admission(terms.clients, failures),
    callerOf: callers(terms.trustedProxies ?? []),
    // A page of other terms may be another page.
    made: keepingOne({ make, mark, now }),
  });
  let { isOpen, admit, callerOf, made } = door(first);
  const guarded =
    (queryOf: (query: URLSearchParams) => ReportQuery | string): Page =>
    async call => {
      if (!isOpen) return failed(404, NOBODY);
      const started = performance.now();
      const from = callerOf(call.request);
      const { client, failure, wait } = await admit('admin', call.request.headers.authorization ?? '', from);
      const answer = failure ? refusal(failure, wait) : await answerOf(queryOf(call.query), call);
      log.info({ ...lineOf(call), from, client, status: answer.status, ms: msSince(started) }, 'answered');
      return answer;
    };
  const answerOf = async (query: ReportQuery | string, { isOver }: PageCall): Promise<PageAnswer> => {
    if (typeof query === 'string') return failed(400, query);
    // Whoever has gone away meanwhile costs the others nothing.
    const answer = await inTurn(async () => (isOver() ? GONE : pageAnswer(await made(query), query)));
    return answer ?? failed(503, 'too many reports are asked for at once; try again later', { 'Retry-After': '10' });
  };
  return {
    pages: new Map([
      ['/report', guarded(pageQuery)],
      ['/report/diff.json', guarded(diffQuery)],
      ['/report/person.json', guarded(historyQuery)],
    ]),
    change: terms => {
      ({ isOpen, admit, callerOf, made } = door(terms));
    },
  };
}

const NOBODY =
  'nobody may look at the report; "rosterd token NAME --scope admin" prints a line for server.clients that lets somebody in';

const GONE = failed(503, 'there is nobody left to answer');

const refusal = (failure: 'unauthorized' | 'forbidden' | 'too_many_failures', wait: number | undefined): PageAnswer =>
  failed(FAILURES[failure].status, WORDS.en.failures[failure], {
    ...FAILURES[failure].headers,
    ...(wait === undefined ? {} : { 'Retry-After': String(wait) }),
  });

const msSince = (started: number) => Math.round(performance.now() - started);

/** Without the query: it names people. */
const lineOf = ({ request, requestId }: { request: IncomingMessage; requestId: string }) => ({
  request_id: requestId,
  method: request.method,
  path: request.url?.split('?', 1)[0],
});

/** How long a page is good although nothing was written, in milliseconds: some of what it tells hangs on the time. */
const KEPT = 60_000;

/** Makes what is asked for, and keeps the last page for whoever asks for the same while the store says the same. */
function keepingOne({ make, mark, now }: ReportService & { now: () => Date }) {
  let kept: { readonly of: string; readonly at: number; readonly answer: ReportAnswer } | undefined;
  return async (query: ReportQuery): Promise<ReportAnswer> => {
    if (query.what !== 'page') return await make(query);
    const of = JSON.stringify([query, await mark()]);
    const at = now().getTime();
    if (kept?.of === of && at >= kept.at && at - kept.at < KEPT) return kept.answer;
    kept = undefined;
    const answer = await make(query);
    if (answer.status === 'made') kept = { of, at, answer };
    return answer;
  };
}

/** What nobody else's page may do with an answer: show it in a frame, load it, or learn where it was asked from. */
const APART = {
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

function pageAnswer(answer: ReportAnswer, { what }: ReportQuery): PageAnswer {
  if (answer.status === 'missing') return failed(404, answer.message);
  const { gzip, size, policy } = answer;
  const type = what === 'page' ? 'text/html' : 'application/json';
  const headers = {
    ...APART,
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Security-Policy': `${policy === '' ? "default-src 'none'" : policy}; frame-ancestors 'none'`,
  };
  return { status: 200, headers, body: { gzip, size } };
}

function pageQuery(query: URLSearchParams): ReportQuery | string {
  const pair = pairIn(query);
  return typeof pair === 'string' ? pair : { what: 'page', pair };
}

function diffQuery(query: URLSearchParams): ReportQuery | string {
  const pair = pairIn(query);
  if (typeof pair === 'string') return pair;
  return query.has('a') && query.has('b') ? { what: 'diff', pair } : 'a and b are needed: which two to compare';
}

function historyQuery(query: URLSearchParams): ReportQuery | string {
  const name = query.get('name') ?? '';
  return name === '' ? 'name is needed: the username of whose history it is to be' : { what: 'history', name };
}

/** What is held comes after everything, so it is b although it be called a alone. */
function pairIn(query: URLSearchParams): AskedPair | string {
  const { a, b } = { a: query.get('a') ?? undefined, b: query.get('b') ?? undefined };
  for (const [name, text] of Object.entries({ a, b })) {
    if (text !== undefined && !/^(\d{1,15}|head|held)$/.test(text))
      return `${name} names no snapshot; write its number, head or held`;
  }
  if (b === '0') return 'b cannot be 0: nothing comes before everything';
  if (a === 'held') return b === undefined ? { b: 'held' } : 'what is held comes last: write it as b';
  return {
    ...(a === undefined ? {} : { a: a === 'head' ? a : Number(a) }),
    ...(b === undefined ? {} : { b: b === 'head' || b === 'held' ? b : Number(b) }),
  };
}
