import { Worker } from 'node:worker_threads';
import { ConfigError } from '../src/config/error.ts';
import type { Loaded } from '../src/config/load.ts';

/** What the thread says, once. */
export type ReadWord = { readonly loaded: Loaded } | { readonly problems: readonly string[] };

/**
 * Reads a configuration as `readConfiguration` does, but in a thread of its own: on another core while the daemon's code is
 * loaded on this one, and all that it takes to read one is gone when the daemon is there.
 */
export function readAside(file: string): Promise<Loaded> {
  const { promise, resolve, reject } = Promise.withResolvers<Loaded>();
  const thread = new Worker(new URL('./configuration-thread.ts', import.meta.url), { workerData: file });
  thread.on('message', (word: ReadWord) => {
    if ('loaded' in word) resolve(word.loaded);
    else reject(new ConfigError(file, word.problems));
  });
  thread.on('error', reject);
  thread.on('exit', code => reject(new Error(`the thread that reads the configuration ended (${code})`)));
  return promise;
}
