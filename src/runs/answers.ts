import type { Config } from '../config/schema.ts';
import type { RosterBody, RosterService, SentRoster, SyncAnswer, SyncRefusal } from '../http/roster.ts';
import type { SnapshotNumber } from '../roster/model.ts';
import type { RecordedRun, RunCause, Store } from '../store/store.ts';

/** What decides about `/sync` besides the store. */
export interface AnswerSettings {
  readonly sync: Config['sync'];
  readonly store: Store;
  readonly runner: {
    readonly running: boolean;
    run(cause: RunCause): Promise<unknown>;
    render(snapshot: SnapshotNumber): Promise<Uint8Array>;
  };
  now(): Date;
  delivered(sent: SentRoster): void;
}

/** The `/sync` service: runs when it is time, and answers one snapshot, whole, or says why not. */
export function rosterService(settings: AnswerSettings): RosterService {
  const body = bodies(settings);
  return {
    async answer() {
      // A pinned snapshot comes first here, once there is `pin`.
      await refresh(settings);
      return (await refusal(settings)) ?? (await success(settings, body));
    },
    delivered: sent => settings.delivered(sent),
  };
}

/**
 * Has a run made when the newest one is too old, and waits for it as long as `sync.deadline` says; not at all when the last
 * one took longer than that, for this one will too.
 */
async function refresh({ sync, store, runner, now }: AnswerSettings): Promise<void> {
  const last = await store.runs.newestFinished();
  const age = last?.finished ? now().getTime() - last.finished.getTime() : Number.POSITIVE_INFINITY;
  if (age < sync.fresh_for) return;
  // How it ended is read from the store below, as for a run of anybody else's.
  const run = runner.run('sync').catch(() => {});
  if (durationOf(last) <= sync.deadline) await within(run, sync.deadline);
}

const durationOf = (run: RecordedRun | undefined) =>
  run?.finished ? run.finished.getTime() - run.started.getTime() : 0;

function within(work: Promise<unknown>, milliseconds: number): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

async function refusal({ sync, store, runner, now }: AnswerSettings): Promise<SyncAnswer | undefined> {
  const newest = await store.snapshots.newest();
  const hold = await store.holds.open();
  if (hold && sync.on_hold === 'fail') {
    return fail({ reason: 'held', hold: hold.number, why: hold.findings.map(finding => finding.text).join('; ') });
  }
  if (!newest) {
    const last = await store.runs.newestFinished();
    if (!last || (runner.running && last.status === 'interrupted')) return fail({ reason: 'first_pull_running' });
    return fail({ reason: 'nothing_published', why: whyOf(last) });
  }
  const good = await store.runs.newestGood();
  const bad = await store.runs.firstBadSince(good?.number);
  if (!bad || now().getTime() - bad.started.getTime() <= sync.max_stale) return undefined;
  return fail({ reason: 'stale', since: bad.started, why: whyOf((await store.runs.newestFinished()) ?? bad) });
}

const fail = (refusal: SyncRefusal): SyncAnswer => ({ status: 'fail', refusal });

/** A run's first problem, as one sentence. */
export function whyOf(run: RecordedRun): string {
  const first = run.problems.find(one => one.effect === 'failed');
  if (first) return first.source === '' ? first.text : `source ${first.source}: ${first.text}`;
  if (run.findings.length > 0) return run.findings.map(finding => finding.text).join('; ');
  return run.status === 'interrupted' ? 'the last run was interrupted' : `the last run ended as ${run.status}`;
}

async function success(
  { store }: AnswerSettings,
  body: (number: SnapshotNumber) => Promise<RosterBody>,
): Promise<SyncAnswer> {
  const newest = await store.snapshots.newest();
  if (!newest) return fail({ reason: 'first_pull_running' });
  return { status: 'success', body: await body(newest.number) };
}

/** Keeps the newest body: made once, shared by all who ask for it, and made again only if that failed. */
function bodies({ runner }: AnswerSettings): (number: SnapshotNumber) => Promise<RosterBody> {
  let kept: { number: SnapshotNumber; body: Promise<RosterBody> } | undefined;
  return number => {
    if (kept?.number !== number) {
      const body = runner.render(number).then(bytes => ({ snapshot: number, bytes }));
      kept = { number, body };
      body.catch(() => {
        if (kept?.body === body) kept = undefined;
      });
    }
    return kept.body;
  };
}
