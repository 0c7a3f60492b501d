import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import mysql from 'mysql2/promise';
import { pino } from 'pino';
import { startDaemon } from '../../src/main.ts';
import { holdNumber, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import { StoreError } from '../../src/store/error.ts';
import { lockStore, openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig } from '../support/hr.ts';
import { startMariadb } from '../support/mariadb.ts';
import { freePort } from '../support/port.ts';
import { runProgram } from '../support/program.ts';
import { engines, mariadb, type Place, sqlite } from './engines.ts';
import { everything, FIRST, PROBLEM } from './everything.ts';
import { FIRST_NEW, makeOld } from './old.ts';
import { NOBODY, person, publish, readBack, roster } from './rosters.ts';

/** What a StoreError says. */
async function refusal(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => assert.fail('it opened'),
    (error: unknown) => error,
  );
  assert(error instanceof StoreError, String(error));
  return error.message;
}

/** A program that opens a store, and brings it up to date. */
const opening = ({ config }: Place) =>
  `import { openStore } from ${JSON.stringify(new URL('../../src/store/open.ts', import.meta.url).href)};
   const store = await openStore({ url: ${JSON.stringify(config.url)} }, { migrate: true });
   console.log(await store.snapshots.list(1)); await store[Symbol.asyncDispose]();`;

const OLD = '"rosterd serve" or "rosterd pull" brings it up to date';

for (const [engine, place] of Object.entries(engines)) {
  suite(`a store in ${engine}`, () => {
    test('is made by those who may, and then opened by all', async () => {
      await using here = await place();
      const why = await refusal(here.open({ migrate: false }));
      assert.ok(
        engine === 'SQLite' ? /^there is no store at .*"rosterd pull" makes it$/.test(why) : why.endsWith(OLD),
        why,
      );
      {
        await using store = await here.open();
        await publish(store, NOBODY, roster([person('hr/1', { nick_name: '林 😀' })]));
      }
      for (const migrate of [false, true]) {
        await using store = await here.open({ migrate });
        assert.equal((await store.people.load(['hr/1']))[0]?.value.nick_name, '林 😀');
        assert.equal(store.engine, engine === 'SQLite' ? 'sqlite' : 'mysql');
      }
    });

    test('that was never finished is not used', async () => {
      await using here = await place();
      await using _ = await here.open();
      await here.rows('delete from kysely_migration');
      assert.equal(await refusal(here.open({ migrate: false })), `the store is empty or of an older version; ${OLD}`);
    });

    test('of a newer version is refused, by all', async () => {
      await using here = await place();
      await using _ = await here.open();
      await here.rows("insert into kysely_migration values ('2999-01-01-hovering', '2999')");
      for (const migrate of [false, true]) {
        assert.equal(
          await refusal(here.open({ migrate })),
          'the store was written by a newer rosterd (it has 2999-01-01-hovering); install that version',
        );
      }
    });

    test('may be made by several at once', async () => {
      await using here = await place();
      const all = await Promise.all(
        [1, 2, 3].map(() => runProgram(process.execPath, ['--input-type=module', '--eval', opening(here)])),
      );
      for (const { code, stderr } of all) assert.equal(code, 0, stderr);
    });

    test('of an older version is brought up to date, with all that is in it', async () => {
      await using here = await place();
      await makeOld(here);
      const before = await everything(here);
      assert.equal(await refusal(here.open({ migrate: false })), `the store is empty or of an older version; ${OLD}`);
      assert.deepEqual(await everything(here), before);
      await using store = await here.open();
      assert.deepEqual(await readBack(store, snapshotNumber(3)), FIRST);
      assert.deepEqual(
        (await store.snapshots.list(9)).map(one => one.hold),
        [undefined, undefined, undefined],
      );
      assert.equal((await store.extracts.get(sourceName('ad')))?.extract.people.length, 2500);
      assert.deepEqual(
        (await store.deliveries.list(9)).map(one => [one.client, one.finished]),
        [
          ['総務', true],
          ['総務', true],
        ],
      );
      assert.equal((await store.runs.list(99)).length, before['runs']?.length);
      assert.equal(await store.holds.open(), undefined, 'its candidate was not kept, so nobody could approve it');
      assert.equal((await store.holds.get(holdNumber(1)))?.end?.how, 'outdated');
    });

    test('of the version before is brought up to date, with the hold that stands in it', async () => {
      await using here = await place();
      await makeOld(here, { upTo: '2026-11-22-third-decisions' });
      const before = await everything(here);
      assert.equal(await refusal(here.open({ migrate: false })), `the store is empty or of an older version; ${OLD}`);
      await using store = await here.open();
      const after = await everything(here);
      for (const table of ['people', 'departments', 'people_head', 'departments_head', 'runs']) {
        assert.equal(after[table]?.length, before[table]?.length, table);
        delete before[table];
      }
      assert.deepEqual({ ...after, ...before, login_failures: [], unlocks: [] }, after);
      assert.deepEqual(await readBack(store, snapshotNumber(3)), FIRST);
      assert.deepEqual(await store.people.named('2', snapshotNumber(3)), (await store.people.load(['hr/2']))[0]);
      for (const table of ['people', 'departments', 'people_head', 'departments_head']) {
        assert.deepEqual(await here.rows(`select leaf from ${table} where length(leaf) <> 32`), [], table);
      }
      const runs = await store.runs.list(99);
      assert.equal(runs.filter(run => run.problems.length === 1).length, 61);
      assert.equal(after['problem_lists']?.length, 1);
      assert.deepEqual(runs[0]?.problems, [PROBLEM]);
      assert.equal((await store.holds.open())?.number, 1);
      await store.unlocks.note('a.lin', new Date(0));
      assert.deepEqual(await store.unlocks.last('a.lin'), new Date(0));
    });

    test('of the version that told nobody anything is brought up to date, and begins with nothing known', async () => {
      await using here = await place();
      await makeOld(here, { upTo: '2026-11-24-fifth-packed' });
      const before = await everything(here);
      assert.equal(before['notices'], undefined);
      assert.equal(await refusal(here.open({ migrate: false })), `the store is empty or of an older version; ${OLD}`);
      await using store = await here.open();
      const after = await everything(here);
      assert.deepEqual({ ...after, ...before, notices: [] }, after);
      assert.deepEqual(await store.notices.states(), []);
      const state = {
        subject: 'held',
        mark: '1',
        level: 1,
        standing: true,
        entered: undefined,
        since: undefined,
        run: 5,
      };
      assert.equal(await store.notices.record({ before: [], after: [state], fresh: [] }), true);
    });

    test('does not tell its password', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.doesNotMatch(store.address, /:[^/:@]*@/);
    });
  });
}

