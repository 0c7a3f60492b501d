import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openLine } from '../../src/line.ts';
import { type HoldNumber, holdNumber, runNumber, snapshotNumber } from '../../src/roster/model.ts';
import { type Approval, approve } from '../../src/runs/approve.ts';
import type { Line } from '../../src/runs/run.ts';
import { StoreError } from '../../src/store/error.ts';
import { hire, hrConfig, hrSource } from '../support/hr.ts';
import { asking, type House, leave, openHouse } from './house.ts';

const FIRST = holdNumber(1);
const SECOND = holdNumber(2);
const NOW = new Date('2026-03-01T08:00:00Z');
const clock = { now: () => NOW };

interface Asked extends Partial<Line> {
  readonly hold?: HoldNumber;
  readonly reason?: string;
  readonly signal?: AbortSignal;
}

function approveIn(house: House, asked: Asked = {}): Promise<Approval> {
  const { hold = FIRST, reason = '', signal = new AbortController().signal, ...line } = asked;
  return approve({ ...house.line, ...clock, ...line }, { hold, reason, signal });
}

/** What it published, and what the run after it made of what there was by then. */
function accepted(approval: Approval) {
  assert.ok(approval.status === 'approved', JSON.stringify(approval));
  return approval;
}

const refused = (approval: Approval) => (approval.status === 'approved' ? undefined : approval.why);

/** A house whose first four people have left since the last run, which is held. */
async function houseWithHold(): Promise<House> {
  const house = await openHouse();
  await hire(house.hr, 20);
  await house.pull({ line: clock });
  await leave(house, 1, 2, 3, 4);
  const { outcome } = await house.pull({ line: clock });
  assert.equal(outcome.status, 'held');
  return house;
}

async function usernames({ store }: House, number: number): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.people.at(snapshotNumber(number))) names.push(...page.map(one => one.value.username));
  return names.filter(name => !name.startsWith('user')).sort();
}

/** How much there is of everything that a decision may leave behind. */
const left = async ({ store }: House) => [
  await store.runs.list(99),
  await store.snapshots.list(99),
  await store.holds.list(99),
];

test('what was held is published exactly, and what changed since is judged by itself', async () => {
  await using house = await houseWithHold();
  const hold = await house.store.holds.open();
  await leave(house, 6);
  await house.hr.execute(`
    update employees set leave_date = null where emp_id = 1;
    update employees set tel = '02-5550-9999' where emp_id = 5;
    insert into employees values (8, 'h.tanaka', 'h.tanaka@acme.example', '田中 花', 'F', 'SALES', '', null, null)`);
  const { outcome, run, next } = accepted(await approveIn(house, { reason: 'Osaka was sold' }));
  assert.deepEqual(outcome, { status: 'published', snapshot: 2, changes: hold?.changes });
  assert.deepEqual(await usernames(house, 2), ['b.okafor', 'k.sato']);
  const two = await house.store.snapshots.get(snapshotNumber(2));
  assert.deepEqual([two?.digest, two?.hold, two?.run], [hold?.digest, 1, run]);
  assert.deepEqual((await house.store.holds.get(FIRST))?.end, {
    at: NOW,
    how: 'approved',
    run,
    reason: 'Osaka was sold',
  });
  const [held, made] = [await house.store.runs.get(runNumber(2)), await house.store.runs.get(run)];
  assert.ok(held && held.sources.length > 0);
  assert.deepEqual(
    [made?.sources, made?.problems, made?.counts, made?.fingerprint],
    [held.sources, held.problems, held.counts, held.fingerprint],
  );

  assert.equal(next.outcome.status === 'published' && next.outcome.snapshot, 3);
  assert.deepEqual(await usernames(house, 3), ['a.lin', 'b.okafor', 'h.tanaka']);
  assert.equal((await house.store.people.named('b.okafor', snapshotNumber(2)))?.value.phone1, '020-5550-0105');
  assert.deepEqual(
    (await house.store.runs.list(9)).map(one => [one.number, one.cause, one.status, one.snapshot]),
    [
      [4, 'pull', 'published', 3],
      [3, 'approve', 'published', 2],
      [2, 'pull', 'held', 1],
      [1, 'pull', 'published', 1],
    ],
  );
});

