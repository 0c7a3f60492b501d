/** Of so many refusals the median is taken. */
const REMEMBERED = 101;

/**
 * How long a refusal takes for which a password was really compared: the measure for those that need no comparison, so that
 * a clock does not tell who is known and who is not.
 */
export class Pace {
  /** Milliseconds; a ring. */
  readonly #recent: number[] = [];
  #next = 0;

  note(took: number): void {
    this.#recent[this.#next] = took;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  /** The running median, in milliseconds; 0 while there was none, when there is nothing yet to tell from. */
  get usual(): number {
    const sorted = [...this.#recent].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  }
}
