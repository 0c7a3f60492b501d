import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { suite, test } from 'node:test';
import { engines } from './engines.ts';
import { AT, NOBODY, person, publish, roster } from './rosters.ts';

const after = (hours: number) => new Date(AT.getTime() + hours * 3_600_000);

for (const [engine, place] of Object.entries(engines)) {
  suite(`an unlock in ${engine}`, () => {
    test('is of one username alone, and takes the place of the one before', async () => {
      await using here = await place();
      await using store = await here.open();
      await using daemon = await here.open({ migrate: false });
      assert.equal(await daemon.unlocks.last('a.lin'), undefined);
      await store.unlocks.note('a.lin', after(0));
      assert.deepEqual(await daemon.unlocks.last('a.lin'), after(0));
      await store.unlocks.note('a.lin', after(1));
      await store.unlocks.note('林', after(2));
      assert.deepEqual(await daemon.unlocks.last('a.lin'), after(1));
      assert.deepEqual(await daemon.unlocks.last('林'), after(2));
      for (const other of ['A.LIN', 'a.lin ', '']) assert.equal(await daemon.unlocks.last(other), undefined);
    });

    test('is kept for a day, under no name', async () => {
      await using here = await place();
      await using store = await here.open();
      await store.unlocks.note('a.lin', after(0));
      await store.unlocks.note('b.wu', after(1));
      await store.unlocks.note('c.cho', after(24));
      assert.deepEqual(await store.unlocks.last('a.lin'), after(0));
      await store.unlocks.note('c.cho', after(24.5));
      assert.equal(await store.unlocks.last('a.lin'), undefined);
      assert.deepEqual(
        (await here.rows('select name, at from unlocks order by at')).map(row => [row['name'], Number(row['at'])]),
        [
          [hash('sha256', 'b.wu'), after(1).getTime()],
          [hash('sha256', 'c.cho'), after(24.5).getTime()],
        ],
      );
    });

    test('goes with what is pruned, and so do failures that do not count any more', async () => {
      await using here = await place();
      await using store = await here.open();
      await store.unlocks.note('a.lin', after(0));
      await store.unlocks.note('b.wu', after(2));
      const [past, late] = [after(0).getTime(), after(2).getTime()];
      await here.rows(`insert into login_failures values ('past', 1, ${past}), ('late', 1, ${late})`);
      const left = async () => [await store.unlocks.last('a.lin'), await here.rows('select * from login_failures')];
      const pruning = { snapshots: [], before: after(1) };
      const before = await left();
      await store.prune(pruning, { dryRun: true });
      assert.deepEqual(await left(), before);
      await store.prune(pruning, { dryRun: false });
      const [unlock, failures] = await left();
      assert.equal(unlock, undefined);
      assert.deepEqual(
        (failures as Record<string, unknown>[]).map(row => row['key']),
        ['late'],
      );
      assert.deepEqual(await store.unlocks.last('b.wu'), after(2));
    });

    test('goes with whoever is purged, and so do their failures', async () => {
      await using here = await place();
      await using store = await here.open();
      const [ann, bob] = [person('hr/ann'), person('hr/bob')];
      await publish(store, NOBODY, roster([ann, bob]));
      await publish(store, roster([ann, bob]), roster([bob]));
      for (const { username } of [ann, bob]) {
        await store.unlocks.note(username, AT);
        await here.rows(`insert into login_failures values ('${hash('sha256', username)}', 1, 2)`);
      }
      await store.purge(ann.key, { dryRun: false });
      const left = [await here.rows('select name from unlocks'), await here.rows('select `key` from login_failures')];
      assert.deepEqual(
        left.map(rows => rows.flatMap(row => Object.values(row))),
        [[hash('sha256', bob.username)], [hash('sha256', bob.username)]],
      );
    });
  });
}
