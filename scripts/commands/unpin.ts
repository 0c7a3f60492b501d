import { transitionTo } from '../../src/views/transition.ts';
import { NotFound } from '../exit.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { whenFree } from '../patience.ts';
import { NOTHING } from '../reference.ts';
import { fieldEvents } from '../text/events.ts';
import { transitionText } from '../text/transition.ts';
import { print, printJson, verb } from '../verb.ts';

interface UnpinOptions extends ReadingOptions {
  readonly yes?: true;
}

export const command = verb('unpin', {
  exits: { finding: 'nothing is pinned' },
  examples: [
    ['rosterd unpin', 'what OMFLOW would do if it were given the newest snapshot'],
    ['rosterd unpin --yes', 'serves the newest snapshot from now on'],
  ],
})
  .option('--yes', 'do it; without it, it is only shown')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (options: UnpinOptions) => {
    await using opened = await openForReading(options);
    const { config, store, look, place } = opened;
    const newest = await store.snapshots.newest();
    if (!newest) throw new NotFound(NOTHING);
    if (!(await store.pins.current())) throw new NotFound(`nothing is pinned: snapshot ${newest.number} is the newest`);
    const transition = await transitionTo(store, newest);
    if (options.json) for (const event of fieldEvents(transition.difference)) printJson(event, look);
    else print([...transitionText(transition, look), '']);
    if (options.yes) await whenFree(() => store.pins.end(place.now));
    const hold = await store.holds.open();
    const waits = hold && config.sync.on_hold === 'fail' ? hold.number : undefined;
    const object = {
      event: options.yes ? 'unpinned' : 'would_unpin',
      snapshot: newest.number,
      hazards: transition.hazards,
    };
    if (options.json) printJson(object, look);
    else {
      print([options.yes ? doneText(newest.number) : 'nothing was done; "rosterd unpin --yes" does it']);
      if (waits !== undefined) print([`hold ${waits} stands: until that is settled, OMFLOW is told so instead`]);
    }
  });

const doneText = (number: number) =>
  `nothing is pinned any more: snapshot ${number}, or what a run publishes, is served next`;
