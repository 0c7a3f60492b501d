import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { snapshotNumber } from '../../src/roster/model.ts';
import { DeliveryQueue } from '../../src/store/delivery-queue.ts';
import { engines, sqlite } from './engines.ts';

const delivery = (count: number) => ({
  id: `delivery-${count}`,
  snapshot: snapshotNumber(1),
  client: 'omflow 客戶 😀',
  at: new Date(1_700_000_000_000 + count),
  finished: count % 2 === 0,
  bytes: count * 1000,
});

const written = (count: number) => {
  const { id: _, ...rest } = delivery(count);
  return rest;
};

const never = (error: unknown) => assert.fail(String(error));

for (const [engine, place] of Object.entries(engines)) {
  suite(`deliveries in ${engine}`, () => {
    test('are listed as they were recorded, newest first, whatever the clock said', async () => {
      await using here = await place();
      await using store = await here.open();
      await store.deliveries.add([]);
      assert.deepEqual(await store.deliveries.list(9), []);
      await store.deliveries.add([delivery(1), delivery(3)]);
      await store.deliveries.add([delivery(2)]);
      assert.deepEqual(await store.deliveries.list(9), [written(2), written(3), written(1)]);
      assert.deepEqual(await store.deliveries.list(1), [written(2)]);
    });

    test('are told by client: the last that each had whole, and all of one', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.deepEqual(await store.deliveries.lastOfEach(), []);
      const sent = (client: string, at: number, snapshot: number, finished = true) => ({
        ...delivery(at),
        id: `${encodeURIComponent(client)} ${at}`,
        client,
        snapshot: snapshotNumber(snapshot),
        finished,
      });
      await store.deliveries.add([
        sent('omflow', 1, 1),
        sent('OMFLOW', 3, 1),
        sent('總務', 5, 2),
        sent('OMFLOW', 7, 2),
        // The clock was put back meanwhile.
        sent('omflow', 0, 2),
        sent('omflow', 9, 3, false),
        sent('broken', 9, 3, false),
      ]);
      const told = (list: readonly { client: string; at: Date; snapshot: number }[]) =>
        list.map(({ client, at, snapshot }) => `${client} ${at.getTime() - 1_700_000_000_000} ${snapshot}`);
      assert.deepEqual(told(await store.deliveries.lastOfEach()), ['omflow 0 2', 'OMFLOW 7 2', '總務 5 2']);
      assert.deepEqual(told(await store.deliveries.finishedTo('omflow', 9)), ['omflow 0 2', 'omflow 1 1']);
      assert.deepEqual(told(await store.deliveries.finishedTo('omflow', 1)), ['omflow 0 2']);
      assert.deepEqual(told(await store.deliveries.finishedTo('OMFLOW', 9)), ['OMFLOW 7 2', 'OMFLOW 3 1']);
      for (const client of ['broken', 'nobody']) assert.deepEqual(await store.deliveries.finishedTo(client, 9), []);
      const [newest] = await store.deliveries.finishedTo('omflow', 1);
      assert.deepEqual(newest, { ...written(0), client: 'omflow', snapshot: 2 });
    });

    test('at the same moment are one last delivery of their client', async () => {
      await using here = await place();
      await using store = await here.open();
      const twice = ['one', 'two'].flatMap(id =>
        ['a', 'b'].map(client => ({ ...delivery(2), id: `${id} ${client}`, client })),
      );
      await store.deliveries.add(twice);
      const last = await store.deliveries.lastOfEach();
      assert.deepEqual(last.map(one => one.client).sort(), ['a', 'b']);
      assert.equal((await store.deliveries.finishedTo('a', 9)).length, 2);
    });

    test('that were queued are all written by the end', async () => {
      await using here = await place();
      await using store = await here.open({ timeout: 0 });
      {
        await using queue = new DeliveryQueue(store, never);
        for (let count = 0; count < 50; count++) queue.add(delivery(count));
      }
      assert.equal((await store.deliveries.list(99)).length, 50);
      {
        await using queue = new DeliveryQueue(store, never);
        queue.add(delivery(50));
        // The writing is under way when the queue is closed.
        await Promise.resolve();
        await Promise.resolve();
      }
      assert.equal((await store.deliveries.list(99)).length, 51);
    });

    test('are written at once when few come, and together when many do', async () => {
      await using here = await place();
      await using store = await here.open({ timeout: 0 });
      const writes: number[] = [];
      const add = (list: Parameters<typeof store.deliveries.add>[0]) => {
        writes.push(list.length);
        return store.deliveries.add(list);
      };
      {
        const counted = { ...store, deliveries: { ...store.deliveries, add } };
        await using queue = new DeliveryQueue(counted, never);
        for (let count = 0; count < 200; count++) {
          queue.add(delivery(count));
          await new Promise(resolve => setImmediate(resolve));
          if (count === 0) assert.deepEqual(writes, [1]);
        }
      }
      assert.equal((await store.deliveries.list(300)).length, 200);
      assert.ok(writes.length < 150, `${writes.length} writes`);
    });

    test('that the store refuses are told, and stop none that follow', async () => {
      await using here = await place();
      await using store = await here.open({ timeout: 0 });
      const lost: number[] = [];
      {
        await using queue = new DeliveryQueue(store, (_, count) => lost.push(count));
        queue.add({ ...delivery(1), at: new Date(Number.NaN) });
        await new Promise(resolve => setImmediate(resolve));
        while (lost.length === 0) await new Promise(resolve => setTimeout(resolve, 10));
        queue.add(delivery(2));
      }
      assert.deepEqual(lost, [1]);
      assert.deepEqual(await store.deliveries.list(9), [written(2)]);
    });

    test('that are recorded already, though nobody heard of it, are recorded once', async () => {
      await using here = await place();
      await using store = await here.open();
      await store.deliveries.add([delivery(1), delivery(2)]);
      await store.deliveries.add([delivery(2), delivery(3)]);
      await store.deliveries.add([delivery(3)]);
      assert.deepEqual(await store.deliveries.list(9), [written(3), written(2), written(1)]);
    });
  });
}

