import { addAbortListener, once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Client, DN, type Entry, ResultCodeError } from 'ldapts';
import type { TlsConfig } from '../config/connections.ts';
import { tlsOptions } from './tls.ts';
import { troubleOf } from './trouble.ts';

/** Where a directory server is and how to talk to it. */
export interface LdapServer {
  /** `ldap://host[:port]` or `ldaps://host[:port]`. */
  readonly url: string;
  /** Whether to ask an `ldap://` server for TLS before anything else. */
  readonly startTls: boolean;
  readonly tls: TlsConfig | undefined;
}

/** What to look for: everything below `base` that `filter` fits. */
export interface LdapSearch {
  readonly base: string;
  readonly filter: string;
  readonly attributes: readonly string[];
}

/**
 * A new connection to `server`, encrypted if its settings say so and never otherwise a fall back to plain text. When
 * `signal` aborts, while it opens or later, the connection breaks and whatever waits for it rejects; it has no other
 * time-out.
 */
export async function openLdap(server: LdapServer, signal: AbortSignal): Promise<LdapConnection> {
  const connection = await connectLdap(server, signal);
  connection.breakAt(signal);
  return connection;
}

/** As `openLdap`, for a connection that outlives the signal: once it is open, that counts no more. */
export async function connectLdap(server: LdapServer, signal: AbortSignal): Promise<LdapConnection> {
  const socket = connectTcp({ ...addressOf(server.url), noDelay: true });
  using _ = breakSocketAt(signal, socket);
  await ready(socket, 'connect');
  if (!isEncrypted(server)) return new LdapConnection(socket, 'not encrypted');
  try {
    if (server.startTls) await startTls(socket);
    const secure = await encrypt(socket, server, signal);
    return new LdapConnection(secure, encryptionOf(secure));
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * An open connection to a directory server. It is never opened again: one that broke rejects, because ldapts by itself
 * would connect anew and go on as anonymous. Referrals are not followed. Disposing of it closes it.
 */
export class LdapConnection implements AsyncDisposable {
  /** For a log: the version of TLS, whose the server's certificate is and when it ends. */
  readonly encryption: string;
  readonly #client: Client;
  readonly #socket: Socket;

  constructor(socket: Socket, encryption: string) {
    this.encryption = encryption;
    this.#socket = socket;
    this.#client = clientOver(socket);
  }

  /** Whether neither side has closed it, as far as was heard. */
  get isOpen(): boolean {
    return this.#socket.readyState === 'open';
  }

  /** Breaks the connection when `signal` aborts, and whatever waits for it rejects; until the result is disposed of. */
  breakAt(signal: AbortSignal): Disposable {
    return breakSocketAt(signal, this.#socket);
  }

  /** Lets the process end while nothing but this connection is open, or keeps it from that again. */
  setIdle(idle: boolean): void {
    if (idle) this.#socket.unref();
    else this.#socket.ref();
  }

  /** Proves by a simple bind that the password is that of `name`; rejects with ldapts' `ResultCodeError` when it is not. */
  async bind(name: string, password: string): Promise<void> {
    // A server may accept both as an anonymous bind (RFC 4513, 5.1.1 and 5.1.2), which proves nothing.
    if (name === '' || password === '') throw new Error('would be asked to bind without a name or without a password');
    await this.#answer(this.#client.bind(new BindName(name), password));
  }

  /** All entries that fit, in no order; rejects when the server gives no more than a part of them. */
  async search({ base, filter, attributes }: LdapSearch): Promise<Entry[]> {
    // With a size limit of our own, ldapts would not tell a part from the whole.
    const found = await this.#answer(this.#client.search(base, { filter, attributes: [...attributes] }));
    return found.searchEntries;
  }

  /**
   * Asks what the server tells anybody of itself (the root DSE). A server that stands still takes connections all the
   * same; only an answer shows that it lives.
   */
  async readRoot(): Promise<void> {
    await this.#answer(this.#client.search('', { scope: 'base', filter: '(objectClass=*)', attributes: ['1.1'] }));
  }

  /** The socket, for whoever goes on with messages of their own; from then on this is only good for closing. */
  detach(): Socket {
    // Else ldapts would read along, and make text for a log of each message that is none of its own.
    return this.#socket.removeAllListeners('data');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.unbind().catch(() => {});
    this.#socket.destroy();
  }

  /** ldapts wraps what broke the connection into texts about its messages; here the cause itself comes out. */
  async #answer<Result>(asked: Promise<Result>): Promise<Result> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof ResultCodeError || !this.#socket.destroyed) throw error;
      throw this.#socket.errored ?? new Error('closed the connection before it answered', { cause: error });
    }
  }
}

/** A name to bind with as it stands. Of strings, ldapts takes `EXTERNAL`, `PLAIN` and the like for SASL mechanisms. */
class BindName extends DN {
  readonly #text: string;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  override toString(): string {
    return this.#text;
  }
}

