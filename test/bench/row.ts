import type { Daemon } from './daemon.ts';
import type { Finding, Target } from './finding.ts';
import type { House, Settings, StoreEngine } from './house.ts';

/** One thing that is measured. */
export interface Row {
  /** As `--only` has it. */
  readonly name: string;
  /** Whether it is measured at each size, at the largest alone, or has nothing to do with how many people there are. */
  readonly sizes: 'every' | 'largest' | 'none';
  /** Where it is measured only when it is named, because it takes long. */
  readonly onRequest?: true;
  measure(stage: Stage): Promise<Finding[]>;
}

/** What a row has to measure with. */
export interface Stage {
  /** Of how many people. */
  readonly size: number;
  readonly engine: StoreEngine;
  readonly effort: Effort;
  /** The organisation of that size, which rows have in turn. */
  house(): Promise<House>;
  /** Starts a daemon of that configuration. */
  daemon(settings: Settings): Promise<Daemon>;
}

/** How much is done for one number. */
export interface Effort {
  /** How often each is measured; the median counts. */
  readonly repeats: number;
  /** How long a server is asked at a time, in milliseconds. */
  readonly asked: number;
  /** How often something that takes long is done again. */
  readonly few: number;
  /** How many days a history has. */
  readonly days: number;
}

/** A target that differs from size to size; at other sizes the number is only shown. */
export const targetAt = (size: number, targets: Readonly<Record<number, Target>>): Target | undefined => targets[size];

/** A target that counts from so many people on; for fewer the number is only shown. */
export const fromPeople = (people: number, target: Target, size: number): Target | undefined =>
  size >= people ? target : undefined;
