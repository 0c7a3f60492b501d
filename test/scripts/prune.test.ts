import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pruneNow, wouldPrune } from '../../scripts/prune.ts';
import { lookOf } from '../../scripts/text/look.ts';
import { pruneObject, pruneText } from '../../scripts/text/prune.ts';
import { snapshotNumber } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { sqlite } from '../store/engines.ts';
import { AT, department, NOBODY, person, publish, roster } from '../store/rosters.ts';
import { command } from '../support/command.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeConfig } from '../support/rosterd.ts';

const DAY = 86_400_000;
/** A year after everything that is published here. */
const NOW = new Date(AT.getTime() + 365 * DAY);
const retention = { last: 2, daily: 90 * DAY, monthly: 1 };
const SETTINGS = { retention, timezone: 'UTC', now: NOW };
const LOOK = lookOf({ zone: 'UTC' });

/** Six snapshots, in each of which somebody is otherwise, with a delivery of the second. */
async function fill(store: Store): Promise<void> {
  const rosters = [1, 2, 3, 4, 5, 6].map(number =>
    roster([person('hr/1', { nick_name: `${number}` }), person('hr/2')], [department('RD', number === 3 ? 'R' : 'D')]),
  );
  for (const [place, next] of rosters.entries()) await publish(store, rosters[place - 1] ?? NOBODY, next);
  const delivery = { snapshot: snapshotNumber(2), client: 'omflow', at: AT, finished: true, bytes: 1 };
  await store.deliveries.add([
    { ...delivery, id: 'a' },
    { ...delivery, id: 'b', finished: false },
  ]);
}

const RULE = 'kept are the last 2 snapshots, the last of each day for 90 days and of each month for 1 month';

suite('rosterd prune', () => {
  test('shows what would go, and takes it away', async () => {
    await using here = await sqlite();
    await using store = await here.open();
    await fill(store);
    const would = await wouldPrune(store, SETTINGS);
    const list = [
      '  3  snapshots             1, 3 to 4',
      '  3  forms of people       in none of the snapshots that stay',
      '  1  form of a department  in none of the snapshots that stay',
      '  3  runs                  of before 2027-08-24 03:04, on which nothing rests',
      '  1  delivery              of before 2027-08-24 03:04; the last two of each client stay',
    ];
    assert.deepEqual(pruneText(would, retention, LOOK), [
      RULE,
      'would go:',
      ...list,
      'nothing was done; "rosterd prune --yes" does it',
    ]);
    assert.equal((await store.snapshots.list(9)).length, 6);
    const gone = await pruneNow(store, SETTINGS, { signal: new AbortController().signal });
    assert.deepEqual(pruneText(gone, retention, LOOK), [RULE, 'gone:', ...list]);
    assert.deepEqual(pruneObject(gone), {
      event: 'pruned',
      snapshots: [1, 3, 4],
      before: new Date('2027-08-24T03:04:05.678Z'),
      people_forms: 3,
      department_forms: 1,
      runs: 3,
      deliveries: 1,
    });
    assert.deepEqual(
      (await store.snapshots.list(9)).map(one => one.number),
      [6, 5, 2],
    );
    assert.deepEqual(pruneText(await wouldPrune(store, SETTINGS), retention, LOOK), [
      `${RULE}: nothing is older than that`,
    ]);
  });

  test('waits for a run under way', async () => {
    await using here = await sqlite();
    await using store = await here.open();
    await fill(store);
    const lock = await store.lock('run');
    let done = false;
    const pruning = pruneNow(store, SETTINGS, { signal: new AbortController().signal }).finally(() => {
      done = true;
    });
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    assert.equal(done, false);
    assert.equal((await store.snapshots.list(9)).length, 6);
    await lock?.[Symbol.asyncDispose]();
    assert.equal((await pruning).pruned.snapshots, 3);
    await using free = await store.lock('run');
    assert.ok(free);
  });

  test('goes by the configuration, and does nothing without --yes', async () => {
    await using folder = await temporaryFolder();
    await using here = await sqlite();
    await using store = await here.open();
    await fill(store);
    // Of long ago, by the clock of the program.
    await here.rows('update snapshots set at = 0');
    const config = await writeConfig(folder.path, {
      timezone: 'UTC',
      store: here.config.url,
      retention: { last: 1, daily: '1d', monthly: 1 },
      server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
      sources: [
        { name: 'hr', type: 'sql', url: 'sqlite:hr.db', people: { table: 'hr', map: { username: 'account' } } },
      ],
    });
    const shown = await command(['prune', '--config', config]);
    assert.match(shown.stdout, /^kept are the last 1 snapshot, the last of each day for 1 day .* 1 month\nwould go:\n/);
    assert.match(shown.stdout, /\n {2}3 {2}snapshots {2,}1, 3 to 4\n/);
    assert.deepEqual([shown.code, (await store.snapshots.list(9)).length], [0, 6]);
    const { stdout, code } = await command(['prune', '--yes', '--json', '--config', config]);
    const { event, snapshots } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([event, snapshots, code], ['pruned', [1, 3, 4], 0]);
    assert.equal((await store.snapshots.list(9)).length, 3);
  });
});
