import { type Attempt, type LoginResult, type Throttle, unweighed } from './authenticate.ts';
import type { Counters } from './counters.ts';
import { RecentRefusals } from './recent-refusals.ts';

export interface ThrottleParts {
  readonly counters: Counters;
  /** When an administrator last let somebody try again; undefined when nobody did of late. */
  unlockedAt(username: string): Promise<Date | undefined>;
  /** Milliseconds on a clock that never goes back. */
  now(): number;
}

/**
 * Keeps passwords from being tried on one account so often that its directory locks it: after a few wrong ones, every
 * other is refused for a while without being tried, even the right one. Attempts on one account have to be made one after
 * the other, as the service does: else a right one might find all tries taken by others that are under way.
 */
export class LoginThrottle implements Throttle {
  readonly #parts: ThrottleParts;
  readonly #recent: RecentRefusals;

  constructor(parts: ThrottleParts) {
    this.#parts = parts;
    this.#recent = new RecentRefusals(parts.now);
  }

  /** What `ask` comes to, or a refusal without asking; an outage when what counts against somebody cannot be told. */
  async attempt(attempt: Attempt, ask: () => Promise<LoginResult>): Promise<LoginResult> {
    if (this.#recent.has(attempt)) return unweighed('the same wrong password as within the last minute');
    try {
      const held = await this.#take(attempt.username);
      if (held) return unweighed(held);
    } catch (error) {
      return unavailable(`what counts against them cannot be read: ${(error as Error).message}`);
    }
    return await this.#settle(attempt, await ask());
  }

  /** Takes one of the tries that are left; or says why there is none. */
  async #take(username: string): Promise<string | undefined> {
    const { counters, unlockedAt } = this.#parts;
    const first = await counters.take(username);
    if (first.taken) return undefined;
    const unlocked = await unlockedAt(username);
    if (unlocked === undefined || unlocked < first.since) return held(first.since);
    await counters.clear(username);
    const second = await counters.take(username);
    return second.taken ? undefined : held(second.since);
  }

  /** A try that cannot be settled stays taken, so that it counts rather than not. */
  async #settle(attempt: Attempt, result: LoginResult): Promise<LoginResult> {
    try {
      await this.#count(attempt, result);
      return result;
    } catch (error) {
      if (result.status === 'accepted') return result;
      return { ...result, why: `${result.why}; and it could not be counted: ${(error as Error).message}` };
    }
  }

  async #count(attempt: Attempt, result: LoginResult): Promise<void> {
    const { counters } = this.#parts;
    const { username } = attempt;
    if (result.status === 'accepted') return await counters.clear(username);
    const isWrong = result.status === 'refused' && result.weighed;
    if (isWrong) this.#recent.add(attempt);
    // A directory that does not answer in time may refuse the password all the same, and count that.
    const failures = (isWrong ? 1 : 0) + (result.unanswered ?? 0);
    if (failures === 0) return await counters.giveBack(username);
    for (let more = failures - 1; more > 0; more -= 1) await counters.take(username);
    await counters.keep(username);
  }
}

const unavailable = (why: string): LoginResult => ({ status: 'unavailable', why });

const held = (since: Date) =>
  `too many wrong passwords, the last at ${since.toISOString()}; "rosterd unlock" lets them try again at once`;
