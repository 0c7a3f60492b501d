/** What a number is in. */
export type Unit = 'ms' | 'bytes' | 'requests/s' | 'logins/s' | '';

/** What a measurement must come to; of its ratio where there is a yardstick, else of ours. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the table: what was measured, what beside it, and what it should be. */
export interface Finding {
  readonly work: string;
  /** Of how many people, in words: `100k`. */
  readonly size: string;
  readonly unit: Unit;
  readonly ours: number;
  /** What the same, or the least of it, comes to without us, in the same unit. */
  readonly yardstick?: number;
  readonly target?: Target | undefined;
  /** Given where the growth from size to size is looked at: how many people. */
  readonly people?: number;
}

export type Verdict = 'met' | 'missed' | 'none';

export const ratioOf = ({ ours, yardstick }: Finding): number | undefined =>
  yardstick === undefined ? undefined : ours / yardstick;

export function verdictOn(finding: Finding): Verdict {
  const { target, ours } = finding;
  if (target === undefined) return 'none';
  const judged = ratioOf(finding) ?? ours;
  // What could not be measured is NaN, and that is never met.
  const isMet = 'atMost' in target ? judged <= target.atMost : judged >= target.atLeast;
  return isMet ? 'met' : 'missed';
}

/** What the program ends with: 1 when a target is missed. */
export const exitCodeOf = (findings: readonly Finding[]): number =>
  findings.some(finding => verdictOn(finding) === 'missed') ? 1 : 0;

/** As the table and the command line have it: 10k, 1m. */
export function sizeName(people: number): string {
  if (people >= 1_000_000 && people % 1_000_000 === 0) return `${people / 1_000_000}m`;
  return people >= 1000 && people % 1000 === 0 ? `${people / 1000}k` : String(people);
}
