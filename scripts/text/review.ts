import type { Review } from '../hold.ts';
import { adviceOnHold } from './advice.ts';
import { differenceText } from './changes.ts';
import { counted } from './columns.ts';
import { fieldEvents } from './events.ts';
import { type Look, shownText, styled } from './look.ts';
import { problemsText, quarantineText } from './problems.ts';
import { ago, minuteIn } from './time.ts';
import { shortTotals } from './totals.ts';
import { findingsText, withoutExcuses } from './verdict.ts';

/** A hold in words: what it would change, what is wrong there, and, where it is seen, why it waits and what to do. */
export function reviewText(review: Review, { look, now }: { readonly look: Look; readonly now: Date }): string[] {
  const { hold, difference, run } = review;
  const size = `${counted(hold.people, 'person', 'people')}, ${counted(hold.departments, 'department')}`;
  const since = hold.base === undefined ? 'the first roster' : `against snapshot ${hold.base}`;
  const opened = `${minuteIn(look.zone, hold.opened)} (${ago(hold.opened, now)}) by run ${hold.run}`;
  return [
    `${styled('bold', `hold ${hold.number}`, look)}  ${opened}, ${since}: ${size}`,
    '',
    ...paragraph(difference ? differenceText(difference, look) : []),
    ...paragraph(run && difference ? quarantineText(run, look) : []),
    ...paragraph(run && difference ? problemsText(withoutExcuses(run), look) : []),
    styled('red', `it passes ${counted(hold.findings.length, 'limit')}`, look),
    ...findingsText(hold.findings, look),
    ...endText(review, look),
  ];
}

const paragraph = (lines: readonly string[]) => (lines.length > 0 ? [...lines, ''] : []);

function endText({ hold, later }: Review, look: Look): string[] {
  const { end } = hold;
  if (!end)
    return [...laterText(later, look), ...adviceOnHold(hold.findings, { hold: hold.number, people: hold.people })];
  const at = minuteIn(look.zone, end.at);
  const why = end.reason === '' ? '' : `, for: ${shownText(end.reason, look)}`;
  switch (end.how) {
    case 'approved':
      return [`approved at ${at} (run ${end.run})${why}`];
    case 'overtaken':
      return [`ended by itself at ${at}: run ${end.run} was within the limits`];
    case 'outdated':
      return [
        'ended when rosterd was upgraded: the version of then did not keep its candidate; "rosterd pull" makes another',
      ];
  }
}

/** The candidate is that of the first held run, whatever the sources said later. */
function laterText(later: Review['later'], look: Look): string[] {
  if (!later) return [];
  const what = shortTotals(later.changes) || 'nothing';
  return [
    `run ${later.number} of ${minuteIn(look.zone, later.started)} was held, too; it would have changed ${what}`,
    'What is approved is the candidate above; a run is made at once after it, and judged by itself.',
  ];
}

/** The same for scripts: an object for each changed field, then one for the hold. */
export function* reviewObjects({ hold, difference, run, later }: Review): Generator<object> {
  if (difference) yield* fieldEvents(difference);
  const { number, ...rest } = hold;
  yield { event: 'hold', hold: number, ...rest, problems: run?.problems ?? [], later_run: later?.number ?? null };
}
