import type { KnownState } from '../store/store.ts';
import type { Sight, Transition, Verdict } from './states.ts';

/** Nothing is to be written, and nothing to be told. */
export const NOTHING: Verdict = { after: undefined, transitions: [] };

/** Something is written, and nobody is told. */
export const quietly = (after: KnownState): Verdict => ({ after, transitions: [] });

/** A spell begins, and that is told. */
export function entering(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  const { subject, mark, level, since = now, run = 0 } = sight;
  // Two spells never have the same name, whatever the clock does.
  const entered = new Date(Math.max(now.getTime(), (known?.entered?.getTime() ?? 0) + 1));
  const spell = { subject, mark, level, standing: true, entered, since, run };
  return { after: spell, transitions: [{ how: 'entered', sight, spell }] };
}

/** The spell that stands has become worse, and that is told. */
export function worsening(known: KnownState, sight: Sight, now: Date): Verdict {
  const after = { ...known, level: sight.level, run: sight.run ?? 0 };
  return { after, transitions: [{ how: 'worse', sight, spell: spellOf(after, now) }] };
}

/** The spell that stood is over, and that is told. */
export const leaving = (known: KnownState, sight: Sight, now: Date): Verdict => ({
  after: fine(known, sight),
  transitions: [over(known, sight, now)],
});

/** That the spell that stood is over. */
export const over = (known: KnownState, sight: Sight, now: Date): Transition => {
  return { how: 'left', sight, spell: spellOf(known, now) };
};

const spellOf = (state: KnownState, now: Date) => ({
  ...state,
  entered: state.entered ?? now,
  since: state.since ?? now,
});

/** As it is while there is nothing to tell. */
export const fine = (known: KnownState | undefined, { subject, level, run = 0 }: Sight): KnownState => ({
  subject,
  mark: '',
  level,
  standing: false,
  entered: known?.entered,
  since: undefined,
  run,
});
