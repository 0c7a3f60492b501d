import { readdirSync } from 'node:fs';
import { openHouse } from './house.ts';
import { slope } from './statistics.ts';

const MIB = 1024 * 1024;

/** How the process stands after so many runs. */
export interface Sample {
  readonly run: number;
  /** In MiB: of the whole process, and of the main thread's objects. */
  readonly rss: number;
  readonly heap: number;
  /** Open file descriptors. */
  readonly files: number;
}

export interface EnduranceOptions {
  readonly runs: number;
  readonly people: number;
  /** The superuser's address of the database server. */
  readonly server: string;
  /** Told of each sample, of which there are about twenty. */
  onSample(sample: Sample): void;
}

/** Makes one run after the other in this process, each with one person in a hundred changed. */
export async function endure({ runs, people, server, onSample }: EnduranceOptions): Promise<Sample[]> {
  await using house = await openHouse({ server, engine: 'sqlite' }, people);
  const every = Math.max(1, Math.round(runs / 20));
  const samples: Sample[] = [];
  for (let run = 1; run <= runs; run += 1) {
    await house.tables.change();
    await house.runs.make('published');
    if (run % every !== 0) continue;
    const sample = sampleAfter(run);
    samples.push(sample);
    onSample(sample);
  }
  return samples;
}

function sampleAfter(run: number): Sample {
  const { rss, heapUsed } = process.memoryUsage();
  return { run, rss: rss / MIB, heap: heapUsed / MIB, files: readdirSync('/proc/self/fd').length };
}

/** How much more there is with each hundred runs, once it is warm. */
export interface Growth {
  /** In MiB. */
  readonly rss: number;
  readonly files: number;
}

/** The share of the samples that are the warm-up. */
const WARM_UP = 0.25;

export function growthIn(samples: readonly Sample[]): Growth {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const perHundred = (what: keyof Growth) => slope(warm.map(sample => ({ x: sample.run / 100, y: sample[what] })));
  return { rss: perHundred('rss'), files: perHundred('files') };
}

/** What a hundred runs may leave behind: next to nothing, and no file that stays open. */
const LIMITS: Growth = { rss: 1, files: 0.5 };

export const keepsGrowing = ({ rss, files }: Growth): boolean => rss > LIMITS.rss || files > LIMITS.files;