/** An ldapts client that talks over this socket, once. */
function clientOver(socket: Socket): Client {
  const createConnection = () => {
    if (socket.readyState !== 'open') throw new Error('closed the connection before it was asked');
    return socket;
  };
  // Always "ldap", whatever the socket: for "ldaps" ldapts would put a TLS of its own around it. The host goes unused.
  return new Client({ url: 'ldap://socket', createConnection });
}

function isEncrypted(server: LdapServer): boolean {
  return server.startTls || server.url.startsWith('ldaps:');
}

/** The host, without the brackets of an IPv6 address, and the port of an LDAP URL. */
function addressOf(url: string): { host: string; port: number } {
  const { protocol, hostname, port } = new URL(url);
  const usual = protocol === 'ldaps:' ? 636 : 389;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? usual : Number(port) };
}

function breakSocketAt(signal: AbortSignal, socket: Socket): Disposable {
  const giveUp = () => socket.destroy(new Error('the wait was given up', { cause: signal.reason }));
  return addAbortListener(signal, giveUp);
}

/**
 * Asks for TLS on a plain connection (RFC 4511, 4.14). The client that asks is not used again: what came in behind the
 * server's answer came in the clear, and must not be read as if it were said under TLS.
 */
async function startTls(socket: Socket): Promise<void> {
  try {
    await clientOver(socket).exop('1.3.6.1.4.1.1466.20037');
  } catch (error) {
    if (!(error instanceof ResultCodeError)) throw socket.errored ?? error;
    throw new Error(`refuses StartTLS (result code ${error.code}); it may want ldaps:// instead`, { cause: error });
  }
  socket.removeAllListeners('data');
}

async function encrypt(socket: Socket, { url, tls = {} }: LdapServer, signal: AbortSignal): Promise<TLSSocket> {
  const host = tls.server_name ?? addressOf(url).host;
  // A certificate may be for an IP address, but TLS does not let us ask for one by it.
  const name = isIP(host) ? {} : { servername: host };
  const secure = connectTls({ ...tlsOptions(tls), ...name, host, socket });
  using _ = breakSocketAt(signal, secure);
  return await ready(secure, 'secureConnect');
}

function encryptionOf(socket: TLSSocket): string {
  const certificate = socket.getPeerX509Certificate();
  const subject = (certificate?.subject ?? certificate?.subjectAltName ?? 'nobody').replaceAll('\n', ', ');
  return `encrypted with ${socket.getProtocol()}; the certificate is of ${subject}, until ${certificate?.validTo}`;
}

/** The socket once it has emitted `event`; one that fails destroys itself. */
async function ready<Stream extends Socket>(socket: Stream, event: string): Promise<Stream> {
  // What breaks it between two requests is found by the next one.
  socket.on('error', () => {});
  await once(socket, event);
  return socket;
}

/** What kept a directory server from answering, for the log: a few words to follow the server's name. */
export function ldapTrouble(error: unknown): string {
  return error instanceof ResultCodeError ? resultOf(error) : troubleOf(error);
}

/** `answered NoSuchObject (result code 32)`, and what the server says to it on one line; Active Directory adds a NUL. */
function resultOf({ name, code, message }: ResultCodeError): string {
  const said = message
    .replace(/ ?Code: 0x[0-9a-f]+$/, '')
    .replace(/[\0-\x1f]+/g, ' ')
    .trim()
    .slice(0, 200);
  return `answered ${name.replace(/Error$/, '')} (result code ${code})${said && `: ${said}`}`;
}
