import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../support/folder.ts';
import { hrDatabase, hrSettings } from '../support/hr.ts';
import { rosterd, startDaemon, writeConfig } from '../support/rosterd.ts';

/** Waits until a folder has exactly these files. */
async function until(folder: string, expected: readonly string[]): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    const names = (await readdir(folder).catch(() => [])).sort();
    if (names.join() === expected.join()) return;
    assert.ok(performance.now() < end, `there is ${names.join()}, and not ${expected.join()}`);
    await sleep(20);
  }
}

test('a daemon makes answers ready before anybody asks, and a purge leaves nothing of anybody in them', async () => {
  await using home = await temporaryFolder();
  await using hr = await hrDatabase();
  const settings = hrSettings(home.path, hr.url, { sync: { fresh_for: '10h' } });
  const bodies = `${String(settings.store).replace('sqlite:', '')}-bodies`;
  const file = await writeConfig(home.path, settings);
  {
    await using daemon = await startDaemon(file);
    await until(bodies, ['1.json']);
    assert.equal((await daemon.sync()).snapshot, '1');
    await until(bodies, ['1.json', '1.json.gz']);
    const old = await readFile(join(bodies, '1.json'));
    assert.ok(old.includes('k.sato@acme.example'));

    await hr.execute('delete from employees where emp_id = 6');
    assert.equal((await rosterd('pull', '--config', file)).code, 0);
    assert.equal((await daemon.sync()).snapshot, '2');
    // As if they had been left there by a process that died.
    for (const name of ['1.json', '1.json.left.partial']) await writeFile(join(bodies, name), old);
    const purged = await rosterd('purge', 'k.sato', '--yes', '--config', file);
    assert.equal(purged.code, 0, purged.stderr);
    await until(bodies, ['2.json', '2.json.gz']);
    assert.ok(!(await readFile(join(bodies, '2.json'))).includes('k.sato@acme.example'));
    assert.equal((await daemon.sync()).snapshot, '2');
  }
  await using again = await startDaemon(file);
  assert.equal((await again.sync()).snapshot, '2');
});
