import { h } from './dom.ts';
import type { Speech } from './words.ts';

/** What is said while something is waited for. */
export const waitingNote = (text: string): HTMLElement => h('p', { class: 'waiting', role: 'status' }, text);

/** What is said when it did not come, and a button to try again. */
export const failureNote = (why: string, retry: () => void, speech: Speech): HTMLElement =>
  h(
    'p',
    { class: 'failure', role: 'alert' },
    h('span', { class: 'failed' }, '! ', why),
    ' ',
    h('button', { type: 'button', onclick: () => retry() }, speech.words.pair.again),
  );
