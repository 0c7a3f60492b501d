import type { ChangeCounts } from '../../roster/model.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';

/** The sections of a page, in their order. */
export const SECTIONS = [
  'standing',
  'hold',
  'timeline',
  'diff',
  'sync',
  'chart',
  'person',
  'sources',
  'problems',
  'renamed',
] as const;
export type SectionName = (typeof SECTIONS)[number];

/** A section with its heading; what is in it stands in an element of its own, which a script may fill, below what is `above`. */
export const section = (name: SectionName, { words }: Reader, content?: Content, above?: Content): Html => html`
<section id="${name}-section" aria-labelledby="${name}-title">
<h2 id="${name}-title">${words.titles[name]}</h2>
${above}<div id="${name}">${content}</div>
</section>`;

/** Commands to be copied, one a line. They are made of our own words and of numbers. */
export const commands = (...lines: readonly string[]): Html =>
  html`<pre class="command"><code>${lines.join('\n')}</code></pre>`;

/** A table in a frame of its own, in which it can be scrolled where it is wider than the page. */
export const table = (heads: readonly Content[], rows: readonly Content[]): Html => html`
<div class="scroll" tabindex="0"><table class="table">
<thead><tr>${heads.map(head => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;

/** How many of each change there are, as a table with the signs that changes have everywhere. */
export function countsTable(counts: ChangeCounts, { words: { counts: words }, number }: Reader): Html {
  const cell = (kind: 'added' | 'modified' | 'removed' | 'renamed', count: number | undefined) =>
    html`<td class="number">${
      count === undefined
        ? ''
        : html`<span class="${count === 0 ? 'muted' : kind}">${SIGNS[kind]}${number(count)}</span>`
    }</td>`;
  const row = (head: string, [added, modified, removed, renamed]: readonly (number | undefined)[]) =>
    html`<tr><th scope="row">${head}</th>${cell('added', added)}${cell('modified', modified)}${cell('removed', removed)}${cell('renamed', renamed)}</tr>`;
  const head = (kind: 'added' | 'modified' | 'removed' | 'renamed') =>
    html`<th scope="col" class="number">${words[kind]}</th>`;
  return html`<div class="scroll" tabindex="0"><table class="table counts">
<caption>${words.caption}</caption>
<thead><tr><td></td>${head('added')}${head('modified')}${head('removed')}${head('renamed')}</tr></thead>
<tbody>
${row(words.people, [counts.people_added, counts.people_modified, counts.people_removed, counts.people_renamed])}
${row(words.departments, [counts.departments_added, counts.departments_modified, counts.departments_removed])}
${row(words.memberships, [counts.memberships_added, undefined, counts.memberships_removed])}
</tbody></table></div>`;
}

/** The signs of changes, the same as in the terminal. */
export const SIGNS = { added: '+', modified: '~', removed: '-', renamed: 'R ' } as const;
