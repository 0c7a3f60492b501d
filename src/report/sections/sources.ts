import type { RowCounts } from '../../roster/model.ts';
import type { ReportData, SourceData } from '../data.ts';
import { brief, type Content, foreign, type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { filled } from '../words.ts';
import { section, table } from './pieces.ts';

/** Each source: whether it can be read, when it was, what it gave, and its last reads. */
export function sourcesSection({ sources }: ReportData, reader: Reader): Html {
  const { sources: words } = reader.words;
  if (sources.length === 0) return section('sources', reader, html`<p class="muted">${words.none}</p>`);
  const heads = [words.name, words.state, words.read, words.rows, words.next];
  return section('sources', reader, [
    table(
      heads,
      sources.map(source => sourceRow(source, reader)),
    ),
    sources.map(source => readsOf(source, reader)),
  ]);
}

function sourceRow({ name, required, read, rows, next, ...source }: SourceData, reader: Reader): Html {
  const { sources: words } = reader.words;
  return html`<tr>
<th scope="row">${brief(name)} <span class="muted">${required ? words.required : words.optional}</span></th>
<td>${stateOf({ required, read, ...source }, reader)}</td>
<td>${read !== undefined && reader.when(read)}</td>
<td>${rows && rowsText(rows, reader)}</td>
<td>${next === undefined ? words.everyRun : reader.when(next)}</td>
</tr>`;
}

type State = Pick<SourceData, 'required' | 'read' | 'failing' | 'failingSince' | 'why'>;

function stateOf(
  { required, read, failing, failingSince, why }: State,
  { words: { sources: words }, when }: Reader,
): Content {
  if (!failing && read === undefined) return html`<span class="muted">${words.never}</span>`;
  if (!failing) return html`<span class="added"><span aria-hidden="true">✓ </span>${words.fine}</span>`;
  const since = failingSince === undefined ? '' : [' ', filled(words.since, { at: when(failingSince) })];
  return [
    html`<span class="${required ? 'failed' : 'held'}"><span aria-hidden="true">! </span>${words.failing}${since}</span>`,
    why !== undefined && html`<div>${foreign(why)}</div>`,
  ];
}

const rowsText = (
  { people, departments, memberships }: RowCounts,
  { words: { sources: words }, number }: Reader,
): string =>
  [
    `${number(people)} ${words.people}`,
    ...(departments > 0 ? [`${number(departments)} ${words.departments}`] : []),
    ...(memberships > 0 ? [`${number(memberships)} ${words.memberships}`] : []),
  ].join(', ');

function readsOf({ name, reads }: SourceData, reader: Reader): Content {
  const { sources: words } = reader.words;
  if (reads.length === 0) return undefined;
  const rows = reads.map(
    ({ run, at, state, rows, took }) => html`<tr>
<td class="number">${run}</td><td>${reader.when(at)}</td><td>${stateText(state, reader)}</td>
<td>${rowsText(rows, reader)}</td><td class="number">${seconds(took, reader)}</td>
</tr>`,
  );
  return html`<details><summary>${brief(name)}: ${reader.counted(words.reads, reads.length)}</summary>
${table([words.run, words.at, words.state, words.rows, words.took], rows)}</details>`;
}

function stateText(state: string, { words: { sources: words } }: Reader): Html {
  const text = Object.hasOwn(words.states, state) ? words.states[state as keyof typeof words.states] : state;
  return html`<span class="${state === 'failed' ? 'failed' : 'plain'}">${text}</span>`;
}

/** Milliseconds as they are, and from a second on with one digit after the point. */
const seconds = (took: number, { number }: Reader): string =>
  took < 1000 ? `${number(took)} ms` : `${number(Math.round(took / 100) / 10)} s`;
