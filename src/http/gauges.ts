import type { Registry } from 'prom-client';
import type { Prom } from './counts.ts';
import type { Build, Stand } from './metrics.ts';

/** One value and the labels that tell it from others of the same name. */
interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface StandingGauge {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  /** What there is to tell of it now, which may be nothing. */
  of(stand: Stand): Sample[];
}

/** What puts into the registry how things stand; whatever is not so any more is gone from it then. */
export function openGauges(prom: Prom, registry: Registry, build: Build): (stand: Stand) => void {
  const gauges = [...GAUGES, buildInfo(build)].map(({ of, name, help, labelNames = [] }) => ({
    gauge: new prom.Gauge({ name, help, labelNames: [...labelNames], registers: [registry] }),
    hasLabels: labelNames.length > 0,
    of,
  }));
  return stand => {
    for (const { gauge, hasLabels, of } of gauges) {
      gauge.reset();
      // One without labels is 0 after that, which would be a statement.
      if (!hasLabels) gauge.remove();
      for (const { labels = {}, value } of of(stand)) gauge.set(labels, value);
    }
  };
}

const buildInfo = ({ version }: Build): StandingGauge => ({
  name: 'rosterd_build_info',
  help: 'Always 1; its labels tell what runs.',
  labelNames: ['version', 'node'],
  of: () => [{ labels: { version, node: process.versions.node }, value: 1 }],
});

type Known = Exclude<Stand['health'], { error: string }>;

const isKnown = (health: Stand['health']): health is Known => !('error' in health);
/** Of what the store says; nothing while it says nothing. */
const known =
  (of: (health: Known) => Sample[]) =>
  ({ health }: Stand): Sample[] =>
    isKnown(health) ? of(health) : [];
const number = (of: (health: Known) => number | undefined) => known(health => some(of(health)));
const flag = (of: (health: Known) => unknown) => number(health => (of(health) === undefined ? 0 : 1));
/** Prometheus knows times as seconds since 1970. */
const time = (of: (health: Known) => Date | undefined) => number(health => seconds(of(health)));

const some = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ value }]);
const seconds = (date: Date | undefined) => date && date.getTime() / 1000;

const GAUGES: readonly StandingGauge[] = [
  {
    name: 'rosterd_ready',
    help: '1 while /sync would succeed, as /readyz tells it.',
    of: ({ ready }) => [{ value: ready ? 1 : 0 }],
  },
  {
    name: 'rosterd_store_up',
    help: '1 while the store answers.',
    of: ({ health }) => [{ value: isKnown(health) ? 1 : 0 }],
  },
  {
    name: 'rosterd_certificate_expiry_timestamp_seconds',
    help: 'When the certificate of the server expires.',
    of: ({ expires }) => some(seconds(expires)),
  },
  {
    name: 'rosterd_last_good_run_timestamp_seconds',
    help: 'When the newest run ended that published or confirmed a snapshot.',
    of: time(({ good }) => good?.finished),
  },
  { name: 'rosterd_failing', help: '1 while the newest run failed.', of: flag(({ failing }) => failing) },
  {
    name: 'rosterd_stale',
    help: '1 while there was no good run for too long.',
    of: flag(({ staleSince }) => staleSince),
  },
  { name: 'rosterd_hold_open', help: '1 while a candidate waits for a decision.', of: flag(({ hold }) => hold) },
  {
    name: 'rosterd_hold_opened_timestamp_seconds',
    help: 'When the candidate was held that waits for a decision.',
    of: time(({ hold }) => hold?.opened),
  },
  { name: 'rosterd_pinned', help: '1 while a snapshot is pinned.', of: flag(({ pin }) => pin) },
  {
    name: 'rosterd_quarantined',
    help: 'People and departments that the newest run which looked at all of them kept out.',
    of: number(({ quarantined }) => quarantined),
  },
  { name: 'rosterd_served_people', help: 'People in what is served.', of: number(({ served }) => served?.people) },
  {
    name: 'rosterd_served_departments',
    help: 'Departments in what is served.',
    of: number(({ served }) => served?.departments),
  },
  {
    name: 'rosterd_served_memberships',
    help: 'Memberships in what is served.',
    of: number(({ served }) => served?.memberships),
  },
  { name: 'rosterd_snapshot_number', help: 'The snapshot that is served.', of: number(({ served }) => served?.number) },
  {
    name: 'rosterd_snapshot_published_timestamp_seconds',
    help: 'When the snapshot that is served was published.',
    of: time(({ served }) => served?.at),
  },
  {
    name: 'rosterd_snapshot_confirmed_timestamp_seconds',
    help: 'When a run last found that the snapshot that is served is still so.',
    of: time(({ confirmed }) => confirmed),
  },
  {
    name: 'rosterd_source_up',
    help: '1 while a source can be read, 0 when the last try went wrong.',
    labelNames: ['source'],
    of: known(({ sources }) =>
      sources.flatMap(({ source, at, failing }) =>
        at || failing ? { labels: { source }, value: failing ? 0 : 1 } : [],
      ),
    ),
  },
  {
    name: 'rosterd_source_last_read_timestamp_seconds',
    help: 'When a source was last read to its end.',
    labelNames: ['source'],
    of: known(({ sources }) =>
      sources.flatMap(({ source, at }) => (at ? { labels: { source }, value: at.getTime() / 1000 } : [])),
    ),
  },
  {
    name: 'rosterd_source_rows',
    help: 'Rows of a source when it was last read to its end.',
    labelNames: ['source', 'kind'],
    of: known(({ sources }) =>
      sources.flatMap(({ source, rows = {} }) =>
        Object.entries(rows).map(([kind, value]) => ({ labels: { source, kind }, value })),
      ),
    ),
  },
  {
    name: 'rosterd_last_delivery_timestamp_seconds',
    help: 'When a client last got the roster whole.',
    labelNames: ['client'],
    of: known(({ deliveries }) =>
      deliveries.map(({ client, at }) => ({ labels: { client }, value: at.getTime() / 1000 })),
    ),
  },
];
