import type { LdapAuthenticatorConfig } from '../../config/schema.ts';
import { type LdapServer, ldapTrouble, openLdap } from '../../connect/ldap.ts';
import type { Asking, ServerNotice, Verdict } from '../authenticate.ts';
import { GIVEN_UP, lateAfter } from '../in-time.ts';
import { AT_ONCE, NoPlace, Places } from '../places.ts';
import { LdapPool, type PoolLimits } from './pool.ts';
import { expectAnswer, isAnswer, outage } from './results.ts';

/** How much a server is asked at once, and for how long it is left alone when it failed, in milliseconds. */
export interface ServerTerms extends PoolLimits {
  /** So many attempts at once, each on a connection of its own. */
  readonly places: number;
  /** For so long another one is asked instead. */
  readonly parking: number;
  /** What one login waits, at most, for all those that are parked. */
  readonly lastResort: number;
  /** Told when one fails, and when it answers again. */
  notify(notice: ServerNotice): void;
}

const TERMS: ServerTerms = {
  parking: 30_000,
  lastResort: 3_000,
  places: AT_ONCE,
  idle: 60_000,
  doubtful: 1_000,
  now: () => performance.now(),
  notify: () => {},
};

/** What is asked of one server over its connections; rejects when that cannot be had from it. */
export type Errand = (pool: LdapPool, asking: Asking) => Promise<Verdict>;

/** What a server says, or why it says nothing: a few words to follow its name. */
type Outcome = Verdict | Failure;
type Failure = { readonly status: 'failing'; readonly why: string };

/** Milliseconds in which nothing can be asked any more. */
const TOO_LITTLE = 10;

/**
 * The servers that hold one directory, in the order in which they are asked. One that fails is parked: it is passed over
 * while any other is left, and tried again in the background, so that no login is spent on finding out that it is back.
 */
export class LdapServers implements AsyncDisposable {
  readonly #servers: readonly Server[];
  readonly #timeout: number;
  readonly #terms: ServerTerms;

  /** `keeps` says whether the next attempt may use the connection of the last one. */
  constructor(config: LdapAuthenticatorConfig, keeps: boolean, terms: Partial<ServerTerms>) {
    const { url, start_tls: startTls, tls, timeout } = config;
    this.#timeout = timeout;
    this.#terms = { ...TERMS, ...terms };
    const isAnySound = () => this.#servers.some(server => !server.isParked);
    const settings = { ...this.#terms, timeout, keeps, isAnySound };
    this.#servers = url.map(url => new Server({ url, startTls, tls }, settings));
  }

  /** What the first that can be asked says; an outage that names each of them when none can. */
  async ask(asking: Asking, errand: Errand): Promise<Verdict> {
    const { now, lastResort } = this.#terms;
    const end = now() + this.#timeout;
    const sound = this.#servers.filter(server => !server.isParked);
    const parked = this.#servers.filter(server => server.isParked);
    if (sound.length > 0) for (const server of parked) server.passOver(asking);
    const outcome = await this.#askInTurn(sound, end, asking, errand);
    if (outcome.status !== 'failing') return outcome;
    const last = await this.#askInTurn(parked, Math.min(end, now() + lastResort), asking, errand);
    if (last.status !== 'failing') return last;
    return { status: 'unavailable', why: [outcome.why, last.why].filter(Boolean).join('; ') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map(server => server[Symbol.asyncDispose]()));
  }

  /** Asks one after the other until one answers; each gets an even share of what is left of the time. */
  async #askInTurn(servers: readonly Server[], end: number, asking: Asking, errand: Errand): Promise<Outcome> {
    const troubles: string[] = [];
    for (const [place, server] of servers.entries()) {
      const share = (end - this.#terms.now()) / (servers.length - place);
      const outcome = this.#named(server, await server.ask(share, asking, errand));
      if (outcome.status !== 'failing') return outcome;
      asking.note?.(outcome.why);
      troubles.push(outcome.why);
    }
    return { status: 'failing', why: troubles.join('; ') };
  }

  /** Where there are several servers, the log is to know which of them is in trouble. */
  #named<Said extends Outcome>(server: Server, outcome: Said): Said {
    const isTrouble = outcome.status === 'failing' || outcome.status === 'unavailable';
    return isTrouble && this.#servers.length > 1 ? { ...outcome, why: `${server.url} ${outcome.why}` } : outcome;
  }
}

