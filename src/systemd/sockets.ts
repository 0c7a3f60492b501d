/** systemd gave no socket for an address that asks for one; the message says why, and the way out. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The first descriptor that systemd passes on; the others follow it. */
const FIRST = 3;

/**
 * What an address of the configuration stands for: `systemd` for the first socket that systemd gave the process `pid`, and
 * `systemd:NAME` for the one that its unit calls so (`FileDescriptorName=`), both as `fd:N`; others are as they are. Throws
 * a {@link SocketError} when there is no such socket.
 */
export function socketAddress(address: string, env: Environment, pid: number): string {
  if (address === 'systemd') return `fd:${FIRST + placeOf(undefined, env, pid)}`;
  if (address.startsWith('systemd:')) return `fd:${FIRST + placeOf(address.slice('systemd:'.length), env, pid)}`;
  return address;
}

function placeOf(name: string | undefined, env: Environment, pid: number): number {
  const names = socketNames(env, pid);
  if (name === undefined) return 0;
  const place = names.indexOf(name);
  if (place < 0) throw noSocket(`none of them is called "${name}"; there are: ${names.join(', ')}`, name);
  return place;
}

/** What the sockets are called, in their order; those that have no name are `unknown`, as systemd itself says. */
function socketNames(env: Environment, pid: number): string[] {
  const count = Number(env['LISTEN_FDS'] ?? 0);
  const of = env['LISTEN_PID'];
  if (!Number.isSafeInteger(count) || count < 1) throw noSocket('there is none in LISTEN_FDS');
  if (Number(of) !== pid) throw noSocket(`those in LISTEN_FDS are for process ${of}, and this is ${pid}`);
  const names = env['LISTEN_FDNAMES']?.split(':') ?? [];
  return Array.from({ length: count }, (_, place) => names[place] || 'unknown');
}

function noSocket(why: string, name?: string): SocketError {
  const unit = name === undefined ? 'enable rosterd.socket' : `write FileDescriptorName=${name} into its unit`;
  return new SocketError(`systemd gave no socket: ${why}; ${unit}, or write an address`);
}
