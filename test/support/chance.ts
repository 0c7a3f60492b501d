/** Chance that a seed decides: the same seed gives the same, so that what went wrong can be looked at again. */
export interface Chance {
  readonly seed: number;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  /** Whether something happens that does so with a probability between 0 and 1. */
  happens(probability: number): boolean;
  /** One of them; undefined where there is none. */
  pick<One>(list: readonly One[]): One | undefined;
}

/** Mulberry32: small, and good enough to choose what happens in a test. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(random() * limit);
  return { seed, below, happens: probability => random() < probability, pick: list => list[below(list.length)] };
}

/** The seed that `ROSTERD_TEST_SEED` gives, else `otherwise`. */
export const givenSeed = (otherwise: number): number => Number(process.env['ROSTERD_TEST_SEED'] ?? otherwise);
