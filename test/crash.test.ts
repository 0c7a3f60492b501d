import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../src/config/schema.ts';
import { renderSnapshot } from '../src/runs/body.ts';
import { openStore } from '../src/store/open.ts';
import { temporaryFolder } from './support/folder.ts';
import { hire, hrDatabase, hrSettings } from './support/hr.ts';
import { startDaemon, writeConfig } from './support/rosterd.ts';

/** How often a daemon is killed; the moments are spread over a run, from its first question to after its commit. */
const KILLS = Number(process.env['ROSTERD_TEST_KILLS'] ?? 12);
/** Stores with a daemon each, side by side. */
const STORES = 2;

/** Kills the daemon of one store again and again, in its rounds of all; gives how often that was in a run, and what was newest then. */
async function killAgainAndAgain(rounds: readonly number[]) {
  await using folder = await temporaryFolder();
  await using hr = await hrDatabase();
  await hire(hr, 3000);
  const settings = hrSettings(folder.path, hr.url);
  const config = await writeConfig(folder.path, settings);
  const { store: database } = configSchema.parse(settings);
  const published: number[] = [];
  let killedRunning = 0;
  for (const round of rounds) {
    {
      await using daemon = await startDaemon(config);
      await daemon.sync();
      await hr.execute('update employees set tel = ? where emp_id > 100', [`02-5550-${1000 + round}`]);
      const answer = daemon.sync().catch(() => undefined);
      await delay((round / KILLS) * 800);
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
  return { killedRunning, last: published.at(-1) };
}

test('kill -9 at any moment of a run: the newest snapshot verifies and the next run works', {
  timeout: 240_000,
}, async t => {
  const rounds = Array.from({ length: KILLS }, (_, round) => round);
  const shares = Array.from({ length: STORES }, (_, place) => rounds.filter(round => round % STORES === place));
  const all = await Promise.all(shares.map(killAgainAndAgain));
  const killedRunning = all.reduce((sum, one) => sum + one.killedRunning, 0);
  assert.ok(killedRunning > 0, 'no run was ever under way when a daemon was killed: the moments are badly chosen');
  const last = all.map(one => one.last).join(' and ');
  t.diagnostic(`${KILLS} kills, ${killedRunning} of them within a run; snapshots 1 to ${last}`);
});

/** The moment is what the test varies: nothing is waited for. */
const delay = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));
