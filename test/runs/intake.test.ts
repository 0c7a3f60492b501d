import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Habits } from '../../src/runs/intake.ts';
import type { RunResult } from '../../src/runs/run.ts';
import type { Source } from '../../src/sources/source.ts';
import { hire } from '../support/hr.ts';
import { asking, type House, leave, openHouse } from './house.ts';

/** A line that learns what is odd about its sources, as the daemon's does, and counts how often they are read. */
function learning(house: House) {
  const habits: Habits = { several: new Set(), isMixed: false };
  let reads = 0;
  const counted = (source: Source): Source => ({
    ...source,
    read(pull) {
      reads += 1;
      return source.read(pull);
    },
  });
  return {
    habits,
    /** How often the source was read for a run with this outcome. */
    async readsFor(status: RunResult['outcome']['status'], line = house.line): Promise<number> {
      reads = 0;
      const { outcome } = await house.pull({
        line: { ...line, sources: line.sources.map(counted), habits, isQuiet: true },
      });
      assert.equal(outcome.status, status, JSON.stringify(outcome));
      return reads;
    },
  };
}

/** A row for each department that somebody is in. */
const JOINED = `SELECT emp_id, account, mail, name, sex, m.dept_code, tel, leave_date FROM employees JOIN
  (SELECT * FROM members UNION SELECT emp_id, dept_code FROM employees) m USING (emp_id)`;

test('people of several rows are all of them, and it is learned once who they are', async () => {
  await using house = await openHouse();
  const { habits, readsFor } = learning(house);
  const line = await asking(house, JOINED);
  assert.equal(await readsFor('published', line), 2);
  assert.deepEqual([...habits.several], ['hr/1']);
  assert.equal(await readsFor('unchanged', line), 1);
  await house.hr.execute("insert into members values (3, 'RD')");
  await readsFor('published', line);
  const { group_info_list: groups } = await house.served();
  assert.deepEqual(groups.find(one => one.group_no === 'RD')?.user_list, ['j.wu', 'k.sato', 'm.chen']);
  assert.deepEqual(groups.find(one => one.group_no === 'SALES')?.user_list, ['a.lin', 'm.chen', 's.mori']);
});

test('two rows that contradict each other are told, whichever of them is as it was', async () => {
  await using house = await openHouse();
  const { readsFor } = learning(house);
  await readsFor('published');
  const line = await asking(
    house,
    `SELECT * FROM employees UNION ALL SELECT emp_id, account, mail, 'Another', sex, dept_code, tel, leave_date, null
      FROM employees WHERE emp_id = 2`,
  );
  assert.equal(await readsFor('unchanged', line), 2);
  const run = await house.store.runs.newestFinished();
  const text = 'nick_name two rows with the same key say "Another" and "Jun Wu"; the last good value stays';
  assert.deepEqual(
    run?.problems.map(({ code, name, text: told }) => [code, name, told]),
    [['nick_name_broken', 'j.wu', text]],
  );
});

test('rows with keys and rows without, mixed up, are looked at all together', async () => {
  await using house = await openHouse();
  const { habits, readsFor } = learning(house);
  const line = await asking(
    house,
    "SELECT * FROM employees UNION ALL SELECT '', 'x.new', 'x@acme.example', 'X', 'F', 'HQ', '', null, null",
  );
  assert.equal(await readsFor('published', line), 2);
  assert.equal(habits.isMixed, true);
  assert.equal(await readsFor('unchanged', line), 1);
  assert.equal((await house.served()).user_info_list.length, 7);
});

test('a first roster whose people are packed is the same as one whose are not', async () => {
  await using packed = await openHouse();
  await using whole = await openHouse();
  for (const { hr } of [packed, whole]) {
    await hire(hr, 1100);
    // Rivals, somebody in a department that there is not, a name that breaks a rule, and memberships of those who left.
    await hr.execute("update employees set mail = 'user102@acme.example' where emp_id in (103, 1000)");
    await hr.execute("update employees set account = 'USER105' where emp_id = 106");
    await hr.execute("update employees set dept_code = 'NOWHERE' where emp_id in (107, 1199)");
    await hr.execute("update employees set account = 'a b' where emp_id = 108");
    await hr.execute("insert into members values (7, 'RD'), (109, 'HQ'), (4711, 'HQ')");
  }
  assert.equal(await learning(packed).readsFor('published'), 1);
  const { outcome, report, people } = await whole.pull();
  assert.equal(outcome.status, 'published');
  assert.equal(people.length, 1100 + 6 - 4);
  const [ours, theirs] = [await packed.store.snapshots.newest(), await whole.store.snapshots.newest()];
  assert.deepEqual({ ...ours, at: theirs?.at }, theirs);
  assert.deepEqual(await packed.served(), await whole.served());
  const run = await packed.store.runs.newestFinished();
  const listed = (problems: readonly object[] = []) => problems.map(one => JSON.stringify(one)).sort();
  assert.deepEqual(listed(run?.problems), listed(report.problems));
  assert.deepEqual(listed(run?.counts), listed(report.counts));
});

test('who left is told as left, though nobody keeps those who left before', async () => {
  await using house = await openHouse({ sync: { fresh_for: '0s' } });
  const { readsFor } = learning(house);
  await hire(house.hr, 50);
  await readsFor('published');
  await leave(house, 2);
  await readsFor('published');
  const [version] = (await house.store.people.history('j.wu')).slice(-1);
  assert.deepEqual(version?.removal, { reason: 'left', source: 'hr' });
});

test('who has left one job and begun another is in all their departments', async () => {
  await using house = await openHouse();
  const { readsFor } = learning(house);
  await readsFor('published');
  // Somebody new, whose old job comes first.
  await house.hr.execute("insert into members values (8, 'RD'), (8, 'SALES')");
  const line = await asking(
    house,
    `SELECT * FROM employees UNION ALL SELECT 8, 'n.two', 'n.two@acme.example', 'Nia', 'F', 'HQ', '', '2020-01-31', null
      UNION ALL SELECT 8, 'n.two', 'n.two@acme.example', 'Nia', 'F', 'HQ', '', null, null`,
  );
  await readsFor('published', line);
  const { group_info_list: groups } = await house.served();
  assert.deepEqual(
    groups.filter(one => one.user_list.includes('n.two')).map(one => one.group_no),
    ['HQ', 'RD', 'SALES'],
  );
});

test('a row without a key whose username is the key of somebody else is told, in a first roster and in any other', async () => {
  await using house = await openHouse();
  const all = 'SELECT emp_id, account, mail, name, sex, dept_code, tel, leave_date FROM employees';
  const odd = (left: string) => `SELECT '', '2', 'x@acme.example', 'X', 'F', 'HQ', '', ${left}`;
  const headed = `${all} WHERE false`;
  const stories = [
    ['published', `${all} UNION ALL ${odd('null')}`],
    ['unchanged', `${headed} UNION ALL ${odd('null')} UNION ALL ${all}`],
    ['unchanged', `${all} UNION ALL ${odd("'2020-01-31'")}`],
  ] as const;
  for (const [status, query] of stories) {
    // Nothing is learned from one to the next.
    const { readsFor } = learning(house);
    assert.equal(await readsFor(status, await asking(house, query)), 2, query);
    const run = await house.store.runs.newestFinished();
    assert.deepEqual(
      run?.problems.map(one => one.code),
      ['key_missing'],
      query,
    );
  }
  assert.equal((await house.served()).user_info_list.length, 6);
});
