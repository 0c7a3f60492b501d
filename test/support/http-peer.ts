import { once } from 'node:events';
import {
  createServer as createPlainServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it arrived, its body read to the end. */
export interface PeerRequest {
  readonly method: string;
  /** As asked for: the path and the query, `/people?page=2`. */
  readonly url: string;
  /** The path alone. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** As UTF-8; empty when there is none. */
  readonly body: string;
  /** Which request of this peer it is, from 1. */
  readonly count: number;
}

/** Answers one request, at once or in its own time. What it throws is answered with 500, and thrown again at the end. */
export type Handler = (request: PeerRequest, response: ServerResponse) => unknown;

export interface PeerOptions {
  /** With these the peer speaks HTTPS: `key` and `cert` in PEM form, `requestCert` and `ca`, and so on. */
  readonly tls?: TlsServerOptions;
}

/** A new HTTP server on a free port of 127.0.0.1. */
export async function startPeer(handler: Handler, options: PeerOptions = {}): Promise<Peer> {
  const server = options.tls ? createTlsServer(options.tls) : createPlainServer();
  // Connections are for the client to close, or for the test.
  server.keepAliveTimeout = 0;
  const peer = new Peer(server, handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return peer;
}

/**
 * An HTTP server that answers as a test wants it to. Disposing of it breaks its connections and throws the first thing
 * that its handler threw, so that an assertion in a handler fails the test.
 */
export class Peer implements AsyncDisposable {
  /** What was asked so far, in the order of arrival. A request whose body did not end is not in it. */
  readonly requests: PeerRequest[] = [];
  readonly #server: Server;
  readonly #handler: Handler;
  readonly #sockets = new Set<Socket>();
  readonly #failures: unknown[] = [];
  #opened = 0;

  constructor(server: Server, handler: Handler) {
    this.#server = server;
    this.#handler = handler;
    server.on('connection', (socket: Socket) => this.#keep(socket));
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `http://127.0.0.1:PORT`, or `https:`, without a slash at its end. */
  get origin(): string {
    return `${'setSecureContext' in this.#server ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** The same as the origin, to write paths after. */
  get url(): string {
    return this.origin;
  }

  /** How many connections are open now. */
  connections(): number {
    return this.#sockets.size;
  }

  /** How many connections were made so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Aborts all connections (RST); new ones are served. */
  drop(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  #keep(socket: Socket): void {
    this.#opened += 1;
    this.#sockets.add(socket);
    // A client that breaks its connection is no fault of the peer.
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    const body = await bodyOf(request);
    if (body === undefined) return;
    const received = { ...described(request), body, count: this.requests.length + 1 };
    this.requests.push(received);
    try {
      await this.#handler(received, response);
    } catch (error) {
      this.#failures.push(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(String(error));
    }
  }
}

function described(request: IncomingMessage): Pick<PeerRequest, 'method' | 'url' | 'path' | 'query' | 'headers'> {
  const { method = '', url = '', headers } = request;
  const { pathname: path, searchParams: query } = new URL(url, 'http://peer');
  return { method, url, path, query, headers };
}

/** The whole body; nothing when the client broke off. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  try {
    return Buffer.concat(await request.toArray()).toString();
  } catch {
    return undefined;
  }
}