interface Parking {
  /** On the clock of the terms. */
  readonly until: number;
  /** What was the trouble, to follow the server's name. */
  readonly why: string;
}

interface ServerSettings extends ServerTerms {
  readonly timeout: number;
  readonly keeps: boolean;
  /** Whether there is a server that is not parked. */
  isAnySound(): boolean;
}

/** One server, its connections, and whether it is parked. */
class Server implements AsyncDisposable {
  readonly #address: LdapServer;
  readonly #settings: ServerSettings;
  readonly #pool: LdapPool;
  readonly #places: Places;
  readonly #closing = new AbortController();
  #parking: Parking | undefined;
  #probing: Promise<void> | undefined;

  constructor(address: LdapServer, settings: ServerSettings) {
    this.#address = address;
    this.#settings = settings;
    this.#pool = new LdapPool(address, settings.keeps, { ...settings, isMistrusted: () => this.isParked });
    this.#places = new Places(settings.places);
  }

  get url(): string {
    return this.#address.url;
  }

  /** So until it has answered again, even if its time is over. */
  get isParked(): boolean {
    return this.#parking !== undefined;
  }

  /** Does not ask it; but when its time is over, begins to find out whether it is back. */
  passOver({ note }: Asking): void {
    if (this.#parking === undefined) return;
    const { until, why } = this.#parking;
    const left = until - this.#settings.now();
    if (left <= 0) this.#probing ??= this.#probe();
    const next = left > 0 ? `not asked for another ${Math.ceil(left / 1000)} s` : 'now probed in the background';
    note?.(`${this.url} is passed over: it ${why}, and is ${next}`);
  }

  /** Asks it, parked or not, for so many milliseconds. When it fails, it is parked. */
  async ask(share: number, asking: Asking, errand: Errand): Promise<Outcome> {
    if (share < TOO_LITTLE) return { status: 'failing', why: this.#notAsked() };
    asking.note?.(`asking ${this.url}`);
    try {
      return await this.#ask(Math.ceil(share), asking, errand);
    } catch (error) {
      if (asking.signal.aborted) return GIVEN_UP;
      // That it is busy with others does not speak against the server.
      if (error instanceof NoPlace) return { status: 'failing', why: error.message };
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#probing;
    await this.#pool[Symbol.asyncDispose]();
  }

  async #ask(timeout: number, asking: Asking, errand: Errand): Promise<Outcome> {
    const late = AbortSignal.timeout(timeout);
    const signal = AbortSignal.any([asking.signal, late]);
    // Free again when the server is parked already, if it is to be: who waits is then sent away, and not to it.
    using _ = await this.#places.take(signal);
    const before = this.#parking;
    try {
      const verdict = await errand(this.#pool, { ...asking, signal });
      this.#unpark(before);
      return verdict;
    } catch (error) {
      if (asking.signal.aborted) return GIVEN_UP;
      if (!isAnswer(error)) return this.#park(late.aborted ? lateAfter(timeout) : ldapTrouble(error));
      this.#unpark(before);
      return outage(error);
    }
  }

  #notAsked(): string {
    return this.#parking
      ? `was not asked again: before, it ${this.#parking.why}`
      : 'was not asked: there was no time left';
  }

  #park(why: string): Failure {
    const { now, parking, notify } = this.#settings;
    if (this.#parking === undefined) notify({ server: this.url, trouble: why });
    this.#parking = { until: now() + parking, why };
    void this.#pool.clear();
    if (this.#settings.isAnySound()) this.#places.sendAway(`failed another login meanwhile: it ${why}`);
    return { status: 'failing', why };
  }

  /** It answered; unless it failed somebody else since. */
  #unpark(before: Parking | undefined): void {
    if (this.#parking === before) this.#answered();
  }

  #answered(): void {
    if (this.#parking !== undefined) this.#settings.notify({ server: this.url });
    this.#parking = undefined;
  }

  async #probe(): Promise<void> {
    const { timeout } = this.#settings;
    const late = AbortSignal.timeout(timeout);
    try {
      await using connection = await openLdap(this.#address, AbortSignal.any([this.#closing.signal, late]));
      await expectAnswer(connection);
      this.#answered();
    } catch (error) {
      this.#park(late.aborted ? lateAfter(timeout) : ldapTrouble(error));
    } finally {
      this.#probing = undefined;
    }
  }
}
