import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { openLine } from '../../src/line.ts';
import { announce } from '../../src/notices/announce.ts';
import { holdNumber } from '../../src/roster/model.ts';
import { approve } from '../../src/runs/approve.ts';
import { healthOf } from '../../src/runs/health.ts';
import type { Store } from '../../src/store/store.ts';
import { type Company, company } from '../support/company.ts';
import { startPeer } from '../support/http-peer.ts';
import { channels, deskOf } from './desks.ts';

/** A company whose runs are real, and somebody who is told what comes of them. */
async function told() {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company({ more: 'sync: { max_stale: 2h }\n' }));
  const peer = stack.use(await startPeer((_, response) => response.writeHead(204).end()));
  const owned = stack.move();
  const notify = channels({ type: 'webhook', url: peer.url });
  const { config } = loadConfig(at.configFile, {});
  const { sync } = config;
  return {
    at,
    /** Everything that is told at a moment, without what is the same in all of it. */
    look: (time: string) =>
      at.withStore(async store => {
        const now = new Date(time);
        const health = await healthOf(config, store, now);
        await announce(deskOf(store, { notify, sync, health, now }));
        return peer.requests.splice(0).map(request => {
          const { type, data } = JSON.parse(request.body);
          const { host, store: address, current, title, text, ...facts } = data;
          assert.deepEqual([host, address, current], ['gate', store.address, true]);
          assert.ok(text.includes(`rosterd on gate, store ${store.address}`) && title.length > 0);
          return { type, ...facts };
        });
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const accounts = Array.from({ length: 20 }, (_, place) => ({ account: `user${place}` }));

/** A company that has published twenty people at 8, and holds back that all but three are gone at 9. */
async function toldOfHold() {
  const scene = await told();
  scene.at.hire(...accounts);
  await scene.at.run('2026-11-25T08:00:00Z');
  assert.deepEqual(await scene.look('2026-11-25T08:01:00Z'), []);
  scene.at.sql('delete from hr where id > 3');
  await scene.at.run('2026-11-25T09:00:00Z');
  return scene;
}

function approveHold({ configFile }: Company, store: Store, time: string) {
  return openLine(loadConfig(configFile, {}).config, store).then(line =>
    approve(
      { ...line, now: () => new Date(time) },
      { hold: holdNumber(1), reason: 'a branch was sold', signal: new AbortController().signal },
    ),
  );
}

const SERVED = { status: 'success', snapshot: 1, pinned: false, at: '2026-11-25T08:00:00.000Z' };

suite('what is told of real runs', () => {
  test('that are held, and of a hold that is approved', async () => {
    await using scene = await toldOfHold();
    const [held, ...others] = await scene.look('2026-11-25T09:01:00Z');
    assert.deepEqual(others, []);
    const { changes, reasons, ...facts } = held ?? assert.fail('nothing');
    assert.deepEqual(facts, {
      type: 'rosterd.held',
      since: '2026-11-25T09:00:00.000Z',
      omflow: { status: 'fail', because: 'held' },
      commands: ['rosterd review 1', 'rosterd approve 1'],
      hold: 1,
      people: 3,
    });
    assert.equal(changes.people_removed, 17);
    assert.deepEqual(
      reasons.map((one: { guard: string }) => one.guard),
      ['source_rows', 'people_removed'],
    );
    await scene.at.withStore(store => approveHold(scene.at, store, '2026-11-25T10:00:00Z'));
    const [recovered] = await scene.look('2026-11-25T10:01:00Z');
    assert.deepEqual(recovered, {
      type: 'rosterd.recovered',
      since: '2026-11-25T09:00:00.000Z',
      omflow: { ...SERVED, snapshot: 2, at: '2026-11-25T10:00:00.000Z' },
      commands: ['rosterd status'],
      state: 'held',
      end: { how: 'approved', hold: 1, run: 3, reason: 'a branch was sold' },
    });
  });

  test('that are within the limits again', async () => {
    await using scene = await toldOfHold();
    await scene.look('2026-11-25T09:01:00Z');
    for (const [place, { account }] of accounts.entries()) {
      if (place < 3) continue;
      const mail = `${account}@acme.example`;
      scene.at.sql(
        `insert into hr (id, account, mail, name) values (${place + 1}, '${account}', '${mail}', '${account}')`,
      );
    }
    await scene.at.run('2026-11-25T10:00:00Z');
    const [recovered] = await scene.look('2026-11-25T10:01:00Z');
    assert.deepEqual(recovered?.['end'], { how: 'overtaken', hold: 1, run: 3, reason: '' });
  });

  test('that fail, until what there is becomes too old, and succeed again', async () => {
    await using scene = await told();
    scene.at.hire(...accounts);
    await scene.at.run('2026-11-25T08:00:00Z');
    await scene.look('2026-11-25T08:01:00Z');
    scene.at.sql('alter table hr rename to away');
    await scene.at.run('2026-11-25T09:00:00Z');
    const why = 'source hr: there is no table or view "hr" that the account may read';
    const failure = {
      ...{ since: '2026-11-25T09:00:00.000Z', commands: ['rosterd status', 'rosterd check'] },
      ...{ why, sources: ['hr'], last_good: { run: 1, at: '2026-11-25T08:00:00.000Z' } },
    };
    assert.deepEqual(await scene.look('2026-11-25T09:01:00Z'), [
      { type: 'rosterd.failed', ...failure, omflow: SERVED },
    ]);
    await scene.at.run('2026-11-25T10:00:00Z');
    assert.deepEqual(await scene.look('2026-11-25T10:59:00Z'), []);
    assert.deepEqual(await scene.look('2026-11-25T11:01:00Z'), [
      { type: 'rosterd.stale', ...failure, omflow: { status: 'fail', because: 'stale' } },
    ]);
    scene.at.sql('alter table away rename to hr');
    await scene.at.run('2026-11-25T12:00:00Z');
    const end = { how: 'run', run: 4, status: 'unchanged', snapshot: 1 };
    const over = { type: 'rosterd.recovered', since: failure.since, omflow: SERVED, commands: ['rosterd status'], end };
    assert.deepEqual(await scene.look('2026-11-25T12:01:00Z'), [
      { ...over, state: 'failed' },
      { ...over, state: 'stale' },
    ]);
  });

  test('that keep people out, without their names', async () => {
    await using scene = await told();
    scene.at.hire(...accounts);
    await scene.at.run('2026-11-25T08:00:00Z');
    await scene.look('2026-11-25T08:01:00Z');
    scene.at.hire({ account: 'm.chen', mail: 'nowhere' }, { account: 'j.wu', mail: '' });
    await scene.at.run('2026-11-25T09:00:00Z');
    const [quarantine] = await scene.look('2026-11-25T09:01:00Z');
    assert.doesNotMatch(JSON.stringify(quarantine), /chen|wu/);
    const codes = [{ code: 'newcomer', count: 2 }];
    assert.deepEqual([quarantine?.['count'], quarantine?.['codes']], [2, codes]);
    scene.at.sql("delete from hr where account in ('m.chen', 'j.wu')");
    await scene.at.run('2026-11-25T10:00:00Z');
    const [recovered] = await scene.look('2026-11-25T10:01:00Z');
    assert.deepEqual([recovered?.['state'], recovered?.['end']], ['quarantine', { how: 'clean' }]);
  });
});
