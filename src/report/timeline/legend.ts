import { type Content, type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { SIGNS } from '../sections/pieces.ts';
import { arrow } from './bars.ts';
import { SHAPES } from './marks.ts';

/** What the bars and the marks mean. */
export function legend({ words: { timeline, counts } }: Reader): Html {
  const bar = (kind: 'added' | 'modified' | 'removed' | 'renamed') =>
    entry(html`<rect class="bar ${kind}" x="-3.5" y="-5" width="7" height="10"/>`, [
      html`<span aria-hidden="true" class="${kind}">${SIGNS[kind]}</span>`,
      counts[kind],
    ]);
  const mark = (name: keyof typeof SHAPES, text: string) =>
    entry(html`<g class="mark ${name}-mark"><path d="${SHAPES[name]}"/></g>`, text);
  return html`<ul class="legend" aria-label="${timeline.legend}">
${bar('added')}${bar('modified')}${bar('removed')}${bar('renamed')}
${entry(html`<path class="beyond" d="${arrow(0, 2, -1)}"/>`, timeline.beyond)}
${mark('failed', timeline.failed)}${mark('held', timeline.held)}${mark('finished', timeline.finished)}${mark('broken-off', timeline.brokenOff)}
</ul>`;
}

const entry = (sign: Html, text: Content): Html =>
  html`<li><svg class="sign" width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">${sign}</svg>${text}</li>
`;
