import type { Snapshot } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { EXIT, NotFound } from '../exit.ts';
import { type Opened, openForReading, type ReadingOptions } from '../opened.ts';
import { NOTHING, PUBLISHED_HELP, resolvePublished } from '../reference.ts';
import { damageObject, damageText, partObject, partText, tallyObject, tallyText } from '../text/verify.ts';
import { exitWith, print, printJson, verb } from '../verb.ts';
import { verify } from '../verify.ts';
import { damagedParts } from '../verify-parts.ts';

export const command = verb('verify', {
  more: `REF: ${PUBLISHED_HELP}; without it, every snapshot that is kept, oldest first.\n\nEvery row must be what its leaf says, every digest that of its rows, and what runs and holds tell of a snapshot what it tells itself; purged people count by their leaves. Without REF, so must be the candidate of a hold that stands, stored extracts, the ledger of names, and the file of an embedded store. Changes nothing.`,
  exits: { finding: 'something is damaged, or there is no such snapshot' },
  examples: [
    ['rosterd verify', 'all that is kept; a line for each snapshot that is damaged, and for whatever else is'],
    ['rosterd verify delivered || mail …', 'what OMFLOW has, as a monitoring check'],
  ],
})
  .argument('[REF]', 'one snapshot instead of all')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (ref: string | undefined, options: ReadingOptions) => {
    await using opened = await openForReading(options);
    const { store, look, place } = opened;
    const others = ref === undefined ? await tellParts(opened, options) : 0;
    const snapshots = ref === undefined ? await allOf(store) : [await resolvePublished(ref, place)];
    const progress = progressOn(process.stderr, snapshots.length);
    const tally = await verify(store, snapshots, verdict => {
      progress(verdict.faults.length === 0);
      if (verdict.faults.length === 0) return;
      if (options.json) printJson(damageObject(verdict), look);
      else print([damageText(verdict, look)]);
    });
    if (options.json) printJson(tallyObject(tally, others));
    else print([tallyText(tally, others)]);
    exitWith(tally.damaged + others > 0 ? EXIT.finding : EXIT.fine);
  });

/** A line for whatever is damaged besides snapshots; tells how many those are. */
async function tellParts({ store, look }: Opened, { json }: ReadingOptions): Promise<number> {
  let count = 0;
  for await (const damage of damagedParts(store)) {
    count += 1;
    if (json) printJson(partObject(damage), look);
    else print([partText(damage, look)]);
  }
  return count;
}

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
