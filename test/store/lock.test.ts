import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { DatabaseConfig } from '../../src/config/connections.ts';
import { lockStore, openStore } from '../../src/store/open.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { engines, mariadb } from './engines.ts';

/** Waits for a signal, and fails when it does not come in time. */
async function abortedWithin(signal: AbortSignal, deadline: number): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no abort within ${deadline} ms`)), deadline);
      signal.addEventListener('abort', () => {
        clearTimeout(late);
        resolve();
      });
    });
  }
  return signal.reason;
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`a lock in ${engine}`, { concurrency: true }, () => {
    test('is for one alone, and free at once when it is given back', async () => {
      await using here = await place();
      await using store = await here.open();
      await using other = await here.open({ migrate: false });
      for (let turn = 0; turn < 4; turn++) {
        const [holder, rival] = turn % 2 === 0 ? [store, other] : [other, store];
        const lock = await holder.lock('run');
        assert.ok(lock, `turn ${turn}`);
        assert.equal(await rival.lock('run'), undefined);
        assert.equal(await holder.lock('run'), undefined);
        const serve = await rival.lock('serve');
        assert.ok(serve);
        await lock[Symbol.asyncDispose]();
        await serve[Symbol.asyncDispose]();
        assert.equal(lock.lost.aborted, false);
      }
    });

    test('is for one alone when many try at once', async () => {
      await using here = await place();
      await using store = await here.open();
      const locks = await Promise.all(Array.from({ length: 10 }, () => store.lock('run')));
      const held = locks.filter(lock => lock !== undefined);
      assert.equal(held.length, 1);
      await held[0]?.[Symbol.asyncDispose]();
      await using again = await store.lock('run');
      assert.ok(again);
    });

    test('is of one store', async () => {
      await using here = await place();
      await using there = await place();
      await using store = await here.open();
      await using other = await there.open();
      await using one = await store.lock('run');
      await using two = await other.lock('run');
      assert.ok(one && two);
    });
  });
}

/** A thread that takes the run lock, says so, and then does something with it. */
function locking(config: DatabaseConfig, then: string): Worker {
  const open = JSON.stringify(new URL('../../src/store/open.ts', import.meta.url).href);
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    import(${open}).then(async ({ lockStore }) => {
      const lock = await lockStore(workerData, 'run');
      parentPort.postMessage(lock !== undefined);
      ${then}
    });`;
  return new Worker(code, { eval: true, workerData: config });
}

// Both take as long as the server waits for a word.
suite('a lock in MariaDB and time', { concurrency: true }, () => {
  suite('a lock in MariaDB that is kept', { concurrency: true }, () => {
    test('by a busy thread is kept for longer than the server waits for a word', async () => {
      await using here = await mariadb();
      await using store = await here.open();
      const nap = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 12_000);';
      await using thread = locking(
        here.config,
        `${nap} await new Promise(resolve => setTimeout(resolve, 100));
      parentPort.postMessage(String(lock.lost.reason)); await lock[Symbol.asyncDispose]();`,
      );
      assert.deepEqual(await once(thread, 'message'), [true]);
      const said = once(thread, 'message');
      await sleep(11_000);
      {
        await using looking = await store.lock('run');
        await using trying = await lockStore(here.config, 'run');
        assert.deepEqual([looking, trying], [undefined, undefined]);
      }
      assert.deepEqual(await said, ['undefined'], 'it was not lost');
      await once(thread, 'exit');
      await using lock = await store.lock('run');
      assert.ok(lock, 'it was given back');
    });

    test('keeps nobody alive, and goes with who holds it', async () => {
      await using here = await mariadb();
      await using thread = locking(here.config, '');
      assert.deepEqual(await once(thread, 'exit', { signal: AbortSignal.timeout(20_000) }), [0]);
      await using lock = await lockStore(here.config, 'run');
      assert.ok(lock);
    });

    test('by a thread that is ended is free at once', async () => {
      await using here = await mariadb();
      await using thread = locking(here.config, 'setInterval(() => {}, 1000);');
      assert.deepEqual(await once(thread, 'message'), [true]);
      assert.equal(await lockStore(here.config, 'run'), undefined);
      await thread.terminate();
      await using lock = await lockStore(here.config, 'run');
      assert.ok(lock);
    });
  });

  suite('a lock in MariaDB that is lost', { concurrency: true }, () => {
    test('because its connection was killed tells its holder', async () => {
      await using here = await mariadb();
      await using store = await here.open();
      await using lock = await store.lock('run');
      assert.ok(lock);
      for (const { id } of await here.rows(
        `select id from information_schema.processlist where db = '${here.database}' and id <> connection_id()`,
      ))
        await here.rows(`kill ${id}`);
      assert.match(String(await abortedWithin(lock.lost, 2000)), /the store dropped the lock/);
      await using again = await store.lock('run');
      assert.ok(again);
    });

    test('because nothing is heard any more tells its holder, before the server gives it to another', async () => {
      await using here = await mariadb();
      const { hostname: host, port } = new URL(here.config.url);
      await using proxy = await startFaultProxy({ host, port: Number(port) });
      await using direct = await here.open();
      await using store = await openStore({ url: proxy.through(here.config.url) }, { migrate: false });
      const lock = await store.lock('run');
      assert.ok(lock);
      proxy.freeze();
      assert.match(String(await abortedWithin(lock.lost, 8000)), /the store dropped the lock/);
      assert.equal(await direct.lock('run'), undefined, 'the server has not given it up yet');
      await lock[Symbol.asyncDispose]();
      await proxy.restore();
    });

    test('because nothing is heard any more can still be given back', async () => {
      await using here = await mariadb();
      const { hostname: host, port } = new URL(here.config.url);
      await using proxy = await startFaultProxy({ host, port: Number(port) });
      await using _ = await here.open();
      await using store = await openStore({ url: proxy.through(here.config.url) }, { migrate: false });
      const lock = await store.lock('run');
      proxy.freeze();
      const start = performance.now();
      await lock?.[Symbol.asyncDispose]();
      assert.ok(performance.now() - start < 5000);
      await proxy.restore();
    });
  });
});

suite('the thread that keeps a lock in MariaDB', () => {
  test('keeps the next one, too, until its store is closed or the lock was lost', async () => {
    await using here = await mariadb();
    const store = await here.open();
    const threads: Worker[] = [];
    const seen = (message: unknown) => threads.push((message as { worker: Worker }).worker);
    subscribe('worker_threads', seen);
    try {
      for (let time = 0; time < 3; time += 1) {
        await using lock = await store.lock('run');
        assert.ok(lock);
      }
      assert.equal(threads.length, 1);
      await using kept = await store.lock('run');
      const connections = `select id from information_schema.processlist where db = '${here.database}'`;
      for (const { id } of await here.rows(`${connections} and id <> connection_id()`)) await here.rows(`kill ${id}`);
      assert.ok(kept);
      await abortedWithin(kept.lost, 2000);
      await using again = await store.lock('run');
      assert.ok(again, 'by another thread');
      assert.equal(threads.length, 2);
    } finally {
      unsubscribe('worker_threads', seen);
    }
    await store[Symbol.asyncDispose]();
    assert.deepEqual(
      threads.map(thread => thread.threadId),
      [-1, -1],
    );
  });
});
