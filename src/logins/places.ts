import { addAbortListener } from 'node:events';

/** Why somebody got no place, in words to follow the name of what they waited for. */
export class NoPlace extends Error {
  override readonly name = 'NoPlace';
}

/** How many passwords are tried with one server at once, each on a connection of its own: it has others to serve. */
export const AT_ONCE = 16;

/** So many places where something can be done at once. Who comes when all are taken waits in line. */
export class Places {
  readonly #count: number;
  #taken = 0;
  readonly #line = new Set<PromiseWithResolvers<void>>();

  constructor(count: number) {
    this.#count = count;
  }

  /** Waits for a place, which is free again when it is disposed of; rejects with `NoPlace` if `signal` aborts before. */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#taken < this.#count) this.#taken += 1;
    else await this.#wait(signal);
    return { [Symbol.dispose]: () => this.#give() };
  }

  /** Lets nobody wait any longer who does now. */
  sendAway(why: string): void {
    for (const waiting of this.#line) waiting.reject(new NoPlace(why));
    this.#line.clear();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#line.add(waiting);
    using _ = addAbortListener(signal, () => {
      // At once: a place that is given to somebody who left would be lost.
      this.#line.delete(waiting);
      waiting.reject(new NoPlace(`was busy with ${this.#count} other logins all the time`));
    });
    await waiting.promise;
  }

  /** The place goes to whoever waits longest, without being free in between. */
  #give(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#line.delete(next);
    next.resolve();
  }
}
