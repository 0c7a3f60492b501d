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
  more: `Runs until SIGTERM or SIGINT; calls under way are finished first. SIGHUP reads the configuration, the files that it names and the certificate again, without dropping a call; what cannot be used is refused with the reason, and the one before goes on. The store and the addresses need a restart, and only a restart is sure to read anew what systemd gave by LoadCredential=.

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
  reloads.each(async isOver => {
    await systemd.reloading();
    await reload(daemon, { file, log, isOver });
    await systemd.ready(`serves on ${daemon.address}`);
  });
  log.info({ signal: await signal }, 'stopping');
  reloads.end();
  await systemd.stopping('finishes the calls under way');
  const left = (error: Error) => log.warn({ why: error.message }, 'something could not be let go of');
  await stopInTime(daemon, { left, forced: () => log.warn('stopped by force: something did not end in time') });
  log.info('stopped');
});

/** How long it may take to read the configuration again, in milliseconds: a file may be on a network that hangs. */
const READING = 20_000;

interface Reload {
  readonly file: string;
  readonly log: Logger;
  /** Whether the daemon is stopping: then nothing of this matters any more. */
  isOver(): boolean;
}

/** Reads the configuration again and goes on by it, or says why not. */
async function reload(daemon: Daemon, { file, log, isOver }: Reload): Promise<void> {
  const { logRefused, logReload } = await import('../../src/log.ts');
  try {
    const { config, warnings } = await readAside(file, READING);
    if (isOver()) return;
    for (const warning of warnings) log.warn(warning);
    const restarts = await daemon.reload(config);
    logReload(log, { restarts, handedOver: process.env['CREDENTIALS_DIRECTORY'] !== undefined });
  } catch (error) {
    if (isOver()) return;
    logRefused(log, file, error instanceof ConfigError ? error.problems : [(error as Error).message]);
  }
}

/** SIGHUP from now on: those that come before anybody takes them are kept, for without a listener it ends the process. */
function reloadSignals() {
  let asked = false;
  let take: ((isOver: () => boolean) => Promise<void>) | undefined;
  let taking = false;
  let over = false;
  const isOver = () => over;
  const next = async () => {
    if (!take || taking) return;
    taking = true;
    while (asked && !over) {
      asked = false;
      await take(isOver);
    }
    taking = false;
  };
  process.on('SIGHUP', () => {
    asked = true;
    void next();
  });
  return {
    /** One after the other; several that come during one are one. */
    each(work: (isOver: () => boolean) => Promise<void>): void {
      take = work;
      void next();
    },
    /** No more of them are taken; one that is under way is told that it is over. */
    end(): void {
      over = true;
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

interface Ending {
  /** Told of what did not let go as it should have. */
  left(error: Error): void;
  forced(): void;
}

/** Lets calls under way finish, and then ends the process even where a database or a thread does not let go. */
export async function stopInTime(daemon: Daemon, { left, forced }: Ending): Promise<void> {
  const force = () => {
    forced();
    process.exit(EXIT.fine);
  };
  const draining = setTimeout(force, DRAIN + RELEASE).unref();
  await daemon.drain(DRAIN);
  clearTimeout(draining);
  setTimeout(force, RELEASE).unref();
  try {
    await daemon[Symbol.asyncDispose]();
  } catch (error) {
    left(error as Error);
  }
}
