import type { Daemon } from '../../src/main.ts';
import { EXIT } from '../exit.ts';
import { readAside } from '../read-aside.ts';
import { type CommonOptions, verb } from '../verb.ts';

/** How long calls under way may take when the daemon is told to stop, in milliseconds. */
const DRAIN = 25_000;
/** How long everything may take to be let go after that. */
const RELEASE = 10_000;

export const command = verb('serve', {
  more: 'Runs until SIGTERM or SIGINT; calls under way are finished first. The log goes to standard output, an object a line.',
  exits: {
    fine: 'stopped by SIGTERM or SIGINT',
    failed: 'another daemon has the store, the address is taken, or the store cannot be reached',
  },
  examples: [['rosterd serve --config /etc/rosterd/rosterd.yaml', 'as systemd would call it']],
}).action(async ({ config: file }: CommonOptions) => {
  const [{ config, warnings }, { openLog }, { startDaemon }] = await Promise.all([
    readAside(file),
    import('../../src/log.ts'),
    import('../../src/main.ts'),
  ]);
  const log = openLog(config.log_level);
  for (const warning of warnings) log.warn(warning);
  const signal = stopSignal();
  const daemon = await startDaemon(config, log);
  log.info({ signal: await signal }, 'stopping');
  await stopInTime(daemon, () => log.warn('stopped by force: something did not end in time'));
  log.info('stopped');
});

/** The first SIGTERM or SIGINT from now on. A second one, of either kind, ends the process at once. */
export function stopSignal(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = false;
  const hear = (name: string) => {
    if (heard) process.exit(EXIT.failed);
    heard = true;
    resolve(name);
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, hear);
  return promise;
}

/** Lets calls under way finish, and then ends the process even where a database or a thread does not let go. */
export async function stopInTime(daemon: Daemon, forced: () => void): Promise<void> {
  const force = () => {
    forced();
    process.exit(EXIT.fine);
  };
  setTimeout(force, DRAIN + RELEASE).unref();
  await daemon.stop(DRAIN);
}
