import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How a connection is cut: closed as by a server that ends (FIN), or aborted as by one that died (RST). */
export type Cut = 'fin' | 'rst';

/** A new proxy on loopback that passes everything on to `target` until told otherwise. */
export async function startFaultProxy(target: Endpoint): Promise<FaultProxy> {
  const proxy = new FaultProxy(target);
  await proxy.restore();
  return proxy;
}

/** A TCP proxy that fails on demand. Disposing of it aborts its connections. */
export class FaultProxy implements AsyncDisposable, Endpoint {
  readonly host = '127.0.0.1';
  readonly #target: Endpoint;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #connections = 0;
  #bytesFromClients = 0;
  #cut: { readonly after: number; readonly how: Cut } | undefined;
  #frozen: PromiseWithResolvers<void> | undefined;

  constructor(target: Endpoint) {
    this.#target = target;
    // Half-open, so that an end is passed on as an end and the other direction goes on.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, client => void this.#serve(client));
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections clients made so far. */
  get connections(): number {
    return this.#connections;
  }

  /** How many bytes clients sent so far, over all connections. */
  get bytesFromClients(): number {
    return this.#bytesFromClients;
  }

  /** `url` with this proxy in place of its host and port. */
  through(url: string): string {
    return Object.assign(new URL(url), { host: `${this.host}:${this.port}` }).href;
  }

  /** Cuts each connection made from now on once the client was sent so many bytes of what the server says. */
  cutAfter(bytes: number, how: Cut): void {
    this.#cut = { after: bytes, how };
  }

  /** Passes nothing on any more, in either direction, on old connections and new; none of them is closed. */
  freeze(): void {
    this.#frozen ??= Promise.withResolvers<void>();
  }

  /** Refuses new connections; those there are go on. */
  refuse(): void {
    this.#server.close();
  }

  /** Passes everything on again, on the same port. */
  async restore(): Promise<void> {
    this.#cut = undefined;
    this.#thaw();
    if (this.#server.listening) return;
    this.#server.listen(this.#port, this.host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) reset(socket);
    this.#thaw();
  }

  #thaw(): void {
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  async #serve(client: Socket): Promise<void> {
    this.#connections += 1;
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    this.#keep(client);
    this.#keep(server);
    try {
      await Promise.all([this.#forward(client, server), this.#answer(server, client, this.#cut)]);
    } catch {
      // One side aborted; so does the other.
      reset(client);
      reset(server);
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // The loops below see errors for themselves; this only keeps them from being uncaught.
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
  }

  async #forward(client: Socket, server: Socket): Promise<void> {
    for await (const chunk of chunks(client)) {
      this.#bytesFromClients += chunk.length;
      await this.#frozen?.promise;
      await write(server, chunk);
    }
    server.end();
  }

  async #answer(server: Socket, client: Socket, cut: { after: number; how: Cut } | undefined): Promise<void> {
    let left = cut?.after ?? Number.POSITIVE_INFINITY;
    if (cut && left === 0) return sever(client, server, cut.how);
    for await (const chunk of chunks(server)) {
      await this.#frozen?.promise;
      await write(client, chunk.subarray(0, left));
      left -= chunk.length;
      if (cut && left <= 0) return sever(client, server, cut.how);
    }
    client.end();
  }
}

/** A socket that said goodbye already cannot be reset any more, and trying to would leave its handle open. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** What arrives on a socket, which stays open for writing when that ends. */
function chunks(socket: Socket): AsyncIterable<Buffer> {
  return socket.iterator({ destroyOnReturn: false });
}

/** Resolves when the system has taken the bytes; a socket that is gone takes them too. */
function write(socket: Socket, bytes: Buffer): Promise<unknown> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise(resolve => socket.write(bytes, resolve));
}

/** Ends a connection in the middle. After a FIN, what the client still sends is read and dropped. */
function sever(client: Socket, server: Socket, how: Cut): void {
  server.destroy();
  if (how === 'fin') client.end();
  else client.resetAndDestroy();
}
