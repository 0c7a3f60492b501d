import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { commonHeaders } from './answer.ts';
import { LIMITS } from './limits.ts';

/** A call of the monitor. */
export interface PageCall {
  readonly request: IncomingMessage;
  /** What stands after the `?` of its address. */
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** Whether there is nobody left to answer. */
  readonly isOver: () => boolean;
}

/** Bytes as they are kept: packed, since nearly everybody takes them so. */
export interface Packed {
  readonly gzip: Uint8Array;
  /** How many bytes they are unpacked. */
  readonly size: number;
}

/** An answer of the monitor. */
export interface PageAnswer {
  readonly status: number;
  /** Laid over those of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Packed;
}

/** Makes the answer to a call. */
export type Page = (call: PageCall) => PageAnswer | Promise<PageAnswer>;

export const json = (status: number, body: unknown, headers = {}): PageAnswer => ({
  status,
  headers,
  body: JSON.stringify(body),
});

export const failed = (status: number, message: string, headers = {}): PageAnswer =>
  json(status, { status: 'fail', message }, headers);

/** Of what was asked with HEAD, Node itself sends the headers alone. Rejects when the connection breaks off. */
export async function sendPage(
  { request, requestId }: Pick<PageCall, 'request' | 'requestId'>,
  response: ServerResponse,
  { status, headers, body }: PageAnswer,
): Promise<void> {
  response.setTimeout(LIMITS.idleTimeout);
  const common = commonHeaders(requestId);
  if (typeof body === 'string') {
    response.writeHead(status, { ...common, 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
    return;
  }
  const isPacked = takesGzip(request.headers['accept-encoding'] ?? '');
  response.writeHead(status, {
    ...common,
    Vary: 'Accept-Encoding',
    ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
    'Content-Length': isPacked ? body.gzip.length : body.size,
    ...headers,
  });
  if (isPacked || request.method === 'HEAD') response.end(body.gzip);
  else await pipeline([body.gzip], createGunzip(), response);
}

/** Whether `Accept-Encoding` names gzip, and not only to say that it is not wanted. */
const takesGzip = (accepted: string) =>
  accepted.split(',').some(one => /^\s*(x-)?gzip\s*($|;(?!\s*q=0(\.0*)?\s*$))/i.test(one));
