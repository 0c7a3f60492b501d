import type { HoldNumber } from '../../src/roster/model.ts';
import type { Published } from '../../src/runs/approve.ts';
import { type Look, styled } from './look.ts';
import { shortTotals } from './totals.ts';

/** What became of the candidate of a hold. */
export function approvedText(hold: HoldNumber, { outcome, run }: Published, look: Look): string[] {
  const done =
    outcome.status === 'published'
      ? `published as snapshot ${outcome.snapshot} (run ${run}): ${shortTotals(outcome.changes)}`
      : `what its sources gave is believed from now on (run ${run}); it changes nobody, so snapshot ${outcome.snapshot} stays`;
  return [styled('green', `hold ${hold} is approved: ${done}`, look)];
}

/** The same for scripts. */
export const approvedObject = (hold: HoldNumber, { outcome, run }: Published): object => ({
  event: 'hold.approved',
  hold,
  run,
  ...outcome,
});
