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

/** What a directory server answers: a result code of RFC 4511, and what it says to it. */
export interface LdapAnswer {
  readonly code: number;
  readonly text?: string;
}

/** A directory server of a few lines, for answers that a real one would have to be brought to. */
export interface LdapPeer extends AsyncDisposable {
  readonly url: string;
  /** The connections that its clients have not closed. */
  readonly open: number;
  /** By which names somebody tried to bind, in turn. */
  readonly binds: readonly string[];
  /** Closes all connections; new ones are welcome. */
  hangUp(): void;
}

/**
 * A server that answers every bind and every search with what `answer` gives for the name or the base, and finds nobody.
 * It takes requests one at a time and shorter than 128 bytes, as logins here are.
 */
export async function ldapPeer(answer: (name: string) => LdapAnswer): Promise<LdapPeer> {
  const open = new Set<Socket>();
  const binds: string[] = [];
  const server = createServer(socket => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.on('data', request => {
      const { id, operation, name } = readRequest(request);
      if (operation === UNBIND) return;
      if (operation === BIND) binds.push(name);
      socket.write(response(id, operation === BIND ? BIND_RESPONSE : SEARCH_DONE, answer(name)));
    });
  });
  const { port, [Symbol.asyncDispose]: dispose } = await listening(server);
  return {
    url: `ldap://127.0.0.1:${port}`,
    binds,
    hangUp() {
      for (const socket of open) socket.destroy();
    },
    get open() {
      return open.size;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const BIND = 0x60;
const BIND_RESPONSE = 0x61;
const UNBIND = 0x42;
const SEARCH_DONE = 0x65;

/** The operation of a request, and the first string in it: the name of a bind, the base of a search. */
function readRequest(request: Buffer): { id: number; operation: number; name: string } {
  const id = request.readUInt8(4);
  const operation = request.readUInt8(5);
  if (operation === UNBIND) return { id, operation, name: '' };
  const at = operation === BIND ? 10 : 7;
  const name = request.toString('utf8', at + 2, at + 2 + request.readUInt8(at + 1));
  return { id, operation, name };
}

function response(id: number, operation: number, { code, text = '' }: LdapAnswer): Buffer {
  const message = Buffer.from(text);
  const result = Buffer.concat([Buffer.from([0x0a, 1, code, 0x04, 0, 0x04, message.length]), message]);
  const whole = Buffer.concat([Buffer.from([0x02, 1, id, operation, 0x81, result.length]), result]);
  return Buffer.concat([Buffer.from([0x30, 0x81, whole.length]), whole]);
}
