import type { NoticeKind } from '../config/notify.ts';
import type { Health } from '../runs/health.ts';
import type { KnownState } from '../store/store.ts';
import type { ShownCertificate } from './announce.ts';

/** What may be bad. */
export type BadKind = Exclude<NoticeKind, 'recovered'>;

/** One state that somebody may be told of, as it is now. */
export interface Sight {
  readonly kind: BadKind;
  /** The kind, and where each replica has its own, whose it is. */
  readonly subject: string;
  /** How bad it is; 0 is good. A rise is told, a fall is not unless it is to 0. */
  readonly level: number;
  /** What tells this spell from another one; `""` where nothing does. */
  readonly mark: string;
  /** Absent: since it was noticed. */
  readonly since: Date | undefined;
  /** The newest ended run of this look. Absent for what has nothing to do with runs. */
  readonly run: number | undefined;
}

/** One thing to tell: that something became bad, or worse, or is over. */
export interface Transition {
  readonly how: 'entered' | 'worse' | 'left';
  readonly sight: Sight;
  /** The spell that it is about: as it is from now on, or as it was until now. */
  readonly spell: KnownState & { readonly entered: Date; readonly since: Date };
}

/** What a look at one state comes to. */
export interface Verdict {
  /** Absent where nothing is to be written. */
  readonly after: KnownState | undefined;
  readonly transitions: readonly Transition[];
}

interface Looked {
  readonly health: Health;
  readonly certificate: ShownCertificate | undefined;
  readonly host: string;
  readonly now: Date;
}

/** Everything that may be bad, as it is now. */
export function sightsOf({ health, certificate, host, now }: Looked): Sight[] {
  const { hold, failing, staleSince, quarantined } = health;
  const run: number = health.last?.number ?? 0;
  const one = (kind: BadKind, level: number, more: Partial<Sight> = {}): Sight => {
    return { kind, subject: kind, level, mark: '', since: undefined, run, ...more };
  };
  return [
    one('held', hold ? 1 : 0, { mark: hold ? String(hold.number) : '', since: hold?.opened }),
    one('failed', failing ? 1 : 0, { since: failing?.since }),
    one('stale', staleSince ? 1 : 0, { since: staleSince }),
    one('quarantine', quarantined),
    ...(certificate
      ? [
          one('certificate', certificateLevel(certificate, now), {
            subject: `certificate ${host} ${certificate.file}`,
            run: undefined,
          }),
        ]
      : []),
  ];
}

const DAY = 86_400_000;

/** So many milliseconds before a certificate expires its level rises by one each. */
const AHEAD = [30 * DAY, 7 * DAY, DAY, 0];

const certificateLevel = ({ expires }: ShownCertificate, now: Date): number =>
  AHEAD.filter(ahead => expires.getTime() - now.getTime() <= ahead).length;

/** A failure that begins so soon after another one was told is told once it has lasted as long; milliseconds. */
const FLAPPING = 15 * 60_000;

/**
 * Compares what was known of a state with what is so now. Who stands in quarantine when it is first looked is known, and not
 * told: it says something only when they become more.
 */
export function judge(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  if (known && isOutdated(known, sight)) return NOTHING;
  if (!known && sight.kind === 'quarantine') return { after: fine(sight, undefined), transitions: [] };
  return known?.standing ? judgeStanding(known, sight, now) : judgeFine(known, sight, now);
}

const NOTHING: Verdict = { after: undefined, transitions: [] };

/**
 * Whether somebody has looked later, or at the same run with a clock that is ahead: of a replica that is behind nothing
 * becomes better.
 */
function isOutdated({ run, level }: KnownState, sight: Sight): boolean {
  if (sight.run === undefined) return false;
  return sight.run < run || (sight.run === run && sight.level < level);
}

function judgeFine(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  const level = known?.level ?? 0;
  if (sight.level > level) return mustWait(known, sight, now) ? NOTHING : entering(known, sight, now);
  return sight.level < level ? { after: fine(sight, known), transitions: [] } : NOTHING;
}

/** Runs that fail every other time make no stream of notices. */
function mustWait(known: KnownState | undefined, { kind, since }: Sight, now: Date): boolean {
  if (kind !== 'failed' || !known?.entered || !since) return false;
  const isSoon = since.getTime() - known.entered.getTime() <= FLAPPING;
  return isSoon && now.getTime() - since.getTime() < FLAPPING;
}

function judgeStanding(known: KnownState, sight: Sight, now: Date): Verdict {
  const over: Transition = { how: 'left', sight, spell: spellOf(known, now) };
  if (sight.level === 0) return { after: fine(sight, known), transitions: [over] };
  if (sight.mark !== known.mark) {
    const { after, transitions } = entering(known, sight, now);
    return { after, transitions: [over, ...transitions] };
  }
  if (sight.level === known.level) return NOTHING;
  const after = { ...known, level: sight.level, run: sight.run ?? 0 };
  if (sight.level < known.level) return { after, transitions: [] };
  return { after, transitions: [{ how: 'worse', sight, spell: spellOf(after, now) }] };
}

const spellOf = (state: KnownState, now: Date) => ({
  ...state,
  entered: state.entered ?? now,
  since: state.since ?? now,
});

function entering(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  const { subject, mark, level, since = now, run = 0 } = sight;
  // Two spells never have the same name, whatever the clock does.
  const entered = new Date(Math.max(now.getTime(), (known?.entered?.getTime() ?? 0) + 1));
  const spell = { subject, mark, level, standing: true, entered, since, run };
  return { after: spell, transitions: [{ how: 'entered', sight, spell }] };
}

const fine = ({ subject, level, run = 0 }: Sight, known: KnownState | undefined): KnownState => ({
  subject,
  mark: '',
  level,
  standing: false,
  entered: known?.entered,
  since: undefined,
  run,
});
