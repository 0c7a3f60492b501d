import { NO_CHANGES } from '../../src/roster/compare.ts';
import { digestOf, holdNumber, runNumber, snapshotNumber } from '../../src/roster/model.ts';
import type { Health } from '../../src/runs/health.ts';
import type { Hold, RunHead } from '../../src/store/store.ts';

export const AT = new Date('2026-11-25T08:00:00Z');
const MINUTE = 60_000;
/** So many minutes after the beginning. */
export const after = (minutes: number) => new Date(AT.getTime() + minutes * MINUTE);

export const run = (number: number, more: Partial<RunHead> = {}): RunHead => ({
  number: runNumber(number),
  cause: 'schedule',
  started: after(number),
  finished: after(number),
  status: 'unchanged',
  snapshot: snapshotNumber(1),
  hold: undefined,
  changes: NO_CHANGES,
  findings: [],
  fingerprint: 'f1',
  found: undefined,
  sources: [],
  counts: [],
  ...more,
});

export const hold = (number: number, more: Partial<Hold> = {}): Hold => ({
  number: holdNumber(number),
  run: runNumber(number),
  opened: after(number),
  findings: [{ guard: 'people_removed', count: 200, limit: 15, of: 300, text: '200 of 300 people would go <at once>' }],
  changes: { ...NO_CHANGES, people_added: 3, people_modified: 2, people_removed: 200, memberships_removed: 201 },
  base: snapshotNumber(1),
  digest: digestOf('d'),
  people: 103,
  departments: 4,
  memberships: 99,
  fingerprint: 'f1',
  ...more,
});

/** How things stand after a run; all is well but for what is said. */
export function healthAfter(number: number, more: Partial<Health> = {}): Health {
  const last = run(number);
  return {
    served: {
      ...{ number: snapshotNumber(1), at: AT, digest: digestOf('d'), changes: NO_CHANGES, run: runNumber(1) },
      ...{ people: 300, departments: 4, memberships: 300 },
    },
    pin: undefined,
    hold: undefined,
    last,
    good: last,
    confirmed: last.finished,
    failing: undefined,
    staleSince: undefined,
    quarantined: 0,
    sources: [],
    deliveries: [],
    ...more,
  };
}
