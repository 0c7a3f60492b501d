import type { TlsConfig } from '../config/connections.ts';
import { HttpConnection } from './http-connection.ts';
import { HttpError, httpError } from './http-error.ts';

export { HttpError } from './http-error.ts';

/** One request, complete: nothing is added but Host, Content-Length, Connection and Accept-Encoding. */
export interface HttpRequest {
  readonly method: string;
  /** Where to; a user and a password in it are not sent. */
  readonly url: URL;
  /** Values hold what Latin-1 does, and go out in it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Goes out in UTF-8. */
  readonly body: string | undefined;
}

/** An answer read to its end, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; several values joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * Inflated and decoded as UTF-8, or as the charset that Content-Type names; a BOM removed. It is the whole body, unless
   * the server tells neither its length nor sends it in chunks, as very old ones do: then it ends where the connection
   * was closed, and whether something is missing only its grammar tells.
   */
  readonly text: string;
}

export interface HttpSettings {
  readonly tls?: TlsConfig | undefined;
  /** Milliseconds for a whole exchange, connecting and the last byte included. */
  readonly timeout: number;
  /** Most bytes of a body, inflated. */
  readonly limit: number;
  /** True takes a body that is not in its charset, with U+FFFD in it: for whoever only looks at the status. */
  readonly anyText?: boolean;
}

/**
 * Asks HTTP servers, over connections that are kept for the next exchange. It never follows a redirect, asks twice or goes
 * through a proxy. Disposing of it breaks all connections at once, and the exchanges on them.
 */
export class HttpClient implements AsyncDisposable {
  readonly #settings: HttpSettings;
  readonly #connections = new Set<HttpConnection>();
  /** Those of them that wait for an exchange, by origin; the one used last is used first. */
  readonly #idle = new Map<string, HttpConnection[]>();
  readonly #end = new AbortController();

  constructor(settings: HttpSettings) {
    this.#settings = settings;
  }

  /**
   * Sends the request once and reads the answer to its end. Throws an HttpError, or the reason of `signal` as soon as that
   * aborts; either way the connection is gone.
   */
  async exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.#mustBeOpen();
    mustBeSendable(request);
    const { timeout, limit, anyText = false } = this.#settings;
    using deadline = new Deadline(timeout, [signal, this.#end.signal]);
    const connection = this.#take(request.url.origin);
    try {
      const response = await connection.exchange(request, { limit, anyText, signal: deadline.signal });
      this.#keep(request.url.origin, connection);
      return response;
    } catch (error) {
      this.#drop(connection);
      signal.throwIfAborted();
      this.#mustBeOpen();
      throw deadline.isOver ? late(timeout, connection.answering) : httpError(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.all([...this.#connections].map(connection => connection.destroy()));
  }

  #mustBeOpen(): void {
    if (this.#end.signal.aborted) throw new HttpError('network', 'was given up with the client that asked it');
  }

  #take(origin: string): HttpConnection {
    const kept = this.#idle.get(origin)?.pop();
    if (kept) return kept;
    const connection = new HttpConnection(origin, this.#settings.tls);
    this.#connections.add(connection);
    return connection;
  }

  #keep(origin: string, connection: HttpConnection): void {
    const idle = this.#idle.get(origin);
    if (idle) idle.push(connection);
    else this.#idle.set(origin, [connection]);
  }

  #drop(connection: HttpConnection): void {
    this.#connections.delete(connection);
    void connection.destroy();
  }
}

/** When an exchange is given up: at the first of some signals, or after so many milliseconds. Disposing of it forgets both. */
class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeout: number, signals: readonly AbortSignal[]) {
    this.signal = AbortSignal.any([...signals, this.#over.signal]);
    this.#timer = setTimeout(() => this.#over.abort(), timeout);
  }

  /** Whether the time is over. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

function late(timeout: number, answering: boolean): HttpError {
  return new HttpError('timeout', `did not ${answering ? 'finish its answer' : 'answer'} within ${timeout / 1000} s`);
}

/** What HTTP can carry in a header (RFC 9110, 5.5 and 5.6.2); undici says no to the same, but not to which. */
const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function mustBeSendable({ url, headers }: HttpRequest): void {
  if (!/^https?:$/.test(url.protocol)) throw unsendable(`"${url.protocol}" is neither http: nor https:`);
  for (const [name, value] of headers) {
    if (!NAME.test(name)) throw unsendable(`${JSON.stringify(name)} is no name of a header`);
    if (VALUE.test(value)) continue;
    throw unsendable(`header "${name}" holds a line break, another control character or a letter beyond Latin-1`);
  }
}

function unsendable(why: string): HttpError {
  return new HttpError('garbled', `cannot be asked: ${why}`);
}
