import { forgetBodies } from '../bodies.ts';
import { openForReading } from '../opened.ts';
import { pruneNow, wouldPrune } from '../prune.ts';
import { sayWaiting, stopOnSignals } from '../stop.ts';
import { pruneObject, pruneText } from '../text/prune.ts';
import { type CommonOptions, print, printJson, verb } from '../verb.ts';

const WHAT_IS_LEFT = 'some may be gone already; the next prune goes on';

interface PruneOptions extends CommonOptions {
  readonly yes?: true;
}

export const command = verb('prune', {
  more: 'The daemon does this once a day by itself. Never taken away: the newest snapshot and the one before it, what each client got last and the time before, a pinned one, what a hold rests on, and what the guards look at: the last of each day for a week, and what was approved in it. Every snapshot that stays is as it was, and differs from any other as it did. With --yes a run under way is waited for.',
  examples: [
    ['rosterd prune', 'what would go now'],
    ['rosterd prune --yes', 'takes it away; the file of an embedded store is used again, and does not shrink'],
  ],
})
  .option('--yes', 'do it; without it, it is only shown')
  .action(async (options: PruneOptions) => {
    await using opened = await openForReading(options);
    const { store, config, look, place } = opened;
    const { retention, timezone } = config;
    const settings = { retention, timezone, now: place.now };
    const result = options.yes
      ? await pruneNow(store, settings, { signal: stopOnSignals(WHAT_IS_LEFT), waits: sayWaiting })
      : await wouldPrune(store, settings);
    if (result.done) await forgetBodies(config, store, { all: false });
    if (options.json) printJson(pruneObject(result));
    else print(pruneText(result, retention, look));
  });
