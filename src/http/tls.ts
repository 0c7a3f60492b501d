import type { Server, ServerOptions } from 'node:https';
import type { Socket } from 'node:net';

/** A certificate, with those between it and the authority, and its key; both in PEM form. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

/** What a server is given of a pair, at its start and again when the pair changes. */
export const secureOptions = ({ cert, key }: PemPair) => ({ cert, key, minVersion: 'TLSv1.2' as const });

export interface SecureServerOptions extends ServerOptions {
  /** Told of a connection from which no TLS came, such as one that speaks plain HTTP. It is closed already. */
  onNoTls(error: NodeJS.ErrnoException, socket: Socket): void;
}

/** An HTTPS server that speaks TLS 1.2 at least, and asks no client for a certificate. */
export function secureServer({ onNoTls, ...options }: SecureServerOptions, pair: PemPair): Server {
  const { createServer } = process.getBuiltinModule('node:https');
  // As long as headers may take: without it, two minutes.
  const patience = options.headersTimeout === undefined ? {} : { handshakeTimeout: options.headersTimeout };
  const server = createServer({ ...options, ...patience, ...secureOptions(pair) });
  answerNoTls(server, onNoTls);
  return closingHandshakes(server);
}

/** Node would make a `clientError` of it, which is for what is broken in HTTP: this is no call yet. */
function answerNoTls(server: Server, onNoTls: SecureServerOptions['onNoTls']): void {
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (error, socket) => {
    const from = socket as Socket;
    onNoTls(error, from);
    from.destroy();
  });
}

/** `closeAllConnections` knows no connection whose handshake is not over, and the server would wait for those to end. */
function closingHandshakes(server: Server): Server {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const closeCalls = server.closeAllConnections.bind(server);
  return Object.assign(server, {
    closeAllConnections: () => {
      closeCalls();
      for (const socket of open) socket.destroy();
    },
  });
}
