import type { ChangeCounts } from '../roster/model.ts';
import type { CertificateNotice, Ending, FailedNotice, HeldNotice, Notice, OmflowGets, StaleNotice } from './notice.ts';
import type { BadKind } from './states.ts';

/** A notice as people read it. */
export interface Words {
  /** One line: `held: hold 3 waits for a decision`. */
  readonly title: string;
  /** Paragraphs, each of one or more lines. */
  readonly paragraphs: readonly (readonly string[])[];
}

/** What decides how a notice is worded besides what is in it. */
export interface Wording {
  /** Of all times that are told. */
  readonly timezone: string;
  /** False when it is told so late that it is not so any more. */
  readonly isCurrent: boolean;
}

/** Puts a notice into words. */
export function wordsOf(notice: Notice, { timezone, isCurrent }: Wording): Words {
  const when: When = time => `${minute(timezone, time)} (${timezone})`;
  const late = notice.kind === 'recovered' ? 'it has come back since.' : 'it is over by now.';
  return {
    title: `${notice.kind}: ${titleOf(notice, when)}`,
    paragraphs: [
      ...(isCurrent ? [] : [[`This was so at ${when(notice.at)}; ${late}`]]),
      ...bodyOf(notice, when),
      ...(notice.kind === 'certificate' ? [] : [[omflowText(notice.omflow, when)]]),
      ...(notice.commands.length > 0 ? [['On the server of rosterd:', ...notice.commands.map(one => `  ${one}`)]] : []),
      [`rosterd on ${notice.host}, store ${notice.store}, at ${when(notice.at)}`],
    ],
  };
}

/** The whole text, in paragraphs. */
export const textOf = ({ paragraphs }: Words): string => paragraphs.map(lines => lines.join('\n')).join('\n\n');

type When = (time: string) => string;

