import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';

const UNIX = 'unix:';

/** Opens the door at `host:port` or `unix:/path`, and tells its address in the same form, with the real port for 0. */
export async function listen(server: Server, address: string): Promise<string> {
  if (address.startsWith(UNIX)) return listenOnPath(server, address.slice(UNIX.length));
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  server.listen({ host: host.replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) });
  await once(server, 'listening');
  const real = server.address();
  return `${host}:${typeof real === 'object' ? real?.port : ''}`;
}

async function listenOnPath(server: Server, path: string): Promise<string> {
  await removeStale(path);
  server.listen({ path });
  await once(server, 'listening');
  return `${UNIX}${path}`;
}

/** A daemon that was killed leaves its socket behind, and would then never start again. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() && !(await isAnswered(path))) await unlink(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
