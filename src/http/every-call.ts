import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { answerEarly, commonHeaders, fail, requestIdOf, type Step } from './answer.ts';
import type { Calls } from './calls.ts';
import type { ServerLimits } from './limits.ts';
import { type EndedCall, logCall, plainError } from './log.ts';
import type { Words } from './messages.ts';

/** Whether calls are served; where they are not, they are told why. */
export type Phase = 'starting' | 'ready' | 'draining';

/** What the steps that every call takes share. */
export interface House {
  readonly calls: Calls;
  readonly words: Words;
  readonly log: Logger;
  readonly limits: ServerLimits;
  readonly phase: () => Phase;
  /** The address that a call comes from: of the client, not of a proxy that is trusted. */
  readonly callerOf: (request: IncomingMessage) => string;
  /** Told of every call when it is over. */
  readonly onCall: (call: EndedCall) => void;
}

/** The first and last step: the call's id, its line in the log, its headers. */
export function openCall(house: House): Step {
  const { calls, log, limits } = house;
  return async (ctx, next) => {
    const requestId = requestIdOf(ctx.get('x-request-id'));
    const from = house.callerOf(ctx.req);
    const call = calls.begin(ctx.req, ctx.res);
    ctx.state = { call, words: house.words, requestId, from, client: '', body: Buffer.alloc(0) };
    ctx.req.url = pathOf(ctx.req.url ?? '');
    ctx.set(commonHeaders(requestId));
    logCall(log, ctx, house.onCall);
    await next();
    // Not before: how long `/sync` may wait for a run is for the configuration to say.
    ctx.res.setTimeout(limits.idleTimeout);
    // What comes over this connection after the answer nobody would take any more.
    if (house.phase() === 'draining') ctx.set('Connection', 'close');
    if (!ctx.req.complete) answerEarly(ctx, limits.linger);
  };
}

/** The path without query, origin and surplus slashes. */
function pathOf(url: string): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return `/${path.split('/').filter(Boolean).join('/')}`;
}

/** Turns what was thrown into an answer that tells nothing but where in the log to look. */
export function catchBugs({ log }: House): Step {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const incident = randomUUID();
      log.error({ incident, request_id: ctx.state.requestId, error: plainError(error) }, 'a call failed');
      fail(ctx, 'internal', incident);
    }
  };
}

/** Lets calls in only while we can serve them. */
export function gate({ phase }: House): Step {
  return (ctx, next) => {
    const now = phase();
    if (now !== 'ready') return fail(ctx, now);
    if (!isWellFormed(ctx.req)) return fail(ctx, 'malformed');
    return next();
  };
}

/** What Node lets through and HTTP does not: a request line without a version, and 1.1 without a Host. */
function isWellFormed({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === '1.0' || (httpVersion === '1.1' && headers.host !== undefined);
}
