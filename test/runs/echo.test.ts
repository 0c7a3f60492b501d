import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { mayEcho } from '../../src/line.ts';
import { snapshotNumber, storedKey } from '../../src/roster/model.ts';
import { type Echo, NO_MEMORY, type Remembering } from '../../src/runs/echo.ts';
import type { RunResult } from '../../src/runs/run.ts';
import type { Source } from '../../src/sources/source.ts';
import { hire, hrConfig, hrSource } from '../support/hr.ts';
import { type House, leave, openHouse } from './house.ts';

/** A house whose runs remember, and a count of the batches that its sources were read for without being remembered. */
async function remembering(house: House) {
  const memory: Remembering = { last: NO_MEMORY };
  let reads = 0;
  const counted = (source: Source): Source => ({
    name: source.name,
    read(pull) {
      reads += 1;
      return source.read(pull);
    },
  });
  const line = { memory, sources: house.line.sources.map(counted) };
  return {
    memory,
    async pull(now = () => new Date()): Promise<RunResult & { reads: number }> {
      reads = 0;
      return { ...(await house.pull({ line: { ...line, now } })), reads };
    },
  };
}

/** What a run says, but for which it was and how long it took. */
const essence = ({ outcome, report }: RunResult) => ({
  outcome,
  problems: report.problems,
  counts: report.counts,
  sources: report.sources.map(({ took: _, ...read }) => read),
});