test('what changed since is held anew where it passes a limit', async () => {
  await using house = await houseWithHold();
  await leave(house, 5, 6, 101, 102);
  const { next } = accepted(await approveIn(house));
  assert.equal(next.outcome.status === 'held' && next.outcome.hold, 2);
  assert.deepEqual(next.outcome.status === 'held' && next.outcome.reasons.map(one => one.text), [
    '4 of 22 people would be removed, and at most 3 may be at once',
  ]);
  const standing = await house.store.holds.open();
  assert.deepEqual([standing?.number, standing?.base, standing?.people], [2, 2, 18]);
  assert.equal(accepted(await approveIn(house, { hold: SECOND })).next.outcome.status, 'unchanged');
  assert.equal((await house.store.snapshots.newest())?.people, 18);
});

test('the first candidate of all becomes snapshot 1', async () => {
  await using house = await openHouse({ sync: { first: 'hold' } });
  await house.pull();
  const { outcome, next } = accepted(await approveIn(house));
  assert.deepEqual([outcome.snapshot, next.outcome.status], [1, 'unchanged']);
  assert.equal((await usernames(house, 1)).length, 6);
});

test('a hold that is not there, has ended or was approved before is refused, and nothing is done', async () => {
  await using house = await openHouse();
  await hire(house.hr, 20);
  await house.pull({ line: clock });
  const nothing = await left(house);
  assert.equal(refused(await approveIn(house)), 'there is no hold 1; no hold stands');
  assert.deepEqual(await left(house), nothing);
  await leave(house, 1, 2, 3, 4);
  await house.pull({ line: clock });
  const held = await left(house);
  assert.equal(refused(await approveIn(house, { hold: SECOND })), 'there is no hold 2; hold 1 stands');
  assert.deepEqual(await left(house), held);

  await house.hr.execute('update employees set leave_date = null where emp_id = 1');
  await house.pull({ line: clock });
  const ended = await left(house);
  assert.equal(
    refused(await approveIn(house)),
    'hold 1 ended by itself: run 3 was within the limits, and what it found is served (2026-03-01 16:00)',
  );
  assert.deepEqual(await left(house), ended);

  await leave(house, 1, 5, 6, 101);
  await house.pull({ line: clock });
  accepted(await approveIn(house, { hold: SECOND }));
  const approved = await left(house);
  assert.equal(refused(await approveIn(house, { hold: SECOND })), 'hold 2 was approved before (2026-03-01 16:00)');
  assert.deepEqual(await left(house), approved);
});

test('a roster without people is never published', async () => {
  await using house = await openHouse();
  await house.pull();
  await house.hr.execute('delete from employees');
  assert.equal((await house.pull()).outcome.status, 'held');
  const held = await left(house);
  assert.equal(refused(await approveIn(house)), 'hold 1 has no people: a roster without people is never published');
  assert.deepEqual(await left(house), held);
});

test('a run under way is waited for, and may end the hold', async () => {
  await using house = await houseWithHold();
  const lock = await house.store.lock('run');
  const waiting = approveIn(house);
  await house.hr.execute('update employees set leave_date = null');
  assert.equal((await house.pull()).outcome.status, 'published');
  await lock?.[Symbol.asyncDispose]();
  assert.match(refused(await waiting) ?? '', /^hold 1 ended by itself: run 3 /);
});

test('who waits for a run may stop waiting', async () => {
  await using house = await houseWithHold();
  await using _ = await house.store.lock('run');
  const held = await left(house);
  const stop = new AbortController();
  const waiting = approveIn(house, { signal: stop.signal });
  stop.abort(new Error('never mind'));
  await assert.rejects(waiting, /never mind/);
  assert.deepEqual(await left(house), held);
});

test('of two at once one approves, and the other is told so', async () => {
  await using house = await houseWithHold();
  const both = await Promise.all([approveIn(house), approveIn(house)]);
  assert.deepEqual(both.map(one => one.status).sort(), ['approved', 'refused']);
  assert.match(both.map(refused).join(''), /^hold 1 was approved before/);
  assert.deepEqual(
    (await house.store.snapshots.list(9)).map(one => [one.number, one.hold]),
    [
      [2, 1],
      [1, undefined],
    ],
  );
});

