import { once } from 'node:events';
import type { Server } from 'node:http';
import Koa from 'koa';
import Router from 'koa-router';
import type { Logger } from 'pino';
import type { ClientConfig, Language } from '../config/schema.ts';
import { createServer } from '../connect/node-http.ts';
import { type CallState, fail } from './answer.ts';
import { authenticate } from './authenticate.ts';
import { basicAuth } from './basic-auth.ts';
import { readBody } from './body.ts';
import { trackCalls } from './calls.ts';
import { answerClientErrors } from './client-error.ts';
import { catchBugs, gate, type House, openCall, type Phase } from './every-call.ts';
import { LIMITS, type ServerLimits } from './limits.ts';
import { listen } from './listen.ts';
import { plainError } from './log.ts';
import type { LoginService } from './login.ts';
import { WORDS } from './messages.ts';
import type { RosterService } from './roster.ts';
import { sync } from './sync.ts';

/** What the server is made of. */
export interface ServerSettings {
  /** `host:port`, where port 0 takes a free one, or `unix:/path`. */
  readonly listen: string;
  readonly clients: readonly ClientConfig[];
  readonly roster: RosterService;
  readonly login: LoginService;
  readonly language: Language;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly limits?: Partial<ServerLimits>;
}

/** A server that listens; until `ready` it answers that it is starting. Disposing of it cuts off whatever is under way. */
export interface RosterServer extends AsyncDisposable {
  /** As it was given, with the real port. */
  readonly address: string;
  ready(): void;
  /** Answers new calls with 503, waits at most `within` milliseconds for those under way, and closes. */
  drain(within: number): Promise<void>;
}

/** Rejects when the address cannot be had. */
export async function startServer(settings: ServerSettings): Promise<RosterServer> {
  let phase: Phase = 'starting';
  const limits = { ...LIMITS, ...settings.limits };
  const words = WORDS[settings.language];
  const house = { calls: trackCalls(), words, log: settings.log, limits, phase: () => phase };
  const server = serverFor(appFor(settings, house), house);
  const address = await listen(server, settings.listen);
  const close = closing(server);
  return {
    address,
    ready: () => {
      phase = 'ready';
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
function appFor(settings: ServerSettings, house: House): Koa<CallState> {
  const app = new Koa<CallState>();
  // What still goes wrong once an answer has begun is the connection, and its call's own line says that it broke off.
  app.on('error', (error: unknown) => house.log.debug({ error: plainError(error) }, 'an answer broke off'));
  app.use(openCall(house));
  app.use(catchBugs(house));
  app.use(gate(house));
  app.use(routerFor(settings, house).routes());
  app.use(ctx => fail(ctx, 'not_found'));
  return app;
}

function routerFor(settings: ServerSettings, { limits }: House): Router<CallState> {
  const { clients, roster, login, log, now = () => new Date() } = settings;
  const allow = basicAuth(clients, limits.authFailures);
  const router = new Router<CallState>({ sensitive: true });
  router.post('/sync', allow('sync'), readBody, sync(roster, { log, now }));
  router.post('/authenticate', allow('authenticate'), readBody, authenticate(login));
  router.all(['/sync', '/authenticate'], ctx => fail(ctx, 'method_not_allowed'));
  return router;
}

function serverFor(app: Koa<CallState>, { limits, calls, words, log }: House): Server {
  const server = createServer({
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    connectionsCheckingInterval: limits.timeoutChecks,
    keepAliveTimeout: limits.keepAliveTimeout,
    maxHeaderSize: limits.maxHeaderSize,
    // Node's own answer to a request without Host has an empty body.
    requireHostHeader: false,
  });
  const handle = app.callback();
  // Without listeners, Node answers the last two by itself: it asks for any body, and has an empty answer for other expectations.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, handle);
  answerClientErrors(server, { calls, words, log, linger: limits.linger });
  return server;
}

/** Closes the server, once, however often it is asked to. */
function closing(server: Server): () => Promise<void> {
  let closed: Promise<unknown> | undefined;
  return async () => {
    if (closed === undefined) {
      closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
    }
    await closed;
  };
}
