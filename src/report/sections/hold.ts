import type { HoldData, ReportData, StandingData } from '../data.ts';
import { brief, type Content, foreign, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { countedForm, filled } from '../words.ts';
import { commands, countsTable, section, table } from './pieces.ts';

/** The candidate that waits: why, what it would change, and the commands that decide; nothing without one. */
export function holdSection({ hold, standing }: ReportData, reader: Reader): Content {
  if (!hold) return undefined;
  const { words } = reader;
  return section('hold', reader, [
    html`<p>${filled(words.hold.opened, { number: hold.number, at: reader.when(hold.opened) })}</p>`,
    findings(hold, reader),
    countsTable(hold.counts, reader),
    decision(hold, reader),
    html`<p>${meanwhile(standing, reader)}</p>`,
    html`<div id="hold-diff"></div>`,
  ]);
}

function findings({ findings }: HoldData, { words: { hold: words }, number }: Reader): Content {
  if (findings.length === 0) return undefined;
  const rows = findings.map(
    ({ guard, text }) => html`<tr><th scope="row"><code>${brief(guard)}</code></th><td>${foreign(text)}</td></tr>`,
  );
  const count = number(findings.length);
  return [
    html`<p class="held"><span aria-hidden="true">! </span>${filled(countedForm(words.findings, findings.length), { count })}</p>`,
    table([words.guard, words.text], rows),
  ];
}

/** What can be done; of a first roster nobody can say that it is wrong because it is so much. */
function decision(hold: HoldData, { words: { hold: words } }: Reader): Content {
  const isFirst = hold.findings.some(({ guard }) => guard === 'first');
  return [
    !isFirst && html`<p>${words.ifWrong}</p>`,
    html`<p>${hold.approvable ? words.ifMeant : words.never}</p>`,
    html`<p>${words.review}</p>`,
    commands(`rosterd review ${hold.number}`),
    hold.approvable && [
      html`<p>${words.approve}</p>`,
      commands(`rosterd approve ${hold.number} --reason "${words.reason}"`),
    ],
  ];
}

function meanwhile({ served, pinned, newest }: StandingData, { words: { hold: words } }: Reader): Content {
  if (pinned) return filled(words.meanwhilePinned, { snapshot: pinned.snapshot });
  const snapshot = served ?? newest;
  return snapshot === undefined ? words.meanwhileFirst : filled(words.meanwhile, { snapshot });
}