suite('a SQLite store', () => {
  test('can be read by its owner only, with all that lies beside it', async () => {
    const old = process.umask(0);
    try {
      await using here = await sqlite();
      await using store = await here.open();
      await using _ = await store.lock('run');
      await publish(store, NOBODY, roster([person('hr/1')]));
      for (const suffix of ['', '-wal', '-shm', '-run-lock']) {
        assert.equal((statSync(here.file + suffix).mode & 0o777).toString(8), '600', suffix);
      }
    } finally {
      process.umask(old);
    }
  });

  test('is durable and forgets what is deleted', async () => {
    await using here = await sqlite();
    await using _ = await here.open();
    const [journal] = await here.rows('pragma journal_mode');
    assert.equal(journal?.['journal_mode'], 'wal');
  });

  test('that cannot be used says why', async () => {
    await using folder = await temporaryFolder();
    const open = (name: string, migrate = true) => openStore({ url: `sqlite:${join(folder.path, name)}` }, { migrate });
    assert.match(await refusal(open('no/such/folder.db')), /^the store .*folder\.db cannot be made: ENOENT/);
    mkdirSync(join(folder.path, 'folder.db'));
    assert.match(
      await refusal(open('folder.db')),
      /^the store .*folder\.db cannot be opened: unable to open database file/,
    );
    writeFileSync(
      join(folder.path, 'text.db'),
      'no database at all, but a text that is longer than a header of one '.repeat(9),
    );
    assert.match(
      await refusal(open('text.db', false)),
      /^the store .*text\.db cannot be opened: file is not a database/,
    );
    assert.equal(existsSync(join(folder.path, 'none.db')), false);
    await refusal(open('none.db', false));
    assert.equal(existsSync(join(folder.path, 'none.db')), false, 'a reader makes nothing');
  });

  test('that another program is writing says so', async () => {
    await using here = await sqlite();
    await using store = await here.open({ timeout: 0 });
    using writer = new DatabaseSync(here.file);
    writer.exec('begin immediate');
    const locked = 'database is locked; another program is writing it, so try again when that has ended';
    const used = `the store ${here.file} cannot be used: ${locked}`;
    assert.equal(await refusal(store.unlocks.note('a.lin', new Date())), used);
    writer.exec('rollback');
  });

  test('whose making was broken off is made again', async () => {
    await using here = await sqlite();
    using other = new DatabaseSync(here.file);
    other.exec('create table departments (x)');
    assert.match(await refusal(here.open()), /table "departments" already exists/);
    assert.deepEqual(
      await here.rows("select name from sqlite_schema where name = 'snapshots'"),
      [],
      'nothing is half made',
    );
    other.exec('drop table departments');
    await using store = await here.open();
    await publish(store, NOBODY, roster([person('hr/1')]));
  });

  test('that somebody is writing is opened by readers all the same', async () => {
    await using here = await sqlite();
    await using store = await here.open();
    await publish(store, NOBODY, roster([person('hr/1')]));
    using writer = new DatabaseSync(here.file);
    writer.exec('begin immediate; delete from people');
    await using reader = await here.open({ migrate: false, timeout: 0 });
    assert.equal((await reader.people.load(['hr/1'])).length, 1);
    writer.exec('rollback');
  });
});

