import type { LdapSourceConfig } from '../../config/sources.ts';
import { sourceName } from '../../roster/model.ts';
import { type Clock, SYSTEM_CLOCK } from '../clock.ts';
import { type Source, SourceError } from '../source.ts';

export function ldapSource(config: LdapSourceConfig, clock: Clock = SYSTEM_CLOCK): Source {
  const name = sourceName(config.name);
  return {
    name,
    // biome-ignore lint/correctness/useYield: not written yet
    async *read() {
      throw new SourceError(name, `cannot be read yet (${clock.now()})`);
    },
  };
}
