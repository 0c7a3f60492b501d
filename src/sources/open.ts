import type { SourceConfig } from '../config/sources.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import { csvSource } from './csv/source.ts';
import { ldapSource } from './ldap/source.ts';
import { restSource } from './rest/source.ts';
import type { Source } from './source.ts';
import { sqlSource } from './sql/source.ts';

/** The sources of a configuration, in its order, which is the order of precedence. Nothing is connected yet. */
export const openSources = (configs: readonly SourceConfig[], clock: Clock = SYSTEM_CLOCK): Source[] =>
  configs.map(config => openSource(config, clock));

function openSource(config: SourceConfig, clock: Clock): Source {
  switch (config.type) {
    case 'sql':
      return sqlSource(config);
    case 'rest':
      return restSource(config, clock);
    case 'ldap':
      return ldapSource(config);
    case 'csv':
      return csvSource(config, clock);
  }
}
