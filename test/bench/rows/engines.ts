import { configOf } from '../../support/config.ts';
import { type Finding, sizeName } from '../finding.ts';
import type { Row, Stage } from '../row.ts';
import { openRuns } from '../runs.ts';
import { sideBySide } from '../side-by-side.ts';

/** Runs on a store in MariaDB beside the same on SQLite: only where stores are in MariaDB, `--store mysql`. */
export const engines: Row = {
  name: 'engines',
  sizes: 'every',
  async measure(stage) {
    if (stage.engine !== 'mysql') return [];
    return [await measure(stage, 'unchanged'), await measure(stage, 'published')];
  },
};

const WORK = { unchanged: 'nothing changed', published: '1 % changed' };

async function measure({ size, effort, house: open }: Stage, outcome: 'published' | 'unchanged'): Promise<Finding> {
  const { tables, runs, newSettings } = await open();
  await using embedded = await openRuns(configOf(await newSettings('sqlite')));
  await embedded.make('published');
  const both = await sideBySide(
    {
      prepare: async () => outcome === 'published' && (await tables.change()),
      ours: () => runs.make(outcome),
      yardstick: () => embedded.make(outcome),
    },
    effort.repeats,
  );
  const work = `run, ${WORK[outcome]}: store in MariaDB / in SQLite`;
  return { work, size: sizeName(size), unit: 'ms', ...both, target: { atMost: 2 } };
}
