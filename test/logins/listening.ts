import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A server on a loopback port of its own, which is closed with its connections when disposed of. */
export async function listening(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A server that takes connections and never says a word; `open` counts those that its clients have not closed. */
export async function silentServer(): Promise<AsyncDisposable & { readonly port: number; readonly open: number }> {
  const open = new Set<Socket>();
  const server = createServer(socket => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.resume();
  });
  const { port, [Symbol.asyncDispose]: dispose } = await listening(server);
  return {
    port,
    get open() {
      return open.size;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
