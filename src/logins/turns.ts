/** Lets one after the other do something, by name, in the order in which they asked. */
export class Turns {
  /** By name, when whoever asked last will have had their turn. */
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for a turn, which ends when it is disposed of; undefined when `signal` aborts before it comes. */
  async take(name: string, signal: AbortSignal): Promise<Disposable | undefined> {
    const before = this.#last.get(name);
    const own = Promise.withResolvers<void>();
    const over = before ? before.then(() => own.promise) : own.promise;
    this.#last.set(name, over);
    void over.then(() => {
      if (this.#last.get(name) === over) this.#last.delete(name);
    });
    const came = before === undefined || (await isFirst(before, signal));
    // Whoever is behind waits for those before us all the same.
    if (!came) own.resolve();
    return came ? { [Symbol.dispose]: own.resolve } : undefined;
  }
}

/** Whether a promise settles before the signal aborts. */
async function isFirst(work: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const give = () => resolve(false);
  signal.addEventListener('abort', give, { once: true });
  void work.then(() => resolve(true));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', give);
  }
}