test('a candidate that is damaged is not published', async () => {
  await using house = await houseWithHold();
  const held = await left(house);
  using file = new DatabaseSync(house.store.address.replace('sqlite:', ''));
  file.exec("update hold_rows set ends = 0 where `key` = 'hr/2'");
  await assert.rejects(approveIn(house), StoreError);
  assert.deepEqual(await left(house), held);
});

test('whoever lost the run lock publishes nothing', async () => {
  await using house = await houseWithHold();
  const lost = AbortSignal.abort(new Error('the store dropped the lock'));
  const lock = async () => ({ lost, [Symbol.asyncDispose]: async () => {} });
  const attempt = approveIn(house, { store: { ...house.store, lock } });
  await assert.rejects(attempt, /the store dropped the lock/);
  assert.equal((await house.store.snapshots.newest())?.number, 1);
  assert.equal((await house.store.holds.open())?.number, 1);
  assert.equal(accepted(await approveIn(house)).outcome.snapshot, 2);
});

/** The house's line with a source besides, of what is on people's desks. */
function withDesks(house: House): Promise<Line> {
  const desks = {
    name: 'desks',
    type: 'sql',
    url: house.hr.url,
    action: 'update',
    match: 'username',
    people: { query: 'SELECT * FROM desks', map: { username: 'account', extension_no: 'extension' } },
  };
  return openLine(hrConfig('', house.hr.url, { sources: [hrSource(house.hr.url), desks] }), house.store);
}

for (const [name, extension, outcome] of [
  ['and takes what it gave', '101', { status: 'published', snapshot: 2 }],
  ['that gave nothing to anybody', '', { status: 'unchanged', snapshot: 1 }],
] as const) {
  test(`a source that ran empty ${name} is believed once that was approved`, async () => {
    await using house = await openHouse();
    await house.hr.execute('create table desks (account varchar(60), extension varchar(20))');
    await house.hr.execute('insert into desks values ?', [['a.lin', 'j.wu'].map(account => [account, extension])]);
    const line = await withDesks(house);
    assert.equal((await house.pull({ line })).outcome.status, 'published');
    await house.hr.execute('delete from desks');
    for (const _ of [1, 2]) {
      const held = await house.pull({ line });
      assert.deepEqual(held.outcome.status === 'held' && held.outcome.reasons.map(one => one.text), [
        'source desks gives no people any more; its last good read gave 2 rows',
      ]);
    }
    const approval = accepted(await approveIn(house, line));
    const { status, snapshot } = approval.outcome;
    assert.deepEqual({ status, snapshot }, outcome);
    assert.deepEqual(approval.next.outcome, { status: 'unchanged', snapshot });
    assert.equal((await house.store.holds.get(FIRST))?.end?.how, 'approved');
    assert.deepEqual((await house.pull({ line })).outcome, { status: 'unchanged', snapshot });
  });
}

test('a configuration whose candidate was approved is proved', async () => {
  await using house = await openHouse();
  await house.pull();
  const line = await asking(house, 'SELECT * FROM employees WHERE emp_id <> 6');
  assert.equal((await house.pull({ line })).outcome.status, 'held');
  assert.equal(accepted(await approveIn(house, line)).next.outcome.status, 'unchanged');
  await leave(house, 5);
  assert.equal((await house.pull({ line })).outcome.status, 'published');
});

test('a candidate of another configuration proves that one, and not the one of today', async () => {
  await using house = await openHouse();
  await house.pull();
  const held = await asking(house, 'SELECT * FROM employees WHERE emp_id <> 6');
  await house.pull({ line: held });
  const today = await asking(house, 'SELECT * FROM employees WHERE emp_id not in (5, 6)');
  const { next } = accepted(await approveIn(house, today));
  assert.deepEqual(next.outcome.status === 'held' && next.outcome.reasons.map(one => one.guard), ['config']);
  assert.deepEqual(await usernames(house, 2), ['a.lin', 'b.okafor', 'j.wu', 'm.chen', 's.mori']);
  assert.equal(await house.store.runs.provedGood(held.fingerprint), true);
  assert.equal(await house.store.runs.provedGood(today.fingerprint), false);
});
