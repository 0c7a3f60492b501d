import type { Retention } from '../../src/roster/retention.ts';
import type { PruneResult } from '../prune.ts';
import { ranges } from '../reference.ts';
import { counted, table } from './columns.ts';
import type { Look } from './look.ts';
import { minuteIn } from './time.ts';

const DAY = 86_400_000;

/** What went, or would go, and by which rule. */
export function pruneText({ pruning, pruned, done }: PruneResult, retention: Retention, look: Look): string[] {
  const { snapshots, people, departments, runs, deliveries } = pruned;
  const before = `of before ${minuteIn(look.zone, pruning.before)}`;
  const unused = 'in none of the snapshots that stay';
  const rows = [
    [snapshots, snapshots === 1 ? 'snapshot' : 'snapshots', ranges(pruning.snapshots.toReversed())],
    [people, people === 1 ? 'form of a person' : 'forms of people', unused],
    [departments, departments === 1 ? 'form of a department' : 'forms of departments', unused],
    [runs, runs === 1 ? 'run' : 'runs', `${before}, on which nothing rests`],
    [deliveries, deliveries === 1 ? 'delivery' : 'deliveries', `${before}; the last two of each client stay`],
  ] as const;
  const lines = rows.flatMap(([count, what, which]) => (count > 0 ? [[String(count), what, which]] : []));
  if (lines.length === 0) return [`${ruleText(retention)}: nothing is older than that`];
  return [
    ruleText(retention),
    done ? 'gone:' : 'would go:',
    ...table(lines, { indent: 2, right: [0] }),
    ...(done ? [] : ['nothing was done; "rosterd prune --yes" does it']),
  ];
}

function ruleText({ last, daily, monthly }: Retention): string {
  const days = Math.round((daily / DAY) * 10) / 10;
  return `kept are the last ${counted(last, 'snapshot')}, the last of each day for ${counted(days, 'day')} and of each month for ${counted(monthly, 'month')}`;
}

/** The same for scripts. */
export const pruneObject = ({ pruning, pruned, done }: PruneResult): object => ({
  event: done ? 'pruned' : 'would_prune',
  snapshots: pruning.snapshots,
  before: pruning.before,
  people_forms: pruned.people,
  department_forms: pruned.departments,
  runs: pruned.runs,
  deliveries: pruned.deliveries,
});
