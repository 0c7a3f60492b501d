import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import { snapshotNumber, storedKey } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { engines } from './engines.ts';
import { NO_REPORT, NOBODY, person, publish, roster } from './rosters.ts';

const AT = new Date('2026-03-01T08:00:00Z');
const BOTH = roster([person('hr/1'), person('hr/2')]);
const ONE = roster([person('hr/2')]);

/** Whether somebody who looks has another mark after some work of somebody else, or of their own. */
async function changes(looking: Store, work: () => Promise<unknown>): Promise<boolean> {
  const before = await looking.mark();
  await work();
  return (await looking.mark()) !== before;
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`the mark of what decides in ${engine}`, () => {
    test('is another one after whatever changes what is served, whoever did it', async () => {
      for (const isOwn of [true, false]) {
        await using here = await place();
        await using store = await here.open();
        await using other = await here.open();
        const writing = isOwn ? store : other;
        const finish = async (outcome: Parameters<Store['runs']['finish']>[1]['outcome']) => {
          const [run] = await writing.runs.list(1);
          assert.ok(run);
          await writing.runs.finish(run.number, { at: AT, outcome, report: NO_REPORT, publication: undefined });
        };
        const works = {
          'the first snapshot': () => publish(writing, NOBODY, BOTH),
          'another snapshot': () => publish(writing, BOTH, ONE),
          'a run begins': () => writing.runs.begin({ cause: 'pull', at: AT, fingerprint: '' }),
          'it finds nothing changed': () => finish({ status: 'unchanged', snapshot: snapshotNumber(2) }),
          'another run': () => writing.runs.begin({ cause: 'pull', at: AT, fingerprint: '' }),
          'it fails': () => finish({ status: 'failed', problems: [] }),
          'somebody goes back': () => writing.pins.set({ snapshot: snapshotNumber(2), at: AT }),
          'and elsewhere': () => writing.pins.set({ snapshot: snapshotNumber(2), at: AT }),
          'and forward again': () => writing.pins.end(AT),
          'somebody is purged': () => writing.purge(storedKey('hr/1'), { dryRun: false }),
        };
        for (const [what, work] of Object.entries(works)) assert.ok(await changes(store, work), what);
      }
    });

    test('is the same when nothing happened', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, BOTH);
      assert.equal(await changes(store, async () => {}), false);
    });

    test('is the same when an answer was delivered, and another one after what comes next', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, BOTH);
      const sent = { snapshot: snapshotNumber(1), client: 'omflow', at: AT, finished: true, bytes: 10 };
      const deliver = () =>
        store.deliveries.add([
          { ...sent, id: 'first' },
          { ...sent, id: randomUUID() },
        ]);
      assert.equal(await changes(store, deliver), false);
      // One of them is there already.
      assert.equal(await changes(store, deliver), false);
      assert.equal(await changes(store, () => store.pins.set({ snapshot: snapshotNumber(1), at: AT })), true);
    });
  });
}
