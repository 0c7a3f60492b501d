/** Below so many accounts it is a bad day at the keyboard. */
const ACCOUNTS = 30;
/** And below this share of all who tried, of many people some always mistype and give up; but never above so many. */
const SHARE = 0.1;
const ACCOUNTS_IN_ANY_CASE = 200;
/** Milliseconds in which they are counted. */
const WITHIN = 10 * 60_000;
/** Names that are remembered, of about 100 bytes each: whoever tries more has long been noticed. */
const MOST = 50_000;

/** How many accounts logins fail for, and how many were tried at all, within some milliseconds. */
export interface Spike {
  readonly failing: number;
  readonly tried: number;
  readonly within: number;
}

interface Last {
  readonly at: number;
  readonly failed: boolean;
}

/**
 * Notices when logins fail for many people at once, as when somebody tries one password on every account they know of. An
 * account counts while its last attempt failed: who mistypes and then gets in does not. It only tells; nobody is locked out.
 */
export class SprayWatch {
  readonly #now: () => number;
  /** The last attempt on each account, oldest first. */
  readonly #last = new Map<string, Last>();
  #failing = 0;
  #alarmed = false;

  /** `now` gives milliseconds on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts one attempt; a spike when it is the one by which a spike begins, which is told once until it is over. */
  note(username: string, failed: boolean): Spike | undefined {
    this.#drop(username);
    this.#last.set(username, { at: this.#now(), failed });
    if (failed) this.#failing += 1;
    this.#forget();
    const spike = { failing: this.#failing, tried: this.#last.size, within: WITHIN };
    // Half of it ends it, so that one that swings about the limit is told once.
    const usual = Math.min(SHARE * spike.tried, ACCOUNTS_IN_ANY_CASE);
    const limit = Math.max(ACCOUNTS, usual) * (this.#alarmed ? 0.5 : 1);
    const begins = !this.#alarmed && this.#failing >= limit;
    this.#alarmed = this.#failing >= limit;
    return begins ? spike : undefined;
  }

  #drop(username: string): void {
    if (this.#last.get(username)?.failed) this.#failing -= 1;
    this.#last.delete(username);
  }

  #forget(): void {
    const since = this.#now() - WITHIN;
    for (const [username, { at }] of this.#last) {
      if (at > since && this.#last.size <= MOST) return;
      this.#drop(username);
    }
  }
}
