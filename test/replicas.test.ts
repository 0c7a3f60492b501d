import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { openLine } from '../src/line.ts';
import { approve } from '../src/runs/approve.ts';
import { renderSnapshot } from '../src/runs/body.ts';
import { openStore } from '../src/store/open.ts';
import { startFaultProxy } from './support/fault-proxy.ts';
import { temporaryFolder } from './support/folder.ts';
import { hrConfig, hrDatabase, hrSettings, TOKEN } from './support/hr.ts';
import { freshDatabase } from './support/mariadb.ts';
import { type Answer, type Daemon, startDaemon, writeConfig } from './support/rosterd.ts';

/** How soon a replica that runs and is no more is replaced, in milliseconds. */
const REPLACED = 15_000;

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());

const folder = stack.use(await temporaryFolder());
const hr = stack.use(await hrDatabase());
const { hostname, port } = new URL(hr.url);
/** What makes a run last: while it is frozen the source says nothing. */
const source = stack.use(await startFaultProxy({ host: hostname, port: Number(port) }));
const database = stack.use(await freshDatabase());
const { sources } = hrSettings('', source.through(hr.url));
const patient = { timeouts: { connect: '60s', idle: '60s', query: '60s' } };
const more = { store: database.url, sources: sources.map(one => ({ ...one, ...patient })) };
const file = await writeConfig(folder.path, hrSettings(folder.path, hr.url, more));
const config = hrConfig(folder.path, hr.url, more);

/** Three on one store; the tests take them down one after the other. */
const replicas = await Promise.all([1, 2, 3].map(async () => stack.use(await startDaemon(file))));
const [mortal, frozen, last] = replicas as [Daemon, Daemon, Daemon];
const store = stack.use(await openStore(config.store, { migrate: false }));

function assertAlike(answers: readonly Answer[], snapshot: number): void {
  for (const answer of answers) {
    assert.equal(answer.body.status, 'success', answer.body.message);
    assert.equal(answer.snapshot, String(snapshot));
    assert.deepEqual(answer.body, answers[0]?.body);
  }
}

const syncAll = (some: readonly Daemon[] = replicas) => Promise.all(some.map(one => one.sync()));

/** In milliseconds; MariaDB tells whoever asks for its transactions more often than ten times a second what it told before. */
const LOOKS = 150;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited too long until ${what}`);
    await sleep(LOOKS);
  }
}

const running = async () => (await store.runs.list(1))[0]?.status === 'running';

/** The very bytes of an answer, in letters. */
async function bytesOf({ address }: Daemon): Promise<string> {
  const headers = { authorization: `Basic ${btoa(`omflow:${TOKEN}`)}` };
  const response = await fetch(`http://${address}/sync`, { method: 'POST', headers });
  return Buffer.from(await response.arrayBuffer()).toString('base64');
}

/** Every snapshot is whole, and was published by one run. */
async function assertSound(): Promise<void> {
  const snapshots = await store.snapshots.list(99);
  for (const { number } of snapshots) await renderSnapshot(store, number);
  const published = (await store.runs.list(999)).filter(run => run.status === 'published');
  assert.deepEqual(
    published.map(run => run.snapshot),
    snapshots.map(one => one.number),
  );
}

/** Asks again and again until it is told to stop; nobody may notice that a replica is gone. */
function asking(daemon: Daemon) {
  const answers: Answer[] = [];
  let isEnough = false;
  const ask = async () => {
    while (!isEnough) answers.push(await daemon.sync());
    return answers;
  };
  const done = ask();
  return {
    stop: () => {
      isEnough = true;
      return done;
    },
  };
}

/** When `work` is done, and that it was in time. */
async function inTime(work: Promise<unknown>, since: number): Promise<void> {
  await work;
  const took = performance.now() - since;
  assert.ok(took < REPLACED, `it took ${Math.round(took)} ms`);
}

