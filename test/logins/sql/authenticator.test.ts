import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashPassword } from '../../../src/logins/sql/hashes.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { freshDatabase } from '../../support/mariadb.ts';
import { sharedAddress } from '../../support/shared.ts';
import { ask, opened, sqlConfig, why } from '../configured.ts';
import { silentServer } from '../listening.ts';

const query = 'SELECT hash FROM people WHERE login = ?';
const adas = await hashPassword('ada-secret 🔑');

/** Login and hash of everybody in the databases below. */
const people: readonly [string, string | null][] = [
  ['ada', adas],
  ['twin', adas],
  ['twin', adas],
  ['without', null],
  ['blank', ''],
  ["o'brien\\", adas],
  ['locked', `!${adas}`],
  ['bare', '5f4dcc3b5aa765d61d8327deb882cf99'],
  ['slow', `$2b$14$${'a'.repeat(53)}`],
];

const table = 'CREATE TABLE people (id INTEGER PRIMARY KEY, login VARCHAR(50), hash VARCHAR(200))';
const insert = 'INSERT INTO people (id, login, hash) VALUES (?, ?, ?)';

async function sqliteDatabase() {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'hr.db');
  using database = new DatabaseSync(file);
  database.exec(table);
  for (const [id, [login, hash]] of people.entries()) database.prepare(insert).run(id, login, hash);
  return { url: `sqlite:${file}`, file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function mariadbDatabase() {
  const database = await freshDatabase();
  await database.execute(table);
  for (const [id, [login, hash]] of people.entries()) await database.execute(insert, [id, login, hash]);
  return {
    url: await database.reader(),
    execute: database.execute,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

for (const [kind, open] of Object.entries({ SQLite: sqliteDatabase, MariaDB: mariadbDatabase })) {
  suite(`password hashes in ${kind}`, () => {
    test('decide', async () => {
      await using database = await open();
      const config = sqlConfig({ url: database.url, query });
      await using authenticator = await opened(config);
      const said = (login: string, password: string) =>
        authenticator.check(login, password, { signal: new AbortController().signal });
      assert.deepEqual(await said('ada', 'ada-secret 🔑'), { status: 'accepted' });
      assert.deepEqual(await said("o'brien\\", 'ada-secret 🔑'), { status: 'accepted' });
      assert.deepEqual(await said('ada', 'ada-secret'), {
        status: 'refused',
        weighed: true,
        why: 'ada has another password',
      });
      assert.deepEqual(await said('eve', 'x'), { status: 'unknown', why: 'no row has that login' });
      assert.deepEqual(await said("' OR 1 = 1 -- ", 'x'), { status: 'unknown', why: 'no row has that login' });
      assert.deepEqual(await said('twin', 'ada-secret 🔑'), {
        status: 'refused',
        weighed: false,
        why: 'several rows have the login twin',
      });
      for (const login of ['without', 'blank']) {
        const why = `${login} has no password there`;
        assert.deepEqual(await said(login, 'x'), { status: 'refused', weighed: false, why });
      }
      const why = 'the password of locked is locked there';
      assert.deepEqual(await said('locked', 'ada-secret 🔑'), { status: 'refused', weighed: false, why });
    });

    test('of an unknown form are an outage, and not in its words', async () => {
      await using database = await open();
      const config = sqlConfig({ url: database.url, query });
      assert.deepEqual(await ask(config, 'bare', 'x'), {
        status: 'unavailable',
        why: 'the password hash of bare is 32 hexadecimal digits; name how they were made by scheme: md5',
      });
    });

    test('of a wrong number of columns are an outage, even where nobody is known', async () => {
      await using database = await open();
      const said = (columns: string, more = {}) => {
        const asking = `SELECT ${columns} FROM people WHERE login = ?`;
        return ask(sqlConfig({ url: database.url, query: asking, ...more }), 'eve', 'x');
      };
      const salted = { scheme: 'md5', salt: 'before' };
      assert.deepEqual(await said('hash, id'), {
        status: 'unavailable',
        why: 'the query gives 2 columns; it must give the hash alone, or, with scheme and salt, the hash and the salt',
      });
      assert.deepEqual(await said('hash', salted), {
        status: 'unavailable',
        why: 'the query gives one column; with salt it must give two, the hash and the salt',
      });
      assert.equal((await said('hash')).status, 'unknown');
      assert.equal((await said('hash, id', salted)).status, 'unknown');
    });

    test('may be bytes', async () => {
      await using database = await open();
      const asBytes = 'SELECT CAST(hash AS BINARY) FROM people WHERE login = ?';
      const config = sqlConfig({
        url: database.url,
        query: asBytes.replace('BINARY', kind === 'SQLite' ? 'BLOB' : 'BINARY'),
      });
      assert.equal((await ask(config, 'ada', 'ada-secret 🔑')).status, 'accepted');
    });

    test('that cannot be asked for are an outage', async () => {
      await using database = await open();
      const config = sqlConfig({ url: database.url, query: 'SELECT hash FROM persons WHERE login = ?' });
      const verdict = await ask(config, 'ada', 'ada-secret 🔑');
      assert.equal(verdict.status, 'unavailable');
      assert.match(why(verdict), /persons/);
    });
  });
}

suite('a SQLite file', () => {
  test('that is missing is not made, and named', async () => {
    await using folder = await temporaryFolder();
    const config = sqlConfig({ url: `sqlite:${folder.path}/none.db`, query });
    assert.deepEqual(await ask(config, 'ada', 'x'), {
      status: 'unavailable',
      why: `${folder.path}/none.db: unable to open database file`,
    });
  });

  test('that somebody writes is waited for, as long as there is time', async () => {
    await using database = await sqliteDatabase();
    using writer = new DatabaseSync(database.file);
    writer.exec('BEGIN EXCLUSIVE');
    const config = sqlConfig({ url: database.url, query, timeout: '100ms' });
    assert.equal(why(await ask(config, 'ada', 'x')), 'did not answer within 100 ms');
    const asked = ask({ ...config, timeout: 5000 }, 'ada', 'ada-secret 🔑');
    await sleep(60);
    writer.exec('COMMIT');
    assert.equal((await asked).status, 'accepted');
  });
});

test('what is done is told to somebody who looks on, and nothing of the hash', async () => {
  await using database = await sqliteDatabase();
  await using authenticator = await opened(sqlConfig({ url: database.url, query }));
  const told = async (login: string, password: string) => {
    const steps: string[] = [];
    await authenticator.check(login, password, {
      signal: new AbortController().signal,
      note: step => steps.push(step),
    });
    return steps;
  };
  const found = ['1 row has the login ada', 'the password hash is of scrypt, N=16384, r=8, p=1'];
  assert.deepEqual(await told('ada', 'ada-secret 🔑'), [...found, 'the password is the same']);
  assert.deepEqual(await told('ada', 'ada-secret'), [...found, 'the password is a different one']);
  assert.deepEqual(await told('twin', 'x'), ['2 rows have the login twin']);
});

test('a hash that takes too long is given up in time', async () => {
  await using database = await sqliteDatabase();
  const verdict = await ask(sqlConfig({ url: database.url, query, timeout: '300ms' }), 'slow', 'x');
  assert.deepEqual(verdict, { status: 'unavailable', why: 'did not answer within 300 ms' });
});

suite('a MariaDB server', () => {
  test('that makes hashes itself makes what we can compare with', async () => {
    await using database = await mariadbDatabase();
    const said = (made: string, more = {}) =>
      ask(sqlConfig({ url: database.url, query: `SELECT ${made} WHERE ? <> ''`, ...more }), 'ada', 'pässwörd 🔑');
    const password = "'pässwörd 🔑'";
    const before = { scheme: 'md5', salt: 'before' };
    const after = { scheme: 'sha256', salt: 'after' };
    const accepted = { status: 'accepted' };
    assert.deepEqual(await said(`PASSWORD(${password})`), accepted);
    assert.deepEqual(await said(`SHA1(${password})`, { scheme: 'sha1' }), accepted);
    assert.deepEqual(await said(`MD5(CONCAT('s-鹽', ${password})), 's-鹽'`, before), accepted);
    assert.deepEqual(await said(`SHA2(CONCAT(${password}, 7), 256), 7`, after), accepted);
    assert.equal((await said(`SHA2(CONCAT(${password}, 7), 256), 8`, after)).status, 'refused');
  });

  const through = (url: string, port: number) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href;
  const behindProxy = () =>
    startFaultProxy({ host: '127.0.0.1', port: Number(new URL(sharedAddress('ROSTERD_TEST_MYSQL_URL')).port) });

  test('takes the password from the configuration', async () => {
    await using database = await mariadbDatabase();
    const { username, password, host, pathname } = new URL(database.url);
    const url = `mysql://${username}@${host}${pathname}`;
    assert.equal((await ask(sqlConfig({ url, password, query }), 'ada', 'ada-secret 🔑')).status, 'accepted');
    const verdict = await ask(sqlConfig({ url, password: 'old', query }), 'ada', 'ada-secret 🔑');
    assert.equal(verdict.status, 'unavailable');
    assert.match(why(verdict), /^Access denied for user/);
  });

  test('that stands still is given up in time', async () => {
    await using database = await mariadbDatabase();
    await using proxy = await behindProxy();
    const config = sqlConfig({ url: through(database.url, proxy.port), query, timeout: '300ms' });
    assert.equal((await ask({ ...config, timeout: 5000 }, 'ada', 'ada-secret 🔑')).status, 'accepted');
    proxy.freeze();
    const start = performance.now();
    const late = { status: 'unavailable', why: 'did not answer within 300 ms' };
    assert.deepEqual(await ask(config, 'ada', 'ada-secret 🔑'), late);
    assert.ok(performance.now() - start < 1000);
    const slow = sqlConfig({
      url: database.url,
      query: 'SELECT SLEEP(1) FROM people WHERE login = ?',
      timeout: '300ms',
    });
    assert.deepEqual(await ask(slow, 'ada', 'x'), late);
  });

  test('that breaks off is an outage', async () => {
    await using database = await mariadbDatabase();
    await using proxy = await behindProxy();
    const config = sqlConfig({ url: through(database.url, proxy.port), query, timeout: '3s' });
    for (const bytes of [0, 20, 100, 130]) {
      for (const how of ['fin', 'rst'] as const) {
        proxy.cutAfter(bytes, how);
        const verdict = await ask(config, 'ada', 'ada-secret 🔑');
        assert.equal(verdict.status, 'unavailable', `${how} after ${bytes}`);
        assert.doesNotMatch(why(verdict), /did not answer/, `${how} after ${bytes}`);
      }
    }
    proxy.refuse();
    assert.match(why(await ask(config, 'ada', 'x')), /ECONNREFUSED/);
  });

  test('without TLS is not asked in the clear where TLS is wanted', async () => {
    await using database = await mariadbDatabase();
    const verdict = await ask(sqlConfig({ url: database.url, query, tls: {} }), 'ada', 'ada-secret 🔑');
    assert.equal(verdict.status, 'unavailable');
    assert.match(why(verdict), /secure connection|certificate/);
  });

  test('is not waited for when nobody waits for us', async () => {
    await using database = await mariadbDatabase();
    const slow = sqlConfig({ url: database.url, query: 'SELECT SLEEP(1) FROM people WHERE login = ?' });
    await using authenticator = await opened(slow);
    const giveUp = new AbortController();
    const asked = authenticator.check('ada', 'x', { signal: giveUp.signal });
    await sleep(100);
    giveUp.abort();
    assert.deepEqual(await asked, { status: 'unavailable', why: 'was given up, by who asked, before it answered' });
  });

  test('keeps no connection of an attempt that was given up', async () => {
    await using silent = await silentServer();
    for (const tls of [undefined, {}]) {
      const url = `mysql://reader@127.0.0.1:${silent.port}/hr`;
      const verdict = await ask(sqlConfig({ url, query, tls, timeout: '50ms' }), 'ada', 'x');
      assert.equal(why(verdict), 'did not answer within 50 ms');
    }
    await sleep(50);
    assert.equal(silent.open, 0);
  });

  test('keeps no connection of an attempt that was answered, or failed', async () => {
    await using database = await mariadbDatabase();
    const account = new URL(database.url).username;
    await ask(sqlConfig({ url: database.url, query, timeout: '9s' }), 'ada', 'x');
    await ask(sqlConfig({ url: database.url, query: 'SELECT nothing WHERE 1 = ?', timeout: '9s' }), 'ada', 'x');
    const count = 'SELECT COUNT(*) AS open FROM information_schema.processlist WHERE user = ?';
    const open = async () => ((await database.execute(count, [account])) as { open: number }[])[0]?.open;
    for (let tries = 0; tries < 100 && (await open()) !== 0; tries += 1) await sleep(20);
    assert.equal(await open(), 0);
  });
});
