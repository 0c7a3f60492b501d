import type { SourceConfig } from '../config/sources.ts';
import { type Clock, SYSTEM_CLOCK } from './clock.ts';
import type { Source } from './source.ts';

/**
 * The sources of a configuration, in its order, which is the order of precedence. Nothing is connected yet; of the kinds of
 * sources only those are loaded that there are, since each brings libraries of its own.
 */
export const openSources = (configs: readonly SourceConfig[], clock: Clock = SYSTEM_CLOCK): Promise<Source[]> =>
  Promise.all(configs.map(config => openSource(config, clock)));

async function openSource(config: SourceConfig, clock: Clock): Promise<Source> {
  switch (config.type) {
    case 'sql':
      return (await import('./sql/source.ts')).sqlSource(config);
    case 'rest':
      return (await import('./rest/source.ts')).restSource(config, clock);
    case 'ldap':
      return (await import('./ldap/source.ts')).ldapSource(config);
    case 'csv':
      return (await import('./csv/source.ts')).csvSource(config, clock);
  }
}
