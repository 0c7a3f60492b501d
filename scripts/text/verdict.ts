import { isUnchanged } from '../../src/roster/compare.ts';
import type { GuardFinding, Outcome, Problem } from '../../src/roster/model.ts';
import type { RunResult } from '../../src/runs/run.ts';
import type { Pin } from '../../src/store/store.ts';
import { countsOf, type Difference } from '../../src/views/difference.ts';
import { EXIT } from '../exit.ts';
import { adviceOnFailure, adviceOnHold } from './advice.ts';
import { type DiffOptions, differenceText } from './changes.ts';
import { counted, table } from './columns.ts';
import { fieldEvents } from './events.ts';
import { type Look, shownText, styled } from './look.ts';
import { type Found, problemsText, quarantineText } from './problems.ts';

/** Of a run that was published, people who are listed; the others can be had from `diff`. */
const MOST = 100;

/** What a run did: the diff, the problems, and as the last thing the verdict, where it is seen. */
export function runText(result: RunResult, look: Look): string[] {
  return [
    ...paragraph(diffOf(result, look)),
    ...paragraph(quarantineText(result.report, look)),
    ...paragraph(problemsText(withoutExcuses(result.report), look)),
    ...verdictText(result.outcome, { dryRun: result.run === undefined, look }),
    ...excusesText(result.report, look),
  ];
}

/** What is said of optional sources that a run did without: it has a place of its own. */
const EXCUSES = ['source_stands_in', 'source_left_out'];

/** Whatever the run did, it does not rest on these sources. */
const excusesText = ({ problems }: Found, look: Look): string[] =>
  problems
    .filter(one => EXCUSES.includes(one.code))
    .map(one => styled('yellow', `source ${one.source} ${shownText(one.text, look)}`, look));

export const withoutExcuses = ({ problems, counts }: Found): Found => ({
  problems: problems.filter(one => !EXCUSES.includes(one.code)),
  counts: counts.filter(one => !EXCUSES.includes(one.code)),
});

const paragraph = (lines: readonly string[]) => (lines.length > 0 ? [...lines, ''] : []);

function diffOf(result: RunResult, look: Look): string[] {
  const difference = differenceOfRun(result);
  return isUnchanged(countsOf(difference)) ? [] : differenceText(difference, look, optionsOf(result));
}

/** The quarantined have a section of their own, so that those of yesterday are seen, too. */
const differenceOfRun = ({ people, departments }: RunResult): Difference => ({ people, departments, quarantined: [] });

/** Only what was published can be looked at later; of anything else this is the only list. */
function optionsOf({ outcome, run }: RunResult): DiffOptions {
  if (outcome.status !== 'published' || run === undefined) return {};
  const { snapshot } = outcome;
  const where = snapshot === 1 ? 'show 1' : `diff ${snapshot - 1} ${snapshot}`;
  return { most: { count: MOST, more: `"rosterd ${where}" lists everything` } };
}

export interface VerdictOptions {
  /** True says what would have been. */
  readonly dryRun: boolean;
  readonly look: Look;
}

/** How a run ended, in words; where nothing was published, why, and what to do. */
export function verdictText(outcome: Outcome, { dryRun, look }: VerdictOptions): string[] {
  switch (outcome.status) {
    case 'published':
      return [
        dryRun
          ? `dry run: this would be published as snapshot ${outcome.snapshot}; nothing was written`
          : styled('green', `published as snapshot ${outcome.snapshot}`, look),
      ];
    case 'unchanged':
      return [`unchanged: snapshot ${outcome.snapshot} is still what the sources say`];
    case 'held':
      return heldText(outcome, { dryRun, look });
    case 'failed':
      return failedText(outcome, { dryRun, look });
  }
}

function heldText(
  { hold, reasons, people }: Extract<Outcome, { status: 'held' }>,
  { dryRun, look }: VerdictOptions,
): string[] {
  const limits = counted(reasons.length, 'limit');
  const head = dryRun
    ? `dry run: this would be held, for it passes ${limits}; nothing was written`
    : `held${hold === undefined ? '' : ` as hold ${hold}`}: it passes ${limits}, so nothing was published`;
  return [styled('red', head, look), ...findingsText(reasons, look), ...adviceOnHold(reasons, { hold, people })];
}

/** The limits that were passed. */
export const findingsText = (reasons: readonly GuardFinding[], look: Look): string[] =>
  table(
    reasons.map(({ guard, text }) => [guard, shownText(text, look)]),
    { indent: 2 },
  );

function failedText({ problems }: Extract<Outcome, { status: 'failed' }>, { dryRun, look }: VerdictOptions): string[] {
  const head = dryRun ? 'dry run: this fails; nothing was written' : 'failed: nothing was published';
  return [styled('red', head, look), ...failuresText(problems, look)];
}

/** What stopped a run, and what to do about each. */
export const failuresText = (problems: readonly Problem[], look: Look): string[] =>
  problems.flatMap(problem => [
    `  ${problem.source === '' ? '' : `source ${problem.source}: `}${shownText(problem.text, look)}`,
    `    ${adviceOnFailure(problem)}`,
  ]);

/** That what was published is not what is served. */
export const pinText = (pin: Pin | undefined): string[] =>
  pin ? [`snapshot ${pin.snapshot} is pinned: it is served until "rosterd unpin --yes", whatever is published`] : [];

/** The exit code that tells a script how a run ended. */
export function exitCodeOf({ status }: Pick<Outcome, 'status'>): (typeof EXIT)[keyof typeof EXIT] {
  switch (status) {
    case 'published':
    case 'unchanged':
      return EXIT.fine;
    case 'held':
      return EXIT.held;
    case 'failed':
      return EXIT.failed;
  }
}

/** The same for scripts: an object for each changed field, then one for the run, which has the problems. */
export function* runObjects(result: RunResult): Generator<object> {
  yield* fieldEvents(differenceOfRun(result));
  const { run, outcome, report } = result;
  yield { event: `run.${outcome.status}`, run: run ?? null, dry_run: run === undefined, ...outcome, ...report };
}
