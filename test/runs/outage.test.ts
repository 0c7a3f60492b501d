import assert from 'node:assert/strict';
import { test } from 'node:test';
import mysql from 'mysql2/promise';
import { snapshotNumber } from '../../src/roster/model.ts';
import { RunWorker } from '../../src/runs/worker.ts';
import { DeliveryQueue } from '../../src/store/delivery-queue.ts';
import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig, hrDatabase } from '../support/hr.ts';
import { startMariadb } from '../support/mariadb.ts';

test('deliveries of while the store restarts are recorded when it is back', async () => {
  await using server = await startMariadb();
  await createRoster(server.url);
  await using store = await openStore({ url: `${server.url}/roster` }, { migrate: true });
  const lost: unknown[] = [];
  {
    await using queue = new DeliveryQueue(store, error => lost.push(error));
    await server.kill('SIGKILL');
    const at = new Date('2026-03-01T08:00:00Z');
    queue.add({ id: 'one', snapshot: snapshotNumber(1), client: 'omflow', at, finished: true, bytes: 9 });
    await server.start();
  }
  assert.deepEqual(lost, []);
  assert.deepEqual(
    (await store.deliveries.list(9)).map(one => one.client),
    ['omflow'],
  );
});

test('a store that was away for a while is used again as soon as it is back', async () => {
  await using server = await startMariadb();
  await using folder = await temporaryFolder();
  await using hr = await hrDatabase();
  await createRoster(server.url);
  const config = hrConfig(folder.path, hr.url, { store: `${server.url}/roster` });
  await using _ = await openStore(config.store, { migrate: true });
  await using worker = new RunWorker({
    module: new URL('../../src/run-worker.ts', import.meta.url),
    config,
    onRun: () => {},
    onPruned: () => {},
    onFailure: () => {},
    now: () => new Date(),
  });
  await server.kill('SIGKILL');
  await assert.rejects(
    worker.run('pull'),
    /the store mysql:\/\/root@127\.0\.0\.1:\d+\/roster cannot be used: .*ECONNREFUSED/,
  );
  assert.ok(worker.failingSince);
  await server.start();
  assert.equal((await worker.run('pull')).outcome.status, 'published');
  assert.equal(worker.failingSince, undefined);
});

async function createRoster(url: string): Promise<void> {
  const admin = await mysql.createConnection(url);
  await admin.query('create database roster');
  await admin.end();
}
