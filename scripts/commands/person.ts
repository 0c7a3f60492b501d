import { personSteps } from '../../src/views/history.ts';
import { NotFound } from '../exit.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { membershipEvents, personEvents } from '../text/events.ts';
import { hintForPerson, problemsOf } from '../text/hints.ts';
import { personHistory } from '../text/history.ts';
import { print, printJson, verb } from '../verb.ts';

export const command = verb('person', {
  more: 'With --json: one object for each changed field as in "rosterd diff --json", oldest first, with its snapshot.',
  exits: { finding: 'nobody was ever published by that name' },
  examples: [['rosterd person a.lin', 'where each field comes from and since when, then what changed, newest first']],
})
  .argument('<NAME>', 'the username, as OMFLOW knows it')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (name: string, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { store, look } = opened;
    const [first, ...rest] = await personSteps(await store.people.history(name), store.snapshots);
    if (!first) throw new NotFound(`nobody was ever published as "${name}"${await hintForPerson(name, store)}`);
    if (!options.json) {
      const problems = await problemsOf(first.change.key, store);
      return print(personHistory({ steps: [first, ...rest], problems }, look));
    }
    for (const { number, snapshot, change } of [first, ...rest]) {
      for (const event of [...personEvents(change), ...membershipEvents(change)]) {
        printJson({ snapshot: number, at: snapshot?.at, ...event }, look);
      }
    }
  });
