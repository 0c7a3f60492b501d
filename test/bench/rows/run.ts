import { bareReading } from '../bare.ts';
import { type Finding, sizeName } from '../finding.ts';
import { type Row, type Stage, targetAt } from '../row.ts';
import { sideBySide } from '../side-by-side.ts';

/** From an empty store to a first snapshot. */
export const firstRun: Row = {
  name: 'first-run',
  sizes: 'every',
  async measure({ size, house }) {
    const { firstRun: ours } = await house();
    return [{ work: 'first run', size: sizeName(size), people: size, unit: 'ms', ours }];
  },
};

/** Everything is read, compared and found to be as it was. */
export const unchangedRun: Row = {
  name: 'run-unchanged',
  sizes: 'every',
  measure: stage => measure(stage, 'unchanged'),
};

/** One person in a hundred is otherwise each time. */
export const changedRun: Row = {
  name: 'run-changed',
  sizes: 'every',
  measure: stage => measure(stage, 'published'),
};

const WORK = {
  unchanged: 'run, nothing changed',
  published: 'run, 1 % changed',
};
const TARGETS = {
  unchanged: { 100000: { atMost: 4 }, 1000000: { atMost: 5.5 } },
  published: { 100000: { atMost: 6 } },
};

async function measure({ size, effort, house }: Stage, outcome: 'published' | 'unchanged'): Promise<Finding[]> {
  const { tables, runs } = await house();
  await using bare = bareReading(tables.url);
  const both = await sideBySide(
    {
      prepare: async () => outcome === 'published' && (await tables.change()),
      ours: () => runs.make(outcome),
      yardstick: () => bare.read(),
    },
    effort.repeats,
  );
  const target = targetAt(size, TARGETS[outcome]);
  return [
    { work: `${WORK[outcome]} / bare mysql2 stream`, size: sizeName(size), people: size, unit: 'ms', ...both, target },
  ];
}
