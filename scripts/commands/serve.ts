import type { Logger } from 'pino';
import { ConfigError } from '../../src/config/error.ts';
import type { Daemon } from '../../src/main.ts';
import { EXIT } from '../exit.ts';
import { readAside } from '../read-aside.ts';
import { type CommonOptions, verb } from '../verb.ts';

/** How long calls under way may take when the daemon is told to stop, in milliseconds. */
const DRAIN = 25_000;
/** How long everything may take to be let go after that. */
const RELEASE = 10_000;

export const command = verb('serve', {
  more: `Runs until SIGTERM or SIGINT; calls under way are finished first. SIGHUP reads the configuration, the files that it names and the certificate again, without dropping a call; what cannot be used is refused with the reason, and the one before goes on. What systemd gave by LoadCredential=, the store and the addresses need a restart.

The log goes to standard output: readable on a terminal, else an object a line.`,
  exits: {
    fine: 'stopped by SIGTERM or SIGINT',
    failed: 'another daemon has the store, the address is taken, the store cannot be reached, or rosterd crashed',
  },
  examples: [['rosterd serve --config /etc/rosterd/rosterd.yaml', 'as systemd would call it']],
}).action(async ({ config: file }: CommonOptions) => {
  const signal = stopSignal();
  const reloads = reloadSignals();
  const [{ config, warnings }, logs, { startDaemon }, { supervisor }] = await Promise.all([
    readAside(file),
    import('../../src/log.ts'),
    import('../../src/main.ts'),
    import('../../src/systemd/notify.ts'),
  ]);
  const log = await logs.openLog(config.log_level, { form: logs.formOf(process.env, process.stdout.isTTY) });
  endOnCrash(error => logs.logCrash(log, error));
  for (const warning of warnings) log.warn(warning);
  const failed = (error: Error) => log.warn({ why: error.message }, 'systemd could not be told');
  await using systemd = supervisor(process.env, { pid: process.pid, failed });
  const daemon = await startDaemon(config, log);
  await systemd.ready(`serves on ${daemon.address}`);
  reloads.each(async () => {
    await systemd.reloading();
    await reload(daemon, { file, log });
    await systemd.ready(`serves on ${daemon.address}`);
  });
  log.info({ signal: await signal }, 'stopping');
  await systemd.stopping('finishes the calls under way');
  await stopInTime(daemon, () => log.warn('stopped by force: something did not end in time'));
  log.info('stopped');
});

/** Reads the configuration again and goes on by it, or says why not. */
async function reload(daemon: Daemon, { file, log }: { file: string; log: Logger }): Promise<void> {
  const { logRefused, logReload } = await import('../../src/log.ts');
  try {
    const { config, warnings } = await readAside(file);
    for (const warning of warnings) log.warn(warning);
    const restarts = await daemon.reload(config);
    logReload(log, { restarts, handedOver: process.env['CREDENTIALS_DIRECTORY'] !== undefined });
  } catch (error) {
    logRefused(log, error instanceof ConfigError ? error.problems : [(error as Error).message]);
  }
}

/** SIGHUP from now on: those that come before anybody takes them are kept, for without a listener it ends the process. */
function reloadSignals() {
  let asked = false;
  let take: (() => Promise<void>) | undefined;
  let taking = false;
  const next = async () => {
    if (!take || taking) return;
    taking = true;
    while (asked) {
      asked = false;
      await take();
    }
    taking = false;
  };
  process.on('SIGHUP', () => {
    asked = true;
    void next();
  });
  return {
    /** One after the other; several that come during one are one. */
    each(work: () => Promise<void>): void {
      take = work;
      void next();
    },
  };
}

/** In place of what a command says at a terminal: one line in the log, and the end. */
function endOnCrash(tell: (error: unknown) => void): void {
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', error => {
    tell(error);
    process.exit(EXIT.failed);
  });
}

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
