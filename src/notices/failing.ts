import type { KnownState } from '../store/store.ts';
import { entering, fine, NOTHING, over, quietly } from './spells.ts';
import type { Sight, Verdict } from './states.ts';

const MINUTE = 60_000;
/** Runs have been good for long when they were so for as many milliseconds: what fails then is another trouble. */
const QUIET = 60 * MINUTE;
/** A failure that follows upon another one is told once it has lasted as long: three runs at every 15 minutes. */
const LASTING = 45 * MINUTE;
/** The end of a failure that was told less than {@link QUIET} before is told once runs have been good for as long. */
const SETTLED = 15 * MINUTE;

/**
 * Compares what was known of failing runs with what is so now. Runs that fail now and then make no stream of notices: a
 * failure is told at once only after an hour without any, and else when it lasts; and one that was not told at once, or came
 * back before its end was told, is over after such an hour. So however often runs fail, at most three things are told before
 * it.
 *
 * Of failing runs a state that does not stand knows by `since` when they were good again, and by `level` 1 that they fail,
 * which is not told yet. One that stands knows by `mark` whether it came back, and by `level` 0 that runs are good again
 * since the time in `mark`, which is not told yet.
 */
export function judgeFailing(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  if (sight.level > 0) return known?.standing ? failingOn(known, sight) : beginning(known, sight, now);
  return known?.standing ? ending(known, sight, now) : goodAgain(known, sight, now);
}

const CAME_BACK = 'came back';

function failingOn(known: KnownState, { level, run = 0 }: Sight): Verdict {
  return known.level > 0 ? NOTHING : quietly({ ...known, mark: CAME_BACK, level, run });
}

function beginning(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  const { level, run = 0, since = now } = sight;
  const isAfterQuiet = known?.since === undefined || isAsFar(known.since, since, QUIET);
  if (isAfterQuiet || isAsFar(since, now, LASTING)) return entering(known, sight, now);
  return known.level > 0 ? NOTHING : quietly({ ...known, level, run });
}

function ending(known: KnownState, sight: Sight, now: Date): Verdict {
  const cameBack = known.mark.startsWith(CAME_BACK) ? `${CAME_BACK} ` : '';
  const good = known.level > 0 ? now : new Date(known.mark.slice(cameBack.length));
  if (!isAsFar(good, now, cameBack ? QUIET : patienceWith(known, good))) {
    const mark = `${cameBack}${good.toISOString()}`;
    return known.level === 0 ? NOTHING : quietly({ ...known, mark, level: 0, run: sight.run ?? 0 });
  }
  return { after: { ...fine(known, sight), since: good }, transitions: [over(known, sight, now)] };
}

/** How long runs have to be good before it is told that a spell is over, in milliseconds. */
function patienceWith({ entered, since }: KnownState, good: Date): number {
  if (!entered || !since) return 0;
  if (isAsFar(since, entered, LASTING)) return QUIET;
  return isAsFar(entered, good, QUIET) ? 0 : SETTLED;
}

/** A failure is over that nobody was told of. */
const goodAgain = (known: KnownState | undefined, sight: Sight, now: Date): Verdict =>
  known && known.level > 0 ? quietly({ ...fine(known, sight), since: now }) : NOTHING;

/** In either direction: what a clock that was set back puts into the future is long ago. */
const isAsFar = (one: Date, other: Date, span: number): boolean => Math.abs(other.getTime() - one.getTime()) >= span;
