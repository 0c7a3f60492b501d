import { holdNumber } from '../roster/model.ts';
import type { RunHead } from '../store/store.ts';
import type { Desk } from './announce.ts';
import type { Ending, Notice, OmflowGets } from './notice.ts';
import type { Sight, Transition } from './states.ts';

/** Puts together what there is to tell of a transition, out of the store. */
export async function noticeOf(transition: Transition, desk: Desk): Promise<Notice> {
  const { sight, spell, how } = transition;
  const common = {
    at: desk.now.toISOString(),
    since: spell.since.toISOString(),
    host: desk.host,
    store: desk.store.address,
    omflow: omflowGets(desk),
  };
  if (how === 'left') {
    const { kind: state } = sight;
    return { kind: 'recovered', ...common, state, end: await endingOf(transition, desk), commands: ['rosterd status'] };
  }
  switch (sight.kind) {
    case 'held':
      return { kind: 'held', ...common, ...heldFacts(desk) };
    case 'failed':
      return { kind: 'failed', ...common, ...failureFacts(desk) };
    case 'stale':
      return { kind: 'stale', ...common, ...failureFacts(desk) };
    case 'quarantine':
      return { kind: 'quarantine', ...common, ...(await quarantineFacts(sight, desk)) };
    case 'certificate':
      return { kind: 'certificate', ...common, ...certificateFacts(desk) };
  }
}

/** The same order in which `/sync` decides. */
function omflowGets({ health, sync }: Desk): OmflowGets {
  const { served, pin, hold, staleSince } = health;
  if (pin && served) return gets(served, true);
  if (hold && sync.on_hold === 'fail') return { status: 'fail', because: 'held' };
  if (!served) return { status: 'fail', because: 'nothing_published' };
  return staleSince ? { status: 'fail', because: 'stale' } : gets(served, false);
}

const gets = ({ number, at }: { number: number; at: Date }, pinned: boolean): OmflowGets => ({
  status: 'success',
  snapshot: number,
  pinned,
  at: at.toISOString(),
});

function heldFacts({ health: { hold } }: Desk) {
  if (!hold) throw new Error('a hold is told of that does not stand');
  const { number, changes, people, findings } = hold;
  // A roster without people cannot be approved.
  const approve = people > 0 ? [`rosterd approve ${number}`] : [];
  return {
    hold: number,
    changes,
    people,
    reasons: findings.map(({ guard, text }) => ({ guard, text })),
    commands: [`rosterd review ${number}`, ...approve],
  };
}

function failureFacts({ health: { failing, hold, good, sources } }: Desk) {
  return {
    why: failing?.why ?? hold?.findings.map(finding => finding.text).join('; ') ?? '',
    sources: sources.filter(one => one.required && one.failing).map(one => one.source as string),
    last_good: good ? { run: good.number, at: (good.finished ?? good.started).toISOString() } : null,
    commands: ['rosterd status', 'rosterd check'],
  };
}

/** How many runs back one is looked for that looked at everybody. */
const RUNS = 100;

async function quarantineFacts({ level }: Sight, { store, health }: Desk) {
  const recent = await store.runs.heads.list(RUNS);
  const counts = (recent.map(keptOut).find(some => some.length > 0) ?? (health.good ? keptOut(health.good) : [])).sort(
    (a, b) => b.count - a.count,
  );
  return { count: level, codes: counts.map(({ code, count }) => ({ code, count })), commands: ['rosterd show'] };
}

const keptOut = ({ counts }: RunHead) => counts.filter(one => one.effect === 'quarantined');

const DAY = 86_400_000;

function certificateFacts({ certificate, now }: Desk) {
  if (!certificate) throw new Error('a certificate is told of that is not there');
  const { file, expires } = certificate;
  const days = Math.floor((expires.getTime() - now.getTime()) / DAY);
  return { file, expires: expires.toISOString(), days, commands: [] };
}

async function endingOf({ sight, spell }: Transition, { store, health, certificate }: Desk): Promise<Ending> {
  switch (sight.kind) {
    case 'held': {
      const number = holdNumber(Number(spell.mark));
      const end = (await store.holds.get(number))?.end;
      return end ? { how: end.how, hold: number, run: end.run, reason: end.reason } : { how: 'settled', hold: number };
    }
    case 'quarantine':
      return sight.level === 0 ? { how: 'clean' } : { how: 'fewer', count: sight.level };
    case 'certificate':
      return {
        how: 'renewed',
        file: certificate?.file ?? '',
        expires: (certificate?.expires ?? spell.since).toISOString(),
      };
    case 'failed':
    case 'stale':
      return runEnding(health.last);
  }
}

const runEnding = (run: RunHead | undefined): Ending => ({
  how: 'run',
  run: run?.number ?? 0,
  status: run?.status ?? '',
  snapshot: run?.snapshot ?? null,
});
