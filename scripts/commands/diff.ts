import { isUnchanged } from '../../src/roster/compare.ts';
import type { ChangeCounts, Snapshot } from '../../src/roster/model.ts';
import { countsOf, differenceOf, type Pair } from '../../src/views/difference.ts';
import { heldDifference, isHeld } from '../../src/views/held.ts';
import { EXIT, NotFound, UsageError } from '../exit.ts';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { NOTHING, type Place, REF_HELP, resolveReference } from '../reference.ts';
import { lastServed } from '../served.ts';
import { differenceText, headerText } from '../text/changes.ts';
import { fieldEvents } from '../text/events.ts';
import { servedText } from '../text/served.ts';
import { statText } from '../text/stat.ts';
import { exitWith, print, printJson, verb } from '../verb.ts';

interface DiffCommandOptions extends ReadingOptions {
  readonly stat?: true;
  readonly nameOnly?: true;
  readonly exitCode?: true;
  readonly served?: true;
}

export const command = verb('diff', {
  more: `A and B: ${REF_HELP}. Without them, the newest snapshot against the one before; with A alone, A against the newest.`,
  exits: { finding: 'something differs (with --exit-code only), or there is no such snapshot' },
  examples: [
    ['rosterd diff', 'what the newest snapshot changed'],
    ['rosterd diff @2026-11-20 head', 'what changed since the end of that day'],
    ['rosterd diff delivered head', 'what OMFLOW gets when it asks next'],
    ['rosterd diff --served', 'what changed for OMFLOW when it last asked'],
    ['rosterd diff held', 'what would change if the hold were approved'],
    ['rosterd diff --json | jq -r \'select(.event == "person.removed").name\' | sort -u', ''],
  ],
})
  .argument('[A]', 'the snapshot to start from')
  .argument('[B]', 'the snapshot to end with')
  .option('--stat', 'only how much changed, and in which fields')
  .option('--name-only', 'only who and what changed, not how')
  .option('--served', 'between the last two deliveries to the client that was served last')
  .option('--exit-code', 'end with 1 when something differs')
  .option('--mask', 'hide emails and telephone numbers, for sharing')
  .action(async (a: string | undefined, b: string | undefined, options: DiffCommandOptions) => {
    await using opened = await openForReading(options);
    const { store, look, place } = opened;
    if (options.served && a !== undefined) throw new UsageError('--served takes no snapshots: it finds its own');
    const served = options.served ? await lastServed(place) : undefined;
    const pair = served ?? (await pairOf(a, b, place));
    const held = isHeld(pair.before) || isHeld(pair.after);
    const difference = held ? await heldDifference(store, pair) : await differenceOf(store, pair);
    if (options.json) for (const event of fieldEvents(difference)) printJson(event, look);
    else {
      const body = options.stat ? statText(difference, look) : differenceText(difference, look, options);
      print([...headerText(pair, look), '', ...body]);
      if (served) print(['', ...servedText(served, look)]);
    }
    if (options.exitCode && differs(countsOf(difference))) exitWith(EXIT.finding);
  });

const differs = (counts: ChangeCounts) => !isUnchanged(counts);

async function pairOf(a: string | undefined, b: string | undefined, place: Place): Promise<Pair> {
  if (a === undefined) return newestPair(place);
  // A hold is what may come, so it is compared from the newest on.
  if (a === 'held' && b === undefined) return pairOf('head', 'held', place);
  return { before: await resolveReference(a, place), after: await resolveReference(b ?? 'head', place) };
}

async function newestPair({ store }: Place): Promise<Pair> {
  const [after, before]: (Snapshot | undefined)[] = await store.snapshots.list(2);
  if (!after) throw new NotFound(NOTHING);
  return { before, after };
}
