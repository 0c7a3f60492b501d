import type { GuardFinding, HoldNumber, Problem } from '../../src/roster/model.ts';

/** What an administrator can do about a candidate that is held; `hold` is absent in a dry run, which opens none. */
export function adviceOnHold(findings: readonly GuardFinding[], hold: HoldNumber | undefined): string[] {
  const names = new Set(findings.map(finding => finding.guard));
  const wrong = names.has('first') ? [] : [IF_WRONG];
  if (findings.some(ranEmpty))
    wrong.unshift('Look at the source first: its query, its table, the rights of its account.');
  const meant =
    hold === undefined
      ? 'If it is meant: "rosterd pull" opens a hold for it, which can then be approved.'
      : `If it is meant: "rosterd review ${hold}" shows the candidate, "rosterd approve ${hold}" publishes exactly that.`;
  return [...wrong, meant];
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
