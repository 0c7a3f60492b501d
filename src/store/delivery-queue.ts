import { isBusy } from '../connect/database-trouble.ts';
import type { Delivery, Store } from './store.ts';

type Queued = Delivery & { readonly id: string };

/** How long to wait before the next try, in milliseconds: a publish holds SQLite's writer for seconds at most. */
const RETRY = 250;

/**
 * After one write, the next comes no sooner, in milliseconds. Each is a wait for the disk, on the thread that answers: when
 * many clients ask at once, their deliveries go together, and writing them takes {@link SHARE} of the time at most, unless
 * they would wait for longer than a second.
 */
const PAUSE = { least: 50, most: 900 };
const SHARE = 0.01;

/** How long the last ones are tried when the queue ends, in milliseconds. */
const LAST_TRIES = 5_000;
/** Deliveries that wait at most: a store that is away for days must not fill the memory. */
const MOST = 10_000;

/** A server that restarts, or two writers that meet. */
const PASSING = /^(ECONN|EPIPE|ETIMEDOUT|PROTOCOL_|ER_LOCK_|ER_SERVER_SHUTDOWN)/;

const mayPass = (error: unknown) => isBusy(error) || PASSING.test(String((error as { code?: unknown }).code));

/**
 * Deliveries on their way into the store. Whoever adds one never waits: while somebody else is writing they queue here,
 * and are tried again.
 */
export class DeliveryQueue implements AsyncDisposable {
  readonly #store: Store;
  readonly #lost: (error: unknown, count: number) => void;
  #queue: Queued[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pausing: NodeJS.Timeout | undefined;
  /** Before that nothing is written again. */
  #next = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> = Promise.resolve();

  /** `lost` is told of deliveries that the store refused for a reason that does not pass. */
  constructor(store: Store, lost: (error: unknown, count: number) => void) {
    this.#store = store;
    this.#lost = lost;
  }

  add(delivery: Queued): void {
    this.#queue.push(delivery);
    this.#flushInTime();
  }

  /** Writes what is left, and gives up what cannot be written for seconds: whoever ends the daemon waits for this. */
  async [Symbol.asyncDispose](): Promise<void> {
    const until = performance.now() + LAST_TRIES;
    clearTimeout(this.#pausing);
    for (;;) {
      this.#flushSoon();
      // What somebody else is just writing may yet come back.
      await this.#writing;
      clearTimeout(this.#timer);
      if (this.#queue.length === 0) return;
      if (performance.now() > until) return this.#lost(new Error('the store was busy to the end'), this.#queue.length);
      await new Promise(resolve => setTimeout(resolve, RETRY));
    }
  }

  #flushSoon(): void {
    this.#writing = this.#writing.then(() => this.#flush());
  }

  /** At once, if nothing was written a moment ago. */
  #flushInTime(): void {
    const left = this.#next - performance.now();
    if (left <= 0) this.#flushSoon();
    else this.#pausing ??= setTimeout(() => this.#endPause(), left);
  }

  #endPause(): void {
    this.#pausing = undefined;
    this.#flushSoon();
  }

  async #flush(): Promise<void> {
    const some = this.#queue;
    if (some.length === 0) return;
    this.#queue = [];
    const began = performance.now();
    this.#next = began + PAUSE.least;
    try {
      await this.#store.deliveries.add(some);
      const took = performance.now() - began;
      this.#next = began + Math.min(Math.max(took / SHARE, PAUSE.least), PAUSE.most);
    } catch (error) {
      if (!mayPass(error) || this.#queue.length > MOST) return this.#lost(error, some.length);
      this.#queue = [...some, ...this.#queue];
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#flushSoon(), RETRY);
    }
  }
}
