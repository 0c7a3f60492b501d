import { hash } from 'node:crypto';
import type { Config, LimitConfig } from './config/schema.ts';
import type { SourceConfig } from './config/sources.ts';
import type { SourcePlan } from './roster/drafts.ts';
import { DEFAULT_LIMITS, type GuardRules, LIMITED, type Limit, type Limits } from './roster/guard.ts';
import { type SourceName, sourceName } from './roster/model.ts';
import type { Line } from './runs/run.ts';
import type { StandInTerms } from './runs/stand-in.ts';
import { dayIn } from './runs/time.ts';
import { openSources } from './sources/open.ts';
import type { Store } from './store/store.ts';

/** The line that a configuration describes, on an open store. Part of the composition roots: the worker's and `pull`'s. */
export async function openLine(config: Config, store: Store): Promise<Line> {
  const now = () => new Date();
  return {
    sources: await openSources(config.sources),
    standIns: new Map(config.sources.flatMap(standInOf)),
    plans: config.sources.map(planOf),
    rules: config.check,
    guards: guardRules(config),
    clients: config.server.clients.flatMap(({ name, scopes }) => (scopes.includes('sync') ? [name] : [])),
    store,
    fingerprint: fingerprint(config),
    timezone: config.timezone,
    now,
    today: () => dayIn(config.timezone, now()),
  };
}

/**
 * Whether the daemon may hear from the sources that nothing changed, rather than think all over: where something may stand
 * in for a source the run has more to do, and a service that is asked over the network would be asked twice where it did.
 */
export const mayEcho = ({ sources }: Config): boolean =>
  sources.every(source => source.type !== 'rest' && standInOf(source).length === 0);

const planOf = ({ name, type, action, match, fields }: Config['sources'][number]): SourcePlan => ({
  name: sourceName(name),
  action,
  match,
  fields: fields && new Set(fields),
  withheld: type === 'rest' && action === 'update' ? WITHHELD : undefined,
});

/** What the rows of a manifest that only enriches carry, and what it never sets. */
const WITHHELD: ReadonlySet<string> = new Set(['email', 'username', 'extra.first_name', 'extra.last_name']);

const guardRules = ({ guards, sync }: Config): GuardRules => ({
  limits: Object.fromEntries(LIMITED.map(name => [name, limit(DEFAULT_LIMITS[name], guards[name])])) as Limits,
  protect: guards.protect,
  first: sync.first,
});

/** What the configuration says over the default; a ceiling of its own does not grow with the roster. */
function limit(standard: Limit, given: LimitConfig | undefined): Limit {
  if (given === undefined) return standard;
  const { floor, share, ceiling } = { floor: undefined, ceiling: undefined, ...given };
  return {
    floor: floor ?? standard.floor,
    share: share ?? standard.share,
    ceiling: ceiling ?? standard.ceiling,
    ceilingShare: ceiling === undefined ? standard.ceilingShare : undefined,
  };
}

/** A digest of whatever decides who is in the roster: sources, mappings and queries; no secrets, no times. */
const fingerprint = (config: Config): string => digest([config.sources.map(mappingOf), config.check]);

const digest = (value: unknown) => hash('sha256', JSON.stringify(value)).slice(0, 16);

/** What may change of a source without changing who is in it: secrets, times, and how its server is reached. */
const SURROUNDINGS = new Set(
  'password bind tls timeouts timeout settled tokens hosts schedule required manifest_file'.split(' '),
);

function mappingOf(source: SourceConfig): object {
  const entries = Object.entries(source).filter(([name]) => !SURROUNDINGS.has(name));
  const mapping = Object.fromEntries(entries);
  if (source.type === 'sql') return { ...mapping, url: source.url.replace(/\/\/[^@/]*@/, '//') };
  if (source.type !== 'rest') return mapping;
  const { schedule: _, ...manifest } = source.manifest;
  const open = manifest.initial_data_form.filter(one => !one.secret).map(({ id }) => [id, source.values[id]]);
  return { ...mapping, manifest, values: open };
}

/** Only what is optional, or has a schedule of its own, is ever represented by a stored extract. */
function standInOf(source: SourceConfig): [SourceName, StandInTerms][] {
  const { name, required, schedule } = source;
  if (required && schedule === undefined) return [];
  return [[sourceName(name), { required, schedule, fingerprint: digest(mappingOf(source)) }]];
}
