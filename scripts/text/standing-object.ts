import type { RecordedRun } from '../../src/store/store.ts';
import type { Standing } from '../standing.ts';
import { codeWords } from './words.ts';

/** How things stand, as one object for scripts. Times are in UTC, ISO 8601. */
export function standingObject(standing: Standing): object {
  const { newest, hold, pin, runs, sources, renamed, delivered, certificate, troubles } = standing;
  const { judging } = runs;
  return {
    troubles,
    snapshot: newest ?? null,
    confirmed: runs.good?.finished ?? null,
    failing_since: runs.bad?.started ?? null,
    last_run: runs.last ? runObject(runs.last) : null,
    delivered: delivered ?? null,
    certificate: certificate ?? null,
    sources,
    hold: hold ?? null,
    pin: pin ?? null,
    quarantined: (judging?.problems ?? []).filter(problem => problem.effect === 'quarantined'),
    renamed,
    problems: (judging?.counts ?? []).map(count => ({ ...count, text: codeWords(count.code) })),
    examples: (judging?.problems ?? []).filter(problem => problem.effect !== 'quarantined'),
  };
}

/** A run for scripts. */
export const runObject = ({ number, finished, ...rest }: RecordedRun): object => ({
  run: number,
  finished: finished ?? null,
  ...rest,
});