/** `2026-08-20 02:00`; Swedish is the language that writes dates so. */
const minute = (timeZone: string, time: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(new Date(time));

function titleOf(notice: Notice, when: When): string {
  switch (notice.kind) {
    case 'held':
      return `hold ${notice.hold} waits for a decision`;
    case 'failed':
      return `no run has succeeded since ${when(notice.since)}`;
    case 'stale':
      return `nothing was confirmed since ${when(notice.since)}, which is too long for OMFLOW`;
    case 'quarantine':
      return keptOutText(notice.count);
    case 'certificate':
      return notice.days < 0 ? 'the certificate has expired' : `the certificate expires in ${daysText(notice.days)}`;
    case 'recovered':
      return endingText(notice.end, notice.state, when);
  }
}

const keptOutText = (count: number) =>
  count === 1 ? '1 person or department is kept out' : `${count} people or departments are kept out`;

const daysText = (days: number) => (days === 0 ? 'less than a day' : days === 1 ? '1 day' : `${days} days`);

function bodyOf(notice: Notice, when: When): readonly (readonly string[])[] {
  switch (notice.kind) {
    case 'held':
      return heldText(notice, when);
    case 'failed':
    case 'stale':
      return failureText(notice, when);
    case 'quarantine':
      return [
        [
          'They are newcomers with something wrong, or have to do with some: they are not served until that is put right.',
        ],
        notice.codes.map(({ code, count }) => `- ${code}: ${count}`),
      ];
    case 'certificate':
      return certificateText(notice, when);
    case 'recovered':
      return [
        [
          `${OVER[notice.state]} since ${when(notice.since)}. That is over: ${endingText(notice.end, notice.state, when)}.`,
          ...reasonText(notice.end),
        ],
      ];
  }
}

function heldText({ since, changes, people, reasons }: HeldNotice, when: When): readonly (readonly string[])[] {
  return [
    [`It was opened at ${when(since)}, and would change: ${changesText(changes)}.`],
    ['Why it is held:', ...reasons.map(({ text }) => `- ${text}`)],
    [
      'If that is wrong, put the source right: the next run that is within the limits ends the hold by itself.',
      people > 0
        ? 'If it is meant, look at it and approve it: exactly that is published then.'
        : 'It has no people, so it cannot be approved.',
    ],
  ];
}

/** `people +3 ~2 -200, departments +0 ~0 -0, memberships +3 -201`. */
function changesText(changes: ChangeCounts): string {
  const people = `+${changes.people_added} ~${changes.people_modified + changes.people_renamed} -${changes.people_removed}`;
  const departments = `+${changes.departments_added} ~${changes.departments_modified} -${changes.departments_removed}`;
  const memberships = `+${changes.memberships_added} -${changes.memberships_removed}`;
  return `people ${people}, departments ${departments}, memberships ${memberships}`;
}

function failureText({ why, last_good }: FailedNotice | StaleNotice, when: When): readonly (readonly string[])[] {
  const good = last_good
    ? `The last good run was run ${last_good.run}, at ${when(last_good.at)}.`
    : 'There has been no good run yet.';
  return [...(why === '' ? [] : [[`Why: ${why}`]]), [good]];
}

function certificateText({ file, expires, days }: CertificateNotice, when: When): readonly (readonly string[])[] {
  const then =
    days < 0 ? 'Callers that verify it are turned away.' : 'After that callers that verify it are turned away.';
  return [
    [
      `${file} ${days < 0 ? 'expired' : 'expires'} at ${when(expires)}. ${then}`,
      'Put a new one in its place: it is taken without a restart.',
    ],
  ];
}

/** What was so, of what is over. */
const OVER: Readonly<Record<BadKind, string>> = {
  held: 'A hold stood',
  failed: 'No run had succeeded',
  stale: 'What OMFLOW would have been given was too old',
  quarantine: 'People or departments were kept out',
  certificate: 'The certificate was about to expire, or had expired,',
};

function endingText(end: Ending, state: BadKind, when: When): string {
  switch (end.how) {
    case 'approved':
      return `hold ${end.hold} was approved, in run ${end.run}`;
    case 'overtaken':
      return `hold ${end.hold} was overtaken by run ${end.run}, which was within the limits`;
    case 'outdated':
    case 'settled':
      return `hold ${end.hold} does not stand any more`;
    case 'run':
      return `${againText(end, state)}: ${runText(end)}`;
    case 'clean':
      return 'nobody is kept out any more';
    case 'fewer':
      return `${keptOutText(end.count)}, no more than before`;
    case 'renewed':
      return `the certificate ${end.file} was renewed, and expires at ${when(end.expires)}`;
  }
}

function againText({ status }: RunEnding, state: BadKind): string {
  if (state === 'stale') return 'the roster is fresh again';
  // It got so far as to judge what the sources said.
  return status === 'held' ? 'runs do not fail any more' : 'runs succeed again';
}

type RunEnding = Extract<Ending, { how: 'run' }>;

function runText({ run, status, snapshot }: RunEnding): string {
  switch (status) {
    case 'published':
      return `run ${run} published snapshot ${snapshot}`;
    case 'unchanged':
      return `run ${run} found snapshot ${snapshot} unchanged`;
    default:
      return `run ${run} is ${status}`;
  }
}

const reasonText = (end: Ending): string[] =>
  'reason' in end && end.reason !== '' ? [`Reason given: ${end.reason}`] : [];

function omflowText(omflow: OmflowGets, when: When): string {
  if (omflow.status === 'success') {
    const { snapshot, pinned, at } = omflow;
    return `OMFLOW is served snapshot ${snapshot}, of ${when(at)}${pinned ? ', which is pinned' : ''}.`;
  }
  switch (omflow.because) {
    case 'held':
      return 'OMFLOW is told so, and keeps what it has (sync.on_hold: fail).';
    case 'stale':
      return 'OMFLOW is told so, and keeps what it has (sync.max_stale).';
    case 'nothing_published':
      return 'OMFLOW is told that nothing has been published yet.';
  }
}
