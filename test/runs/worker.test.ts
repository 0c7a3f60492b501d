import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config/schema.ts';
import { startSchedule } from '../../src/runs/schedule.ts';
import { RunWorker } from '../../src/runs/worker.ts';

function openWorker() {
  const failures: string[] = [];
  const summaries: unknown[] = [];
  const worker = new RunWorker({
    module: new URL('./mortal-worker.ts', import.meta.url),
    config: { language: 'en' } as Config,
    onRun: summary => summaries.push(summary),
    onPruned: () => {},
    onFailure: error => failures.push(error.message),
    now: () => new Date('2026-03-01T08:00:00Z'),
  });
  return { worker, failures, summaries };
}

test('runs that are asked for at once are one run, told of once', async () => {
  const { worker, summaries } = openWorker();
  await using _ = worker;
  const [one, other] = await Promise.all([worker.run('pull'), worker.run('schedule')]);
  assert.equal(one, other);
  assert.equal(summaries.length, 1);
});

test('a thread that dies fails its run with a reason, and the next run has another thread', async () => {
  const { worker, failures } = openWorker();
  await using _ = worker;
  const first = await worker.run('pull');
  await assert.rejects(worker.run('sync'), /the run's thread ended \(3\)/);
  assert.deepEqual(failures, ["the run's thread ended (3)"]);
  assert.equal(worker.running, false);
  const second = await worker.run('pull');
  assert.notEqual(second.run, first.run);
});

test('since when no run could be made is known until a good one', async () => {
  const { worker } = openWorker();
  await using _ = worker;
  assert.equal(worker.failingSince, undefined);
  await assert.rejects(worker.run('sync'));
  assert.deepEqual(worker.failingSince, new Date('2026-03-01T08:00:00Z'));
  await worker.run('pull');
  assert.equal(worker.failingSince, undefined);
});

test('a thread that has grown is replaced when nothing is asked of it', async () => {
  const { worker, failures } = openWorker();
  await using _ = worker;
  const first = await worker.run('schedule');
  let next = first;
  for (let tries = 0; tries < 200 && next.run === first.run; tries += 1) {
    await sleep(5);
    next = await worker.run('pull');
  }
  assert.notEqual(next.run, first.run);
  assert.deepEqual(failures, []);
});

test('another configuration counts from the next request on; a run under way ends by the one that it began with', async () => {
  const { worker, failures } = openWorker();
  await using _ = worker;
  const first = worker.run('start');
  const asked = worker.announce(undefined);
  worker.configure({ language: 'ja' } as Config);
  assert.equal(worker.running, true);
  const asking = worker.run('pull');
  await asked;
  const { run, report } = await first;
  assert.equal(report, 'en');
  const next = await asking;
  assert.notEqual(next.run, run);
  assert.equal(next.report, 'ja');
  worker.configure({ language: 'zh-TW' } as Config);
  assert.equal((await worker.run('pull')).report, 'zh-TW', 'a thread that has nothing to do is replaced at once');
  assert.deepEqual(failures, []);
});

test('a report is made while a run is under way, and by the configuration of now', async () => {
  const { worker } = openWorker();
  await using _ = worker;
  const first = worker.run('start');
  const report = () => worker.report({ what: 'history', name: 'a.lin' });
  assert.deepEqual(await report(), { status: 'missing', message: 'en' });
  assert.equal(worker.running, true);
  worker.configure({ language: 'ja' } as Config);
  assert.deepEqual(await report(), { status: 'missing', message: 'ja' });
  await assert.rejects(Promise.all([worker.run('pull'), worker[Symbol.asyncDispose]()]), /the daemon is stopping/);
  await assert.rejects(first, /the daemon is stopping/);
  await assert.rejects(report(), /the daemon is stopping/);
});

test('stopping abandons what a thread has to end that works by a configuration of before, too', async () => {
  const { worker, failures } = openWorker();
  const abandoned = assert.rejects(worker.run('start'), /the daemon is stopping/);
  worker.configure({ language: 'ja' } as Config);
  await worker[Symbol.asyncDispose]();
  await abandoned;
  assert.deepEqual(failures, []);
});

test('stopping abandons the run that is under way', async () => {
  const { worker, failures } = openWorker();
  const abandoned = assert.rejects(worker.run('pull'), /the daemon is stopping/);
  await worker[Symbol.asyncDispose]();
  await abandoned;
  assert.deepEqual(failures, [], 'what was abandoned on purpose is no failure');
  await assert.rejects(worker.run('pull'), /the daemon is stopping/, 'nothing starts any more');
});

test('the schedule never starts a run while the last is going on', { timeout: 10_000 }, async () => {
  let started = 0;
  const second = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  using _ = startSchedule('* * * * * *', 'UTC', async () => {
    started += 1;
    if (started === 1) await gate.promise;
    else second.resolve();
  });
  const ticks = Promise.withResolvers<void>();
  let ticked = 0;
  using __ = startSchedule('* * * * * *', 'UTC', async () => {
    ticked += 1;
    if (ticked === 3) ticks.resolve();
  });
  await ticks.promise;
  assert.equal(started, 1);
  gate.resolve();
  await second.promise;
});
