import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../src/config/schema.ts';
import { renderSnapshot } from '../src/runs/body.ts';
import { openStore } from '../src/store/open.ts';
import { temporaryFolder } from './support/folder.ts';
import { hire, hrDatabase, hrSettings } from './support/hr.ts';
import { startDaemon, writeConfig } from './support/rosterd.ts';

/** How often the daemon is killed; the moments are spread over a run, from its first question to after its commit. */
const KILLS = Number(process.env['ROSTERD_TEST_KILLS'] ?? 12);

test('kill -9 at any moment of a run: the newest snapshot verifies and the next run works', {
  timeout: 240_000,
}, async t => {
  await using folder = await temporaryFolder();
  await using hr = await hrDatabase();
  await hire(hr, 3000);
  const settings = hrSettings(folder.path, hr.url);
  const config = await writeConfig(folder.path, settings);
  const { store: database } = configSchema.parse(settings);
  const published: number[] = [];
  let killedRunning = 0;
  for (let round = 0; round < KILLS; round += 1) {
    {
      await using daemon = await startDaemon(config);
      await daemon.sync();
      await hr.execute('update employees set tel = ? where emp_id > 100', [`02-5550-${1000 + round}`]);
      const answer = daemon.sync().catch(() => undefined);
      await delay((round / KILLS) * 600);
      daemon.program.kill('SIGKILL');
      await Promise.all([daemon.program.exited, answer]);
    }
    await using store = await openStore(database, { migrate: false });
    const newest = await store.snapshots.newest();
    assert.ok(newest);
    // Rendering checks every row against its leaf, and all of them against the snapshot's digest.
    await renderSnapshot(store, newest.number);
    published.push(newest.number);
    if ((await store.runs.list(1))[0]?.status === 'running') killedRunning += 1;
  }
  assert.ok(
    published.every((number, at) => number >= (published[at - 1] ?? 1)),
    'a snapshot was lost',
  );
  assert.ok(killedRunning > 0, 'no run was ever under way when the daemon was killed: the moments are badly chosen');
  t.diagnostic(`${KILLS} kills, ${killedRunning} of them within a run; snapshots 1 to ${published.at(-1)}`);
});

/** The moment is what the test varies: nothing is waited for. */
const delay = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));
