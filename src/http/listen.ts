import { once } from 'node:events';
import { lstat, readFile, readlink, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';

const UNIX = 'unix:';
const FD = 'fd:';

/**
 * Opens the door at `host:port` or `unix:/path`, and tells its address in the same form, with the real port for 0. At `fd:N`
 * there is a door already, which somebody opened for us and handed over; its address is told as well.
 */
export async function listen(server: Server, address: string): Promise<string> {
  if (address.startsWith(UNIX)) return listenOnPath(server, address.slice(UNIX.length));
  if (address.startsWith(FD)) return listenOnDescriptor(server, Number(address.slice(FD.length)));
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

/** A Unix socket stays where it is when the server closes: it belongs to whoever made it. */
async function listenOnDescriptor(server: Server, fd: number): Promise<string> {
  server.listen({ fd });
  await once(server, 'listening');
  const real = server.address();
  if (real === null || typeof real === 'string') return (await pathOf(fd)) ?? `${FD}${fd}`;
  return `${real.family === 'IPv6' ? `[${real.address}]` : real.address}:${real.port}`;
}

/** Node knows the path of a socket only if it made it; the system lists all there are, by inode. */
async function pathOf(fd: number): Promise<string | undefined> {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/self/fd/${fd}`))?.[1];
    const lines = (await readFile('/proc/self/net/unix', 'utf8')).split('\n');
    const path = lines.map(line => /^(?:\S+ +){6}(\d+) (.+)$/.exec(line)).find(found => found?.[1] === inode)?.[2];
    return path && `${UNIX}${path}`;
  } catch {
    return undefined;
  }
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
