import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';

/** What closes a server and cuts off its connections; once, however often it is asked to. */
export function closing(server: Server | SecureServer): () => Promise<void> {
  let closed: Promise<unknown> | undefined;
  return async () => {
    if (closed === undefined) {
      closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
    }
    await closed;
  };
}
