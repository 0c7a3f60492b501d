import { isBusy } from './sqlite.ts';
import type { Delivery, Store } from './store.ts';

type Queued = Delivery & { readonly id: string };

/** How long to wait before the next try, in milliseconds: a publish holds SQLite's writer for seconds at most. */
const RETRY = 250;

/**
 * Deliveries on their way into the store. Whoever adds one never waits: while somebody else is writing they queue here,
 * and are tried again.
 */
export class DeliveryQueue implements AsyncDisposable {
  readonly #store: Store;
  readonly #lost: (error: unknown, count: number) => void;
  #queue: Queued[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `lost` is told of deliveries that the store refused for another reason than being busy. */
  constructor(store: Store, lost: (error: unknown, count: number) => void) {
    this.#store = store;
    this.#lost = lost;
  }

  add(delivery: Queued): void {
    this.#queue.push(delivery);
    this.#flushSoon();
  }

  /** Writes what is left, for as long as it takes. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (;;) {
      this.#flushSoon();
      // What somebody else is just writing may yet come back.
      await this.#writing;
      clearTimeout(this.#timer);
      if (this.#queue.length === 0) return;
      await new Promise(resolve => setTimeout(resolve, RETRY));
    }
  }

  #flushSoon(): void {
    this.#writing = this.#writing.then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const some = this.#queue;
    if (some.length === 0) return;
    this.#queue = [];
    try {
      await this.#store.deliveries.add(some);
    } catch (error) {
      if (!isBusy(error)) return this.#lost(error, some.length);
      this.#queue = [...some, ...this.#queue];
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#flushSoon(), RETRY);
    }
  }
}
