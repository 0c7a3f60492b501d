import type { ReportData, SourceData, Trouble } from '../data.ts';
import { brief, type Content, foreign, type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { countedForm, filled } from '../words.ts';
import { commands, section } from './pieces.ts';

/** How things stand: the verdict with what to do about it, then what it rests on. */
export const standingSection = (data: ReportData, reader: Reader): Html =>
  section('standing', reader, [headlines(data, reader), facts(data, reader)]);

function headlines(data: ReportData, reader: Reader): Content {
  const { troubles } = data.standing;
  if (troubles.length === 0) return service(data, reader);
  return troubles.map(trouble => troubleText(trouble, data, reader));
}

/** `weight` names a class of the style. */
const headline = (weight: 'fine' | 'held' | 'failed', text: Content, more?: Content): Html => html`
<div class="verdict ${weight}-verdict"><p class="headline ${weight}"><span aria-hidden="true">${weight === 'fine' ? '✓' : '!'} </span>${text}</p>${more}</div>`;

/** What is served, where nothing keeps it from being newer but a run or a source now and then. */
function service(data: ReportData, reader: Reader): Html {
  const { newest, served, failing, confirmed } = data.standing;
  const { words, when } = reader;
  const snapshot = served ?? newest ?? '';
  if (failing) {
    const text = filled(words.standing.failing, { snapshot, since: when(failing.since) });
    return headline('held', text, remedy(failing.why, reader));
  }
  const missed = data.sources.filter(source => source.failing);
  if (missed.length > 0) return missedText(missed, snapshot, reader);
  const seen = confirmed === undefined ? '' : filled(` ${words.standing.confirmed}`, { at: when(confirmed) });
  return headline('fine', [filled(words.standing.fine, { snapshot }), seen]);
}

function missedText(missed: readonly SourceData[], snapshot: number | string, reader: Reader): Html {
  const form = countedForm(reader.words.standing.missed, missed.length);
  const sources = missed.map((source, at) => [at === 0 ? '' : ', ', brief(source.name)]);
  const [first] = missed;
  return headline('held', filled(form, { snapshot, sources }), remedy(first?.why, reader));
}

/** Why runs fail, and what to do. */
const remedy = (why: string | undefined, { words }: Reader): Content => [
  why !== undefined && html`<div class="reason">${filled(words.standing.why, { why: foreign(why) })}</div>`,
  html`<p>${words.standing.todo.failing}</p>`,
  commands('rosterd check', 'rosterd pull'),
];

function troubleText(trouble: Trouble, { standing, hold }: ReportData, reader: Reader): Html {
  const { newest, pinned, failing, lastRun } = standing;
  const { standing: words } = reader.words;
  switch (trouble) {
    case 'unpublished': {
      // A hold is what keeps it from being published, and has its own words.
      const more = hold ? [] : [html`<p>${words.todo.unpublished}</p>`, commands('rosterd check', 'rosterd pull')];
      const why = failing?.why || (lastRun?.status === 'failed' ? lastRun.why : '');
      return headline('failed', words.unpublished, [
        why !== '' && !hold && html`<div class="reason">${filled(words.why, { why: foreign(why) })}</div>`,
        more,
      ]);
    }
    case 'pinned': {
      const text = pinned
        ? filled(words.pinned, { since: reader.when(pinned.at), snapshot: pinned.snapshot })
        : reader.words.standing.served;
      return headline('held', text, [html`<p>${words.todo.pinned}</p>`, commands('rosterd unpin')]);
    }
    case 'held': {
      const places = { hold: hold?.number ?? '', snapshot: newest ?? '', since: hold ? reader.when(hold.opened) : '' };
      const text = filled(newest === undefined ? words.heldFirst : words.held, places);
      const review = hold ? `rosterd review ${hold.number}` : 'rosterd review';
      return headline('held', text, [html`<p>${words.todo.held}</p>`, commands(review)]);
    }
    case 'stale': {
      const text = failing ? filled(words.stale, { since: reader.when(failing.since) }) : words.staleLong;
      return headline('failed', text, remedy(failing?.why, reader));
    }
  }
}

function facts({ standing, snapshots }: ReportData, reader: Reader): Html {
  const { words, when } = reader;
  const { standing: said } = words;
  const { newest, served, pinned, confirmed, lastRun, delivered } = standing;
  const newestSnapshot = snapshots.find(({ number }) => number === newest);
  const waits = pinned && newest !== undefined && newest > pinned.snapshot;
  return html`<dl class="facts">
${served !== undefined && fact(said.served, snapshotText(served, reader), pinned && filled(said.pinnedAt, { at: when(pinned.at) }))}
${waits && fact(said.waiting, snapshotText(newest, reader), html`<code>rosterd diff ${pinned.snapshot} ${newest}</code>`)}
${newestSnapshot && fact(said.published, snapshotText(newestSnapshot.number, reader), when(newestSnapshot.at), sizesText(newestSnapshot, reader))}
${confirmed !== undefined && fact(said.lastConfirmed, when(confirmed))}
${lastRun && fact(said.lastRun, filled(said.run, { number: lastRun.number }), when(lastRun.started), words.statuses[lastRun.status])}
${
  delivered
    ? fact(
        said.delivered,
        snapshotText(delivered.snapshot, reader),
        when(delivered.at),
        filled(said.to, { client: foreign(delivered.client) }),
        !delivered.finished && said.brokenOff,
      )
    : fact(said.delivered, said.never)
}
</dl>`;
}

const fact = (name: string, ...parts: readonly Content[]): Html =>
  html`<div><dt>${name}</dt><dd>${parts.filter(part => part).map(part => html`<span>${part}</span> `)}</dd></div>`;

const snapshotText = (number: number, { words }: Reader): Html => filled(words.standing.snapshot, { number });

type Sizes = Readonly<Record<'people' | 'departments' | 'memberships', number>>;

const sizesText = ({ people, departments, memberships }: Sizes, { counted, words: { sizes } }: Reader): string =>
  [
    counted(sizes.people, people),
    counted(sizes.departments, departments),
    counted(sizes.memberships, memberships),
  ].join(' · ');
