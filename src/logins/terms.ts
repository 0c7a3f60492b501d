import { isDeepStrictEqual } from 'node:util';
import type { AuthenticatorConfig, Config } from '../config/schema.ts';
import type { Authenticator, ServerNotice, Throttle } from './authenticate.ts';
import { openCounters } from './counters.ts';
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

interface Terms extends AsyncDisposable {
  readonly config: LoginConfig;
  readonly chain: readonly Authenticator[];
  readonly throttle: Throttle;
}

/** The chain and the throttle by which logins are decided now; another configuration may bring others. */
export class LoginTerms implements AsyncDisposable {
  readonly #parts: TermsParts;
  #terms: Terms;
  /** Those of before, while somebody may still wait for what they say. */
  readonly #leaving = new Map<Terms, NodeJS.Timeout>();

  private constructor(parts: TermsParts, terms: Terms) {
    this.#parts = parts;
    this.#terms = terms;
  }

  static async open(config: LoginConfig, parts: TermsParts): Promise<LoginTerms> {
    return new LoginTerms(parts, await openTerms(config, parts));
  }

  get chain(): readonly Authenticator[] {
    return this.#terms.chain;
  }

  get throttle(): Throttle {
    return this.#terms.throttle;
  }

  /** Decides by another configuration from the next login on. Where it says the same, all stays, and what was counted too. */
  async change(config: LoginConfig): Promise<void> {
    const old = this.#terms;
    if (isDeepStrictEqual(decisive(old.config), decisive(config))) return;
    this.#terms = await openTerms(config, this.#parts);
    // After that nobody waits for an answer any more.
    const timer = setTimeout(() => void this.#end(old), LOGIN_DEADLINE);
    this.#leaving.set(old, timer.unref());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#leaving.keys(), this.#terms].map(terms => this.#end(terms)));
  }

  async #end(terms: Terms): Promise<void> {
    clearTimeout(this.#leaving.get(terms));
    this.#leaving.delete(terms);
    await terms[Symbol.asyncDispose]();
  }
}

const decisive = ({ authenticate, throttle }: LoginConfig) => ({ authenticate, throttle });

async function openTerms(config: LoginConfig, { notify, unlockedAt, now }: TermsParts): Promise<Terms> {
  await using stack = new AsyncDisposableStack();
  const chain = (await openAuthenticators(config.authenticate, notify)).map(authenticator => stack.use(authenticator));
  const counters = stack.use(await openCounters(config.store, config.throttle));
  const throttle = new LoginThrottle({ counters, unlockedAt, now });
  const owned = stack.move();
  return { config, chain, throttle, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
