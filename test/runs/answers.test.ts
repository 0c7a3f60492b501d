import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { SyncAnswer } from '../../src/http/roster.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { type SnapshotNumber, snapshotNumber } from '../../src/roster/model.ts';
import { rosterService } from '../../src/runs/answers.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { takeTurn } from '../../src/runs/lock.ts';
import { type RunResult, run } from '../../src/runs/run.ts';
import { type House, openHouse } from './house.ts';

const HOUR = 3_600_000;

/** The `/sync` service on a real house, with a clock that the test turns. */
function service(house: House, sync: Partial<Parameters<typeof rosterService>[0]['sync']> = {}) {
  const clock = { now: new Date('2026-03-01T08:00:00Z') };
  const runs: Promise<RunResult>[] = [];
  const rendered: number[] = [];
  const now = () => clock.now;
  const unavailable: string[] = [];
  const state = {
    failingSince: undefined as Date | undefined,
    pull: () => house.pull({ line: { now } }),
    render: (number: SnapshotNumber): Promise<Uint8Array> => renderSnapshot(house.store, number),
  };
  const roster = rosterService({
    sync: { fresh_for: 10_000, deadline: 15_000, max_stale: 24 * HOUR, on_hold: 'fail', first: 'accept', ...sync },
    store: house.store,
    now,
    delivered: () => {},
    unavailable: error => unavailable.push(error.message),
    runner: {
      get failingSince() {
        return state.failingSince;
      },
      run: () => {
        const run = state.pull();
        runs.push(run);
        return run;
      },
      render: number => {
        rendered.push(number);
        return state.render(number);
      },
    },
  });
  const later = (milliseconds: number) => {
    clock.now = new Date(clock.now.getTime() + milliseconds);
  };
  return { roster, runs, rendered, later, state, now, unavailable };
}

const refusal = (answer: SyncAnswer) => (answer.status === 'fail' ? answer.refusal : undefined);
const contentOf = (answer: SyncAnswer) => (answer.status === 'success' ? answer.body.content : undefined);
const snapshotOf = (answer: SyncAnswer) => (answer.status === 'success' ? answer.body.snapshot : undefined);

test('the first /sync waits for the run that it starts', async () => {
  await using house = await openHouse();
  const { roster, runs } = service(house);
  assert.equal(snapshotOf(await roster.answer()), 1);
  assert.equal(runs.length, 1);
});

test('a run younger than fresh_for is not repeated; an older one is', async () => {
  await using house = await openHouse();
  const { roster, runs, later } = service(house);
  await roster.answer();
  later(9_999);
  await roster.answer();
  assert.equal(runs.length, 1);
  later(1);
  await roster.answer();
  assert.equal(runs.length, 2);
});

test('the body of a snapshot is made once and shared', async () => {
  await using house = await openHouse();
  const { roster, rendered, now } = service(house);
  await house.pull({ line: { now } });
  const answers = await Promise.all([roster.answer(), roster.answer()]);
  const [one, other] = answers.map(contentOf);
  assert.ok(one && one === other);
  assert.deepEqual(rendered, [1]);
});

test('a run that passes the deadline is not waited for, and neither is one after it', { timeout: 10_000 }, async () => {
  await using house = await openHouse();
  await house.pull();
  const { roster, state, later, now } = service(house, { deadline: 20, fresh_for: 0 });
  const slow = Promise.withResolvers<void>();
  state.pull = async () => {
    await slow.promise;
    return house.pull({ line: { now } });
  };
  assert.equal(snapshotOf(await roster.answer()), 1);
  slow.resolve();
  // A run that took 30 s by the clock: longer than the deadline, so that the next /sync does not wait at all.
  await house.pull({ line: { now: ticking(now, later, 30_000) } });
  state.pull = () => new Promise(() => {});
  assert.equal(snapshotOf(await roster.answer()), 1);
});

/** A clock that goes on by `step` each time somebody looks. */
function ticking(now: () => Date, later: (milliseconds: number) => void, step: number): () => Date {
  return () => {
    later(step);
    return now();
  };
}

test('while a hold stands /sync fails with its reasons, or serves the last snapshot where the configuration says so', async () => {
  await using house = await openHouse();
  const strict = service(house);
  await strict.roster.answer();
  await house.hr.execute('delete from employees');
  strict.later(HOUR);
  assert.deepEqual(refusal(await strict.roster.answer()), {
    reason: 'held',
    hold: 1,
    changes: { ...NO_CHANGES, people_removed: 6, memberships_removed: 7 },
    why: 'source hr gives no people any more; its last good read gave 7 rows; 6 of 6 people would be removed, and at most 3 may be at once',
  });
  assert.equal(snapshotOf(await service(house, { on_hold: 'serve_last' }).roster.answer()), 1);
});

test('while the first candidate of all is held there is nothing to serve, whatever the configuration says', async () => {
  await using house = await openHouse({ sync: { first: 'hold' } });
  const why = 'it is the first roster, which sync.first says is to be looked at: 6 people';
  const refused = refusal(await service(house).roster.answer());
  assert.deepEqual([refused?.reason, refused?.reason === 'held' && refused.why], ['held', why]);
  assert.deepEqual(refusal(await service(house, { on_hold: 'serve_last' }).roster.answer()), {
    reason: 'nothing_published',
    why,
  });
});

