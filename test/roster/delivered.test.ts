import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { suite, test } from 'node:test';
import { snapshotNumber } from '../../src/roster/model.ts';
import type { RunResult } from '../../src/runs/run.ts';
import { type Company, company } from '../support/company.ts';

/** What waits for a delivery, in runs on a real store: the rules themselves are told in bullets.test.ts. */

const DAY = (day: number) => `2026-08-${String(day).padStart(2, '0')}T02:00:00Z`;

/** The problems of those codes, `code name`. */
const waiting = ({ report }: RunResult) =>
  report.problems
    .filter(one => /_(waits|reused)$/.test(one.code))
    .map(one => `${one.code} ${one.name}`)
    .sort();

const toClient = (at: Company, snapshot: number, client: string) =>
  at.withStore(store =>
    store.deliveries.add([
      { id: randomUUID(), snapshot: snapshotNumber(snapshot), client, at: new Date(DAY(1)), finished: true, bytes: 1 },
    ]),
  );

suite('a run', () => {
  test('lets emails wait for the clients that are configured, and takes them once those were told', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' }, { account: 'j.wu' });
    await at.run(DAY(1));
    await at.deliver(1, DAY(1));
    // Who is not configured any more is told nothing, so nobody waits for them.
    await toClient(at, 1, 'old');
    at.sql("update hr set mail = 'new@acme.example' where account = 'j.wu'");
    at.sql("update hr set mail = 'j.wu@acme.example' where account = 'a.lin'");
    const first = await at.run(DAY(2));
    assert.deepEqual(waiting(first), ['email_waits a.lin']);
    assert.equal(first.outcome.status, 'published');
    const again = await at.run(DAY(3));
    assert.deepEqual([again.outcome.status, ...waiting(again)], ['unchanged', 'email_waits a.lin']);
    await at.deliver(2, DAY(3), false);
    assert.deepEqual(waiting(await at.run(DAY(4))), ['email_waits a.lin'], 'that one did not arrive');
    await at.deliver(2, DAY(4));
    const last = await at.run(DAY(5));
    assert.deepEqual([last.outcome.status, ...waiting(last)], ['published']);
    assert.deepEqual(
      last.people.map(change => change.event === 'modified' && change.fields[0]?.new),
      ['j.wu@acme.example'],
    );
  });

  test('gives nobody the email of somebody who left, whatever they called themselves since', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' }, { account: 'j.wu' }, { account: 'm.chen' });
    await at.run(DAY(1));
    await at.deliver(1, DAY(1));
    at.sql("update hr set mail = 'new@acme.example' where account = 'j.wu'");
    await at.run(DAY(2));
    at.sql("update hr set gone = 'yes' where account = 'j.wu'");
    await at.run(DAY(3));
    await at.deliver(3, DAY(3));
    at.sql("update hr set mail = 'j.wu@acme.example' where account = 'a.lin'");
    at.sql("update hr set mail = 'new@acme.example' where account = 'm.chen'");
    assert.deepEqual(waiting(await at.run(DAY(4))), ['email_reused a.lin', 'email_reused m.chen']);
    at.sql(
      "update hr set gone = null, account = 'other', mail = 'other@acme.example', name = 'Other' where account = 'j.wu'",
    );
    const recycled = (await at.run(DAY(5))).report.problems.find(one => one.code === 'newcomer');
    assert.match(recycled?.text ?? '', /^its key hr\/2 was "j\.wu" <new@acme\.example> until they left, and /);
  });

  test('lets departments linger, the lowest goes first', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin', dept: 'C' });
    at.sql("insert into units values ('A', 'A', ''), ('B', 'B', 'A'), ('C', 'C', 'B'), ('D', 'D', '')");
    await at.run(DAY(1));
    await at.deliver(1, DAY(1));
    at.sql("delete from units where code in ('A', 'B'); update units set parent = '' where code = 'C'");
    const seen: string[][] = [];
    for (let day = 2; day <= 5; day += 1) {
      const result = await at.run(DAY(day));
      seen.push([result.outcome.status, ...waiting(result)]);
      if (result.outcome.status === 'published') await at.deliver(result.outcome.snapshot, DAY(day));
    }
    assert.deepEqual(seen, [
      ['published', 'department_waits A', 'department_waits B'],
      ['published', 'department_waits A'],
      ['published'],
      ['unchanged'],
    ]);
  });

  test('brings back after a rollback what OMFLOW could not lose', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin', dept: 'C' });
    at.sql("insert into units values ('A', 'A', ''), ('C', 'C', 'A')");
    await at.run(DAY(1));
    at.sql("delete from units where code = 'A'; update units set parent = '' where code = 'C'");
    await at.run(DAY(2));
    await at.deliver(1, DAY(2));
    const result = await at.run(DAY(3));
    assert.deepEqual(waiting(result), ['department_waits A']);
    assert.deepEqual(
      result.departments.map(change => `${change.event} ${change.key}`),
      ['added A'],
    );
  });
});
