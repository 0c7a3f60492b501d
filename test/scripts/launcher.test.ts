import assert from 'node:assert/strict';
import { chmod, chown, copyFile, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { runProgram, startProgram } from '../support/program.ts';

const LAUNCHER = fileURLToPath(new URL('../../scripts/rosterd', import.meta.url));
const BIN = 'node_modules/.bin';

/** A script that stands for a Node of some version: it prints how it was called, and waits for signals when asked to. */
const node = (version: string) => `#!/bin/sh
case $1 in
  -v) echo v${version} ;;
  *) case " $* " in *" serve ") true ;; *) false ;; esac && { trap 'echo stopping; exit 7' TERM; echo ready; while :; do sleep 0.05; done; }
     echo ${version} "$@" ;;
esac
`;

/** An installation with the launcher and nothing else of rosterd. */
async function installation(folder: TemporaryFolder): Promise<string> {
  const home = join(folder.path, 'opt', 'rosterd');
  await mkdir(join(home, 'scripts'), { recursive: true });
  await mkdir(join(home, BIN), { recursive: true });
  await mkdir(join(home, 'node_modules/commander'), { recursive: true });
  await copyFile(LAUNCHER, join(home, 'scripts/rosterd'));
  return home;
}

async function program(file: string, text: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
}

suite('the launcher', () => {
  test('runs on the Node of its installation, through links and from any folder', async () => {
    await using folder = await temporaryFolder();
    const home = await installation(folder);
    await program(join(home, BIN, 'node'), node('24.9.0'));
    await symlink(join('opt', 'rosterd', 'scripts', 'rosterd'), join(folder.path, 'one'));
    await symlink('one', join(folder.path, 'two'));
    const { stdout, code } = await runProgram(join(folder.path, 'two'), ['diff', 'a b'], { cwd: '/' });
    assert.equal(
      stdout,
      `24.9.0 --use-system-ca --disable-warning=ExperimentalWarning ${home}/scripts/cli.ts diff a b\n`,
    );
    assert.equal(code, 0);
  });

  test('runs on the Node of the PATH where it is new enough, and else says what to do', async () => {
    await using folder = await temporaryFolder();
    const home = await installation(folder);
    const env = { PATH: `${folder.path}/bin:/usr/bin:/bin` };
    await program(join(folder.path, 'bin/node'), node('25.1.0'));
    assert.match((await runProgram(`${home}/scripts/rosterd`, ['help'], { env })).stdout, /^25\.1\.0 /);
    await program(join(folder.path, 'bin/node'), node('24.6.9'));
    assert.equal((await runProgram(`${home}/scripts/rosterd`, ['help'], { env })).code, 4);
    await program(join(folder.path, 'bin/node'), node('20.2.0'));
    const old = await runProgram(`${home}/scripts/rosterd`, ['help'], { env });
    assert.equal(
      old.stderr,
      `rosterd: there is no Node 24.7 to run on (the one on the PATH is v20.2.0); run "npm ci" in ${home}\n`,
    );
    assert.equal(old.code, 4);
  });

  test('becomes that process, so that signals reach the daemon', async () => {
    await using folder = await temporaryFolder();
    const home = await installation(folder);
    await program(join(home, BIN, 'node'), node('24.9.0'));
    await using daemon = await startProgram(`${home}/scripts/rosterd`, ['serve']);
    await daemon.waitFor(/ready/);
    daemon.kill('SIGTERM');
    assert.equal((await daemon.exited).code, 7);
    assert.match(daemon.output, /stopping/);
  });
});

/** Prints the folder in which Node would keep compiled code. */
const TELLING = `#!/bin/sh
case $1 in -v) echo v24.9.0 ;; *) echo "\${NODE_COMPILE_CACHE-none}" ;; esac
`;

suite('compiled code is kept', () => {
  /** Where that is, for somebody with this environment. */
  async function cacheOf(folder: TemporaryFolder, env: Readonly<Record<string, string>>): Promise<string> {
    const home = await installation(folder);
    await program(join(home, BIN, 'node'), TELLING);
    const nothing = { HOME: '', XDG_CACHE_HOME: undefined, CACHE_DIRECTORY: undefined, NODE_COMPILE_CACHE: undefined };
    return (await runProgram(`${home}/scripts/rosterd`, ['help'], { env: { ...nothing, ...env } })).stdout.trim();
  }

  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

  test('in the home folder, in that of XDG, in that of systemd, or where Node is told to, and else nowhere', async () => {
    await using folder = await temporaryFolder();
    const { path } = folder;
    const home = join(path, 'home');
    await mkdir(home);
    assert.equal(await cacheOf(folder, { HOME: home }), join(home, '.cache/rosterd'));
    assert.equal(await modeOf(join(home, '.cache/rosterd')), '700');
    assert.equal(await cacheOf(folder, { HOME: home, XDG_CACHE_HOME: join(path, 'xdg') }), join(path, 'xdg/rosterd'));
    const systemd = { HOME: home, CACHE_DIRECTORY: `${join(path, 'system')}:${join(path, 'other')}` };
    assert.equal(await cacheOf(folder, systemd), join(path, 'system'));
    assert.equal(await cacheOf(folder, { HOME: home, NODE_COMPILE_CACHE: '/elsewhere' }), '/elsewhere');
    assert.equal(await cacheOf(folder, {}), 'none');
    assert.equal(await cacheOf(folder, { HOME: join(path, 'missing') }), 'none');
  });

  for (const [what, spoil] of [
    ['others may write to', (cache: string) => chmod(cache, 0o777)],
    ['a group may write to', (cache: string) => chmod(cache, 0o770)],
    ['others may replace', (cache: string) => chmod(join(cache, '..'), 0o777)],
    ["is somebody else's", (cache: string) => chown(cache, 12345, 12345)],
    ['somebody else may replace', (cache: string) => chown(join(cache, '..'), 12345, 12345)],
  ] as const) {
    const skip = what.startsWith('somebody') || what.startsWith('is ') ? process.getuid?.() !== 0 : false;
    test(`but not in a folder that ${what}`, { skip }, async () => {
      await using folder = await temporaryFolder();
      const home = join(folder.path, 'home');
      await mkdir(home);
      const cache = await cacheOf(folder, { HOME: home });
      await spoil(cache);
      assert.equal(await cacheOf(folder, { HOME: home }), 'none');
    });
  }
});
