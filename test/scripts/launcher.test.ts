import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
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
  *) [ "\${4:-}" = serve ] && { trap 'echo stopping; exit 7' TERM; echo ready; while :; do sleep 0.05; done; }
     echo ${version} "$@" ;;
esac
`;

/** An installation with the launcher and nothing else of rosterd. */
async function installation(folder: TemporaryFolder): Promise<string> {
  const home = join(folder.path, 'opt', 'rosterd');
  await mkdir(join(home, 'scripts'), { recursive: true });
  await mkdir(join(home, BIN), { recursive: true });
  await mkdir(join(home, 'node_modules/commander'));
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
