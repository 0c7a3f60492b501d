import { setTimeout as wait } from 'node:timers/promises';

/** Time as a source sees it, so that a test can turn it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds; rejects when `signal` aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** From 0 to below 1: what waits are spread by. */
  random(): number;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  wait: (milliseconds, signal) => wait(milliseconds, undefined, { signal }),
  random: () => Math.random(),
};
