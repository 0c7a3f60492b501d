import { createHmac, randomBytes } from 'node:crypto';
import type { Attempt } from './authenticate.ts';

/** For so long the same wrong password is not tried again; milliseconds, from the specification. */
const REMEMBERED = 60_000;
/** So many at the most, of about 150 bytes each. Whoever gives more wrong passwords a minute has them tried. */
const MOST = 100_000;

/**
 * Wrong passwords of the last minute. A device that keeps trying an old password must not use up what its owner has
 * left. Of each there is only a hash with a key that this process made and nobody else knows.
 */
export class RecentRefusals {
  readonly #key = randomBytes(32);
  /** When each was refused, oldest first. */
  readonly #refused = new Map<string, number>();
  readonly #now: () => number;

  /** `now` gives milliseconds on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  has(attempt: Attempt): boolean {
    const at = this.#refused.get(this.#mark(attempt));
    return at !== undefined && at > this.#now() - REMEMBERED;
  }

  add(attempt: Attempt): void {
    const mark = this.#mark(attempt);
    this.#refused.delete(mark);
    this.#refused.set(mark, this.#now());
    this.#forget();
  }

  #forget(): void {
    const since = this.#now() - REMEMBERED;
    for (const [mark, at] of this.#refused) {
      if (at > since && this.#refused.size <= MOST) return;
      this.#refused.delete(mark);
    }
  }

  /** Neither of the two has a NUL in it, so that no pair looks like another. */
  #mark({ username, password }: Attempt): string {
    return createHmac('sha256', this.#key).update(`${username}\0${password}`).digest('base64');
  }
}
