import type { GuardFinding, HoldNumber, Problem } from '../../src/roster/model.ts';

/** A held candidate, as far as it decides what can be done about it. */
interface Held {
  /** Absent in a dry run, which opens none. */
  readonly hold: HoldNumber | undefined;
  /** How many people it has; absent where nobody knows. */
  readonly people: number | undefined;
}

/** What an administrator can do about a candidate that is held. */
export function adviceOnHold(findings: readonly GuardFinding[], { hold, people }: Held): string[] {
  const isFirst = findings.some(finding => finding.guard === 'first');
  return [
    ...(findings.some(ranEmpty) ? ['Look at the source first: its query, its table, the rights of its account.'] : []),
    ...(isFirst ? [] : [IF_WRONG]),
    ifMeant(hold, people),
  ];
}

function ifMeant(hold: Held['hold'], people: Held['people']): string {
  if (people === 0) return 'It has no people, so it cannot be approved: a roster without people is never published.';
  return hold === undefined
    ? 'If it is meant: "rosterd pull" opens a hold for it, which can then be approved.'
    : `If it is meant: "rosterd review ${hold}" shows the candidate, "rosterd approve ${hold}" publishes exactly that.`;
}

const IF_WRONG =
  'If that is wrong, put the source right: the next run that is within the limits publishes by itself and ends the hold.';

const ranEmpty = ({ guard, count, of }: GuardFinding) => guard === 'source_rows' && count === of;

/** What an administrator can do about what stopped a run. */
export function adviceOnFailure({ code, source }: Problem): string {
  switch (code) {
    case 'source_failed':
      return `put right what it says; "rosterd check" then tells whether ${source} can be read`;
    case 'source_changing':
      return 'run again when nobody writes there: "rosterd pull"';
    case 'roster_empty':
      return 'look at the queries and the rights of their accounts; "rosterd check" shows what the sources give';
    case 'run_broken':
      return 'look whether the disk is full and the store can be reached, and run "rosterd pull" again';
    default:
      return '"rosterd check" tells more';
  }
}
