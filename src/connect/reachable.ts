import { once } from 'node:events';
import type { TlsConfig } from '../config/connections.ts';
import { openSocket } from './http-connection.ts';
import { HttpError } from './http-error.ts';
import { troubleOf } from './trouble.ts';

/** Whether an HTTP server can be connected to, encrypted if the URL says so; nothing is asked. Throws an HttpError if not. */
export async function reachable(url: URL, tls: TlsConfig = {}, signal: AbortSignal): Promise<void> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const socket = openSocket({ protocol: url.protocol, hostname, port: url.port }, tls);
  try {
    await once(socket, url.protocol === 'https:' ? 'secureConnect' : 'connect', { signal });
  } catch (error) {
    if (signal.aborted) throw new HttpError('timeout', 'did not answer in time');
    throw new HttpError('network', troubleOf(error), { cause: error });
  } finally {
    socket.on('error', () => {}).destroy();
  }
}
