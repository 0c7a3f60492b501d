import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/folder.ts';
import { runProgram } from '../support/program.ts';
import { without } from '../support/skips.ts';

const HERE = fileURLToPath(new URL('../..', import.meta.url));
const UNITS = ['rosterd.service', 'rosterd.socket'];

/** How much of the machine is open to the service, from 0 to 10. */
const MOST = 1.5;

suite('the units', { skip: without('systemd-analyze') }, () => {
  test('are such that systemd has nothing to say', async () => {
    await using folder = await temporaryFolder();
    // Programs that a unit names have to be there.
    mkdirSync(join(folder.path, 'opt/rosterd'), { recursive: true });
    symlinkSync(HERE, join(folder.path, 'opt/rosterd/current'));
    for (const unit of UNITS) {
      const text = readFileSync(join(HERE, 'config/systemd', unit), 'utf8');
      writeFileSync(join(folder.path, unit), text.replaceAll('/opt/rosterd/', `${folder.path}/opt/rosterd/`));
    }
    const files = UNITS.map(unit => join(folder.path, unit));
    const { code, stdout, stderr } = await runProgram('systemd-analyze', ['verify', '--man=no', ...files]);
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
  });

  test(`leave the service an exposure of at most ${MOST}`, async () => {
    await using folder = await temporaryFolder();
    cpSync(join(HERE, 'config/systemd'), folder.path, { recursive: true });
    const file = join(folder.path, 'rosterd.service');
    const { stdout, stderr } = await runProgram('systemd-analyze', ['security', '--offline=true', '--no-pager', file]);
    const [, exposure] = /Overall exposure level for rosterd\.service: ([\d.]+)/.exec(stdout) ?? [];
    assert.ok(exposure !== undefined && Number(exposure) <= MOST, stdout + stderr);
  });
});
