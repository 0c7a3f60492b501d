import type { DiffData } from '../data.ts';
import { ask } from './ask.ts';
import type { Context } from './context.ts';
import { fill, h, placeIn } from './dom.ts';
import { diffExplorer } from './explorer.ts';
import { failureNote, waitingNote } from './notes.ts';
import {
  diffInPage,
  isSamePair,
  orderedPair,
  type PairChoice,
  pairUpTo,
  reportCommand,
  summedChanges,
} from './pair.ts';
import { pairSelects } from './selects.ts';
import { chooseInTimeline } from './timeline.ts';
import { totalsLine } from './totals.ts';

/** The two that are compared, wherever they are chosen. */
export interface Comparison {
  choose(pair: PairChoice): void;
  /** What a snapshot changed. */
  chooseUpTo(number: number): void;
}

/** What others are told. */
export interface ComparisonTerms {
  chosen(pair: PairChoice): void;
  /** The changes of a pair are there to be seen. */
  shown(diff: DiffData): void;
}

/** The timeline, the two choices and the changes, which go together. */
export function comparison(context: Context, terms: ComparisonTerms): Comparison {
  const shown = h('div');
  const changes = changesOfPair(shown, context, terms);
  let now: PairChoice | undefined;
  const choose = (pair: PairChoice) => {
    if (now && isSamePair(now, pair)) return;
    now = pair;
    selects.show(pair);
    timeline?.mark(pair);
    changes(pair);
    terms.chosen(pair);
  };
  const chooseUpTo = (number: number) => choose(pairUpTo(number, context.data.snapshots));
  const timeline = chooseInTimeline({
    upTo: chooseUpTo,
    from: number => choose(orderedPair(number, now?.after ?? number)),
  });
  const selects = pairSelects(context, choose);
  placeIn('pair')?.append(selects.element);
  placeIn('diff')?.append(selects.status, shown);
  return { choose, chooseUpTo };
}

/** Shows the changes of one pair after the other; what is still waited for when the next is wanted is given up. */
function changesOfPair(place: HTMLElement, context: Context, terms: ComparisonTerms): (pair: PairChoice) => void {
  let waiting = new AbortController();
  const show = (diff: DiffData, fetchAll?: () => void) => {
    fill(place, diffExplorer(diff, context, { label: context.speech.words.filters.label, loadAll: fetchAll }));
    terms.shown(diff);
  };
  const fetchDiff = async (pair: PairChoice) => {
    const { signal } = waiting;
    fill(place, waitingNote(context.speech.words.pair.loading));
    const address = `report/diff.json?a=${pair.before}&b=${pair.after}`;
    const answer = await ask<DiffData>(address, context.speech, signal);
    if (signal.aborted) return;
    if (answer.status === 'answered') return show(answer.value);
    const { failed, gone } = context.speech.words.pair;
    const why = answer.status === 'missing' ? gone : answer.why;
    fill(
      place,
      failureNote(context.speech.say(failed, { why }), () => start(pair), context.speech),
    );
  };
  const start = (pair: PairChoice) => {
    // Whoever gave up an answer does not want to hear of it.
    fetchDiff(pair).catch(() => {});
  };
  return pair => {
    waiting.abort();
    waiting = new AbortController();
    const diff = diffInPage(pair, context.data);
    const { live } = context.data;
    if (diff) show(diff, live ? () => start(pair) : undefined);
    else if (live) start(pair);
    else fill(place, summedNote(pair, context));
  };
}

/** What a file can say of a pair of which it does not have the changes. */
function summedNote(pair: PairChoice, { data, speech }: Context): HTMLElement {
  const { counts, count, isWhole } = summedChanges(pair, data);
  const { summed, partly, absent } = speech.words.pair;
  return h(
    'div',
    { class: 'summed' },
    h('p', { class: 'totals' }, totalsLine(counts, 0, speech)),
    count > 1 && h('p', { class: 'muted' }, summed),
    !isWhole && h('p', { class: 'muted' }, partly),
    h('p', {}, absent, ' ', h('code', {}, reportCommand(pair))),
  );
}
