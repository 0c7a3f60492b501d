import { median } from './statistics.ts';

/** Two things that are measured in turn. Each gives its number: milliseconds, or how many a second. */
export interface Pair {
  ours(): Promise<number>;
  yardstick(): Promise<number>;
  /** Done before each of ours, and not measured. */
  prepare?(): Promise<unknown>;
}

/**
 * The medians of both, done by turns, so that whatever else the machine does meets both alike. Each is done once before,
 * unmeasured; not where it is done only once, to see that it can be.
 */
export async function sideBySide(
  { ours, yardstick, prepare }: Pair,
  repeats: number,
): Promise<{ ours: number; yardstick: number }> {
  const numbers = { ours: [] as number[], yardstick: [] as number[] };
  for (let round = repeats > 1 ? 0 : 1; round <= repeats; round += 1) {
    await prepare?.();
    const one = { ours: await ours(), yardstick: await yardstick() };
    if (round === 0) continue;
    numbers.ours.push(one.ours);
    numbers.yardstick.push(one.yardstick);
  }
  return { ours: median(numbers.ours), yardstick: median(numbers.yardstick) };
}

/** How long some work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
