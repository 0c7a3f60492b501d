import type { GuardFinding, Problem } from '../../src/roster/model.ts';

/** What an administrator can do about a candidate that is held. */
export function adviceOnHold(findings: readonly GuardFinding[]): string[] {
  if (findings.some(ranEmpty)) {
    return [
      'Look at the source: its query, its table, the rights of its account. No limit allows that a source runs empty;',
      'once it gives its rows again, the next run publishes by itself.',
    ];
  }
  const floors = [...largest(findings)].map(([guard, count]) => `${guard}: { floor: ${count} }`);
  return [
    'If that is wrong, put the source right: the next run that is within the limits publishes by itself.',
    'If it is meant, put this into the configuration, run "rosterd pull", and take it out again:',
    `  guards: { ${floors.join(', ')} }`,
  ];
}

const ranEmpty = ({ guard, count, of }: GuardFinding) => guard === 'source_rows' && count === of;

/** The most that each guard was passed by: what it would have to allow. */
function largest(findings: readonly GuardFinding[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { guard, count } of findings) counts.set(guard, Math.max(count, counts.get(guard) ?? 0));
  return counts;
}

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
