/** Of so many refusals the median is taken, */
const REMEMBERED = 101;
/** of the last so many milliseconds: a directory that was slow in the morning says nothing of the evening; */
const RECENT = 15 * 60_000;
/** and of so many at the least, where there were any: with none to go by, names that nobody has would stand out. */
const LEAST = 5;

/**
 * How long a refusal takes for which a password was really compared: the measure for those that need no comparison, so that
 * a clock does not tell who is known and who is not.
 */
export class Pace {
  readonly #now: () => number;
  /** The newest first; milliseconds. */
  #refusals: readonly { readonly at: number; readonly took: number }[] = [];

  /** `now` gives milliseconds on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(took: number): void {
    this.#refusals = [{ at: this.#now(), took }, ...this.#refusals.slice(0, REMEMBERED - 1)];
  }

  /** The running median, in milliseconds; 0 while there was none, when there is nothing yet to tell from. */
  get usual(): number {
    const since = this.#now() - RECENT;
    const recent = this.#refusals.filter(({ at }, place) => place < LEAST || at > since);
    const sorted = recent.map(({ took }) => took).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
}
