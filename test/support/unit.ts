import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { type NotifySocket, notifySocket } from './notify-socket.ts';
import { type Program, runProgram, startProgram } from './program.ts';

/**
 * The service of an installed tree, run as its unit says, where no systemd runs: its commands in their order, with the
 * credentials that its drop-ins name and a socket that it says READY to. What only a systemd can do, such as the account of
 * its own, is tried elsewhere.
 */
export interface Unit extends AsyncDisposable {
  /** What the service has printed since its last start. */
  readonly journal: string;
  /** `start`, `stop`, `restart` or `reload`; rejects when a command of the unit fails, with what it printed. */
  control(verb: string): Promise<void>;
}

/** The unit `rosterd.service` below a root; `typed` turns its paths into those of the root. */
export async function unitIn(root: string, typed: (line: string) => string): Promise<Unit> {
  await using stack = new AsyncDisposableStack();
  const credentials = stack.use(await temporaryFolder());
  const socket: NotifySocket = stack.use(await notifySocket());
  const units = join(root, 'etc/systemd/system');
  let running: Program | undefined;
  let readies = 0;

  /** The values of a setting, in the unit and then in its drop-ins. */
  function settings(name: string): string[] {
    const files = [join(units, 'rosterd.service'), ...globSync(join(units, 'rosterd.service.d/*.conf'))];
    const lines = files.flatMap(file => readFileSync(file, 'utf8').split('\n'));
    return lines.filter(line => line.startsWith(`${name}=`)).map(line => line.slice(name.length + 1));
  }

  function handOver(): Record<string, string> {
    for (const [name = '', file = ''] of settings('LoadCredential').map(line => line.split(':'))) {
      copyFileSync(typed(file), join(credentials.path, name));
    }
    const folders = { STATE_DIRECTORY: 'var/lib/rosterd', CACHE_DIRECTORY: 'var/cache/rosterd' };
    for (const folder of Object.values(folders)) mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
    const given = Object.entries(folders).map(([name, folder]) => [name, join(root, folder)]);
    return { ...Object.fromEntries(given), CREDENTIALS_DIRECTORY: credentials.path, NOTIFY_SOCKET: socket.path };
  }

  async function runs(setting: string, env: Record<string, string>): Promise<void> {
    for (const line of settings(setting)) {
      const [prefix = ''] = /^[+!:@-]*/.exec(line) ?? [];
      const [program = '', ...args] = typed(line.slice(prefix.length))
        .replace(/\$MAINPID|\$\{MAINPID\}/, String(running?.pid))
        .replace('%d', credentials.path)
        .split(' ');
      const { code, stdout, stderr } = await runProgram(program, args, { env });
      if (code !== 0 && !prefix.includes('-'))
        throw new Error(`${basename(program)} of ${setting} ended with ${code}:\n${stdout}${stderr}`);
    }
  }

  const isReady = async () => {
    readies += 1;
    await socket.hear('READY=1', readies);
  };

  async function start(): Promise<void> {
    const env = handOver();
    await runs('ExecStartPre', env);
    const [program = '', ...args] = typed(settings('ExecStart').at(-1) ?? '').split(' ');
    running = await startProgram(program, args, { env });
    await isReady();
  }

  async function stop(): Promise<void> {
    running?.kill('SIGTERM');
    const exit = await running?.exited;
    running = undefined;
    if (exit && exit.code !== 0) throw new Error(`it ended with ${exit.code}:\n${exit.stdout}${exit.stderr}`);
  }

  stack.defer(async () => await running?.[Symbol.asyncDispose]());
  const owned = stack.move();
  return {
    get journal() {
      return running?.output ?? '';
    },
    async control(verb) {
      if (!existsSync(join(units, 'rosterd.service'))) throw new Error('there is no rosterd.service');
      if (verb === 'start') return await start();
      if (verb === 'stop') return await stop();
      if (verb === 'restart') {
        await stop();
        return await start();
      }
      await runs('ExecReload', handOver());
      await isReady();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
