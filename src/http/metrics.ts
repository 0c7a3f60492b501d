import type { Announced } from '../notices/announce.ts';
import type { RunSummary } from '../runs/worker.ts';
import { openCounts } from './counts.ts';
import { openGauges } from './gauges.ts';
import type { EndedCall } from './log.ts';
import type { Probe } from './monitor.ts';
import type { SentRoster } from './roster.ts';

/** A try to log in that is over; `ms` are milliseconds. */
export interface EndedLogin {
  readonly outcome: string;
  readonly ms: number;
}

/** What Prometheus is told as it happens: what counts, in this process. */
export interface Counts {
  call(call: EndedCall): void;
  login(login: EndedLogin): void;
  /** `took` in milliseconds. A run that was only waited for is told of where it was made. */
  run(summary: RunSummary, took: number): void;
  delivery(sent: SentRoster): void;
  announced(announced: Announced): void;
}

/** What stands when it is read, whoever brought it about. */
export interface Stand extends Probe {
  /** Whether a `/sync` would succeed now. */
  readonly ready: boolean;
}

/** What Prometheus is told. What counts is told as it happens; what stands is asked for when it is read. */
export interface Metrics extends Counts {
  /** Everything, in Prometheus' text format. */
  text(stand: Stand): Promise<string>;
  readonly contentType: string;
}

/** What runs here. */
export interface Build {
  readonly version: string;
}

/** Loads the library, so only where somebody may ask; it watches this process from then on. */
export async function openMetrics(build: Build): Promise<Metrics> {
  const { default: prom } = await import('prom-client');
  const registry = new prom.Registry();
  const counts = openCounts(prom, registry);
  const stand = openGauges(prom, registry, build);
  prom.collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return {
    ...counts,
    contentType: registry.contentType,
    text: found => {
      stand(found);
      return registry.metrics();
    },
  };
}

/** What ends with `_total` is a counter to Prometheus, which these are not; the same are told by type, too. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];
