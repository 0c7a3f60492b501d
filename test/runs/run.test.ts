import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRename } from '../../src/roster/compare.ts';
import type { Source } from '../../src/sources/source.ts';
import { type House, openHouse } from './house.ts';

const usernames = async (house: House) => (await house.served()).user_info_list.map(person => person['username']);

test('the first pull publishes snapshot 1, the same again is unchanged and writes nothing about people', async () => {
  await using house = await openHouse();
  const first = await house.pull();
  assert.equal(first.outcome.status, 'published');
  assert.deepEqual(await usernames(house), ['a.lin', 'j.wu', 'm.chen', 's.mori', 'b.okafor', 'k.sato']);
  const again = await house.pull();
  assert.deepEqual(again.outcome, { status: 'unchanged', snapshot: 1 });
  assert.deepEqual(
    (await house.store.runs.list(9)).map(run => [run.number, run.status, run.snapshot]),
    [
      [2, 'unchanged', 1],
      [1, 'published', 1],
    ],
  );
});

test('departments come with their parents first and members sorted', async () => {
  await using house = await openHouse();
  await house.pull();
  const { group_info_list } = await house.served();
  assert.deepEqual(
    group_info_list.map(group => [group.group_no, group.parent_group_no, group.user_list]),
    [
      ['HQ', '', ['b.okafor']],
      ['RD', 'HQ', ['j.wu', 'k.sato']],
      ['SALES', 'HQ', ['a.lin', 'm.chen', 's.mori']],
      ['RD-2', 'RD', ['a.lin']],
    ],
  );
});

test('a dry run says the same and writes nothing', async () => {
  await using house = await openHouse();
  const dry = await house.pull({ dryRun: true });
  assert.equal(dry.run, undefined);
  assert.deepEqual(await house.store.runs.list(9), []);
  assert.equal(await house.store.snapshots.newest(), undefined);
  assert.deepEqual((await house.pull()).outcome, dry.outcome);
});

test('a renamed username is served on under the old name, and the login follows', async () => {
  await using house = await openHouse();
  await house.pull();
  await house.hr.execute("update employees set account = 'a.lin-chen' where emp_id = 1");
  const { outcome, people } = await house.pull();
  assert.equal(outcome.status === 'published' && outcome.changes.people_renamed, 1);
  assert.ok(people[0] && isRename(people[0]));
  assert.ok((await usernames(house)).includes('a.lin'));
  assert.equal((await house.store.people.named('a.lin', 2 as never))?.value.login, 'a.lin-chen');
  assert.deepEqual((await house.pull()).outcome, { status: 'unchanged', snapshot: 2 });
});

test('somebody marked as left goes without a second read; somebody missing goes after one', async () => {
  await using house = await openHouse();
  await house.pull();
  await house.hr.execute("update employees set leave_date = '2026-01-31' where emp_id = 2");
  const reads = counting(house);
  const left = await house.pull({ line: { sources: reads.sources } });
  assert.equal(reads.count(), 1);
  assert.deepEqual(
    left.people.map(change => change.event === 'removed' && change.before.removal),
    [{ reason: 'left', source: 'hr' }],
  );
  await house.hr.execute('delete from employees where emp_id = 3');
  const missing = await house.pull({ line: { sources: reads.sources } });
  assert.equal(reads.count(), 3);
  assert.deepEqual(
    missing.people.map(change => change.event === 'removed' && change.before.removal),
    [{ reason: 'missing', source: 'hr' }],
  );
});

/** The house's own source, counting how often it is read; `between` is called after each read. */
function counting(house: House, between: (read: number) => Promise<unknown> = async () => {}) {
  let reads = 0;
  const sources: Source[] = house.line.sources.map(source => ({
    name: source.name,
    async *read(pull) {
      yield* source.read(pull);
      reads += 1;
      await between(reads);
    },
  }));
  return { sources, count: () => reads };
}

test('a table that is being reloaded while it is read fails the run', async () => {
  await using house = await openHouse();
  await house.pull();
  await house.hr.execute('create table reloading as select * from employees');
  await house.hr.execute('delete from employees where emp_id in (5, 6)');
  const { sources } = counting(house, () =>
    house.hr.execute('insert ignore into employees select * from reloading where emp_id = 5'),
  );
  const { outcome } = await house.pull({ line: { sources } });
  assert.equal(outcome.status, 'failed');
  assert.deepEqual(outcome.status === 'failed' && outcome.problems.map(one => `source ${one.source} ${one.text}`), [
    'source hr is changing while it is read: 2 were missing at first, 1 when it was read again',
  ]);
  assert.equal((await house.store.snapshots.newest())?.number, 1);
});

