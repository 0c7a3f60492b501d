import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { openLine } from '../../src/line.ts';
import type { GuardName, Outcome } from '../../src/roster/model.ts';
import { approve } from '../../src/runs/approve.ts';
import type { Line } from '../../src/runs/run.ts';
import { hire, hrConfig, hrSource } from '../support/hr.ts';
import { asking, type House, leave, openHouse } from './house.ts';

/** The outcome of a run, once a dry run has said the same and written nothing. */
async function pull(house: House, line: Partial<Line> = {}): Promise<Outcome> {
  using file = new DatabaseSync(house.store.address.replace('sqlite:', ''), { readOnly: true });
  const version = () => file.prepare('pragma data_version').get();
  const before = version();
  const dry = await house.pull({ dryRun: true, line });
  assert.deepEqual(version(), before, 'the dry run has written something');
  const { outcome, report } = await house.pull({ line });
  assert.notDeepEqual(version(), before);
  assert.deepEqual(dry.outcome, outcome.status === 'held' ? { ...outcome, hold: undefined } : outcome);
  assert.deepEqual([dry.report.problems, dry.report.counts], [report.problems, report.counts]);
  return outcome;
}

const reasons = (outcome: Outcome) =>
  outcome.status === 'held' ? outcome.reasons.map(one => `${one.guard}: ${one.text}`) : outcome.status;

/** What is done between two runs, or before the first one, and what the last of them says. */
interface Case {
  readonly guard: GuardName;
  readonly name: string;
  readonly settings?: Record<string, unknown>;
  /** Before the first run. */
  readonly before?: string;
  /** Before the second run; where there is neither this nor another query, the first one is held. */
  readonly change?: string | ((house: House) => Promise<unknown>);
  /** Of the second run. */
  readonly query?: string;
  readonly text: string;
}

const CASES: readonly Case[] = [
  {
    guard: 'source_rows',
    name: 'a table that ran empty, though nobody goes',
    change: 'delete from members',
    text: 'source hr gives no memberships any more; its last good read gave 1 row',
  },
  {
    guard: 'people_removed',
    name: 'four who left',
    change: house => leave(house, 1, 2, 3, 4),
    text: '4 of 6 people would be removed, and at most 3 may be at once',
  },
  {
    guard: 'departments_removed',
    name: 'three departments that are not there any more',
    before: `insert into departments values ('A', 'A', 'HQ'), ('B', 'B', 'HQ'), ('C', 'C', 'HQ')`,
    change: `delete from departments where code in ('A', 'B', 'C')`,
    text: '3 of 7 departments would be removed, and at most 2 may be at once',
  },
  {
    guard: 'no_department',
    name: 'four whose department is blank now',
    change: `update employees set dept_code = '' where emp_id in (2, 3, 5, 6)`,
    text: '4 of 6 people would lose their last department, and at most 3 may be at once',
  },
  {
    guard: 'emails_changed',
    name: 'four new emails',
    change: `update employees set mail = concat('new.', mail) where emp_id < 5`,
    text: 'the email of 4 of 6 people would change, and at most 3 may be at once',
  },
  {
    guard: 'people_added',
    name: 'twenty-one newcomers',
    change: house => hire(house.hr, 21),
    text: '21 people would be added to 6, and at most 20 may be at once',
  },
  {
    guard: 'quarantined',
    name: 'four of the first have no email',
    before: `update employees set mail = '' where emp_id < 5`,
    text: '4 of 6 people are quarantined, and at most 3 may be in the first roster',
  },
  {
    guard: 'quarantined',
    name: 'four rows of the first are of nobody',
    before: `alter table employees drop primary key, modify emp_id int null;
      update employees set emp_id = null, account = '' where emp_id < 5`,
    text: '4 of 6 people are quarantined, and at most 3 may be in the first roster',
  },
  {
    guard: 'protect',
    name: 'somebody on the list has left',
    settings: { guards: { protect: ['K.Sato@ACME.example', 'nobody'] } },
    change: house => leave(house, 6),
    text: '"k.sato" would be removed, and guards.protect says that this person stays',
  },
  {
    guard: 'config',
    name: 'another query loses somebody',
    query: 'SELECT * FROM employees WHERE emp_id <> 6',
    text: 'the configuration of the sources is another than in every good run so far, and it would remove 1 person',
  },
  {
    guard: 'first',
    name: 'the first is to be looked at',
    settings: { sync: { first: 'hold' } },
    text: 'it is the first roster, which sync.first says is to be looked at: 6 people',
  },
];

describe('a candidate that passes a limit is held, and a dry run says so, too', () => {
  for (const { guard, name, settings, before, change, query, text } of CASES) {
    test(`${guard}: ${name}`, async () => {
      await using house = await openHouse(settings);
      if (before !== undefined) await house.hr.execute(before);
      if (change !== undefined || query !== undefined) assert.equal(reasons(await pull(house)), 'published');
      if (change !== undefined) await (typeof change === 'string' ? house.hr.execute(change) : change(house));
      const newest = await house.store.snapshots.newest();
      const outcome = await pull(house, query === undefined ? {} : await asking(house, query));
      assert.deepEqual(reasons(outcome), [`${guard}: ${text}`]);
      assert.deepEqual(await house.store.snapshots.newest(), newest);
      const hold = await house.store.holds.open();
      const { findings, changes, people } = hold ?? {};
      assert.deepEqual(outcome, { status: 'held', hold: 1, reasons: findings, changes, people });
    });
  }
});

