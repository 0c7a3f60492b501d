import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Kysely, sql } from 'kysely';
import { mysqlDialect, type Patience } from '../../src/store/mysql.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { mariadb } from './engines.ts';

/** A pool of connections on a database of the test's own, which a proxy may freeze. */
async function pool(patience: Partial<Patience>) {
  await using stack = new AsyncDisposableStack();
  const here = stack.use(await mariadb());
  const { hostname: host, port } = new URL(here.config.url);
  const proxy = stack.use(await startFaultProxy({ host, port: Number(port) }));
  const config = { url: proxy.through(here.config.url) };
  const dialect = mysqlDialect(config, {
    connecting: 5000,
    reading: 5000,
    writing: 5000,
    rebuilding: 5000,
    ...patience,
  });
  const db = new Kysely<unknown>({ dialect });
  stack.defer(() => db.destroy());
  const owned = stack.move();
  return { db, proxy, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const limitOf = async (db: Kysely<unknown>) => {
  const { rows } = await sql<{ Value: string }>`show session variables like 'wait_timeout'`.execute(db);
  return Number(rows[0]?.Value);
};

suite('a server that is frozen', { concurrency: true }, () => {
  test('is an error after a while, for whoever reads and for whoever writes, and is used again when it is back', async () => {
    await using at = await pool({ connecting: 200, reading: 200, writing: 400 });
    await sql`create table notes (text int)`.execute(at.db);
    await Promise.all([1, 2].map(() => sql`select sleep(0.05)`.execute(at.db)));
    at.proxy.freeze();
    const order = assert.rejects(sql`delete from notes`.execute(at.db), {
      code: 'ETIMEDOUT',
      syscall: 'read',
      message: /^the store mysql:.* did not say a word for 0\.4 s; is its server frozen\?$/,
    });
    await assert.rejects(sql`select * from notes`.execute(at.db), /did not say a word for 0\.2 s/);
    await assert.rejects(
      sql`select * from notes`.execute(at.db),
      /the store mysql:\S+ cannot be used: cannot be reached \(ETIMEDOUT\)$/,
      'on another connection',
    );
    const others = Array.from({ length: 9 }, () => sql`select * from notes`.execute(at.db));
    for (const one of await Promise.allSettled(others)) assert.match(String(one.status), /rejected/);
    await order;
    await at.proxy.restore();
    assert.deepEqual((await sql`select * from notes`.execute(at.db)).rows, []);
  });

  test('is another matter than one that takes long over an answer, or over whole tables', async () => {
    await using at = await pool({ reading: 400, writing: 400 });
    const { rows } =
      await sql`select sleep(0.1), repeat('x', 99999) from information_schema.collations limit 10`.execute(at.db);
    assert.equal(rows.length, 10);
    await sql`create table notes as select sleep(0.6)`.execute(at.db);
    await assert.rejects(sql`select sleep(0.6)`.execute(at.db), /did not say a word/);
  });
});

test('a transaction is given up by the server when nothing is heard, a connection without one is not', async () => {
  await using at = await pool({});
  const usual = await limitOf(at.db);
  assert.ok(usual > 60);
  for (const end of ['commit', 'roll back']) {
    await at.db.connection().execute(async db => {
      const work = db.transaction().execute(async transaction => {
        assert.equal(await limitOf(transaction as unknown as Kysely<unknown>), 9);
        if (end === 'roll back') throw new Error('on purpose');
      });
      await work.catch(error => assert.equal((error as Error).message, 'on purpose'));
      assert.equal(await limitOf(db), usual, end);
    });
  }
});
