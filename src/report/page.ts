import { hash } from 'node:crypto';
import { clientScript, pageStyle } from './bundle.ts';
import type { ReportData } from './data.ts';
import { type Content, embedded, foreign, type Html, html, plain, raw } from './html.ts';
import { type Reader, readerOf } from './reader.ts';
import { holdSection } from './sections/hold.ts';
import { SECTIONS, type SectionName, section } from './sections/pieces.ts';
import { problemsSection } from './sections/problems.ts';
import { renamedSection } from './sections/renamed.ts';
import { sourcesSection } from './sections/sources.ts';
import { standingSection } from './sections/standing.ts';
import { timeline } from './timeline.ts';
import { fill, filled, REPORT_WORDS } from './words.ts';

/** A page that stands by itself. */
export interface Page {
  readonly html: string;
  /** What its `Content-Security-Policy` says, which is in the page, too. */
  readonly policy: string;
}

/** The page of a report: one HTML file without anything from elsewhere. The same data make the same page. */
export async function pageOf(data: ReportData): Promise<Page> {
  const [script, style] = await Promise.all([clientScript(), pageStyle()]);
  const policy = policyOf({ script, style, live: data.live });
  const reader = readerOf(data);
  const page = html`<!doctype html>
<html lang="${data.language}">
<head>
<meta charset="utf-8">
<meta name="generator" content="rosterd">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${plain(fill(reader.words.title, { pair: pairText(data, reader) }))}</title>
<style>${raw(style)}</style>
</head>
<body>
${body(data, reader)}
${embedded('data', data)}
${embedded('words', REPORT_WORDS[data.language].client)}
<script type="module">${raw(script)}</script>
</body>
</html>
`;
  return { html: page.toString(), policy };
}

interface Inline {
  readonly script: string;
  readonly style: string;
  readonly live: boolean;
}

/** Nothing is loaded and nothing is run but what is in the page itself; one that is served may ask where it came from. */
const policyOf = ({ script, style, live }: Inline): string =>
  [
    "default-src 'none'",
    `script-src ${source(script)}`,
    `style-src ${source(style)}`,
    'img-src data:',
    `connect-src ${live ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

const source = (text: string): string => `'sha256-${hash('sha256', text, 'base64')}'`;

/** Which two snapshots the page is about. */
function pairText({ diffs: [first], snapshots }: ReportData, { words: { pairs } }: Reader): string {
  const newest = snapshots.at(-1);
  if (!first) return newest ? fill(pairs.first, { after: newest.number }) : pairs.none;
  const { before, after } = first;
  if (after === 'held') return before === 0 ? pairs.heldFirst : fill(pairs.held, { before });
  return before === 0 ? fill(pairs.first, { after }) : fill(pairs.two, { before, after });
}

function body(data: ReportData, reader: Reader): Html {
  const { words } = reader;
  return html`<a class="skip" href="#main">${words.skip}</a>
${header(data, reader)}
<main id="main" tabindex="-1">
<noscript><p class="note">${words.script}</p></noscript>
${SECTIONS.map(name => MAKERS[name](data, reader))}
</main>
<footer class="muted"><p>${words.by} ${words.readOnly} ${data.masked && words.masked}</p></footer>`;
}

function header(data: ReportData, reader: Reader): Html {
  const { words, when } = reader;
  const shown = SECTIONS.filter(name => name !== 'hold' || data.hold);
  return html`<header>
<div class="title-row">
<div><h1>${words.heading}</h1>
<p class="subject">${pairText(data, reader)}</p></div>
<div id="theme" class="no-print"></div>
</div>
<dl class="about">
<div><dt>${words.made}</dt><dd>${when(data.made)} <span class="muted">${filled(words.zone, { zone: data.zone })}</span></dd></div>
<div><dt>${words.store}</dt><dd class="mono">${foreign(data.store)}</dd></div>
</dl>
${data.masked && html`<p class="note">${words.masked}</p>`}
<nav aria-label="${words.sections}" class="no-print"><ul>
${shown.map(name => html`<li><a href="#${name}-section">${words.titles[name]}</a></li>\n`)}</ul></nav>
</header>`;
}

const filledByScript =
  (name: SectionName, above?: Html) =>
  (_data: ReportData, reader: Reader): Html =>
    section(name, reader, undefined, above);

/** Who makes each section; those that a script fills have nothing but their place. */
const MAKERS: Readonly<Record<SectionName, (data: ReportData, reader: Reader) => Content>> = {
  standing: standingSection,
  hold: holdSection,
  timeline: (data, reader) => section('timeline', reader, timeline(data, reader)),
  diff: filledByScript('diff', html`<div id="pair" class="no-print"></div>`),
  sync: filledByScript('sync'),
  chart: filledByScript('chart'),
  person: filledByScript('person'),
  sources: sourcesSection,
  problems: problemsSection,
  renamed: renamedSection,
};
