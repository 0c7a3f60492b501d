import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Announced } from '../../src/notices/announce.ts';
import { startAnnouncing } from '../../src/runs/announcing.ts';

const sent: Announced = { channel: 'webhook chat.example', kind: 'held', outcome: 'sent' };

/** Somebody to tell, who takes as long over each look as the test lets them. */
function announcing({ isWanted = true, every = 3_600_000 } = {}) {
  const looks: PromiseWithResolvers<readonly Announced[]>[] = [];
  const announced: Announced[] = [];
  const failures: string[] = [];
  const started = Promise.withResolvers<void>();
  const it = startAnnouncing({
    wanted: () => isWanted,
    announce() {
      const look = Promise.withResolvers<readonly Announced[]>();
      looks.push(look);
      started.resolve();
      return look.promise;
    },
    onAnnounced: one => announced.push(one),
    onFailure: error => failures.push(error.message),
    every,
  });
  return { it, looks, announced, failures, started: started.promise };
}

/** Everything that waits for nothing but what was just settled is done. */
const settled = () => new Promise(resolve => setImmediate(resolve));

test('one look at a time, and one more for all that came in between', async () => {
  const { it, looks, announced } = announcing();
  using _ = it;
  it.soon();
  it.soon();
  it.soon();
  assert.equal(looks.length, 1);
  looks[0]?.resolve([sent]);
  await settled();
  assert.equal(looks.length, 2);
  looks[1]?.resolve([]);
  await settled();
  assert.equal(looks.length, 2);
  assert.deepEqual(announced, [sent]);
});

test('a look that fails is told, and the next is made all the same', async () => {
  const { it, looks, failures } = announcing();
  using _ = it;
  it.soon();
  looks[0]?.reject(new Error('the store does not answer'));
  await settled();
  assert.deepEqual(failures, ['the store does not answer']);
  it.soon();
  assert.equal(looks.length, 2);
});

test('it looks by itself now and then', async () => {
  const { it, looks, started } = announcing({ every: 1 });
  using _ = it;
  await started;
  assert.equal(looks.length, 1);
});

test('where nobody is to be told nothing is looked at, and nothing after the end', async () => {
  const { it, looks } = announcing({ isWanted: false });
  it.soon();
  assert.equal(looks.length, 0);
  it[Symbol.dispose]();
  const ended = announcing();
  ended.it.soon();
  ended.it.soon();
  ended.it[Symbol.dispose]();
  ended.looks[0]?.reject(new Error('the daemon is stopping'));
  await settled();
  assert.deepEqual([ended.looks.length, ended.failures], [1, []]);
});
