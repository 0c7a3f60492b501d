import { pieces, spelled, visible } from '../visible.ts';
import type { Context } from './context.ts';
import { type Child, h } from './dom.ts';

/** Characters of a text that are shown at once, as in the page's fixed parts. */
const SHOWN_AT_ONCE = 160;

/** In titles and choices, which nobody can open. */
const SHOWN_IN_LABELS = 80;

/** A text that came from a store, in a direction of its own, with what is hidden in it marked; the rest of a long one behind a button. */
export function foreignText(text: string, context: Pick<Context, 'speech'>): HTMLElement {
  if (text.length <= SHOWN_AT_ONCE) return h('bdi', {}, markedText(text, context));
  const more = h(
    'button',
    { type: 'button', class: 'link', onclick: () => whole.replaceChildren(h('bdi', {}, markedText(text, context))) },
    context.speech.words.common.whole,
  );
  const whole = h(
    'span',
    { class: 'long-text' },
    h('bdi', {}, markedText(startOf(text, SHOWN_AT_ONCE), context), '…'),
    ' ',
    more,
  );
  return whole;
}

/** The same for within a button: the rest of a long one is in its title, as far as titles go. */
export function briefText(text: string, context: Pick<Context, 'speech'>): HTMLElement {
  if (text.length <= SHOWN_IN_LABELS) return h('bdi', {}, markedText(text, context));
  return h('bdi', { title: visible(startOf(text, 1000)) }, markedText(startOf(text, SHOWN_IN_LABELS), context), '…');
}

/** A text for where there are no elements: titles, labels, choices. Its direction stays within it. */
export function labelText(text: string): string {
  const start = text.length <= SHOWN_IN_LABELS ? text : `${startOf(text, SHOWN_IN_LABELS)}…`;
  return `\u2068${visible(start).replace(/[\t\n]/g, ' ')}\u2069`;
}

/** The first so many units of a text, and never half of a pair. */
export const startOf = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

const markedText = (text: string, context: Pick<Context, 'speech'>): Child[] =>
  pieces(text).map(({ text, hidden }) => (hidden ? unseenMark(text, context) : text));

const unseenMark = (character: string, { speech }: Pick<Context, 'speech'>) =>
  h(
    'span',
    { class: 'unseen', title: speech.say(speech.words.common.unseen, { code: spelled(character).slice(1, -1) }) },
    spelled(character),
  );

/** The value of a field; quoted where blanks would not be seen. */
export function foreignValue(value: string, context: Pick<Context, 'speech'>): HTMLElement {
  if (value === '') return h('span', { class: 'muted' }, `(${context.speech.words.diff.empty})`);
  const text = foreignText(value, context);
  return /^\s|\s$|\s\s/.test(value) ? h('span', { class: 'value' }, '"', text, '"') : text;
}

/** A value with everything spelled out that is not plain ASCII: for one of two that look alike and are not the same. */
export const spelledValue = (value: string): HTMLElement =>
  h(
    'bdi',
    {},
    [...startOf(value, SHOWN_AT_ONCE)].map(one =>
      /[^\x20-\x7e]/u.test(one) ? h('span', { class: 'unseen' }, spelled(one)) : one,
    ),
  );
