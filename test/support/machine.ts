import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './folder.ts';
import { type Exit, type Program, runProgram, startProgram } from './program.ts';
import { unlessRoot, without } from './skips.ts';

const BOOT = fileURLToPath(new URL('boot-systemd', import.meta.url));
const PROGRAMS = ['/lib/systemd/systemd', 'unshare', 'nsenter', 'setpriv', 'systemctl', 'journalctl', 'curl'];

/** A systemd that was booted in namespaces of its own, on which rosterd is installed; see `boot-systemd`. */
export interface Machine extends AsyncDisposable {
  /** Runs a line of shell as root of that machine; whatever it ends with. */
  sh(line: string): Promise<Exit>;
  /** The output of a line that must end with 0. */
  run(line: string): Promise<string>;
}

/** What a container, for one, often may not do, however much it is root's. */
const TRIAL = `
  set -e
  mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work /mnt/root
  mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
  mount -t proc proc /mnt/root/proc
  mount -t sysfs sysfs /mnt/root/sys
  mount -t cgroup2 cgroup2 /mnt/root/sys/fs/cgroup
  group=/mnt/root/sys/fs/cgroup/rosterd-test-$$ && mkdir $group && rmdir $group`;

/** Why none can be booted here; false where one can. */
export function machineMissing(): string | false {
  const missing = unlessRoot() || without(...PROGRAMS);
  if (missing) return missing;
  const spaces = ['--mount', '--pid', '--fork', '--uts', '--ipc', '--net', '--cgroup'];
  const { status, stderr } = spawnSync('unshare', [...spaces, 'sh', '-c', TRIAL], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  return status !== 0 && `no systemd can be booted here: ${stderr.trim().split('\n')[0] || 'it took too long'}`;
}

/** Boots the systemd of this machine, with what `scripts/install --root INSTALLED` has made. */
export async function bootMachine(installed: string): Promise<Machine> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const program = stack.use(await startProgram('sh', [BOOT, folder.path, installed]));
  // Asked to end, it takes the machine and its control groups with it.
  stack.defer(async () => {
    program.kill('SIGTERM');
    await program.exited;
  });
  const pid = await firstProcess(program);
  const spaces = ['-t', `${pid}`, '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w'];
  const clean = ['env', '-i', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8'];
  const sh = (line: string) => runProgram('nsenter', [...spaces, ...clean, 'sh', '-c', line]);
  const run = async (line: string) => {
    const { code, stdout, stderr } = await sh(line);
    if (code === 0) return stdout;
    throw program.failure(`"${line}" ended with ${code}:\n${stdout}${stderr}`);
  };
  await run('systemctl is-system-running --wait');
  const owned = stack.move();
  return { sh, run, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The process that is the first of the machine; it has its private socket once it can be talked to. */
async function firstProcess(program: Program): Promise<number> {
  for (let look = 0; look < 500; look += 1) {
    const pid = descendant(program.pid);
    if (pid !== undefined && isUp(pid)) return pid;
    await Promise.race([sleep(20), program.exited]);
  }
  throw program.failure('no systemd came up');
}

/** The last of those who started one another, from a process on. */
function descendant(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/lib/systemd/systemd\0')) return pid;
    return child ? descendant(Number(child)) : undefined;
  } catch {
    return undefined;
  }
}

function isUp(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/net/unix`, 'utf8').includes(' /run/systemd/private');
  } catch {
    return false;
  }
}
