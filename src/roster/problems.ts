import type { Effect, Problem } from './model.ts';

/**
 * How many problems of one code are kept word for word; the others are counted. What keeps somebody out is listed far
 * longer than what was merely fixed, since a source without genders gives one such note for everybody.
 */
const KEPT: Readonly<Record<Effect, number>> = {
  failed: 1000,
  quarantined: 1000,
  kept: 1000,
  dropped: 100,
  fixed: 100,
  warned: 100,
};

/** How many problems of a code there are, and what was done about them. */
export interface ProblemCount {
  readonly code: string;
  readonly effect: Effect;
  readonly count: number;
}

/** The problems of one run: all of them counted, the first of each code listed. */
export class ProblemList {
  readonly #listed: Problem[] = [];
  readonly #counts = new Map<string, { code: string; effect: Effect; count: number }>();

  add(problem: Problem): void {
    const tally = this.#tally(problem);
    tally.count += 1;
    if (tally.count <= KEPT[problem.effect]) this.#listed.push(problem);
  }

  /** The same with those of another list, after those that are in this one. */
  addAll(other: ProblemList): void {
    for (const problem of other.#listed) this.add(problem);
    const listed = Map.groupBy(other.#listed, nameOf);
    for (const [name, { code, effect, count }] of other.#counts) {
      this.#tally({ code, effect }).count += count - (listed.get(name)?.length ?? 0);
    }
  }

  get listed(): readonly Problem[] {
    return this.#listed;
  }

  get counts(): readonly ProblemCount[] {
    return [...this.#counts.values()];
  }

  /** How many problems had this effect, the unlisted ones too. */
  count(effect: Effect): number {
    return this.counts.reduce((sum, one) => (one.effect === effect ? sum + one.count : sum), 0);
  }

  #tally({ code, effect }: Pick<Problem, 'code' | 'effect'>) {
    const name = nameOf({ code, effect });
    const known = this.#counts.get(name);
    if (known) return known;
    const fresh = { code, effect, count: 0 };
    this.#counts.set(name, fresh);
    return fresh;
  }
}

const nameOf = ({ code, effect }: Pick<Problem, 'code' | 'effect'>) => `${effect} ${code}`;
