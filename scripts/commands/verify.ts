import type { Snapshot } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { EXIT, NotFound } from '../exit.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { NOTHING, REF_HELP, resolveReference } from '../reference.ts';
import { damageObject, damageText, tallyObject, tallyText } from '../text/verify.ts';
import { exitWith, print, printJson, verb } from '../verb.ts';
import { verify } from '../verify.ts';

export const command = verb('verify', {
  more: `REF: ${REF_HELP}; without it, every snapshot that is kept, oldest first.\n\nEvery row must be what its leaf says, and every digest that of its rows. Changes nothing.`,
  exits: { finding: 'a snapshot is damaged, or there is no such snapshot' },
  examples: [
    ['rosterd verify', 'all that is kept; a line for each snapshot that is damaged'],
    ['rosterd verify delivered || mail …', 'what OMFLOW has, as a monitoring check'],
  ],
})
  .argument('[REF]', 'one snapshot instead of all')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (ref: string | undefined, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { store, look, place } = opened;
    const snapshots = ref === undefined ? await allOf(store) : [await resolveReference(ref, place)];
    const progress = progressOn(process.stderr, snapshots.length);
    const tally = await verify(store, snapshots, verdict => {
      progress(verdict.faults.length === 0);
      if (verdict.faults.length === 0) return;
      if (options.json) printJson(damageObject(verdict), look);
      else print([damageText(verdict, look)]);
    });
    if (options.json) printJson(tallyObject(tally));
    else print([tallyText(tally)]);
    exitWith(tally.damaged > 0 ? EXIT.finding : EXIT.fine);
  });

/** All snapshots that are kept, oldest first. */
async function allOf(store: Store): Promise<Snapshot[]> {
  const all = await store.snapshots.list(Number.MAX_SAFE_INTEGER);
  if (all.length === 0) throw new NotFound(NOTHING);
  return all.reverse();
}

/** Keeps a line on a terminal up to date while `left` snapshots are gone through; the last leaves nothing there. */
function progressOn(terminal: NodeJS.WriteStream, count: number): (fine: boolean) => void {
  let done = 0;
  return fine => {
    done += 1;
    if (!terminal.isTTY || count === 1) return;
    // Whatever is printed next begins where this line did.
    terminal.write(fine && done < count ? `\r\u001b[Kverified ${done} of ${count} snapshots` : '\r\u001b[K');
  };
}
