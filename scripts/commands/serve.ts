import { readConfiguration } from '../../src/configuration.ts';
import { openLog } from '../../src/log.ts';
import { type Daemon, startDaemon } from '../../src/main.ts';
import { type CommonOptions, verb } from '../verb.ts';

/** How long calls under way may take when the daemon is told to stop, in milliseconds. */
const DRAIN = 25_000;

export const command = verb('serve', {
  more: 'Runs until SIGTERM or SIGINT; calls under way are finished first. The log goes to standard output, an object a line.',
  exits: {
    fine: 'stopped by SIGTERM or SIGINT',
    failed: 'another daemon has the store, the address is taken, or the store cannot be reached',
  },
  examples: [['rosterd serve --config /etc/rosterd/rosterd.yaml', 'as systemd would call it']],
}).action(async ({ config: file }: CommonOptions) => {
  const { config, warnings } = readConfiguration(file, process.env);
  const log = openLog(config.log_level);
  for (const warning of warnings) log.warn(warning);
  const daemon = await startDaemon(config, log);
  await stopped(daemon, name => log.info({ signal: name }, 'stopping'));
  log.info('stopped');
});

/** Waits for a signal and then for the daemon's end. A second signal is not waited for: it ends the process at once. */
export async function stopped(daemon: Daemon, heard: (signal: string) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const name of signals) process.once(name, () => resolve(name));
  heard(await promise);
  await daemon.stop(DRAIN);
}
