import { parentPort, workerData } from 'node:worker_threads';
import { ConfigError } from '../src/config/error.ts';
import { readConfiguration } from '../src/configuration.ts';
import type { ReadWord } from './read-aside.ts';

/** The thread that reads a configuration for `readAside`, and ends with that. */

const say = (word: ReadWord) => parentPort?.postMessage(word);

try {
  say({ loaded: await readConfiguration(String(workerData), process.env) });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  say({ problems: error.problems });
}
