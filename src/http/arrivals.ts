import type { IncomingMessage, Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';

/** Connections from which no call has come yet. */
export class Arrivals {
  /** By where they come from: over TLS a call knows another socket than the one that was taken. */
  readonly #from = new Map<string, Socket>();

  get count(): number {
    return this.#from.size;
  }

  watch(server: Server | SecureServer): void {
    server.on('connection', (socket: Socket) => {
      const from = placeOf(socket);
      // All who come over a unix socket look the same.
      if (from === undefined) return;
      this.#from.set(from, socket);
      socket.once('close', () => {
        if (this.#from.get(from) === socket) this.#from.delete(from);
      });
    });
    server.on('request', ({ socket }: IncomingMessage) => this.#from.delete(placeOf(socket) ?? ''));
  }
}

const placeOf = ({ remoteAddress, remotePort }: Socket) =>
  remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
