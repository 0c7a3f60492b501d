import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { snapshotNumber } from '../../src/roster/model.ts';
import { StoreError } from '../../src/store/error.ts';
import type { Store } from '../../src/store/store.ts';
import { engines } from './engines.ts';
import { AT, NOBODY, person, publish, roster } from './rosters.ts';

const after = (minutes: number) => new Date(AT.getTime() + minutes * 60_000);
const pin = (snapshot: number, minutes: number) => ({ snapshot: snapshotNumber(snapshot), at: after(minutes) });

async function publishTwo(store: Store): Promise<void> {
  const one = roster([person('hr/1')]);
  await publish(store, NOBODY, one);
  await publish(store, one, roster([person('hr/2')]));
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`a pin in ${engine}`, () => {
    test('stands from when it is set, through others, until it is ended', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishTwo(store);
      assert.equal(await store.pins.current(), undefined);
      assert.equal(await store.pins.end(after(0)), false);
      await store.pins.set(pin(1, 1));
      assert.deepEqual(await store.pins.current(), pin(1, 1));
      await store.pins.set(pin(2, 2));
      assert.deepEqual(await store.pins.current(), pin(2, 2));
      await store.pins.set(pin(1, 3));
      assert.deepEqual(await store.pins.current(), pin(1, 3));
      assert.equal(await store.pins.end(after(4)), true);
      assert.equal(await store.pins.current(), undefined);
      assert.equal(await store.pins.end(after(5)), false);
      await store.pins.set(pin(2, 6));
      assert.deepEqual(await store.pins.current(), pin(2, 6));
      assert.deepEqual(
        (await here.rows('select * from pins order by number')).map(row => Object.values(row).map(Number)),
        [
          [1, 1, after(1).getTime(), after(2).getTime()],
          [2, 2, after(2).getTime(), after(3).getTime()],
          [3, 1, after(3).getTime(), after(4).getTime()],
          [4, 2, after(6).getTime(), 0],
        ],
      );
    });

    test('is seen by whoever has the store open', async () => {
      await using here = await place();
      await using store = await here.open();
      await using other = await here.open({ migrate: false });
      await publishTwo(store);
      await store.pins.set(pin(1, 1));
      assert.deepEqual(await other.pins.current(), pin(1, 1));
      assert.equal(await other.pins.end(after(2)), true);
      assert.equal(await store.pins.current(), undefined);
    });

    test('to a snapshot that is not there is refused, and the one that stands stays', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishTwo(store);
      const refused = (error: unknown) =>
        error instanceof StoreError &&
        error.message === 'there is no snapshot 3 to pin; "rosterd log" lists all there are';
      await assert.rejects(store.pins.set(pin(3, 1)), refused);
      assert.equal(await store.pins.current(), undefined);
      await store.pins.set(pin(2, 2));
      await assert.rejects(store.pins.set(pin(3, 3)), refused);
      assert.deepEqual(await store.pins.current(), pin(2, 2));
    });

    test('says nothing about what is published', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishTwo(store);
      await store.pins.set(pin(1, 1));
      await publish(store, roster([person('hr/2')]), NOBODY);
      assert.equal((await store.snapshots.newest())?.number, 3);
      assert.deepEqual(await store.pins.current(), pin(1, 1));
    });
  });
}
