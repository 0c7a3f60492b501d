import { isDeepStrictEqual } from 'node:util';
import type { AuthenticatorConfig, Config } from '../config/schema.ts';
import type { Authenticator, ServerNotice, Throttle } from './authenticate.ts';
import { type Counters, openCounters } from './counters.ts';
import { openAuthenticators } from './open.ts';
import { LOGIN_DEADLINE } from './service.ts';
import { LoginThrottle, type ThrottleParts } from './throttle.ts';

/** What decides about logins, of a configuration. */
interface LoginConfig extends Pick<Config, 'throttle' | 'store'> {
  readonly authenticate: readonly AuthenticatorConfig[];
}

export interface TermsParts extends Pick<ThrottleParts, 'unlockedAt' | 'now'> {
  /** Told of directory servers that fail, and of those that are back. */
  notify(notice: ServerNotice): void;
}

/** What a configuration's `authenticate` comes to. */
interface Chain {
  readonly config: readonly AuthenticatorConfig[];
  readonly authenticators: readonly Authenticator[];
}

/**
 * The chain and the throttle by which logins are decided now; another configuration may bring other ones. What counts
 * against somebody stays whatever changes: forgotten here, it would be tried again at a directory that goes on counting.
 */
export class LoginTerms implements AsyncDisposable {
  readonly throttle: Throttle;
  readonly #counters: Counters;
  readonly #notify: TermsParts['notify'];
  #chain: Chain;
  /** Those of before, while somebody may still wait for what they say. */
  readonly #leaving = new Map<Chain, NodeJS.Timeout>();

  private constructor(counters: Counters, chain: Chain, { notify, unlockedAt, now }: TermsParts) {
    this.#counters = counters;
    this.#chain = chain;
    this.#notify = notify;
    this.throttle = new LoginThrottle({ counters, unlockedAt, now });
  }

  static async open(config: LoginConfig, parts: TermsParts): Promise<LoginTerms> {
    const chain = await openChain(config.authenticate, parts.notify);
    return new LoginTerms(await openCounters(config.store, config.throttle), chain, parts);
  }

  get chain(): readonly Authenticator[] {
    return this.#chain.authenticators;
  }

  /** Decides by another configuration from the next login on. A chain that is the same keeps its connections. */
  async change({ authenticate, throttle }: LoginConfig): Promise<void> {
    const old = this.#chain;
    if (!isDeepStrictEqual(old.config, authenticate)) {
      this.#chain = await openChain(authenticate, this.#notify);
      // After that nobody waits for an answer any more.
      const timer = setTimeout(() => void this.#end(old), LOGIN_DEADLINE);
      this.#leaving.set(old, timer.unref());
    }
    this.#counters.adjust(throttle);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#leaving.keys(), this.#chain].map(chain => this.#end(chain)));
    await this.#counters[Symbol.asyncDispose]();
  }

  /** Never rejects: a directory that does not let go is no trouble of those who log in. */
  async #end(chain: Chain): Promise<void> {
    clearTimeout(this.#leaving.get(chain));
    this.#leaving.delete(chain);
    await Promise.allSettled(chain.authenticators.map(one => one[Symbol.asyncDispose]()));
  }
}

const openChain = async (config: readonly AuthenticatorConfig[], notify: TermsParts['notify']): Promise<Chain> => ({
  config,
  authenticators: await openAuthenticators(config, notify),
});
