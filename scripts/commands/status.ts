import { EXIT } from '../exit.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { standingOf } from '../standing.ts';
import { standingText } from '../text/standing.ts';
import { standingObject } from '../text/standing-object.ts';
import { exitWith, print, printJson, verb } from '../verb.ts';

export const command = verb('status', {
  more: 'It asks the store, not the sources, and works while the daemon runs and when it is down.',
  exits: {
    finding:
      'held, pinned, stale (no good run for longer than sync.max_stale), nothing published yet, or the certificate of server.tls expires within a week',
  },
  examples: [
    ['rosterd status', 'how things stand'],
    ['rosterd status >/dev/null || mail …', 'as a monitoring check'],
  ],
})
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { config, store, look, place } = opened;
    const standing = await standingOf(config, store, place.now);
    if (options.json) printJson(standingObject(standing), look);
    else print(standingText(standing, config, look));
    exitWith(standing.troubles.length > 0 ? EXIT.finding : EXIT.fine);
  });
