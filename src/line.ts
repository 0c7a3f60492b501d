import { hash } from 'node:crypto';
import type { Config, LimitConfig } from './config/schema.ts';
import type { SourcePlan } from './roster/drafts.ts';
import { DEFAULT_LIMITS, type Limit, type Limits } from './roster/guard.ts';
import { sourceName } from './roster/model.ts';
import type { Line } from './runs/run.ts';
import { dayIn } from './runs/schedule.ts';
import { openSources } from './sources/open.ts';
import type { Store } from './store/store.ts';

/** The line that a configuration describes, on an open store. Part of the composition roots: the worker's and `pull`'s. */
export function openLine(config: Config, store: Store): Line {
  const now = () => new Date();
  return {
    sources: openSources(config.sources),
    plans: config.sources.map(planOf),
    rules: config.check,
    limits: limitsOf(config.guards),
    store,
    fingerprint: fingerprint(config),
    now,
    today: () => dayIn(config.timezone, now()),
  };
}

const planOf = ({ name, action, match, fields }: Config['sources'][number]): SourcePlan => ({
  name: sourceName(name),
  action,
  match,
  fields: fields && new Set(fields),
});

function limitsOf(guards: Config['guards']): Limits {
  return {
    source_rows: limit(DEFAULT_LIMITS.source_rows, guards.source_rows),
    people_removed: limit(DEFAULT_LIMITS.people_removed, guards.people_removed),
    departments_removed: limit(DEFAULT_LIMITS.departments_removed, guards.departments_removed),
  };
}

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

/** What may change without changing who is in the roster: secrets, times, and how a server is reached. */
const NO_MAPPING = new Set(['password', 'bind', 'values', 'tls', 'timeouts', 'timeout', 'settled', 'tokens', 'hosts']);

/** A digest of whatever decides who is in the roster: sources, mappings and queries; no secrets, no times. */
function fingerprint(config: Config): string {
  const sources = JSON.stringify(config.sources, (name, value) => (NO_MAPPING.has(name) ? undefined : value));
  return hash('sha256', `${sources}${JSON.stringify(config.check)}`).slice(0, 16);
}
