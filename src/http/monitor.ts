import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createServer } from '../connect/node-http.ts';
import type { Health } from '../runs/health.ts';
import { requestIdOf } from './answer.ts';
import { closing } from './closing.ts';
import type { Phase } from './every-call.ts';
import { CHECKS, type CheckName, type Readiness, readinessOf } from './health.ts';
import { LIMITS } from './limits.ts';
import { listen } from './listen.ts';
import { plainError } from './log.ts';
import type { Metrics } from './metrics.ts';
import { failed, json, type Page, type PageAnswer, type PageCall, sendPage } from './monitor-page.ts';
import { type ReportService, type ReportTerms, reportPages } from './report.ts';
import { sharedProbe } from './shared-probe.ts';

/** How things stand now, or why that cannot be told. */
export interface Probe {
  readonly health: Health | { readonly error: string };
  /** When the certificate that is shown expires; absent without TLS. */
  readonly expires: Date | undefined;
}

export interface MonitorSettings {
  /** As `ServerSettings.listen`. */
  readonly listen: string;
  readonly phase: () => Phase;
  /** Reads the store, and nothing else; never rejects, and answers within seconds. */
  readonly probe: () => Promise<Probe>;
  /** Whether `/sync` says fail while a candidate is held. */
  readonly onHold: () => 'fail' | 'serve_last';
  readonly metrics: Metrics;
  /** Makes the pages for administrators; without it there are none. */
  readonly report?: ReportService & ReportTerms;
  readonly log: Logger;
  readonly now?: () => Date;
  /** How long a probe may take, in milliseconds, before the store counts as one that does not answer; default 5 s. */
  readonly patience?: number;
}

/** `/healthz`, `/readyz`, `/metrics` and `/report`, on a listener of their own. Disposing of it cuts off whatever is under way. */
export interface Monitor extends AsyncDisposable {
  readonly address: string;
  /** Shows the report by these terms from the next call on. */
  change(terms: ReportTerms): void;
}

/** Serves them without asking who calls, but for the report. Speaks plain HTTP. Rejects when the address cannot be had. */
export async function startMonitor(settings: MonitorSettings): Promise<Monitor> {
  const { report, log, now = () => new Date() } = settings;
  const reports = report && reportPages({ ...report, log, now });
  const pages = new Map([...pagesOf(settings), ...(reports?.pages ?? [])]);
  const server = createServer({
    headersTimeout: LIMITS.headersTimeout,
    requestTimeout: LIMITS.requestTimeout,
    connectionsCheckingInterval: LIMITS.timeoutChecks,
    keepAliveTimeout: LIMITS.keepAliveTimeout,
    maxHeaderSize: LIMITS.maxHeaderSize,
  });
  server.on('request', async (request, response) => {
    const requestId = requestIdOf(request.headers['x-request-id']?.toString());
    const [path = '', query] = (request.url ?? '').split('?', 2);
    const call = { request, query: new URLSearchParams(query), requestId, isOver: () => response.destroyed };
    const answer = await answerTo(call, path, pages).catch(error => bug(log, error));
    await sendPage(call, response, answer).catch(error =>
      log.debug({ error: plainError(error) }, 'an answer broke off'),
    );
  });
  const address = await listen(server, settings.listen);
  return { address, change: terms => reports?.change(terms), [Symbol.asyncDispose]: closing(server) };
}

function pagesOf({ phase, onHold, metrics, now = () => new Date(), ...probing }: MonitorSettings) {
  const look = sharedProbe({ ...probing, now });
  const judge = ({ health }: Probe, without?: ReadonlySet<CheckName>): Readiness =>
    readinessOf({ phase: phase(), health, onHold: onHold(), now: now() }, without);
  return new Map<string, Page>([
    ['/healthz', () => json(200, { status: 'ok' })],
    ['/readyz', ({ query }) => readyPage(query.getAll('exclude'), async without => judge(await look(), without))],
    ['/metrics', metricsPage(metrics, look, judge)],
  ]);
}

async function readyPage(
  without: readonly string[],
  judged: (without: ReadonlySet<CheckName>) => Promise<Readiness>,
): Promise<PageAnswer> {
  const unknown = without.find(name => !isCheck(name));
  if (unknown !== undefined)
    return failed(400, `there is no check "${unknown}" to exclude; there are ${CHECKS.join(', ')}`);
  const readiness = await judged(new Set(without.filter(isCheck)));
  return json(readiness.status === 'ready' ? 200 : 503, readiness);
}

/** Made once for each probe, on the thread that answers logins: whoever asks all the time gets the same. */
function metricsPage(metrics: Metrics, look: () => Promise<Probe>, judge: (probe: Probe) => Readiness): Page {
  let made: { readonly of: Probe; readonly text: Promise<string> } | undefined;
  return async () => {
    const probe = await look();
    if (made?.of !== probe)
      made = { of: probe, text: metrics.text({ ...probe, ready: judge(probe).status === 'ready' }) };
    return { status: 200, headers: { 'Content-Type': metrics.contentType }, body: await made.text };
  };
}

const isCheck = (name: string): name is CheckName => CHECKS.some(one => one === name);

async function answerTo(call: PageCall, path: string, pages: ReadonlyMap<string, Page>): Promise<PageAnswer> {
  const { method } = call.request;
  const page = pages.get(path);
  if (!page) return failed(404, `there is nothing here; there are ${[...pages.keys()].join(', ')}`);
  if (method !== 'GET' && method !== 'HEAD')
    return failed(405, 'this call must use GET or HEAD', { Allow: 'GET, HEAD' });
  return await page(call);
}

/** Tells nothing but where in the log to look. */
function bug(log: Logger, error: unknown): PageAnswer {
  const incident = randomUUID();
  log.error({ incident, error: plainError(error) }, 'a call of the monitor failed');
  return failed(500, `rosterd made an error; see its log for incident ${incident}`);
}
