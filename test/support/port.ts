import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A loopback port nobody listens on. It lies below the range from which systems hand out ports by themselves, so that
 * no outgoing connection takes it before, or between two starts of, the server it is for.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
}

/** Whether nobody listens on a port, so that we could. */
export async function isFree(port: number, address = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Whether somebody takes connections on a port. */
export function isListening(port: number, address = '127.0.0.1'): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
