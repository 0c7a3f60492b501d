import { hash } from 'node:crypto';
import type { NoticeKind } from '../config/notify.ts';
import type { Health } from '../runs/health.ts';
import type { KnownState } from '../store/store.ts';
import type { ShownCertificate } from './announce.ts';
import { judgeFailing } from './failing.ts';
import { entering, fine, leaving, NOTHING, over, quietly, worsening } from './spells.ts';

/** What may be bad. */
export type BadKind = Exclude<NoticeKind, 'recovered'>;

/** One state that somebody may be told of, as it is now. */
export interface Sight {
  readonly kind: BadKind;
  /** The kind, and where each replica has its own, whose it is. */
  readonly subject: string;
  /** How bad it is; 0 is good. A rise is told, a fall is not unless it ends the spell. */
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
            subject: certificateSubject(host),
            run: undefined,
          }),
        ]
      : []),
  ];
}

/** The longest name of a machine, in bytes, that is kept as it is: what the column of a store takes is not endless. */
const LONGEST = 255;

/** The one that a machine shows, whichever file it is in. */
const certificateSubject = (host: string): string =>
  `certificate ${Buffer.byteLength(host) > LONGEST ? hash('sha256', host) : host}`;

const DAY = 86_400_000;

/** So many milliseconds before a certificate expires its level rises by one each. */
const AHEAD = [30 * DAY, 7 * DAY, DAY, 0];

const certificateLevel = ({ expires }: ShownCertificate, now: Date): number =>
  AHEAD.filter(ahead => expires.getTime() - now.getTime() <= ahead).length;

/**
 * Compares what was known of a state with what is so now. Who stands in quarantine when it is first looked is known, and not
 * told: it says something only when they become more.
 */
export function judge(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  if (known && isOutdated(known, sight)) return NOTHING;
  if (sight.kind === 'failed') return judgeFailing(known, sight, now);
  if (sight.kind === 'quarantine') return judgeQuarantine(known, sight, now);
  return known?.standing ? judgeStanding(known, sight, now) : judgeFine(known, sight, now);
}

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
  if (sight.level > level) return entering(known, sight, now);
  return sight.level < level ? quietly(fine(known, sight)) : NOTHING;
}

function judgeStanding(known: KnownState, sight: Sight, now: Date): Verdict {
  if (sight.level === 0) return leaving(known, sight, now);
  if (sight.mark !== known.mark) {
    const { after, transitions } = entering(known, sight, now);
    return { after, transitions: [over(known, sight, now), ...transitions] };
  }
  if (sight.level > known.level) return worsening(known, sight, now);
  return sight.level < known.level ? quietly({ ...known, level: sight.level, run: sight.run ?? 0 }) : NOTHING;
}

/** A spell has its highest level so far, and by its mark the one before it, to which it has to come back. */
function judgeQuarantine(known: KnownState | undefined, sight: Sight, now: Date): Verdict {
  if (!known) return quietly(fine(known, sight));
  if (!known.standing) return judgeFine(known, { ...sight, mark: String(known.level) }, now);
  if (sight.level <= Number(known.mark)) return leaving(known, sight, now);
  return sight.level > known.level ? worsening(known, sight, now) : NOTHING;
}

/** What tells somebody who has heard nothing of it that a spell stands; undefined where none does. */
export function standingOn(known: KnownState | undefined, sight: Sight): Transition | undefined {
  if (!known?.standing || !known.entered || !known.since || sight.level === 0) return undefined;
  if (sight.kind === 'held' && sight.mark !== known.mark) return undefined;
  return { how: 'entered', sight, spell: { ...known, entered: known.entered, since: known.since } };
}