/** A SQLite store of an older version, and where it is kept as it was. */
async function oldStore() {
  const here = await sqlite();
  await makeOld(here);
  const copy = `${here.file}.before-${FIRST_NEW}`;
  const rows = async (text: string) => {
    using database = new DatabaseSync(copy, { readOnly: true });
    return database.prepare(text).all();
  };
  const folder = () => readdirSync(dirname(here.file)).filter(name => !/-(shm|wal)$/.test(name));
  return { ...here, copy, kept: { rows }, folder };
}

const done = ({ rows }: Pick<Place, 'rows'>) => rows('select name from kysely_migration order by name');

suite('a SQLite store of an older version', () => {
  test('is kept as it was, and only then, in a file that only its owner can read', async () => {
    const old = process.umask(0);
    try {
      await using here = await oldStore();
      const before = { all: await everything(here), done: await done(here) };
      for (let time = 0; time < 2; time++) await (await here.open())[Symbol.asyncDispose]();
      assert.deepEqual(here.folder(), ['roster.db', basename(here.copy)]);
      assert.equal((statSync(here.copy).mode & 0o777).toString(8), '600');
      assert.deepEqual({ all: await everything(here.kept), done: await done(here.kept) }, before);
      await using fresh = await sqlite();
      await using _ = await fresh.open();
      assert.deepEqual(
        readdirSync(dirname(fresh.file)).filter(name => name.includes('before')),
        [],
      );
    } finally {
      process.umask(old);
    }
  });

  test('is kept under the name of the first migration that is new to it', async () => {
    await using here = await sqlite();
    await makeOld(here, { upTo: '2026-11-22-third-decisions' });
    await (await here.open())[Symbol.asyncDispose]();
    assert.ok(existsSync(`${here.file}.before-2026-11-23-fourth-logins`));
    assert.ok(!existsSync(`${here.file}.before-${FIRST_NEW}`));
  });

  test('is as it was when bringing it up to date fails, and the next try begins anew', async () => {
    await using here = await oldStore();
    // What comes late among all that is done.
    await here.rows('create table purged (x)');
    const before = { all: await everything(here), done: await done(here) };
    writeFileSync(here.copy, 'of a try before');
    writeFileSync(`${here.copy}.partial`, 'of a try that was broken off');
    assert.match(await refusal(here.open()), /^the store .*roster\.db: table "purged" already exists$/);
    assert.deepEqual({ all: await everything(here), done: await done(here) }, before);
    assert.deepEqual({ all: await everything(here.kept), done: await done(here.kept) }, before);
    assert.deepEqual(here.folder(), ['roster.db', basename(here.copy)]);
    await here.rows('drop table purged');
    await using store = await here.open();
    assert.deepEqual(await readBack(store, snapshotNumber(3)), FIRST);
    assert.equal((await everything(here.kept))['purged'], undefined);
  });

  test('is not brought up to date when it cannot be kept', async () => {
    await using here = await oldStore();
    const before = { all: await everything(here), done: await done(here) };
    mkdirSync(here.copy);
    assert.match(
      await refusal(here.open()),
      /^the store .*roster\.db was not brought up to date: it is copied to .*-decisions first, and that failed: EISDIR/,
    );
    assert.deepEqual({ all: await everything(here), done: await done(here) }, before);
    assert.deepEqual(here.folder(), ['roster.db', basename(here.copy)]);
  });

  test('is kept as it was when several bring it up to date at once', async () => {
    await using here = await oldStore();
    const before = { all: await everything(here), done: await done(here) };
    const all = await Promise.all(
      [1, 2, 3].map(() => runProgram(process.execPath, ['--input-type=module', '--eval', opening(here)])),
    );
    for (const { code, stderr } of all) assert.equal(code, 0, stderr);
    assert.deepEqual({ all: await everything(here.kept), done: await done(here.kept) }, before);
  });

  test('is not touched by a daemon while another serves it', async () => {
    await using here = await oldStore();
    await using folder = await temporaryFolder();
    await using _ = await lockStore(here.config, 'serve');
    const config = { ...hrConfig(folder.path, 'mysql://nobody@127.0.0.1:1/hr'), store: here.config };
    await assert.rejects(
      startDaemon(config, pino({ enabled: false })),
      /^StoreError: another rosterd serves the store sqlite:.*roster\.db already/,
    );
    assert.equal((await done(here)).length, 2);
  });
});

