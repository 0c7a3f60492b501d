import type { Counter, Registry } from 'prom-client';
import type { NoticeKind } from '../config/notify.ts';
import type { ChangeCounts } from '../roster/model.ts';
import type { Counts } from './metrics.ts';

/** The library as it was loaded. */
export type Prom = typeof import('prom-client');

const RUNS = ['published', 'unchanged', 'held', 'failed'];
const CHANGES: readonly (keyof ChangeCounts)[] = [
  'people_added',
  'people_modified',
  'people_removed',
  'people_renamed',
  'departments_added',
  'departments_modified',
  'departments_removed',
  'memberships_added',
  'memberships_removed',
];
const LOGINS = ['accepted', 'refused', 'barred', 'unavailable'];
const DELIVERIES = ['finished', 'broken_off'];
const CHANNELS = ['webhook', 'slack', 'teams', 'email'];
const NOTICES: readonly NoticeKind[] = ['held', 'failed', 'stale', 'certificate', 'quarantine', 'recovered'];
const TELLINGS = ['sent', 'later', 'given_up'];
const PATHS = ['/sync', '/authenticate'];

/** Upper ends in seconds: a small roster takes less than one, a million people from a slow source an hour. */
const RUN_BUCKETS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600];
/** As long as `/sync` waits for a run, and beyond. */
const CALL_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
/** As long as a login may take. */
const LOGIN_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What counts; all labels are of a few values that are known, whoever asks for what. */
export function openCounts(prom: Prom, registry: Registry): Counts {
  const meters = metersIn(prom, registry);
  begin(meters);
  return {
    call({ path, status, ms }) {
      const known = PATHS.includes(path) ? path : 'other';
      meters.calls.inc({ path: known, status: status ?? 'none' });
      meters.callTime.observe({ path: known }, ms / 1000);
    },
    login({ outcome, ms }) {
      meters.logins.inc({ outcome });
      meters.loginTime.observe(ms / 1000);
    },
    run({ outcome, joined }, took) {
      if (joined) return;
      meters.runs.inc({ outcome: outcome.status });
      meters.runTime.observe(took / 1000);
      if (outcome.status !== 'published') return;
      for (const name of CHANGES) countChange(meters.changes, name, outcome.changes[name]);
    },
    delivery({ finished }) {
      meters.deliveries.inc({ outcome: finished ? 'finished' : 'broken_off' });
    },
    announced({ channel, kind, outcome }) {
      const type = CHANNELS.find(one => channel.startsWith(one)) ?? 'other';
      meters.notifications.inc({ type, kind, outcome });
    },
  };
}

/** Each is the name of a kind and of what was done to it. */
function countChange(counter: Counter, name: keyof ChangeCounts, count: number): void {
  const [kind = '', change = ''] = name.split('_');
  counter.inc({ kind, change }, count);
}

function metersIn(prom: Prom, registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[]) =>
    new prom.Counter({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[], labelNames: string[] = []) =>
    new prom.Histogram({ name, help, buckets, labelNames, registers });
  return {
    runs: counter('rosterd_runs_total', 'Runs that this process made, by how they ended.', ['outcome']),
    runTime: histogram('rosterd_run_duration_seconds', 'How long runs took.', RUN_BUCKETS),
    changes: counter('rosterd_changes_total', 'Changes that were published by runs of this process.', [
      'kind',
      'change',
    ]),
    logins: counter('rosterd_logins_total', 'Tries to log in, by how they ended.', ['outcome']),
    loginTime: histogram('rosterd_login_duration_seconds', 'How long logins took to be decided.', LOGIN_BUCKETS),
    calls: counter('rosterd_http_requests_total', 'Calls that are over, by path and status.', ['path', 'status']),
    callTime: histogram('rosterd_http_request_duration_seconds', 'How long calls took.', CALL_BUCKETS, ['path']),
    deliveries: counter('rosterd_deliveries_total', 'Rosters that went out, by whether they arrived whole.', [
      'outcome',
    ]),
    notifications: counter(
      'rosterd_notifications_total',
      'Tries to tell somebody of something, by what became of them.',
      ['type', 'kind', 'outcome'],
    ),
  };
}

/** From 0 on: a series that begins with its first event does not show as an increase. */
function begin({ runs, changes, logins, deliveries, notifications }: ReturnType<typeof metersIn>): void {
  for (const outcome of RUNS) runs.inc({ outcome }, 0);
  for (const name of CHANGES) countChange(changes, name, 0);
  for (const outcome of LOGINS) logins.inc({ outcome }, 0);
  for (const outcome of DELIVERIES) deliveries.inc({ outcome }, 0);
  for (const type of CHANNELS)
    for (const kind of NOTICES) for (const outcome of TELLINGS) notifications.inc({ type, kind, outcome }, 0);
}
