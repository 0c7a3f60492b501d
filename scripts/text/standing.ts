import type { Config } from '../../src/config/schema.ts';
import type { RowCounts, Snapshot } from '../../src/roster/model.ts';
import type { RecordedRun } from '../../src/store/store.ts';
import { excused, type SourceStanding } from '../../src/views/standing.ts';
import type { Standing, Trouble } from '../standing.ts';
import { excusedText, failureText, holdText, renamedText } from './attention.ts';
import { certificateCells, certificateTrouble } from './certificate-standing.ts';
import { counted, table } from './columns.ts';
import { type Look, shownName, styled } from './look.ts';
import { problemsText, quarantineText } from './problems.ts';
import { ago, minuteIn } from './time.ts';
import { withoutExcuses } from './verdict.ts';

interface Reader {
  readonly look: Look;
  readonly now: Date;
}

/** How things stand, in words: the verdict first, then what it rests on, then whatever needs somebody's attention. */
export function standingText(standing: Standing, config: Config, look: Look): string[] {
  const reader = { look, now: standing.now };
  const { judging } = standing.runs;
  return [
    ...headline(standing, reader),
    '',
    ...table(facts(standing, reader), {}),
    '',
    styled('bold', 'sources', look),
    ...table(
      standing.sources.map(one => sourceCells(one, reader)),
      { indent: 2 },
    ),
    ...paragraph(holdText(standing, config, look)),
    ...paragraph(failureText(standing, look)),
    ...paragraph(excusedText(standing, look)),
    ...paragraph(judging ? quarantineText(judging, look) : []),
    ...paragraph(renamedText(standing, look)),
    ...paragraph(judging ? problemsText(withoutExcuses(judging), look) : []),
  ];
}

const paragraph = (lines: readonly string[]) => (lines.length > 0 ? ['', ...lines] : []);

/** `2026-08-20 02:00 (3 hours ago)`. */
const when = (moment: Date, { look, now }: Reader) => `${minuteIn(look.zone, moment)} (${ago(moment, now)})`;

function headline(standing: Standing, reader: Reader): string[] {
  const { troubles } = standing;
  const lines = troubles.map(trouble => styled('red', troubleText(trouble, standing, reader), reader.look));
  // A certificate says nothing of what is served.
  return troubles.some(trouble => trouble !== 'certificate') ? lines : [...lines, ...service(standing, reader)];
}

/** What is served, where nothing keeps it from being newer but a source now and then. */
function service(standing: Standing, reader: Reader): string[] {
  const { newest, runs } = standing;
  if (runs.bad) {
    const text = `snapshot ${newest?.number} is served, but runs have failed since ${when(runs.bad.started, reader)}`;
    return [styled('yellow', text, reader.look)];
  }
  const missed = excused(standing).map(one => one.source);
  if (missed.length > 0) {
    const subject = `${missed.length === 1 ? 'source' : 'sources'} ${missed.join(', ')}`;
    return [styled('yellow', `snapshot ${newest?.number} is served, but ${subject} cannot be read`, reader.look)];
  }
  const confirmed = runs.good?.finished ? `; the sources confirmed it ${ago(runs.good.finished, reader.now)}` : '';
  return [styled('green', `snapshot ${newest?.number} is served${confirmed}`, reader.look)];
}

function troubleText(trouble: Trouble, standing: Standing, reader: Reader): string {
  const { newest, hold, pin, runs, certificate } = standing;
  switch (trouble) {
    case 'pinned':
      return `pinned${pin ? ` since ${when(pin.at, reader)}: snapshot ${pin.snapshot} is served` : ''}, whatever runs publish; "rosterd unpin" ends that`;
    case 'unpublished':
      return `nothing has been published yet${runs.last ? '' : '; "rosterd pull" makes the first run'}`;
    case 'held':
      return `held${hold ? ` since ${when(hold.opened, reader)}` : ''}: snapshot ${newest?.number} stays until that is settled`;
    case 'stale':
      return `stale: no run has succeeded since ${runs.bad ? when(runs.bad.started, reader) : 'long ago'}`;
    case 'certificate':
      return certificate ? certificateTrouble(certificate, reader.now, reader.look) : trouble;
  }
}

function facts({ newest, pin, runs, delivered, certificate }: Standing, reader: Reader): string[][] {
  const confirmed = runs.good?.finished;
  const waits = pin && newest && newest.number > pin.snapshot;
  return [
    ...(pin ? [['served', `snapshot ${pin.snapshot}`, when(pin.at, reader), 'pinned']] : []),
    ...(waits
      ? [['waiting', `snapshot ${newest.number}`, `"rosterd diff ${pin.snapshot} ${newest.number}" shows it`]]
      : []),
    ...(newest ? [['published', `snapshot ${newest.number}`, when(newest.at, reader), sizes(newest)]] : []),
    ...(confirmed ? [['confirmed', `run ${runs.good?.number}`, when(confirmed, reader)]] : []),
    ...(runs.last
      ? [['last run', `run ${runs.last.number}`, when(runs.last.started, reader), lastRun(runs.last)]]
      : []),
    delivered
      ? [
          'delivered',
          `snapshot ${delivered.snapshot}`,
          when(delivered.at, reader),
          `to ${shownName(delivered.client, reader.look)}`,
        ]
      : ['delivered', 'not yet'],
    ...(certificate ? [['certificate', ...certificateCells(certificate, reader.now, reader.look)]] : []),
  ];
}

const sizes = ({ people, departments, memberships }: Pick<Snapshot, 'people' | 'departments' | 'memberships'>) =>
  [counted(people, 'person', 'people'), counted(departments, 'department'), counted(memberships, 'membership')].join(
    '  ',
  );

const lastRun = ({ status, cause }: RecordedRun) =>
  status === 'running' ? `under way (${cause})` : `${status} (${cause})`;

function sourceCells({ source, at, rows, failing, required, next }: SourceStanding, reader: Reader): string[] {
  const now = failing
    ? [styled(required ? 'red' : 'yellow', 'cannot be read now', reader.look)]
    : next
      ? [`on its own schedule, next at ${minuteIn(reader.look.zone, next)}`]
      : [];
  if (!at || !rows) return [source, 'never read', ...now];
  return [source, `read ${when(at, reader)}`, rowsText(rows), ...now];
}

/** What a source gave, in rows: more than people, where some have left or are quarantined. */
const rowsText = ({ people, departments, memberships }: RowCounts) =>
  [
    `${counted(people, 'row')} of people`,
    ...(departments > 0 ? [`${departments} of departments`] : []),
    ...(memberships > 0 ? [`${memberships} of memberships`] : []),
  ].join(', ');
