import type { Context } from './context.ts';
import { fill, h } from './dom.ts';
import { orderedPair, type PairChoice } from './pair.ts';

/** Two choices of snapshots. */
export interface PairSelects {
  readonly element: HTMLElement;
  /** What is chosen, in words. */
  readonly status: HTMLElement;
  show(pair: PairChoice): void;
}

/** `chosen` is called with the pair in order, whichever was chosen later. */
export function pairSelects(context: Context, chosen: (pair: PairChoice) => void): PairSelects {
  const { data, speech } = context;
  const { words } = speech;
  const newestFirst = data.snapshots.toReversed();
  const options = () =>
    newestFirst.map(({ number, at }) =>
      h('option', { value: number }, speech.say(words.pair.snapshot, { number: String(number), at: speech.time(at) })),
    );
  const choose = () => {
    const after = to.value === 'held' ? 'held' : Number(to.value);
    chosen(orderedPair(Number(from.value), after));
  };
  const from = h('select', { onchange: choose }, options(), h('option', { value: 0 }, words.pair.nothing));
  const held = data.hold && h('option', { value: 'held' }, pairName('held', context));
  const to = h('select', { onchange: choose }, held, options());
  const status = h('p', { class: 'compared', role: 'status' });
  const element = h(
    'div',
    { class: 'pair' },
    h(
      'fieldset',
      { class: 'controls' },
      h('legend', { class: 'hidden-visually' }, words.pair.legend),
      h('label', {}, h('span', {}, words.pair.before), ' ', from),
      ' ',
      h('label', {}, h('span', {}, words.pair.after), ' ', to),
    ),
  );
  return {
    element,
    status,
    show({ before, after }) {
      from.value = String(before);
      to.value = String(after);
      fill(
        status,
        speech.say(words.pair.compared, { before: pairName(before, context), after: pairName(after, context) }),
      );
    },
  };
}

/** `snapshot 42`, `nothing`, or what is held. */
export function pairName(number: number | 'held', { data, speech }: Context): string {
  const { pair } = speech.words;
  if (number === 'held') return speech.say(pair.held, { hold: String(data.hold?.number ?? '') });
  return number === 0 ? pair.nothing : speech.say(pair.short, { number: String(number) });
}
