import { parseArgs } from 'node:util';
import type { StoreEngine } from './house.ts';

/** What `npm run bench` is asked for. */
export interface BenchOptions {
  /** How many people, in rising order. */
  readonly sizes: readonly number[];
  /** Names of rows; of all but the long ones where it is empty. */
  readonly only: readonly string[];
  readonly engine: StoreEngine;
  /** Where CPU profiles of runs are written. */
  readonly profile: string | undefined;
}

/** A command line that makes no sense; the message says what to write. */
export class BenchUsageError extends Error {
  override readonly name = 'BenchUsageError';
}

export function readOptions(args: readonly string[], rows: readonly string[]): BenchOptions {
  const { size, only, store, profile } = valuesIn(args);
  const wrong = only.find(name => !rows.includes(name));
  if (wrong !== undefined) {
    throw new BenchUsageError(`--only ${wrong}: there is no such row; there are ${rows.join(', ')}`);
  }
  if (store !== 'sqlite' && store !== 'mysql') throw new BenchUsageError(`--store ${store}: write sqlite or mysql`);
  const sizes = size.split(',').map(peopleIn);
  return { sizes: [...new Set(sizes)].sort((a, b) => a - b), only, engine: store, profile };
}

function valuesIn(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        size: { type: 'string', default: '10k,100k' },
        only: { type: 'string', default: '' },
        store: { type: 'string', default: 'sqlite' },
        profile: { type: 'string' },
      },
    });
    return { ...values, only: values.only.split(',').filter(name => name !== ''), profile: values.profile };
  } catch (error) {
    throw new BenchUsageError(
      `${(error as Error).message.split('. ')[0]}; there are --size, --only, --store, --profile`,
    );
  }
}

/** As few people as make a tree of departments and a change of one in a hundred. */
const LEAST = 200;

/** `10k`, `1m`, `300`. */
function peopleIn(text: string): number {
  const [, digits, unit = ''] = text.toLowerCase().match(/^(\d+)([km]?)$/) ?? [];
  const size = Number(digits) * { '': 1, k: 1000, m: 1_000_000 }[unit as '' | 'k' | 'm'];
  if (size >= LEAST) return size;
  throw new BenchUsageError(`--size ${text}: write numbers of people from ${LEAST} on, like 10k,100k,1m`);
}
