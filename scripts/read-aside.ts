import { Worker } from 'node:worker_threads';
import { ConfigError } from '../src/config/error.ts';
import type { Loaded } from '../src/config/load.ts';

/** What the thread says, once. */
export type ReadWord = { readonly loaded: Loaded } | { readonly problems: readonly string[] };

/**
 * Reads a configuration as `readConfiguration` does, but in a thread of its own: on another core while the daemon's code is
 * loaded on this one, and all that it takes to read one is gone when the daemon is there. Rejects after so many milliseconds,
 * where it is told how many.
 */
export function readAside(file: string, within?: number): Promise<Loaded> {
  const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
  const thread = new Worker(new URL('./configuration-thread.ts', import.meta.url), { workerData: file });
  if (within !== undefined) {
    const late = setTimeout(() => {
      reject(new Error(`it could not be read within ${within / 1000} s: some file that it names does not answer`));
      void thread.terminate();
    }, within);
    thread.once('exit', () => clearTimeout(late));
  }
  thread.on('message', (word: ReadWord) => {
    if ('loaded' in word) resolve(word.loaded);
    else reject(new ConfigError(file, word.problems));
  });
  thread.on('error', reject);
  thread.on('exit', code => reject(new Error(`the thread that reads the configuration ended (${code})`)));
  return promise;
}
