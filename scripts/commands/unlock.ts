import { openForReading, type ReadingOptions } from '../opened.ts';
import { whenFree } from '../patience.ts';
import { mustBeServed } from '../person.ts';
import { print, printJson, verb } from '../verb.ts';

export const command = verb('unlock', {
  more:
    'It forgets what rosterd counts, and not what the directory does: whoever is locked out there has to be unlocked there, ' +
    'and wrong passwords of before and after count together there.',
  exits: { finding: 'nobody who is served has that username' },
  examples: [['rosterd unlock a.lin', 'their next password is tried again, whether the daemon runs now or not']],
})
  .argument('<USER>', 'the username, as OMFLOW knows it')
  .action(async (username: string, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { store, place } = opened;
    await mustBeServed(username, store);
    await whenFree(() => store.unlocks.note(username, place.now));
    if (options.json) printJson({ event: 'unlocked', username, at: place.now });
    else print([unlockedText(username)]);
  });

const unlockedText = (username: string) =>
  `${username} may try again: what was counted against them does not count any more (the daemon looks at this when they next log in)`;
