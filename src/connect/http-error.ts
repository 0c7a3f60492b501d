import { errors } from 'undici';
import { maxHeaderSize } from './node-http.ts';
import { troubleOf } from './trouble.ts';

/**
 * Why there is no answer, in a few words to follow the name of what was asked: `did not answer within 120 s`. They never
 * hold the value of a header, a query or a part of a body.
 *
 * - `network`: it could not be reached, or the connection ended before the answer did;
 * - `timeout`: the answer was not complete in time;
 * - `too_large`: the body is above the limit;
 * - `garbled`: what would be sent, or what was, is not HTTP or not text.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly kind: 'network' | 'timeout' | 'too_large' | 'garbled';

  constructor(kind: HttpError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What undici says to a request that it does not send; its words name headers, and never a value. */
const NOT_SENT = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);

/** What undici and streams say of a connection that ended before the answer did. */
const CUT_SHORT = new Set(['UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'ERR_STREAM_PREMATURE_CLOSE']);
const EARLY_END = 'Invalid EOF state';

/** The error of undici's, of a socket or of TLS that ended an exchange, in our words. */
export function httpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (NOT_SENT.has(code)) return new HttpError('garbled', `cannot be asked: ${message}`, { cause: error });
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new HttpError('garbled', `sends more than ${size(maxHeaderSize)} of headers`, { cause: error });
  }
  const breach = breachIn(error);
  // Without its cause, which holds what was sent.
  if (breach !== undefined && breach !== EARLY_END)
    return new HttpError('garbled', `does not keep to HTTP (${breach})`);
  if (breach === EARLY_END || CUT_SHORT.has(code)) {
    return new HttpError('network', 'closed the connection before the answer was complete', { cause: error });
  }
  return new HttpError('network', troubleOf(error), { cause: error });
}

/** What of an answer is against the rules of HTTP, in undici's words, which quote nothing: `Invalid header token`. */
function breachIn(error: unknown): string | undefined {
  if (error instanceof errors.HTTPParserError) return /\((.*)\)/.exec(error.message)?.[1] ?? 'it is not clear why';
  // bad response, bad upgrade
  if (error instanceof errors.SocketError && error.message.startsWith('bad ')) return error.message;
  return undefined;
}

/** A number of bytes as one reads it: `64 MiB`, `16 KiB`, `1000 bytes`. */
export function size(bytes: number): string {
  if (bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20} MiB`;
  return bytes % 2 ** 10 === 0 ? `${bytes / 2 ** 10} KiB` : `${bytes} bytes`;
}
