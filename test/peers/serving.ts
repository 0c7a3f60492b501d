import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a peer was asked, as it arrived. */
export interface Asked {
  readonly method: string;
  /** The path and the query. */
  readonly url: string;
}

/** A server that others wrote, on a free port of 127.0.0.1. */
export async function serve(app: RequestListener): Promise<Served> {
  const served = new Served(app);
  await served.listening;
  return served;
}

/** A server with another's application in it. Disposing of it breaks its connections. */
export class Served implements AsyncDisposable {
  /** What was asked since the last `afresh`, in the order of arrival. */
  readonly asked: Asked[] = [];
  readonly listening: Promise<unknown>;
  readonly #server: Server;
  /** Told of each request before the application gets it. */
  #before: (asked: Asked) => void = () => {};

  constructor(app: RequestListener) {
    this.#server = createServer((request, response) => {
      const asked = { method: request.method ?? '', url: request.url ?? '' };
      this.asked.push(asked);
      this.#before(asked);
      app(request, response);
    });
    this.#server.listen(0, '127.0.0.1');
    this.listening = once(this.#server, 'listening');
  }

  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forgets what was asked; from now on `before` is told of each request before it is answered. */
  afresh(before: (asked: Asked) => void = () => {}): void {
    this.asked.length = 0;
    this.#before = before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
