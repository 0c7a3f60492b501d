import { rosterOf } from '../../src/views/roster.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { REF_HELP, resolveReference } from '../reference.ts';
import { rosterObject, rosterText } from '../text/roster.ts';
import { print, printJson, verb } from '../verb.ts';

export const command = verb('show', {
  more: `REF: ${REF_HELP}; without it, the newest.`,
  exits: { finding: 'there is no such snapshot' },
  examples: [
    ['rosterd show', 'everybody and every department as they are served now'],
    ['rosterd show @2026-11-20 | less', 'as they were at the end of that day'],
  ],
})
  .argument('[REF]', 'the snapshot')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (ref: string | undefined, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { store, look, place } = opened;
    const roster = await rosterOf(store, await resolveReference(ref ?? 'head', place));
    if (options.json) printJson(rosterObject(roster), look);
    else print(rosterText(roster, look));
  });
