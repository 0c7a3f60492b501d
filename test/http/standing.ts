import { pino } from 'pino';
import { openMetrics } from '../../src/http/metrics.ts';
import { type Monitor, type MonitorSettings, type Probe, startMonitor } from '../../src/http/monitor.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { digestOf, holdNumber, runNumber, type Snapshot, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import type { Health } from '../../src/runs/health.ts';
import type { Hold, RunHead } from '../../src/store/store.ts';
import { LogLines } from './house.ts';

/** How things stand at a daemon that nothing is wrong with, and what may be wrong: values as a store would give them. */

export const NOW = new Date('2026-03-01T08:00:00Z');
export const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

const served: Snapshot = {
  number: snapshotNumber(7),
  at: minutesAgo(300),
  digest: digestOf('0'.repeat(64)),
  changes: NO_CHANGES,
  run: runNumber(20),
  people: 1204,
  departments: 63,
  memberships: 1377,
};

const good: RunHead = {
  number: runNumber(40),
  cause: 'schedule',
  started: minutesAgo(11),
  finished: minutesAgo(10),
  status: 'unchanged',
  snapshot: served.number,
  hold: undefined,
  changes: NO_CHANGES,
  findings: [],
  fingerprint: 'f',
  found: undefined,
  sources: [],
  counts: [],
};

export const well: Health = {
  served,
  confirmed: minutesAgo(10),
  pin: undefined,
  hold: undefined,
  last: good,
  good,
  failing: undefined,
  staleSince: undefined,
  quarantined: 2,
  sources: [
    {
      source: sourceName('hr'),
      required: true,
      at: minutesAgo(11),
      rows: { people: 1300, departments: 63, memberships: 1500 },
      failing: false,
    },
    { source: sourceName('never tried'), required: false, failing: false },
  ],
  deliveries: [{ snapshot: served.number, client: 'omflow', at: minutesAgo(60), finished: true, bytes: 903 }],
};

export const hold: Hold = {
  number: holdNumber(3),
  run: runNumber(41),
  opened: minutesAgo(5),
  findings: [],
  changes: NO_CHANGES,
  base: served.number,
  digest: digestOf('1'.repeat(64)),
  fingerprint: 'f',
  people: 900,
  departments: 63,
  memberships: 1000,
};

export const pin = { snapshot: served.number, at: minutesAgo(2) };

export const probeOf = (health: Probe['health']): Probe => ({ health, expires: undefined });

/** What is otherwise than at a monitor that is well. */
export type Wanted = Partial<MonitorSettings> & { readonly health?: Probe['health'] };

/** A monitor on a free port, ready and well unless said otherwise, with its log and how often it probed. */
export interface Watched extends AsyncDisposable {
  readonly monitor: Monitor;
  readonly port: number;
  readonly log: LogLines;
  probes: number;
}

export async function watched(more: Wanted = {}): Promise<Watched> {
  const log = new LogLines();
  const { health = well, probe = async () => probeOf(health), ...settings } = more;
  const house = { log, probes: 0 };
  const monitor = await startMonitor({
    listen: '127.0.0.1:0',
    phase: () => 'ready',
    onHold: () => 'fail',
    metrics: await openMetrics({ version: '1.2.3' }),
    log: pino({ level: 'trace' }, log),
    now: () => NOW,
    ...settings,
    probe: () => {
      house.probes += 1;
      return probe();
    },
  });
  const port = Number(monitor.address.split(':').at(-1));
  return Object.assign(house, { monitor, port, [Symbol.asyncDispose]: () => monitor[Symbol.asyncDispose]() });
}
