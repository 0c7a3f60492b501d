import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Middleware, ParameterizedContext } from 'koa';
import { STATUS_CODES } from '../connect/node-http.ts';
import type { Call } from './calls.ts';
import { FAILURES, type Failure } from './failure.ts';
import type { Words } from './messages.ts';

/** What we know about a call while it is answered. */
export interface CallState {
  readonly call: Call;
  readonly words: Words;
  readonly requestId: string;
  /** The address that it comes from; `unix` for all who come over a socket of that kind. */
  readonly from: string;
  /** The name of the client; `""` until its token has proved right. */
  client: string;
  /** The request's body as it came, perhaps compressed; empty until it has been read. */
  body: Buffer;
}
export type Context = ParameterizedContext<CallState>;
export type Step = Middleware<CallState>;

/** What every answer carries, whoever makes it. */
export const commonHeaders = (requestId: string) => ({
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Request-Id': requestId,
});

/** The caller's own id for its request where that is one, else a new one. */
export const requestIdOf = (given: string | undefined) =>
  given !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : randomUUID();

/** Answers that a well-formed call did not get what it asked for. */
export function refuse(ctx: Context, message: string): void {
  ctx.status = 200;
  ctx.body = failBody(message);
}

/** Answers a call that cannot be served; `detail` ends the message. */
export function fail(ctx: Context, failure: Failure, detail = ''): void {
  const { status, headers } = FAILURES[failure];
  ctx.status = status;
  ctx.set(headers);
  ctx.body = failBody(ctx.state.words.failures[failure] + detail);
}

const failBody = (message: string) => Buffer.from(JSON.stringify({ status: 'fail', message }));

/** The same answer as bytes, for a connection on which there is no request to answer. */
export function rawFailure(failure: Failure, words: Words, requestId: string): string {
  const { status, headers } = FAILURES[failure];
  const body = failBody(words.failures[failure]);
  const lines = Object.entries({
    ...commonHeaders(requestId),
    ...headers,
    Date: new Date().toUTCString(),
    'Content-Length': body.byteLength,
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}

/**
 * Sends an answer at once to somebody who is still sending, but closes the connection only when they have stopped, or after
 * `patience` milliseconds: closing it with unread bytes in it would destroy the answer on its way.
 */
export function answerEarly(ctx: Context, patience: number): void {
  ctx.set('Connection', 'close');
  const { body, length } = ctx.response;
  if (!Buffer.isBuffer(body) || length === undefined || ctx.method === 'HEAD') return;
  ctx.body = Readable.from(lingering(body, ctx.req, patience));
  ctx.length = length;
}

async function* lingering(body: Buffer, req: IncomingMessage, patience: number): AsyncGenerator<Buffer> {
  yield body;
  req.resume();
  const signal = AbortSignal.timeout(patience);
  // A request that broke off has no end of its own: then the connection's must do.
  const ends = [finished(req, { signal }), finished(req.socket, { writable: false, signal })];
  await Promise.race(ends.map(end => end.catch(() => undefined)));
}
