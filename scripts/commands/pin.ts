import { transitionTo } from '../../src/views/transition.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { whenFree } from '../patience.ts';
import { PUBLISHED_HELP, resolvePublished } from '../reference.ts';
import { fieldEvents } from '../text/events.ts';
import { transitionText } from '../text/transition.ts';
import { print, printJson, verb } from '../verb.ts';

interface PinOptions extends ReadingOptions {
  readonly yes?: true;
}

export const command = verb('pin', {
  more: `REF: ${PUBLISHED_HELP}. Runs go on while a snapshot is pinned, and what they publish waits; who may log in follows what is served.`,
  exits: { finding: 'there is no such snapshot' },
  examples: [
    ['rosterd pin head~1', 'what OMFLOW would do if it were given the snapshot before the newest'],
    ['rosterd pin 41 --yes', 'serves snapshot 41 from now on, until "rosterd unpin --yes"'],
  ],
})
  .argument('<REF>', 'the snapshot')
  .option('--yes', 'do it; without it, it is only shown')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (ref: string, options: PinOptions) => {
    await using opened = await openForReading(options);
    const { store, look, place } = opened;
    const snapshot = await resolvePublished(ref, place);
    const transition = await transitionTo(store, snapshot);
    const { number } = snapshot;
    if (options.json) for (const event of fieldEvents(transition.difference)) printJson(event, look);
    else print([...transitionText(transition, look), '']);
    if (options.yes) await whenFree(() => store.pins.set({ snapshot: number, at: place.now }));
    const object = { event: options.yes ? 'pinned' : 'would_pin', snapshot: number, hazards: transition.hazards };
    if (options.json) printJson(object, look);
    else print([options.yes ? pinnedText(number) : `nothing was done; "rosterd pin ${number} --yes" does it`]);
  });

const pinnedText = (number: number) =>
  `snapshot ${number} is pinned: it is served from now on, whatever runs publish; "rosterd unpin --yes" ends that`;