suite('a SQLite store that is busy', () => {
  test('is not waited for, and written later', async () => {
    await using here = await sqlite();
    await using store = await here.open({ timeout: 0 });
    using publisher = new DatabaseSync(here.file);
    publisher.exec('begin immediate');
    await using queue = new DeliveryQueue(store, never);
    const start = performance.now();
    for (let count = 0; count < 100; count++) queue.add(delivery(count));
    assert.ok(performance.now() - start < 50, 'adding waits for nobody');
    await new Promise(resolve => setTimeout(resolve, 300));
    assert.deepEqual(await store.deliveries.list(9), []);
    publisher.exec('commit');
    const end = performance.now() + 2000;
    while ((await store.deliveries.list(200)).length < 100) {
      assert.ok(performance.now() < end, 'they are written once the writer is free');
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    assert.equal((await store.deliveries.list(200)).length, 100);
  });

  test('is waited for by the end of the queue, wherever the writing is by then', async () => {
    for (const turns of [0, 1, 2, 5, 20]) {
      await using here = await sqlite();
      await using store = await here.open({ timeout: 0 });
      using publisher = new DatabaseSync(here.file);
      publisher.exec('begin immediate');
      const queue = new DeliveryQueue(store, never);
      queue.add(delivery(1));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      let closed = false;
      const closing = queue[Symbol.asyncDispose]().then(() => {
        closed = true;
      });
      await new Promise(resolve => setTimeout(resolve, 100));
      assert.equal(closed, false, `closed after ${turns} turns`);
      publisher.exec('rollback');
      await closing;
      assert.deepEqual(await store.deliveries.list(9), [written(1)]);
    }
  });
});
