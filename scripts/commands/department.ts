import { departmentSteps } from '../../src/views/history.ts';
import { NotFound } from '../exit.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { departmentEvents } from '../text/events.ts';
import { hintForDepartment, problemsOf } from '../text/hints.ts';
import { departmentHistory } from '../text/history.ts';
import { print, printJson, verb } from '../verb.ts';

export const command = verb('department', {
  more: 'With --json: one object for each changed field as in "rosterd diff --json", oldest first, with its snapshot.',
  exits: { finding: 'no department ever had that code' },
  examples: [['rosterd department RD-2', 'its name and parent since when, then what changed, newest first']],
})
  .argument('<CODE>', 'the code, group_no for OMFLOW')
  .action(async (code: string, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { store, look } = opened;
    const [first, ...rest] = await departmentSteps(await store.departments.history(code), store.snapshots);
    if (!first) throw new NotFound(`no department ever had the code "${code}"${await hintForDepartment(code, store)}`);
    if (!options.json) {
      const problems = await problemsOf(first.change.key, store);
      return print(departmentHistory({ steps: [first, ...rest], problems }, look));
    }
    for (const { number, snapshot, change } of [first, ...rest]) {
      for (const event of departmentEvents(change)) printJson({ snapshot: number, at: snapshot?.at, ...event });
    }
  });