test('an emptied table is held: nothing is published, and the finding says so', async () => {
  await using house = await openHouse();
  await house.pull();
  await house.hr.execute('delete from employees');
  const { outcome } = await house.pull();
  assert.equal(outcome.status, 'held');
  const texts = outcome.status === 'held' ? outcome.reasons.map(one => one.text) : [];
  assert.deepEqual(texts, [
    'source hr gives no people any more; its last good read gave 7 rows',
    '6 of 6 people would be removed, and at most 3 may be at once',
  ]);
  assert.equal((await house.store.snapshots.newest())?.number, 1);
  assert.equal((await house.store.holds.open())?.number, 1);
});

test('a hold stands through further held runs, and a run within limits publishes and closes it', async () => {
  await using house = await openHouse();
  await house.pull();
  await house.hr.execute('create table kept as select * from employees');
  await house.hr.execute('delete from employees where emp_id > 2');
  const held = await house.pull();
  const again = await house.pull();
  assert.equal(held.outcome.status === 'held' && held.outcome.hold, 1);
  assert.equal(again.outcome.status === 'held' && again.outcome.hold, 1);
  await house.hr.execute('insert ignore into employees select * from kept');
  await house.hr.execute('delete from employees where emp_id = 6');
  assert.equal((await house.pull()).outcome.status, 'published');
  assert.equal(await house.store.holds.open(), undefined);
});

test('held reads are no good reads: half the rows stay suspicious however often they are read', async () => {
  await using house = await openHouse({ guards: { people_removed: '100%' } });
  await house.pull();
  await house.hr.execute('delete from employees where emp_id > 2');
  for (const _ of [1, 2]) {
    const { outcome } = await house.pull();
    assert.deepEqual(outcome.status === 'held' && outcome.reasons.map(one => one.text), [
      'source hr gives 2 rows of people, 5 fewer than the 7 of its last good read; at most 3 fewer are believed',
    ]);
  }
});

test('a first candidate without people is a failure that says so', async () => {
  await using house = await openHouse();
  await house.hr.execute('delete from employees');
  const { outcome } = await house.pull();
  assert.deepEqual(outcome.status === 'failed' && outcome.problems.map(one => one.text), [
    'a roster without people is never published, and the sources give nobody who could be served',
  ]);
  assert.equal(await house.store.snapshots.newest(), undefined);
});

test('a source that cannot be read fails the run by name, and the snapshot stays', async () => {
  await using house = await openHouse();
  await house.pull();
  await house.hr.execute('alter table employees change mail mail_address varchar(120)');
  const { outcome, report } = await house.pull();
  assert.equal(outcome.status, 'failed');
  const text = outcome.status === 'failed' ? outcome.problems[0]?.text : '';
  assert.match(text ?? '', /column "mail" is not in the result; the people query gives emp_id, account, mail_address/);
  assert.equal(report.sources[0]?.state, 'failed');
  assert.equal((await house.store.snapshots.newest())?.number, 1);
  assert.equal((await house.store.runs.newestFinished())?.status, 'failed');
});

test('an awkward company: a child before its parent, one email twice, a cycle, and a person called __proto__', async () => {
  await using house = await openHouse();
  await house.hr.execute(`
    delete from departments;
    insert into departments values ('A-child', 'Child', 'Z-parent'), ('Z-parent', 'Parent', ''),
      ('HQ', 'Head office', 'SALES'), ('RD', 'Research', 'HQ'), ('RD-2', 'Research 2', 'RD'), ('SALES', 'Sales', 'HQ');
    insert into employees values
      (8, '__proto__', '__proto__@acme.example', 'Pro To', 'M', 'A-child', '', null, null),
      (9, 'a.lin2', 'A.LIN@acme.example', 'Another Lin', 'F', 'HQ', '', null, null)`);
  const { outcome, report } = await house.pull();
  assert.equal(outcome.status, 'published');
  const { group_info_list } = await house.served();
  const order = group_info_list.map(group => group.group_no);
  assert.ok(order.indexOf('Z-parent') < order.indexOf('A-child'));
  assert.deepEqual(group_info_list.find(group => group.group_no === 'A-child')?.user_list, ['__proto__']);
  assert.equal(group_info_list.find(group => group.group_no === 'HQ')?.parent_group_no, '');
  const texts = report.problems.map(one => `${one.effect} ${one.name}: ${one.text}`);
  assert.ok(
    texts.includes('quarantined a.lin2: email "A.LIN@acme.example" is the same as that of "a.lin"'),
    texts.join('\n'),
  );
  assert.ok(texts.includes('kept HQ: is in a cycle of parents (HQ → SALES); it becomes a root'), texts.join('\n'));
});
