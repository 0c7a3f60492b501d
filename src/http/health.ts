import type { Hold, Pin } from '../store/store.ts';
import type { Phase } from './every-call.ts';
import type { Probe } from './monitor.ts';

/** What readiness is made of, by the names that `exclude` takes. */
export const CHECKS = ['phase', 'store', 'snapshot', 'hold'] as const;
export type CheckName = (typeof CHECKS)[number];

/** One thing that has to be so for `/sync` to succeed: whether it is, in words, and the facts. */
export interface Check {
  readonly ok: boolean;
  readonly text: string;
  readonly [fact: string]: unknown;
}

/** What `/readyz` answers with. */
export interface Readiness {
  readonly status: 'ready' | 'not ready';
  /** All of them, but for those that were left out. */
  readonly checks: Readonly<Partial<Record<CheckName, Check>>>;
}

/** How things stand when readiness is judged. */
export interface Standing {
  readonly phase: Phase;
  readonly health: Probe['health'];
  /** Whether `/sync` says fail while a candidate is held. */
  readonly onHold: 'fail' | 'serve_last';
  readonly now: Date;
}

/** Ready is: a `/sync` would succeed now. Where some checks are left out, the others decide. */
export function readinessOf(standing: Standing, without: ReadonlySet<CheckName> = new Set()): Readiness {
  const { health } = standing;
  const all = { phase: phaseCheck(standing), ...('error' in health ? UNKNOWN : storeChecks(standing, health)) };
  const checks = CHECKS.filter(name => !without.has(name)).map(name => [name, all[name]] as const);
  const isReady = checks.every(([, { ok }]) => ok);
  return { status: isReady ? 'ready' : 'not ready', checks: Object.fromEntries(checks) };
}

const phaseCheck = ({ phase }: Standing): Check => ({ ok: phase === 'ready', text: phase });

const NOT_KNOWN: Check = { ok: false, text: 'not known: the store does not answer' };
const UNKNOWN = {
  store: { ok: false, text: 'does not answer; the log says why' },
  snapshot: NOT_KNOWN,
  hold: NOT_KNOWN,
} as const;

type Known = Exclude<Probe['health'], { error: string }>;

const storeChecks = (standing: Standing, health: Known) => ({
  store: { ok: true, text: 'answers' },
  snapshot: snapshotCheck(health, standing.now),
  hold: holdCheck(health, standing.onHold),
});

function snapshotCheck({ served, pin, confirmed, staleSince }: Known, now: Date): Check {
  if (!served) return { ok: false, text: pin ? `snapshot ${pin.snapshot} is pinned, but not there` : UNPUBLISHED };
  const facts = {
    snapshot: served.number,
    published: served.at,
    confirmed,
    age_seconds: confirmed && Math.max(0, Math.round((now.getTime() - confirmed.getTime()) / 1000)),
  };
  if (pin) return { ok: true, text: `snapshot ${served.number} is pinned`, ...facts, pinned: pin.at };
  if (!staleSince) return { ok: true, text: `snapshot ${served.number} is served`, ...facts };
  return { ok: false, text: 'stale: runs fail for too long; see "rosterd status"', ...facts, stale_since: staleSince };
}

const UNPUBLISHED = 'nothing has been published yet';

function holdCheck({ hold, pin }: Known, onHold: Standing['onHold']): Check {
  if (!hold) return { ok: true, text: 'nothing is held' };
  return { ok: pin !== undefined || onHold === 'serve_last', text: holdText(hold, pin, onHold), ...factsOf(hold) };
}

const factsOf = ({ number, opened }: Hold) => ({ hold: number, since: opened });

function holdText({ number }: Hold, pin: Pin | undefined, onHold: Standing['onHold']): string {
  const waits = `hold ${number} waits for a decision`;
  if (pin) return `${waits}; snapshot ${pin.snapshot} is pinned meanwhile`;
  return onHold === 'serve_last'
    ? `${waits}; the last snapshot is served meanwhile`
    : `${waits}: "rosterd review ${number}"`;
}
