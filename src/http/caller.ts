import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, SocketAddress } from 'node:net';

/** What everybody on a unix socket is called: such a connection has no address. */
const UNIX = 'unix';

/**
 * Tells the address that a call comes from, in one spelling: that of the connection, or, where it is in `trusted`, the last
 * one in X-Forwarded-For that is not. What somebody who is not trusted has written there is never looked at.
 */
export function callers(trusted: readonly string[]): (request: IncomingMessage) => string {
  const isTrusted = trust(trusted);
  return ({ socket, headers }) => {
    const peer = plainAddress(socket.remoteAddress ?? '') ?? UNIX;
    // Several headers of this name come as one.
    const forwarded = String(headers['x-forwarded-for'] ?? '');
    return forwarded === '' ? peer : callerBehind(peer, forwarded, isTrusted);
  };
}

/** Each proxy has written whom it was called by at the end; the first word that cannot be right ends the search. */
function callerBehind(peer: string, forwarded: string, isTrusted: (caller: string) => boolean): string {
  let caller = peer;
  for (const word of forwarded.split(',').reverse()) {
    if (!isTrusted(caller)) break;
    const before = forwardedAddress(word.trim());
    if (before === undefined) break;
    caller = before;
  }
  return caller;
}

/** Some proxies write the port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function forwardedAddress(word: string): string | undefined {
  const [, address] = /^\[([^\]]*)\](?::\d+)?$/.exec(word) ?? /^([\d.]+):\d+$/.exec(word) ?? [];
  return plainAddress(address ?? word);
}

const MAPPED = '::ffff:';

/** An address in its shortest spelling, that of IPv4 where IPv6 only stands for it; undefined for what is none. */
function plainAddress(text: string): string | undefined {
  const version = isIP(text);
  // What follows a "%" says which interface of some machine leads there.
  if (version !== 6) return version === 4 ? text : undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const bare = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : '';
  return isIP(bare) === 4 ? bare : address;
}

/** Whether a caller, in that spelling, is one of these addresses, in one of these networks, or on a trusted unix socket. */
function trust(trusted: readonly string[]): (caller: string) => boolean {
  const list = new BlockList();
  for (const one of trusted) if (one !== UNIX) add(list, one);
  const unix = trusted.includes(UNIX);
  return caller => (caller === UNIX ? unix : list.check(caller, familyOf(caller)));
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function add(list: BlockList, network: string): void {
  const [host = '', written] = network.split('/');
  const address = plainAddress(host) ?? host;
  const family = familyOf(address);
  const longest = family === 'ipv6' ? 128 : 32;
  // Of a network of IPv4 that is written in IPv6 the first 96 bits say only that.
  const surplus = familyOf(host) === family ? 0 : 96;
  list.addSubnet(address, written === undefined ? longest : Math.max(0, Number(written) - surplus), family);
}
