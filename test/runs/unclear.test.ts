import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type House, openHouse } from './house.ts';

/** Rows that lost what somebody is known by, while somebody is missing. */

const names = async (house: House) => (await house.served()).user_info_list.map(one => one['username']).toSorted();

test('nobody goes while rows turn up that nobody can be known by', async () => {
  await using house = await openHouse();
  assert.equal((await house.pull()).outcome.status, 'published');
  const before = await names(house);
  await house.hr.execute(`
    alter table employees drop primary key, modify emp_id int null;
    update employees set emp_id = null, account = '' where emp_id = 2`);
  const { outcome } = await house.pull();
  assert.equal(outcome.status, 'failed');
  assert.deepEqual(
    outcome.problems.map(({ code, source, text }) => `${source} ${code}: ${text}`),
    [
      'hr missing_unclear: 1 row more than before can be known by nobody, and 1 person is missing: ' +
        'they may be the same; put the rows right, so that each has its key, username or email',
    ],
  );
  assert.deepEqual(await names(house), before);

  await house.hr.execute(`update employees set emp_id = 2, account = 'j.wu' where account = ''`);
  assert.equal((await house.pull()).outcome.status, 'unchanged');
});

test('rows that were nobody before say nothing about who is missing', async () => {
  await using house = await openHouse();
  await house.hr.execute(`
    alter table employees drop primary key, modify emp_id int null;
    insert into employees (account, name) values ('', 'a meeting room')`);
  assert.equal((await house.pull()).outcome.status, 'published');
  await house.hr.execute('delete from employees where emp_id = 6');
  assert.equal((await house.pull()).outcome.status, 'published');
  assert.ok(!(await names(house)).includes('k.sato'));
});