suite('a run that hears that nothing changed', () => {
  test('says what one says that thinks it all over', async () => {
    await using house = await openHouse();
    await house.hr.execute("update employees set sex = '?' where emp_id = 6");
    const { memory, pull } = await remembering(house);
    assert.equal((await pull()).outcome.status, 'published');
    assert.equal(memory.last.echo, undefined);
    // Nobody remembers before nothing has changed once.
    assert.equal((await pull()).outcome.status, 'unchanged');
    assert.equal(memory.last.echo, undefined);
    assert.equal((await pull()).outcome.status, 'unchanged');
    const echo = memory.last.echo as Echo | undefined;
    assert.ok(echo);
    const heard = await pull();
    assert.deepEqual(memory.last.echo, { ...echo, run: heard.run });
    const thought = await house.pull();
    assert.deepEqual(essence(heard), essence(thought));
    assert.ok(heard.report.problems.length > 0, 'else they could not differ');
    const recorded = await house.store.runs.get(heard.run ?? assert.fail());
    assert.deepEqual([recorded?.status, recorded?.sources.length], ['unchanged', 1]);
  });

  test('reads anew when anything is otherwise, and publishes just that', async () => {
    await using house = await openHouse();
    const { pull } = await remembering(house);
    for (let times = 0; times < 4; times += 1) assert.equal((await pull()).reads, 1);
    await house.hr.execute("update employees set tel = '02-5550-9999' where emp_id = 6");
    const changed = await pull();
    assert.deepEqual([changed.outcome.status, changed.reads], ['published', 2]);
    assert.equal(
      (await house.served()).user_info_list.find(one => one['username'] === 'k.sato')?.['phone1'],
      '02-5550-9999',
    );
    await house.hr.execute("insert into members values (2, 'SALES')");
    assert.equal((await pull()).outcome.status, 'published');
  });

  test('believes nothing once somebody else made a run, or went back', async () => {
    await using house = await openHouse();
    const { pull } = await remembering(house);
    for (let times = 0; times < 3; times += 1) await pull();
    await house.pull();
    assert.deepEqual((await pull()).reads, 1);
    await leave(house, 6);
    await house.pull();
    await house.hr.execute('update employees set leave_date = null where emp_id = 6');
    const back = await pull();
    assert.deepEqual([back.outcome.status, back.reads], ['published', 1]);
  });

  test('thinks all over again once somebody was served another snapshot, or an hour has passed', async () => {
    await using house = await openHouse();
    await house.hr.execute('update employees set leave_date = null where emp_id = 7');
    await house.pull();
    await leave(house, 7);
    const { memory, pull } = await remembering(house);
    /** Whether the run of that minute thinks. */
    const thinksAt = async (minute: number) => {
      const at = Date.UTC(2026, 10, 22, 0, minute);
      await pull(() => new Date(at));
      return memory.last.echo?.thought === at;
    };
    for (const minute of [0, 0, 1]) await thinksAt(minute);
    assert.equal(await thinksAt(2), false);
    const delivery = { client: 'omflow', at: new Date(), finished: true, bytes: 9, snapshot: snapshotNumber(2) };
    await house.store.deliveries.add([{ ...delivery, id: 'first' }]);
    assert.deepEqual([await thinksAt(3), await thinksAt(4)], [true, false]);
    await house.store.deliveries.add([{ ...delivery, id: 'the same once more' }]);
    assert.deepEqual([await thinksAt(5), await thinksAt(6)], [false, false]);
    // Somebody who is not served any more is purged.
    await house.store.purge(storedKey('hr/7'), { dryRun: false });
    assert.deepEqual([await thinksAt(7), await thinksAt(8)], [true, false]);
    assert.deepEqual([await thinksAt(67), await thinksAt(68)], [false, true]);
    // The clock was put back.
    assert.equal(await thinksAt(5), true);
  });

  test('is the same for whoever is kept out, or kept as they were', async () => {
    await using house = await openHouse();
    await house.pull();
    await house.hr.execute("update employees set mail = 'nonsense' where emp_id = 6");
    await house.hr.execute(
      "insert into employees select 9, 'n.new', '', name, sex, dept_code, '', null, null from employees where emp_id = 5",
    );
    const { pull } = await remembering(house);
    for (let times = 0; times < 2; times += 1) await pull();
    assert.deepEqual(essence(await pull()), essence(await house.pull()));
    await house.hr.execute("update employees set mail = 'k.sato@acme.example' where emp_id = 6");
    assert.equal(
      (await pull()).report.problems.some(one => one.effect === 'kept'),
      false,
    );
  });

  test('fails as every run does when a source cannot be read', async () => {
    await using house = await openHouse();
    const { pull } = await remembering(house);
    for (let times = 0; times < 4; times += 1) await pull();
    await house.hr.execute('rename table members to gone');
    const { outcome } = await pull();
    assert.equal(outcome.status, 'failed');
    await house.hr.execute('rename table gone to members');
    assert.equal((await pull()).outcome.status, 'unchanged');
  });
});

test('however rows change, it publishes what a run without memory would', async () => {
  await using house = await openHouse();
  await hire(house.hr, 40);
  const { pull } = await remembering(house);
  const change = fc.record({ id: fc.integer({ min: 101, max: 140 }), tel: fc.constantFrom('1', '2', '3', 'x') });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 2 }), async changes => {
      for (const { id, tel } of changes)
        await house.hr.execute('update employees set tel = ? where emp_id = ?', [tel, id]);
      const remembered = await pull();
      const after = await house.pull({ dryRun: true });
      return remembered.outcome.status !== 'failed' && after.outcome.status === 'unchanged';
    }),
    { numRuns: 25 },
  );
});

test('only sources of this house are heard twice, and none that something may stand in for', () => {
  const csv = { name: 'hr', type: 'csv', people: { file: 'x.csv', map: { username: 'a', email: 'b' } } };
  const hr = hrSource('mysql://a@b/c');
  assert.equal(mayEcho(hrConfig('', 'mysql://a@b/c')), true);
  assert.equal(mayEcho(hrConfig('', 'mysql://a@b/c', { sources: [csv] })), true);
  for (const more of [{ required: false }, { schedule: '0 2 * * *' }]) {
    assert.equal(mayEcho(hrConfig('', 'mysql://a@b/c', { sources: [{ ...hr, ...more }] })), false);
  }
});
