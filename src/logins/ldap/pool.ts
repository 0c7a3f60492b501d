import { setImmediate } from 'node:timers/promises';
import { ResultCodeError } from 'ldapts';
import { connectLdap, type LdapConnection, type LdapServer } from '../../connect/ldap.ts';
import type { Asking } from '../authenticate.ts';
import { expectAnswer } from './results.ts';

/** For how long connections are kept that nobody uses, in milliseconds. */
export interface PoolLimits {
  /** Shorter than a firewall remembers a connection without traffic. */
  readonly idle: number;
  /** After so long a kept connection is first asked something harmless: it may be broken, and nobody have told us. */
  readonly doubtful: number;
  /** A clock that never goes back. */
  readonly now: () => number;
}

interface PoolSettings extends PoolLimits {
  /** Whether the server has not answered of late: then it is asked something harmless first, and a password only after that. */
  isMistrusted(): boolean;
}

/** A connection that nobody else uses. Disposing of it closes it, unless it is to be kept. */
export interface Lease<Opened> extends Disposable {
  readonly connection: LdapConnection;
  /** What `open` gave. */
  readonly opened: Opened;
  /** Has it kept for the next one: for when nothing went wrong, and nothing is under way on it. */
  keep(): void;
}

/** What an attempt does first on its connection. It may be done twice, so it must not send the person's password. */
export type Open<Opened> = (connection: LdapConnection) => Promise<Opened>;

/** A connection that waits for the next attempt. */
interface Kept {
  readonly connection: LdapConnection;
  readonly since: number;
  readonly ending: NodeJS.Timeout;
}

/**
 * The connections to one server, each used by one attempt at a time. They are kept for the next one where `keeps` says so,
 * but never after StartTLS. Disposing of it closes those that are kept, and what is in use when that ends.
 */
export class LdapPool implements AsyncDisposable {
  readonly #server: LdapServer;
  readonly #settings: PoolSettings;
  #keeps: boolean;
  /** Used from the end, so that those which are not needed grow old. */
  #kept: readonly Kept[] = [];

  constructor(server: LdapServer, keeps: boolean, settings: PoolSettings) {
    this.#server = server;
    this.#keeps = keeps && !server.startTls;
    this.#settings = settings;
  }

  /**
   * A connection on which `open` has done its work, and which breaks when the signal aborts. A kept one that turns out
   * broken is no trouble: then it is a fresh one.
   */
  async lend<Opened>(asking: Asking, open: Open<Opened>): Promise<Lease<Opened>> {
    return (await this.#openKept(asking, open)) ?? (await this.#openFresh(asking, open));
  }

  /** Closes the connections that nobody uses. */
  async clear(): Promise<void> {
    const kept = this.#kept;
    this.#kept = [];
    await Promise.all(kept.map(close));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keeps = false;
    await this.clear();
  }

  async #openFresh<Opened>(asking: Asking, open: Open<Opened>): Promise<Lease<Opened>> {
    const connection = await connectLdap(this.#server, asking.signal);
    asking.note?.(`connected, ${connection.encryption}`);
    return await this.#open(connection, asking, async () => {
      if (this.#settings.isMistrusted()) await expectAnswer(connection);
      return await open(connection);
    });
  }

  async #openKept<Opened>(asking: Asking, open: Open<Opened>): Promise<Lease<Opened> | undefined> {
    const kept = await this.#takeKept();
    if (kept === undefined) return undefined;
    const { connection, since } = kept;
    asking.note?.(`a connection from before is used again, ${connection.encryption}`);
    try {
      return await this.#open(connection, asking, async () => {
        const isOld = this.#settings.now() - since > this.#settings.doubtful;
        if (isOld || this.#settings.isMistrusted()) await expectAnswer(connection);
        return await open(connection);
      });
    } catch (error) {
      if (error instanceof ResultCodeError || asking.signal.aborted) throw error;
      asking.note?.('that connection is broken, which happens while nobody uses it; a new one is made');
      return undefined;
    }
  }

  async #open<Opened>(connection: LdapConnection, { signal }: Asking, open: Open<Opened>): Promise<Lease<Opened>> {
    using opening = new DisposableStack();
    let isToKeep = false;
    opening.defer(() => this.#end(connection, isToKeep));
    opening.use(connection.breakAt(signal));
    const opened = await open(connection);
    const owned = opening.move();
    const keep = () => {
      isToKeep = true;
    };
    return { connection, opened, keep, [Symbol.dispose]: () => owned.dispose() };
  }

  async #takeKept(): Promise<Kept | undefined> {
    if (this.#kept.length === 0) return undefined;
    // What the server has said since, above all that it closes, is heard between the two.
    await setImmediate();
    await setImmediate();
    const kept = this.#kept.findLast(({ connection }) => connection.isOpen);
    if (kept === undefined) return undefined;
    this.#forget(kept);
    kept.connection.setIdle(false);
    return kept;
  }

  #end(connection: LdapConnection, isToKeep: boolean): void {
    if (!isToKeep || !this.#keeps || !connection.isOpen) return void connection[Symbol.asyncDispose]();
    connection.setIdle(true);
    const ending = setTimeout(() => {
      this.#forget(kept);
      void close(kept);
    }, this.#settings.idle).unref();
    const kept: Kept = { connection, since: this.#settings.now(), ending };
    this.#kept = [...this.#kept, kept];
  }

  #forget(kept: Kept): void {
    clearTimeout(kept.ending);
    this.#kept = this.#kept.filter(one => one !== kept);
  }
}

async function close({ connection, ending }: Kept): Promise<void> {
  clearTimeout(ending);
  await connection[Symbol.asyncDispose]();
}
