import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/open.ts';
import { command } from '../support/command.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig, hrDatabase, hrSettings } from '../support/hr.ts';
import { startProgram } from '../support/program.ts';
import { LAUNCHER, writeConfig } from '../support/rosterd.ts';

test('a dry run before the first pull shows what it would publish, and leaves nothing behind', async () => {
  await using folder = await temporaryFolder();
  await using hr = await hrDatabase();
  const config = await writeConfig(folder.path, hrSettings(folder.path, hr.url));
  const { code, stdout } = await command(['pull', '--dry-run', '--config', config]);
  assert.equal(code, 0);
  assert.match(stdout, /\+ a\.lin/);
  assert.match(stdout, /dry run: this would be published as snapshot 1; nothing was written/);
  assert.deepEqual(await readdir(folder.path), ['rosterd.yaml']);
});

test('Ctrl-C while another run is waited for is no mistake of ours', async () => {
  await using folder = await temporaryFolder();
  await using hr = await hrDatabase();
  const settings = hrSettings(folder.path, hr.url);
  const config = await writeConfig(folder.path, settings);
  await using store = await openStore(hrConfig(folder.path, hr.url).store, { migrate: true });
  await using _ = await store.lock('run');
  await using pull = await startProgram(LAUNCHER, ['pull', '--config', config]);
  await pull.waitFor(/another run is under way; waiting for its end\n/, 20_000);
  pull.kill('SIGINT');
  const ended = await pull.exited;
  assert.equal(ended.code, 4);
  assert.match(ended.stderr, /\nrosterd: stopped by SIGINT; nothing was published\n$/);
});

test('a lock file that cannot be used is named, with what to look at', async () => {
  await using folder = await temporaryFolder();
  await using hr = await hrDatabase();
  const config = await writeConfig(folder.path, hrSettings(folder.path, hr.url));
  await mkdir(join(folder.path, 'roster.db-run-lock'));
  const { code, stderr } = await command(['pull', '--config', config]);
  assert.equal(code, 4);
  assert.match(
    stderr,
    /the lock .*roster\.db-run-lock cannot be taken: .*; look whether it belongs to the account that runs rosterd/,
  );
});

test('a demo leaves alone what is not its own', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'roster.db'), 'precious');
  const { code, stderr } = await command(['demo', '--dir', folder.path]);
  assert.equal(code, 4);
  assert.match(stderr, /has files that are not a demo's; name an empty folder with --dir/);
  assert.deepEqual(await readdir(folder.path), ['roster.db']);
});

test('a change of a demo that is not there says how to start one', async () => {
  await using folder = await temporaryFolder();
  const { code, stderr } = await command(['demo', '--change', '--dir', folder.path]);
  assert.equal(code, 4);
  assert.match(stderr, /there is no demo in .*; start one with "npm start" first/);
});