test('first: a store that had runs, but has no snapshot, holds its first candidate', async () => {
  await using house = await openHouse();
  await house.hr.execute('rename table employees to elsewhere');
  assert.equal(reasons(await pull(house)), 'failed');
  await house.hr.execute('rename table elsewhere to employees');
  const why = 'it is the first roster, and runs before it came to nothing, so nobody can tell what it should be like';
  assert.deepEqual(reasons(await pull(house)), [`first: ${why}: 6 people`]);
  assert.deepEqual(reasons(await pull(house)), [`first: ${why}: 6 people`]);
});

test('one short of a limit is published', async () => {
  await using house = await openHouse();
  await pull(house);
  await leave(house, 1);
  await house.hr.execute(`update employees set mail = concat('new.', mail) where emp_id in (2, 3, 5);
    update employees set dept_code = '' where emp_id in (2, 3, 5)`);
  await hire(house.hr, 20);
  assert.equal(reasons(await pull(house)), 'published');
});

test('within all limits, a roster without people fails all the same, and a hold that stands goes on standing', async () => {
  await using house = await openHouse();
  await house.hr.execute('delete from employees where emp_id > 3');
  await pull(house);
  await house.hr.execute('delete from members');
  assert.equal((await pull(house)).status, 'held');
  await house.hr.execute("insert into members values (1, 'SALES')");
  await leave(house, 1, 2, 3);
  const outcome = await pull(house);
  assert.equal(outcome.status === 'failed' && outcome.problems[0]?.code, 'roster_empty');
  assert.equal((await house.store.holds.open())?.number, 1);
});

test('config: a query that loses nobody proves itself, and may lose somebody from then on', async () => {
  await using house = await openHouse();
  await pull(house);
  const other = await asking(house, 'SELECT * FROM employees WHERE emp_id <> 7');
  assert.equal(reasons(await pull(house, other)), 'unchanged');
  await leave(house, 6);
  assert.equal(reasons(await pull(house, other)), 'published');
  const third = await asking(house, 'SELECT * FROM employees WHERE emp_id < 8');
  await hire(house.hr, 1);
  await house.hr.execute("update employees set tel = '' where emp_id = 1");
  assert.equal(reasons(await pull(house, third)), 'published', 'nobody goes');
});

test('config: memberships of people who stay count, too', async () => {
  await using house = await openHouse();
  await pull(house);
  const query = "SELECT *, IF(emp_id = 2, '', dept_code) AS unit FROM employees";
  const source = hrSource(house.hr.url);
  const people = { ...source.people, query, map: { ...source.people.map, departments: 'unit' } };
  const line = await openLine(hrConfig('', house.hr.url, { sources: [{ ...source, people }] }), house.store);
  assert.deepEqual(reasons(await pull(house, line)), [
    'config: the configuration of the sources is another than in every good run so far, and it would remove 1 membership of people who stay',
  ]);
});

/** The house on a day of its own, from 0. */
const on = (day: number): Pick<Line, 'now' | 'today'> => {
  const now = new Date(Date.UTC(2026, 2, 1 + day, 3));
  return { now: () => now, today: () => now.toISOString().slice(0, 10) };
};

/** So many more of the hired ones leave. */
const fewer = ({ hr }: House, count: number) =>
  hr.execute(
    `update employees set leave_date = '2020-01-31' where emp_id > 100 and leave_date is null order by emp_id limit ${count}`,
  );

test('a slow leak is held when it passes what may go in seven days; what was approved of it does not count again', async () => {
  await using house = await openHouse();
  await hire(house.hr, 94);
  const since = (count: number) =>
    `people_removed: ${count} of 100 people would be removed, and at most 5 may be since snapshot 1, the newest of seven days ago`;
  assert.equal(reasons(await pull(house, on(0))), 'published');
  await fewer(house, 4);
  assert.equal(reasons(await pull(house, on(8))), 'published', '4 of 100 at once');
  await fewer(house, 4);
  assert.deepEqual(reasons(await pull(house, on(9))), [since(8)]);

  const standing = await house.store.holds.open();
  assert.ok(standing);
  const signal = new AbortController().signal;
  const approval = await approve({ ...house.line, ...on(9) }, { hold: standing.number, reason: '', signal });
  assert.equal(approval.status === 'approved' && approval.next.outcome.status, 'unchanged');
  await fewer(house, 1);
  assert.equal(reasons(await pull(house, on(10))), 'published', '4 and 1, without those 4 who were approved');
  await fewer(house, 1);
  assert.deepEqual(reasons(await pull(house, on(11))), [since(6)]);
  assert.deepEqual(reasons(await pull(house, on(14))), [since(6)], 'seven days ago it was still snapshot 1');
  assert.equal(reasons(await pull(house, on(15))), 'published', 'seven days ago it was snapshot 2 already');
});

test('in its first seven days a store has nothing older to be measured against', async () => {
  await using house = await openHouse();
  await hire(house.hr, 94);
  for (const day of [0, 1, 2, 6]) {
    assert.equal(reasons(await pull(house, on(day))), 'published');
    await fewer(house, 4);
  }
  assert.deepEqual(reasons(await pull(house, on(7))), [
    'people_removed: 16 of 100 people would be removed, and at most 5 may be since snapshot 1, the newest of seven days ago',
  ]);
});

test('a leak is held no more once those who went are back', async () => {
  await using house = await openHouse();
  await hire(house.hr, 94);
  await pull(house, on(0));
  await fewer(house, 4);
  await pull(house, on(8));
  await fewer(house, 4);
  assert.equal((await pull(house, on(9))).status, 'held');
  await house.hr.execute('update employees set leave_date = null where emp_id in (101, 102, 103)');
  assert.equal(reasons(await pull(house, on(9))), 'published');
  assert.equal(await house.store.holds.open(), undefined);
});