test('a pinned snapshot is served whatever else is so, and no run is made for it', async () => {
  await using house = await openHouse();
  const { roster, runs, rendered, later, now } = service(house);
  await roster.answer();
  await house.hr.execute('delete from employees where emp_id = 6');
  later(HOUR);
  assert.equal(snapshotOf(await roster.answer()), 2);
  await house.store.pins.set({ snapshot: snapshotNumber(1), at: now() });
  assert.equal(snapshotOf(await roster.answer()), 1);
  await house.hr.execute('delete from employees');
  assert.equal((await house.pull({ line: { now } })).outcome.status, 'held');
  assert.equal(snapshotOf(await roster.answer()), 1, 'a hold stands');
  await house.hr.execute('rename table employees to elsewhere');
  assert.equal((await house.pull({ line: { now } })).outcome.status, 'failed');
  later(100 * HOUR);
  assert.equal(snapshotOf(await roster.answer()), 1, 'it is stale');
  assert.deepEqual([runs.length, rendered], [2, [1, 2, 1]]);

  await house.store.pins.end(now());
  assert.equal(refusal(await roster.answer())?.reason, 'held');
  assert.equal(runs.length, 3);
});

test('a failing source leaves the last snapshot for max_stale, counted from the first failure', async () => {
  await using house = await openHouse();
  const { roster, later } = service(house);
  await roster.answer();
  await house.hr.execute('rename table employees to elsewhere');
  later(100 * HOUR);
  assert.equal(snapshotOf(await roster.answer()), 1);
  later(24 * HOUR);
  assert.equal(snapshotOf(await roster.answer()), 1);
  later(1);
  await roster.answer();
  const stale = refusal(await roster.answer());
  assert.equal(stale?.reason, 'stale');
  assert.deepEqual(stale?.reason === 'stale' && stale.since, new Date('2026-03-05T12:00:00Z'));
  assert.match((stale?.reason === 'stale' && stale.why) || '', /^source hr: .*employees/);
  await house.hr.execute('rename table elsewhere to employees');
  later(HOUR);
  assert.equal(snapshotOf(await roster.answer()), 1);
});

test('before the first snapshot /sync says that the first pull runs, or why nothing was published', async () => {
  await using house = await openHouse();
  const { roster, state } = service(house, { deadline: 20 });
  const pull = state.pull;
  state.pull = () => new Promise(() => {});
  assert.deepEqual(refusal(await roster.answer()), { reason: 'first_pull_running' });
  await house.hr.execute('delete from employees');
  state.pull = pull;
  await house.pull();
  assert.deepEqual(refusal(await roster.answer()), {
    reason: 'nothing_published',
    why: 'a roster without people is never published, and the sources give nobody who could be served',
  });
});

test('who does not get the run lock waits for the outcome of the run that has it', async () => {
  await using house = await openHouse();
  const mine = await takeTurn(house.store, { signal: AbortSignal.timeout(5000) });
  assert.ok('mine' in mine);
  const waiting = takeTurn(house.store, { signal: AbortSignal.timeout(5000) });
  await house.pull();
  const theirs = await waiting;
  assert.deepEqual('theirs' in theirs && [theirs.theirs.run, theirs.theirs.outcome.status], [1, 'published']);
  await mine.mine[Symbol.asyncDispose]();
});

test('whoever goes back while a run is waited for is served what they went back to', async () => {
  await using house = await openHouse();
  const { roster, later, state, now } = service(house);
  await roster.answer();
  await house.hr.execute("update employees set name = 'Somebody Else' where emp_id = 1");
  later(HOUR);
  const pull = state.pull;
  state.pull = async () => {
    const result = await pull();
    await house.store.pins.set({ snapshot: snapshotNumber(1), at: now() });
    return result;
  };
  assert.equal(snapshotOf(await roster.answer()), 1);
  assert.equal((await house.store.snapshots.newest())?.number, 2);
});

test('an approval, which reads no source, is neither waited for nor fresh', async () => {
  await using house = await openHouse();
  const { roster, runs, now } = service(house);
  await roster.answer();
  const mine = await takeTurn(house.store, { signal: AbortSignal.timeout(5000) });
  assert.ok('mine' in mine);
  let waited = 0;
  const waiting = takeTurn(house.store, { signal: AbortSignal.timeout(5000), waits: () => (waited += 1) });
  const approval = await house.store.runs.begin({ cause: 'approve', at: now(), fingerprint: '' });
  const report = { sources: [], problems: [], counts: [] };
  const outcome = { status: 'unchanged', snapshot: snapshotNumber(1) } as const;
  await house.store.runs.finish(approval, { at: now(), outcome, report, publication: undefined });
  await mine.mine[Symbol.asyncDispose]();
  const turn = await waiting;
  assert.ok('mine' in turn, 'the approval is not the run that was waited for');
  assert.equal(waited, 1);
  await turn.mine[Symbol.asyncDispose]();
  assert.equal(runs.length, 1);
  await roster.answer();
  assert.equal(runs.length, 2, 'a second after it, the sources are read all the same');
});

