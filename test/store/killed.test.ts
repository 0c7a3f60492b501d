import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { snapshotNumber } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { startProgram } from '../support/program.ts';
import { engines, type Place } from './engines.ts';
import { changesBetween, naiveChanges, person, publish, readBack, roster } from './rosters.ts';

const child = fileURLToPath(new URL('child.ts', import.meta.url));

/** A process of its own on the same store. */
const start = (task: 'hold' | 'publish', here: Place, option: string) =>
  startProgram(process.execPath, ['--disable-warning=ExperimentalWarning', child, task, here.config.url, option]);

/** Where in the writing of a snapshot a process dies; `''` is any moment at all. */
const STAGES = ['people', 'departments', 'names', '', '', ''];

/** The lock, which the dead give back within a moment. */
async function taken(store: Store, deadline = 3000) {
  const end = performance.now() + deadline;
  for (;;) {
    const lock = await store.lock('run');
    if (lock) return lock;
    assert.ok(performance.now() < end, `the lock did not come free within ${deadline} ms`);
    await sleep(20);
  }
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`a process that is killed while it uses ${engine}`, { concurrency: true }, () => {
    test('gives its lock back', async () => {
      await using here = await place();
      await using store = await here.open();
      await using holder = await start('hold', here, 'run');
      await holder.waitFor(/^locked/m);
      assert.equal(await store.lock('run'), undefined);
      await using other = await start('hold', here, 'run');
      await other.waitFor(/somebody else has the lock/);
      await using serve = await start('hold', here, 'serve');
      await serve.waitFor(/^locked/m);
      holder.kill('SIGKILL');
      await using lock = await taken(store);
      assert.equal(lock.lost.aborted, false);
      assert.equal(await store.lock('serve'), undefined, 'the other lock is still held');
    });

    test('leaves the newest snapshot whole, and the next one can be published', async () => {
      await using here = await place();
      await using store = await here.open();
      let last = 0;
      for (const [round, stage] of STAGES.entries()) {
        await using publisher = await start('publish', here, stage);
        const [, done, took] = await publisher.waitFor(/^published (\d+) in (\d+) ms/m);
        const moment = randomInt(Number(took) + 5);
        if (stage === '') {
          await publisher.waitFor(new RegExp(`^publishing ${Number(done) + 1}$`, 'm'));
          await sleep(moment);
          publisher.kill('SIGKILL');
        }
        assert.equal((await publisher.exited).signal, 'SIGKILL');
        await using _ = await taken(store);
        const said = Number([...publisher.output.matchAll(/published (\d+)/g)].at(-1)?.[1]);
        const newest = await store.snapshots.newest();
        const number = newest?.number ?? snapshotNumber(0);
        const context = `round ${round}, killed at ${stage || `${moment} ms`}, at snapshot ${number}`;
        assert.ok(number === said || (stage === '' && number === said + 1), `${context}; it said ${said}`);
        assert.ok(number > last, context);
        const now = await readBack(store, number);
        assert.equal(now.people.size, newest?.people, context);
        if (number > 1) {
          const before = await readBack(store, snapshotNumber(number - 1));
          const changes = await changesBetween(store, snapshotNumber(number - 1), number);
          assert.equal(changes.length, naiveChanges(before, now).length, context);
        }
        const again = await publish(store, now, roster([...now.people.values(), person(`hr/round-${round}`)]));
        assert.equal((await readBack(store, again)).people.size, now.people.size + 1, context);
        const unfinished = (await store.runs.list(99)).filter(run => run.status === 'running');
        assert.deepEqual(unfinished, [], context);
        last = again;
      }
    });
  });
}
