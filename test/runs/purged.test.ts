import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedKey } from '../../src/roster/model.ts';
import { type House, openHouse } from './house.ts';

const SATO = "(6, 'k.sato', 'k.sato@acme.example', '佐藤 健', 'M', 'RD', '', null, null)";
const isSato = ({ username }: Readonly<Record<string, string>>) => username === 'k.sato';

/** Sato has left and is purged. */
async function satoPurged(house: House): Promise<void> {
  await house.pull();
  await house.hr.execute('delete from employees where emp_id = 6');
  const { outcome } = await house.pull();
  assert.equal(outcome.status, 'published');
  const purged = await house.store.purge(storedKey('hr/6'), { dryRun: false });
  assert.deepEqual([purged.versions, purged.names], [1, 2]);
}

test('who was purged keeps username and email from everybody else, and is the same person when they come back', async () => {
  await using house = await openHouse();
  const { hr } = house;
  await satoPurged(house);
  const others = ["(8, 'k.sato', 'other@acme.example'", "(9, 'x', 'k.sato@acme.example'"];
  for (const other of others) {
    await hr.execute(`insert into employees values ${other}, 'Kenji', 'M', 'RD', '', null, null)`);
    const { report, outcome } = await house.pull();
    assert.equal(outcome.status, 'unchanged', 'nobody else is served');
    const [newcomer] = report.problems.filter(one => one.code === 'newcomer');
    assert.match(newcomer?.text ?? '', /was published for somebody whose data was erased/);
    await hr.execute('delete from employees where emp_id in (8, 9)');
  }
  for (const id of [6, 66]) {
    await hr.execute(`insert into employees values ${SATO.replace('(6', `(${id}`)}`);
    const back = await house.pull();
    assert.equal(back.outcome.status, 'published', JSON.stringify(back.report.problems));
    assert.deepEqual(
      (await house.served()).user_info_list.filter(isSato).map(one => one['email']),
      ['k.sato@acme.example'],
    );
    await hr.execute(`delete from employees where emp_id = ${id}`);
    assert.equal((await house.pull()).outcome.status, 'published');
    await house.store.purge(storedKey(`hr/${id}`), { dryRun: false });
  }
});
