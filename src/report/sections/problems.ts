import type { Effect } from '../../roster/model.ts';
import type { ProblemData, ReportData } from '../data.ts';
import { brief, type Content, foreign, type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { filled } from '../words.ts';
import { commands, section, table } from './pieces.ts';

/** The order in which problems are told: what keeps somebody out first. */
const EFFECTS: readonly Effect[] = ['failed', 'quarantined', 'kept', 'dropped', 'fixed', 'warned'];

/** Of what keeps nobody out: how many are seen without opening the list. */
const OPEN = 50;

/** What the newest run that looked at everybody found wrong: by effect, with what to do about it, then by code. */
export function problemsSection({ problems }: ReportData, reader: Reader): Html {
  const { run, counts, listed } = problems;
  const { problems: words } = reader.words;
  if (run === undefined) return section('problems', reader, html`<p class="muted">${words.noRun}</p>`);
  const of = html`<p class="muted">${filled(words.of, { run })}</p>`;
  const groups = EFFECTS.flatMap(effect => {
    const codes = counts.filter(one => one.effect === effect && one.count > 0).toSorted((a, b) => b.count - a.count);
    return codes.length > 0 ? [effectGroup({ effect, codes, listed }, reader)] : [];
  });
  return section('problems', reader, groups.length > 0 ? [of, groups] : [html`<p>${words.none}</p>`, of]);
}

interface Group {
  readonly effect: Effect;
  readonly codes: ReportData['problems']['counts'];
  readonly listed: readonly ProblemData[];
}

function effectGroup({ effect, codes, listed }: Group, reader: Reader): Html {
  const { problems: words } = reader.words;
  const count = codes.reduce((sum, one) => sum + one.count, 0);
  return html`
<h3 class="${CLASSES[effect]}"><span aria-hidden="true">${SIGNS[effect]} </span>${words.effects[effect]} <span class="count">${reader.number(count)}</span></h3>
<p>${words.todo[effect]}</p>
${codes.map(({ code, count }) => {
  const own = listed.filter(one => one.effect === effect && one.code === code);
  return codeGroup({ code, count, own, isOpen: effect === 'quarantined' && count <= OPEN }, reader);
})}`;
}

const CLASSES: Readonly<Record<Effect, string>> = {
  failed: 'failed',
  quarantined: 'held',
  kept: 'modified',
  dropped: 'modified',
  fixed: 'plain',
  warned: 'plain',
};
const SIGNS: Readonly<Record<Effect, string>> = {
  failed: '✕',
  quarantined: '!',
  kept: '~',
  dropped: '-',
  fixed: '✓',
  warned: '·',
};

interface CodeGroup {
  readonly code: string;
  readonly count: number;
  /** Of those that are listed. */
  readonly own: readonly ProblemData[];
  readonly isOpen: boolean;
}

function codeGroup({ code, count, own, isOpen }: CodeGroup, reader: Reader): Html {
  const { problems: words } = reader.words;
  const head = html`<code>${brief(code)}</code> <span class="count">${reader.number(count)}</span>`;
  return html`<details${isOpen && html` open`}><summary>${head}</summary>
${own.length > 0 && table([words.who, words.source, words.text], own.map(problemRow(reader)))}
${count > own.length && unlisted(count - own.length, reader)}
</details>`;
}

const problemRow =
  ({ words: { problems: words } }: Reader) =>
  ({ name, kind, source, text }: ProblemData): Html => {
    const kindText = Object.hasOwn(words.kinds, kind) ? words.kinds[kind as keyof typeof words.kinds] : kind;
    const who = name === '' ? html`<span class="muted">${kindText}</span>` : foreign(name);
    return html`<tr><th scope="row">${who}</th><td>${brief(source)}</td><td>${foreign(text)}</td></tr>`;
  };

const unlisted = (count: number, { counted, words: { problems: words } }: Reader): Content => [
  html`<p>${counted(words.more, count)} ${words.command}</p>`,
  commands('rosterd status --json'),
];
