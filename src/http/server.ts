import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import Koa from 'koa';
import Router from 'koa-router';
import type { Logger } from 'pino';
import type { ClientConfig, Language } from '../config/schema.ts';
import { createServer } from '../connect/node-http.ts';
import { type CallState, fail } from './answer.ts';
import { Arrivals } from './arrivals.ts';
import { authenticate } from './authenticate.ts';
import { type AuthFailures, authFailures, basicAuth } from './basic-auth.ts';
import { readBody } from './body.ts';
import { callers } from './caller.ts';
import { trackCalls } from './calls.ts';
import { answerClientErrors } from './client-error.ts';
import { closing } from './closing.ts';
import { catchBugs, gate, type House, openCall, type Phase } from './every-call.ts';
import { LIMITS, type ServerLimits } from './limits.ts';
import { listen } from './listen.ts';
import { type EndedCall, plainError } from './log.ts';
import type { LoginService } from './login.ts';
import { WORDS } from './messages.ts';
import type { RosterService } from './roster.ts';
import { sync } from './sync.ts';
import { type PemPair, secureOptions, secureServer } from './tls.ts';

/** By what calls are served; a reload of the configuration may bring others. */
export interface ServerTerms {
  readonly clients: readonly ClientConfig[];
  readonly login: LoginService;
  readonly language: Language;
  /** Addresses and networks of proxies whose word about who calls is taken. */
  readonly trustedProxies?: readonly string[];
}

/** What the server is made of. */
export interface ServerSettings extends ServerTerms {
  /** `host:port`, where port 0 takes a free one, `unix:/path`, or `systemd` for the socket that it gives. */
  readonly listen: string;
  readonly roster: RosterService;
  /** Its certificate and key; without them it speaks plain HTTP. */
  readonly tls?: PemPair | undefined;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly limits?: Partial<ServerLimits>;
  /** Told of every call when it is over. */
  readonly onCall?: (call: EndedCall) => void;
}

/** A server that listens; until `ready` it answers that it is starting. Disposing of it cuts off whatever is under way. */
export interface RosterServer extends AsyncDisposable {
  /** As it was given, with the real port. */
  readonly address: string;
  readonly phase: Phase;
  ready(): void;
  /** Serves by these terms from the next call on; calls under way end as they began. */
  change(terms: ServerTerms): void;
  /** Shows this certificate to whoever connects from now on. */
  secure(pair: PemPair): void;
  /** Answers new calls with 503, waits at most `within` milliseconds for those under way, and closes. */
  drain(within: number): Promise<void>;
}

/** Rejects when the address cannot be had. */
export async function startServer(settings: ServerSettings): Promise<RosterServer> {
  let phase: Phase = 'starting';
  let terms: ServerTerms = settings;
  let callerOf = callers(settings.trustedProxies ?? []);
  const limits = { ...LIMITS, ...settings.limits };
  const arrivals = new Arrivals();
  const house: House = {
    calls: trackCalls(() => arrivals.count),
    get words() {
      return WORDS[terms.language];
    },
    log: settings.log,
    limits,
    phase: () => phase,
    callerOf: request => callerOf(request),
    onCall: settings.onCall ?? (() => {}),
  };
  // Counted on, whatever is configured anew.
  const failures = authFailures(limits.authFailures);
  const handlerFor = (changed: ServerTerms) => appFor({ ...settings, ...changed }, house, failures).callback();
  let handle = handlerFor(settings);
  const server = serverFor((req, res) => handle(req, res), house, settings.tls);
  arrivals.watch(server);
  const address = await listen(server, settings.listen);
  const close = closing(server);
  return {
    address,
    get phase() {
      return phase;
    },
    ready: () => {
      phase = 'ready';
    },
    change: changed => {
      terms = changed;
      callerOf = callers(changed.trustedProxies ?? []);
      handle = handlerFor(changed);
    },
    secure: pair => {
      if ('setSecureContext' in server) server.setSecureContext(secureOptions(pair));
    },
    drain: async within => {
      phase = 'draining';
      await house.calls.settle(within);
      await close();
    },
    [Symbol.asyncDispose]: close,
  };
}

/** What every call meets, from top to bottom. */
function appFor(settings: ServerSettings, house: House, failures: AuthFailures): Koa<CallState> {
  const app = new Koa<CallState>();
  // What still goes wrong once an answer has begun is the connection, and its call's own line says that it broke off.
  app.on('error', (error: unknown) => house.log.debug({ error: plainError(error) }, 'an answer broke off'));
  app.use(openCall(house));
  app.use(catchBugs(house));
  app.use(gate(house));
  app.use(routerFor(settings, failures).routes());
  app.use(ctx => fail(ctx, 'not_found'));
  return app;
}

/** Of several routes that suit a call the last one alone is taken; the types of koa-router do not know that it can do so. */
const ROUTING = { sensitive: true, exclusive: true };

function routerFor(settings: ServerSettings, failures: AuthFailures): Router<CallState> {
  const { clients, roster, login, log, now = () => new Date() } = settings;
  const allow = basicAuth(clients, failures);
  const router = new Router<CallState>(ROUTING);
  router.all(['/sync', '/authenticate'], ctx => fail(ctx, 'method_not_allowed'));
  router.post('/sync', allow('sync'), readBody, sync(roster, { log, now }));
  router.post('/authenticate', allow('authenticate'), readBody, authenticate(login));
  return router;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

function serverFor(handle: Handle, house: House, tls: PemPair | undefined): Server | SecureServer {
  const { limits, log } = house;
  const options = {
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    connectionsCheckingInterval: limits.timeoutChecks,
    keepAliveTimeout: limits.keepAliveTimeout,
    maxHeaderSize: limits.maxHeaderSize,
    // Node's own answer to a request without Host has an empty body.
    requireHostHeader: false,
  };
  const onNoTls = ({ code }: NodeJS.ErrnoException, { remoteAddress: from }: Socket) =>
    log.debug({ from, why: code }, 'a connection came to no TLS');
  const server = tls ? secureServer({ ...options, onNoTls }, tls) : createServer(options);
  // Without listeners, Node answers the last two by itself: it asks for any body, and has an empty answer for other expectations.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, handle);
  answerClientErrors(server, house);
  return server;
}
