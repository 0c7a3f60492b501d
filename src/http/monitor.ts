import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { createServer } from '../connect/node-http.ts';
import type { Health } from '../runs/health.ts';
import { commonHeaders, requestIdOf } from './answer.ts';
import { closing } from './closing.ts';
import type { Phase } from './every-call.ts';
import { CHECKS, type CheckName, type Readiness, readinessOf } from './health.ts';
import { LIMITS } from './limits.ts';
import { listen } from './listen.ts';
import { plainError } from './log.ts';
import type { Metrics } from './metrics.ts';
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
  readonly log: Logger;
  readonly now?: () => Date;
  /** How long a probe may take, in milliseconds, before the store counts as one that does not answer; default 5 s. */
  readonly patience?: number;
}

/** `/healthz`, `/readyz` and `/metrics`, on a listener of their own. Disposing of it cuts off whatever is under way. */
export interface Monitor extends AsyncDisposable {
  readonly address: string;
}

/** Serves them without asking who calls. Rejects when the address cannot be had. */
export async function startMonitor(settings: MonitorSettings): Promise<Monitor> {
  const pages = pagesOf(settings);
  const server = createServer({
    headersTimeout: LIMITS.headersTimeout,
    requestTimeout: LIMITS.requestTimeout,
    connectionsCheckingInterval: LIMITS.timeoutChecks,
    keepAliveTimeout: LIMITS.keepAliveTimeout,
    maxHeaderSize: LIMITS.maxHeaderSize,
  });
  server.on('request', async (request, response) => {
    const answer = await answerTo(request, pages).catch(error => bug(settings.log, error));
    send(response, answer, requestIdOf(request.headers['x-request-id']?.toString()));
  });
  const address = await listen(server, settings.listen);
  return { address, [Symbol.asyncDispose]: closing(server) };
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const json = (status: number, body: unknown, headers = {}): Answer => ({ status, headers, body: JSON.stringify(body) });
const fail = (status: number, message: string, headers = {}) => json(status, { status: 'fail', message }, headers);

/** Makes the answer to a call, of what stands after the `?` of its address. */
type Page = (query: URLSearchParams) => Answer | Promise<Answer>;

function pagesOf({ phase, onHold, metrics, now = () => new Date(), ...probing }: MonitorSettings) {
  const look = sharedProbe({ ...probing, now });
  const judge = ({ health }: Probe, without?: ReadonlySet<CheckName>): Readiness =>
    readinessOf({ phase: phase(), health, onHold: onHold(), now: now() }, without);
  return new Map<string, Page>([
    ['/healthz', () => json(200, { status: 'ok' })],
    ['/readyz', query => readyPage(query.getAll('exclude'), async without => judge(await look(), without))],
    ['/metrics', () => metricsPage(metrics, look, judge)],
  ]);
}

async function readyPage(
  without: readonly string[],
  judged: (without: ReadonlySet<CheckName>) => Promise<Readiness>,
): Promise<Answer> {
  const unknown = without.find(name => !isCheck(name));
  if (unknown !== undefined)
    return fail(400, `there is no check "${unknown}" to exclude; there are ${CHECKS.join(', ')}`);
  const readiness = await judged(new Set(without.filter(isCheck)));
  return json(readiness.status === 'ready' ? 200 : 503, readiness);
}

async function metricsPage(
  metrics: Metrics,
  look: () => Promise<Probe>,
  judge: (probe: Probe) => Readiness,
): Promise<Answer> {
  const probe = await look();
  const body = await metrics.text({ ...probe, ready: judge(probe).status === 'ready' });
  return { status: 200, headers: { 'Content-Type': metrics.contentType }, body };
}

const isCheck = (name: string): name is CheckName => CHECKS.some(one => one === name);

async function answerTo({ method, url = '' }: IncomingMessage, pages: ReadonlyMap<string, Page>): Promise<Answer> {
  const [path = '', query] = url.split('?', 2);
  const page = pages.get(path);
  if (!page) return fail(404, `there is nothing here; there are ${[...pages.keys()].join(', ')}`);
  if (method !== 'GET' && method !== 'HEAD') return fail(405, 'this call must use GET or HEAD', { Allow: 'GET, HEAD' });
  return await page(new URLSearchParams(query));
}

/** Tells nothing but where in the log to look. */
function bug(log: Logger, error: unknown): Answer {
  const incident = randomUUID();
  log.error({ incident, error: plainError(error) }, 'a call of the monitor failed');
  return fail(500, `rosterd made an error; see its log for incident ${incident}`);
}

/** Of what was asked with HEAD, Node itself sends the headers alone. */
function send(response: ServerResponse, { status, headers, body }: Answer, requestId: string): void {
  const length = { 'Content-Length': Buffer.byteLength(body) };
  response.setTimeout(LIMITS.idleTimeout);
  response.writeHead(status, { ...commonHeaders(requestId), ...length, ...headers });
  response.end(body);
}
