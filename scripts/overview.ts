import { table } from './text/columns.ts';
import { VERBS } from './verbs.ts';

/** What `rosterd help` prints: every command with a line. */
export const overview = () =>
  [
    'rosterd COMMAND [arguments] [options]',
    '',
    ...table(Object.entries(VERBS), { indent: 2 }),
    '',
    'Every command that reads the configuration or the store takes --config FILE (default config/rosterd.yaml) and --json.',
    '"rosterd help COMMAND" has its arguments, options, exit codes and an example.',
  ].join('\n');
