import { type HoldNumber, holdNumber } from '../src/roster/model.ts';
import type { Hold, RecordedRun, Store } from '../src/store/store.ts';
import type { Difference } from '../src/views/difference.ts';
import { heldDifference, heldSnapshot } from '../src/views/held.ts';
import { NotFound, UsageError } from './exit.ts';

/** A hold with everything that an administrator decides by. */
export interface Review {
  readonly hold: Hold;
  /** What the candidate would change; absent once the hold has ended. */
  readonly difference: Difference | undefined;
  /** The run that made it; absent when it is not kept any more. */
  readonly run: RecordedRun | undefined;
  /** The newest run after that one that was held as well, and left the candidate alone. */
  readonly later: RecordedRun | undefined;
}

/** The hold of this number, else the one that stands, if any. */
export async function holdOf(store: Store, text: string | undefined): Promise<Review | undefined> {
  const hold = text === undefined ? await store.holds.open() : await numbered(store, text);
  return hold && (await reviewOf(store, hold));
}

/** The number of a hold as it is typed. Throws a UsageError. */
export function holdNumberOf(text: string): HoldNumber {
  if (/^[1-9]\d{0,14}$/.test(text)) return holdNumber(Number(text));
  throw new UsageError(`"${text}" is not the number of a hold; "rosterd status" tells which hold stands`);
}

async function numbered(store: Store, text: string): Promise<Hold> {
  const number = holdNumberOf(text);
  const hold = await store.holds.get(number);
  if (hold) return hold;
  const [newest] = await store.holds.list(1);
  throw new NotFound(
    `there is no hold ${number}; ${newest ? `the newest is ${newest.number}` : 'nothing was ever held'}`,
  );
}

async function reviewOf(store: Store, hold: Hold): Promise<Review> {
  const run = await store.runs.get(hold.run);
  if (hold.end) return { hold, run, difference: undefined, later: undefined };
  const last = await store.runs.newestFinished();
  const before = hold.base === undefined ? undefined : await store.snapshots.get(hold.base);
  const after = await heldSnapshot(store);
  return {
    hold,
    run,
    difference: after && (await heldDifference(store, { before, after })),
    later: last && last.status === 'held' && last.number !== hold.run ? last : undefined,
  };
}
