import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { hashPassword } from '../../src/logins/sql/hashes.ts';
import { type Daemon, startDaemon } from '../../src/main.ts';
import { snapshotNumber } from '../../src/roster/model.ts';
import { leave, openHouse } from '../runs/house.ts';
import { hrConfig, TOKEN } from '../support/hr.ts';

const PASSWORD = 'correct horse';

/** Who of these can log in with the password that they all have. */
async function admitted({ address }: Daemon, ...usernames: readonly string[]): Promise<string[]> {
  const headers = { authorization: `Basic ${btoa(`omflow:${TOKEN}`)}`, 'content-type': 'application/json' };
  const answers = usernames.map(async username => {
    const body = JSON.stringify({ username, password: PASSWORD });
    const response = await fetch(`http://${address}/authenticate`, { method: 'POST', headers, body });
    const { status, message } = (await response.json()) as { status: string; message?: string };
    assert.ok(status === 'success' || message === 'account or password is incorrect', message);
    return status === 'success' ? username : [];
  });
  return (await Promise.all(answers)).flat();
}

test('who may log in, and under which name at the directory, follows what is served', async () => {
  await using house = await openHouse();
  await house.hr.execute('update employees set password_hash = ?', [await hashPassword(PASSWORD)]);
  await house.pull();
  await leave(house, 6);
  await house.hr.execute(`
    insert into employees select 8, 'h.tanaka', 'h.tanaka@acme.example', name, sex, dept_code, '', null, password_hash
      from employees where emp_id = 5;
    update employees set account = 'a.lin-chen' where emp_id = 1`);
  assert.equal((await house.pull()).outcome.status, 'published');

  const config = hrConfig('', house.hr.url, { store: house.store.address });
  await using daemon = await startDaemon(config, pino({ level: 'silent' }));
  const asked = () => admitted(daemon, 'a.lin', 'h.tanaka', 'j.wu', 'k.sato');
  assert.deepEqual(await asked(), ['a.lin', 'h.tanaka', 'j.wu']);
  await house.store.pins.set({ snapshot: snapshotNumber(1), at: new Date() });
  assert.deepEqual(await asked(), ['j.wu', 'k.sato']);
  await house.store.pins.end(new Date());
  assert.deepEqual(await asked(), ['a.lin', 'h.tanaka', 'j.wu']);
});

test('nobody logs in as somebody whose name at the directory another has by now', async () => {
  await using house = await openHouse();
  const set = async (id: number, account: string) =>
    house.hr.execute('update employees set account = ?, password_hash = ? where emp_id = ?', [
      account,
      await hashPassword(PASSWORD),
      id,
    ]);
  await house.pull();
  // The first keeps the last good name, and the second cannot have it; but the directory may have named them so.
  await set(6, 'not a name');
  await set(2, 'k.sato');
  const { report } = await house.pull();
  const text = 'cannot log in: by "k.sato", their last good username, the directory may know somebody else now';
  assert.deepEqual(
    report.problems.filter(one => one.code === 'login_stale').map(one => [one.name, one.effect, one.text]),
    [['k.sato', 'kept', text]],
  );
  const config = hrConfig('', house.hr.url, { store: house.store.address });
  await using daemon = await startDaemon(config, pino({ level: 'silent' }));
  await daemon.firstRun;
  assert.deepEqual(await admitted(daemon, 'k.sato'), []);
  await set(2, 'j.wu');
  await set(6, 'k.sato');
  await house.pull();
  assert.deepEqual(await admitted(daemon, 'k.sato', 'j.wu'), ['k.sato', 'j.wu']);
});
