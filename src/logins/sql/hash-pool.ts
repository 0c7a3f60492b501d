import type { Tinypool } from 'tinypool';
import type { Hash } from './hash-compute.ts';
import type { Weighing } from './hash-worker.ts';

/** At 60 ms a hash, as bcrypt takes, that is 30 logins a second, and runs and requests keep a core. */
const THREADS = 2;

/** Milliseconds after which a thread that has nothing to do is ended; the first stays. */
const IDLE = 60_000;

/**
 * The threads in which passwords are compared with hashes, so that neither the event loop nor the threads that look up
 * names and read files wait for it. The first starts with the first hash; none keeps the process alive.
 */
export class HashPool implements AsyncDisposable {
  #pool: Promise<Tinypool> | undefined;
  #closed = false;

  /**
   * Whether a hash is the one of this password. Rejects, with words of our own alone, when that could not be computed, and
   * at once when `signal` aborts: what waits for a thread then needs none, and what is being computed is broken off.
   */
  async compare(hash: Hash, password: string, signal: AbortSignal): Promise<boolean> {
    const weighing: Weighing = { hash, password };
    const pool = await this.#started();
    const same = await pool.run(weighing, { signal }).catch(error => Promise.reject(reworded(error, signal)));
    if (typeof same === 'boolean') return same;
    throw new Error('could not be computed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const pool = await this.#pool;
    await pool?.destroy();
  }

  #started(): Promise<Tinypool> {
    if (this.#closed) throw new Error('is not computed any more: the daemon is stopping');
    this.#pool ??= openPool();
    return this.#pool;
  }
}

async function openPool(): Promise<Tinypool> {
  const { Tinypool } = await import('tinypool');
  const pool = new Tinypool({
    filename: new URL('./hash-worker.ts', import.meta.url).href,
    // One at least: when the last is broken off, it is this by which others that wait get a new one.
    minThreads: 1,
    maxThreads: THREADS,
    idleTimeout: IDLE,
  });
  // A thread that died is replaced, and whoever waited for it is told by the rejection.
  pool.on('error', () => {});
  return pool;
}

/** Why a thread gave no answer: its code, as when it has no memory, but nothing that it wrote. */
function reworded({ code }: NodeJS.ErrnoException, signal: AbortSignal): Error {
  if (signal.aborted) return new Error('was given up');
  return new Error(code ? `could not be computed (${code})` : 'could not be computed');
}
