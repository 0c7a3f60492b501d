import type { IncomingHttpHeaders } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import { type buildConnector, Client } from 'undici';
import type { TlsConfig } from '../config/connections.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { type Bounds, bytesOf, CODINGS, textOf } from './http-body.ts';
import { HttpError } from './http-error.ts';
import { tlsOptions } from './tls.ts';

/** How to read an answer; see `HttpSettings`. */
interface Reading extends Bounds {
  readonly anyText: boolean;
}

/**
 * A connection to one origin for one exchange at a time. It opens when it is first needed, and anew when the server closed
 * it in between. undici's own pools would not let go of one that is still opening.
 */
export class HttpConnection {
  readonly #client: Client;
  #socket: Socket | undefined;
  /** What first went wrong with the socket: TLS says why it broke off, undici only that it ended. */
  #broken: NodeJS.ErrnoException | undefined;
  #answering = false;

  constructor(origin: string, tls: TlsConfig = {}) {
    this.#client = new Client(origin, {
      allowH2: false,
      // The signal of each exchange is all the time-out there is.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (where, done) => this.#open(where, tls, done),
    });
  }

  get #wasReset(): boolean {
    return this.#broken?.code === 'ECONNRESET';
  }

  /** Whether the answer to the last request has begun. */
  get answering(): boolean {
    return this.#answering;
  }

  /** The whole answer. Throws what undici, the socket or TLS do, or an HttpError; then the connection is of no more use. */
  async exchange(request: HttpRequest, bounds: Reading): Promise<HttpResponse> {
    const giveUp = () => void this.destroy();
    bounds.signal.addEventListener('abort', giveUp);
    try {
      return await this.#ask(request, bounds);
    } catch (error) {
      throw error instanceof HttpError ? error : (this.#broken ?? error);
    } finally {
      bounds.signal.removeEventListener('abort', giveUp);
    }
  }

  /** Breaks the connection at once, and what waits for it; resolves when it is gone. */
  async destroy(): Promise<void> {
    const socket = this.#socket;
    const closed = socket && !socket.closed && new Promise(resolve => socket.once('close', resolve));
    const ended = this.#client.destroy(new Error('given up'));
    // undici would leave one that is still opening alone.
    socket?.destroy();
    await Promise.all([ended, closed]);
  }

  async #ask({ method, url, headers, body }: HttpRequest, bounds: Reading): Promise<HttpResponse> {
    this.#answering = false;
    const path = `${url.pathname}${url.search}`;
    const asked = { method, path, headers: withCodings(headers).flat(), body: body ?? null };
    const answer = await this.#client.request(asked);
    this.#answering = true;
    const received = headersOf(answer.headers);
    const bytes = await bytesOf(answer.body, received.get('content-encoding'), bounds);
    // undici takes a reset for the end of a body whose length nobody told.
    if (this.#wasReset && !isDelimited(received)) throw this.#broken;
    const text = textOf(bytes, received.get('content-type'), answer.statusCode < 300 && !bounds.anyText);
    return { status: answer.statusCode, headers: received, text };
  }

  #open(where: buildConnector.Options, tls: TlsConfig, done: buildConnector.Callback): void {
    this.#broken = undefined;
    const socket = openSocket(where, tls);
    this.#socket = socket;
    const failed = (error: Error) => done(error, null);
    socket.on('error', error => {
      this.#broken ??= error;
    });
    socket.once('error', failed).once(where.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      socket.off('error', failed);
      done(null, socket);
    });
  }
}

type Where = Pick<buildConnector.Options, 'protocol' | 'hostname' | 'port'>;

/** A socket that connects to where a URL points, encrypted if that says so. */
export function openSocket({ protocol, hostname, port }: Where, tls: TlsConfig): Socket {
  if (protocol === 'http:') return connectTcp({ host: hostname, port: Number(port || 80), noDelay: true });
  const name = tls.server_name ?? hostname;
  return connectTls({
    ...tlsOptions(tls),
    host: hostname,
    port: Number(port || 443),
    ALPNProtocols: ['http/1.1'],
    // A certificate may be for an IP address, but TLS does not let us ask for one by it.
    ...(isIP(name) ? {} : { servername: name }),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  }).setNoDelay(true);
}

function withCodings(headers: HttpRequest['headers']): HttpRequest['headers'] {
  const isOpen = headers.every(([name]) => name.toLowerCase() !== 'accept-encoding');
  return isOpen ? [...headers, ['accept-encoding', CODINGS]] : headers;
}

function headersOf(received: IncomingHttpHeaders): Map<string, string> {
  return new Map(Object.entries(received).map(([name, value = '']) => [name, [value].flat().join(', ')]));
}

/** Whether the headers tell where the body ends; without them it ends where the connection does. */
function isDelimited(headers: ReadonlyMap<string, string>): boolean {
  return headers.has('content-length') || headers.has('transfer-encoding');
}