test('all of them answer with the same bytes, whoever of them made the run', async () => {
  assertAlike(await syncAll(), 1);
  await hr.execute("update employees set tel = '02-5550-0199' where emp_id = 2");
  assertAlike(await syncAll(), 2);
  assert.equal(new Set(await Promise.all(replicas.map(bytesOf))).size, 1);
  assert.equal((await store.runs.list(99)).filter(run => run.status === 'published').length, 2);
});

test('what is held is held for all, and approved for all', async () => {
  await hr.execute('update employees set leave_date = "2020-01-31" where emp_id in (2, 3, 4, 6)');
  for (const { body } of await syncAll()) {
    assert.equal(body.status, 'fail');
    assert.match(body.message ?? '', /Hold 1/);
  }
  const signal = new AbortController().signal;
  const { number } = (await store.holds.open()) ?? assert.fail('nothing is held');
  const { status } = await approve(await openLine(config, store), { hold: number, reason: 'a test', signal });
  assert.equal(status, 'approved');
  assertAlike(await syncAll(), 3);
});

test('one that is killed while it runs is replaced, and nobody who asks another notices', async () => {
  const others = [frozen, last];
  await hr.execute("update employees set tel = '02-5550-0201' where emp_id = 1");
  source.freeze();
  const cut = assert.rejects(mortal.sync());
  await until('a run is under way', running);
  const asked = others.map(asking);
  mortal.program.kill('SIGKILL');
  const killed = performance.now();
  await source.restore();
  await inTime(
    until('another has published', async () => (await store.snapshots.newest())?.number === 4),
    killed,
  );
  await cut;
  const answers = (await Promise.all(asked.map(one => one.stop()))).flat();
  for (const { body } of answers) assert.equal(body.status, 'success', body.message);
  assertAlike(await syncAll(others), 4);
  await assertSound();
});

test('one that is frozen while it runs is replaced, publishes nothing when it goes on, and is as good as before', async () => {
  await hr.execute("update employees set tel = '02-5550-0202' where emp_id = 1");
  source.freeze();
  const late = frozen.sync();
  await until('a run is under way', running);
  frozen.program.kill('SIGSTOP');
  const stopped = performance.now();
  await source.restore();
  const answer = last.sync();
  await inTime(answer, stopped);
  assertAlike([await answer], 5);
  frozen.program.kill('SIGCONT');
  await late;
  await frozen.program.waitFor(/the store dropped the lock/);
  assertAlike(await syncAll([frozen, last]), 5);
  await hr.execute("update employees set tel = '02-5550-0203' where emp_id = 1");
  assertAlike([await frozen.sync()], 6);
  await assertSound();
});

test('one that is frozen in the middle of publishing keeps nobody from it, and its half is gone', async () => {
  await hr.execute(
    "insert into employees values (8, 'h.tanaka', 'h.tanaka@acme.example', '田中 花', 'F', 'RD', '', null, null)",
  );
  // The name that it is about to write is somebody else's for a moment: it waits, with everything else written.
  await using at = new AsyncDisposableStack();
  const other = at.adopt(await mysql.createConnection(database.url), one => one.end());
  await other.beginTransaction();
  await other.query("insert into ledger values ('username', 'h.tanaka', 'h.tanaka', 'x/8')");
  const late = frozen.sync();
  await until('it waits', async () => {
    const [rows] = await other.query(
      `select 1 from information_schema.innodb_trx join information_schema.processlist on id = trx_mysql_thread_id
       where trx_state = 'LOCK WAIT' and db = database()`,
    );
    return (rows as unknown[]).length > 0;
  });
  frozen.program.kill('SIGSTOP');
  const stopped = performance.now();
  await other.rollback();
  const answer = last.sync();
  await inTime(answer, stopped);
  assertAlike([await answer], 7);
  frozen.program.kill('SIGCONT');
  await late;
  assertAlike(await syncAll([frozen, last]), 7);
  const [person] = await store.people.history('h.tanaka');
  assert.deepEqual([person?.first, person?.last], [7, undefined]);
  await assertSound();
});