test('when the holder of the run lock dies without an outcome, it is the turn of who waited', async () => {
  await using house = await openHouse();
  const dying = await takeTurn(house.store, { signal: AbortSignal.timeout(5000) });
  assert.ok('mine' in dying);
  await house.store.runs.begin({ cause: 'pull', at: new Date(), fingerprint: '' });
  const waiting = takeTurn(house.store, { signal: AbortSignal.timeout(5000) });
  await dying.mine[Symbol.asyncDispose]();
  const turn = await waiting;
  assert.ok('mine' in turn);
  await turn.mine[Symbol.asyncDispose]();
  await house.pull();
  assert.deepEqual(
    (await house.store.runs.list(9)).map(run => run.status),
    ['published', 'interrupted'],
  );
});

test('a run whose lock is lost on the way publishes nothing', async () => {
  await using house = await openHouse();
  const lock = new AbortController();
  const sources = house.line.sources.map(source => ({
    name: source.name,
    async *read(pull: Parameters<typeof source.read>[0]) {
      yield* source.read(pull);
      lock.abort(new Error('the store dropped the lock'));
    },
  }));
  const attempt = run({ ...house.line, sources }, { cause: 'pull', dryRun: false, signal: lock.signal });
  await assert.rejects(attempt, /the store dropped the lock/);
  assert.equal(await house.store.snapshots.newest(), undefined);
});

test('when no run can even be recorded, that counts as long as it lasts', async () => {
  await using house = await openHouse();
  const { roster, state, later, now } = service(house);
  await roster.answer();
  state.failingSince = now();
  state.pull = () => Promise.reject(new Error('the store is locked'));
  later(24 * HOUR);
  assert.equal(snapshotOf(await roster.answer()), 1);
  later(1);
  assert.deepEqual(refusal(await roster.answer()), {
    reason: 'stale',
    since: new Date('2026-03-01T08:00:00Z'),
    why: 'no run can be made',
  });
});

test('a run that never ends is stale in the end, too', async () => {
  await using house = await openHouse();
  const { roster, later, now, state } = service(house, { deadline: 20 });
  await house.pull({ line: { now } });
  await house.store.runs.begin({ cause: 'schedule', at: now(), fingerprint: '' });
  state.pull = () => new Promise(() => {});
  later(24 * HOUR + 1);
  assert.deepEqual(refusal(await roster.answer()), {
    reason: 'stale',
    since: new Date('2026-03-01T08:00:00Z'),
    why: 'the last run has not ended',
  });
});

test('a clock that was put back makes no old run fresh', async () => {
  await using house = await openHouse();
  const { roster, runs, later } = service(house);
  await roster.answer();
  later(-HOUR);
  await roster.answer();
  assert.equal(runs.length, 2);
});

test('a store that cannot be read, or a body that cannot be made, is no success and no mistake of ours', async () => {
  await using house = await openHouse();
  const { roster, state, unavailable } = service(house);
  state.render = () => Promise.reject(new Error('snapshot 1 is damaged'));
  assert.deepEqual(refusal(await roster.answer()), { reason: 'unavailable' });
  await house.store[Symbol.asyncDispose]();
  assert.deepEqual(refusal(await roster.answer()), { reason: 'unavailable' });
  assert.equal(unavailable[0], 'snapshot 1 is damaged');
  assert.equal(unavailable.length, 2);
});

test('who waits is not told of a run that was interrupted before', async () => {
  await using house = await openHouse();
  await house.store.runs.begin({ cause: 'pull', at: new Date(), fingerprint: '' });
  const lock = await house.store.lock('run');
  const waiting = takeTurn(house.store, { signal: AbortSignal.timeout(5000) });
  await house.pull();
  const theirs = await waiting;
  assert.deepEqual('theirs' in theirs && [theirs.theirs.run, theirs.theirs.outcome.status], [2, 'published']);
  await lock?.[Symbol.asyncDispose]();
});

test('a commit whose answer got lost stays what it was', async () => {
  await using house = await openHouse();
  const { runs } = house.store;
  const finish: typeof runs.finish = async (number, end) => {
    await runs.finish(number, end);
    throw new Error('the connection closed');
  };
  let first = true;
  const store = {
    ...house.store,
    runs: {
      ...runs,
      finish: (...args: Parameters<typeof finish>) => {
        const lost = first;
        first = false;
        return lost ? finish(...args) : runs.finish(...args);
      },
    },
  };
  const { outcome } = await house.pull({ line: { store } });
  assert.equal(outcome.status, 'published');
  assert.equal((await runs.newestFinished())?.status, 'published');
});

test('the answer is compressed for the first who asks for that, and shared', async () => {
  await using house = await openHouse();
  const { roster } = service(house);
  const plain = contentOf(await roster.answer());
  const [one, other] = (await Promise.all([roster.answer('gzip'), roster.answer('gzip')])).map(contentOf);
  assert.equal(one, other);
  assert.deepEqual(new Uint8Array(gunzipSync(one as Uint8Array)), plain);
});
