import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Kysely, type KyselyPlugin, sql } from 'kysely';
import { copyStore, type OpenTables, openTables } from '../../src/store/copy.ts';
import { mysqlDialect } from '../../src/store/mysql.ts';
import { PRIMARY_KEYS, type Tables } from '../../src/store/schema.ts';
import { sqliteDialect } from '../../src/store/sqlite.ts';
import { engines, mariadb, type Place, sqlite } from './engines.ts';
import { everything, FIRST, fill, tablesIn } from './everything.ts';
import { person, publish, roster } from './rosters.ts';

const NEVER = new AbortController().signal;

/** A store that is there and has nothing in it. */
async function made(place: () => Promise<Place>): Promise<Place> {
  const here = await place();
  await (await here.open())[Symbol.asyncDispose]();
  return here;
}

async function copied(from: Place, to: Place, signal = NEVER): Promise<void> {
  await using source = openTables(from.config, 'the one');
  await using target = openTables(to.config, 'the other');
  await copyStore(source, target, { signal });
}

/** The tables of a place for somebody who is told whenever rows were read. */
function overheard({ config }: Place, heard: () => Promise<void>): OpenTables {
  const path = config.url.replace(/^sqlite:/, '');
  const isFile = path !== config.url;
  const dialect = isFile ? sqliteDialect(path, { timeout: 5000, create: false }) : mysqlDialect(config);
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (result.rows.length > 0) await heard();
      return result;
    },
  };
  const db = new Kysely<Tables>({ dialect, plugins: [plugin] });
  return { engine: isFile ? 'sqlite' : 'mysql', what: 'the one', db, [Symbol.asyncDispose]: () => db.destroy() };
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`the tables of a store in ${engine}`, () => {
    test('are all in the list of those that are copied, with their keys', async () => {
      await using here = await made(place);
      assert.deepEqual(await tablesIn(here), Object.keys(PRIMARY_KEYS).sort());
      for (const [table, keys] of Object.entries(PRIMARY_KEYS)) {
        const rows =
          engine === 'SQLite'
            ? await here.rows(`select name, pk as place from pragma_table_info('${table}') where pk > 0`)
            : await here.rows(
                `select column_name as name, seq_in_index as place from information_schema.statistics where table_schema = database() and table_name = '${table}' and index_name = 'PRIMARY'`,
              );
        const columns = rows.sort((a, b) => Number(a['place']) - Number(b['place'])).map(row => row['name']);
        assert.deepEqual(columns, keys, table);
      }
    });

    test('are copied as they were when that began, while somebody goes on writing', async () => {
      await using here = await place();
      await using there = await made(sqlite);
      await using store = await here.open();
      await fill(store, here);
      const before = await everything(here);
      let published = 0;
      let served = FIRST;
      await using source = overheard(here, async () => {
        if (published >= 5) return;
        published += 1;
        // Each in a transaction of its own, which would show in some tables and not in others.
        const next = roster(
          [...served.people.values(), person(`late/late-${published}`)],
          [...served.departments.values()],
        );
        await publish(store, served, next);
        served = next;
      });
      await using target = openTables(there.config, 'the other');
      const tally = await copyStore(source, target, { signal: NEVER });
      assert.equal(published, 5);
      assert.deepEqual(await everything(there), before);
      assert.equal(tally['runs']?.rows, before['runs']?.length);
      assert.notDeepEqual(await everything(here), before);
    });

    test('stay as they were when a copy into them is broken off', async () => {
      await using from = await sqlite();
      await using store = await from.open();
      await fill(store, from);
      await using to = await made(place);
      await to.rows("insert into settings values ('mine', 'kept')");
      const before = await everything(to);
      const stop = new AbortController();
      await using source = openTables(from.config, 'the one');
      await using target = openTables(to.config, 'the other');
      const onRows = (table: string) => table === 'settings' && stop.abort(new Error('enough'));
      await assert.rejects(copyStore(source, target, { signal: stop.signal, onRows }), /^Error: enough$/);
      assert.deepEqual(await everything(to), before);
    });
  });
}

suite('a copy of a store', () => {
  test('is the same, row by row, on either engine and back again', async () => {
    await using first = await sqlite();
    await using store = await first.open();
    // More than a page of people, and of the names in the ledger.
    await fill(store, first, { more: 4200 });
    await using second = await made(mariadb);
    await using third = await made(sqlite);
    await copied(first, second);
    await copied(second, third);
    const all = await everything(first);
    for (const [table, rows] of Object.entries(all)) assert.ok(rows.length > 0, `nothing is in ${table}`);
    assert.deepEqual(await everything(second), all);
    assert.deepEqual(await everything(third), all);
  });

  test('takes the place of what was there', async () => {
    await using from = await made(sqlite);
    await using to = await sqlite();
    await using store = await to.open();
    await fill(store, to);
    await copied(from, to);
    assert.deepEqual(await everything(to), await everything(from));
  });

  test('that the other side does not keep as it was given is an error', async () => {
    await using from = await sqlite();
    await using store = await from.open();
    await fill(store, from);
    await using to = await made(mariadb);
    await to.rows('create trigger meddle before insert on holds for each row set new.reason = "meddled"');
    const before = await everything(to);
    await assert.rejects(copied(from, to), /^StoreError: the other did not keep what was written to it, in holds$/);
    assert.deepEqual(await everything(to), before);
  });

  test('that cannot be read, or written, says which', async () => {
    await using from = await sqlite();
    await using store = await from.open();
    await fill(store, from);
    await using to = await made(mariadb);
    await to.rows('drop table pins');
    await assert.rejects(copied(from, to), /^StoreError: the other cannot be written: Table '.*pins' doesn't exist$/);
    await assert.rejects(copied(to, from), /^StoreError: the one cannot be read: Table '.*pins' doesn't exist$/);
  });

  test('of a file leaves that file as it is', async () => {
    await using from = await sqlite();
    {
      await using store = await from.open();
      await fill(store, from);
    }
    await from.rows('pragma journal_mode = delete');
    await using tables = openTables(from.config, 'the one', { readOnly: true });
    await using to = await made(sqlite);
    await using target = openTables(to.config, 'the other');
    await copyStore(tables, target, { signal: NEVER });
    const { rows } = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(tables.db);
    assert.equal(rows[0]?.journal_mode, 'delete');
    await assert.rejects(tables.db.deleteFrom('pins').execute(), /readonly database/);
  });
});