suite('a MySQL store', () => {
  test('that is not reached says so, without the password', async () => {
    const port = await freePort();
    const url = `mysql://rosterd:s3cret@127.0.0.1:${port}/rosterd`;
    const text = `the store mysql://rosterd@127.0.0.1:${port}/rosterd cannot be used: refuses connections; is it running, and is the port right? (ECONNREFUSED)`;
    assert.equal(await refusal(openStore({ url }, { migrate: true })), text);
    assert.equal(await refusal(openStore({ url, password: 's3cret2' }, { migrate: false })), text);
  });

  test('that does not let us in says so, without the password', async () => {
    await using here = await mariadb();
    const unknown = Object.assign(new URL(here.config.url), { pathname: 'no_such_database' }).href;
    assert.match(
      await refusal(openStore({ url: unknown }, { migrate: true })),
      /cannot be used: Unknown database .*; make it there/,
    );
    const wrong = await refusal(openStore({ ...here.config, password: 's3cret' }, { migrate: true }));
    assert.match(wrong, /cannot be used: Access denied .*; are user and password right/);
    assert.ok(!wrong.includes('s3cret'));
  });

  test('that goes away is an error, and no wait', async () => {
    await using server = await startMariadb();
    await using here = await mariadb({ on: server.url });
    await using store = await here.open();
    await using lock = await store.lock('run');
    await server.kill('SIGKILL');
    await assert.rejects(store.snapshots.newest());
    const gone = /the store mysql:\S+ cannot be used: refuses connections; .*\(ECONNREFUSED\)$/;
    await assert.rejects(store.snapshots.newest(), { code: 'ECONNREFUSED', message: gone });
    await assert.rejects(store.lock('run'), { name: 'StoreError', message: gone });
    assert.equal(lock?.lost.aborted, true);
    await server.start();
    assert.equal(await store.snapshots.newest(), undefined, 'it is found again');
  });

  test('takes no notice of how its server is set up', async () => {
    await using server = await startMariadb({ durable: false });
    const root = await mysql.createConnection(server.url);
    await root.query(
      `set global sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES', global transaction_isolation = 'READ-UNCOMMITTED',
      global character_set_server = latin1, global collation_server = latin1_swedish_ci`.replace(
        'transaction_isolation',
        'tx_isolation',
      ),
    );
    await root.end();
    await using here = await mariadb({ on: server.url });
    await using store = await here.open();
    const odd = person("hr/o'brien\\", { nick_name: `"Bo" \\ O'Brien 😀`, email: "o'brien\\@corp.example" });
    const number = await publish(store, NOBODY, roster([odd]));
    assert.deepEqual([...(await readBack(store, number)).people.values()], [odd]);
    assert.deepEqual((await store.people.load([odd.key]))[0]?.value, odd);
    const long = person(`hr/${'x'.repeat(800)}`);
    await assert.rejects(publish(store, roster([odd]), roster([odd, long])), 'too long is an error, and not cut off');
  });
});
