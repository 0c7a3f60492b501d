import { isUnchanged } from '../../src/roster/compare.ts';
import { countsOf, type Difference } from '../../src/views/difference.ts';
import { table } from './columns.ts';
import { fieldEvents } from './events.ts';
import { type Look, shownName } from './look.ts';
import { totalsText } from './totals.ts';

/** How much changed, and which fields of how many people and departments: what to look at when there are hundreds. */
export function statText(difference: Difference, look: Look): string[] {
  const counts = countsOf(difference);
  if (isUnchanged(counts)) return ['nothing changed'];
  const rows = [...tally(difference)].map(([name, count]) => [shownName(name, look), String(count)]);
  return [...table(rows, { indent: 2, right: [1] }), ...(rows.length > 0 ? [''] : []), totalsText(counts)];
}

/** How often each field was modified. */
function tally(difference: Difference): Map<string, number> {
  const tallies = new Map<string, number>();
  for (const { event, field } of fieldEvents(difference)) {
    const [kind, what] = event.split('.');
    if (what !== 'modified' && what !== 'renamed') continue;
    const name = `${kind} ${field}`;
    tallies.set(name, (tallies.get(name) ?? 0) + 1);
  }
  return tallies;
}
