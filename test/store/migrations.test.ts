import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type DatabaseConnection, type Driver, Kysely, type MysqlDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { snapshotNumber } from '../../src/roster/model.ts';
import { mysqlDialect } from '../../src/store/mysql.ts';
import { migrations } from '../../src/store/schema.ts';
import { mariadb, type Place } from './engines.ts';
import { FIRST } from './everything.ts';
import { makeOld } from './old.ts';
import { readBack } from './rosters.ts';

const BROKEN = 'broken off';

/** Lets so many statements that change something through, and then none. */
class Mortal {
  readonly #dialect: MysqlDialect;
  #left: number;

  constructor(dialect: MysqlDialect, changes: number) {
    this.#dialect = dialect;
    this.#left = changes;
  }

  get dialect() {
    const driver = () => this.#driver(this.#dialect.createDriver());
    return new Proxy(this.#dialect, {
      get: (dialect, name) => {
        if (name === 'createDriver') return driver;
        const value: unknown = Reflect.get(dialect, name, dialect);
        return typeof value === 'function' ? value.bind(dialect) : value;
      },
    });
  }

  #driver(driver: Driver): Driver {
    return new Proxy(driver, {
      get: (_, name) => {
        if (name === 'acquireConnection') return async () => this.#connection(await driver.acquireConnection());
        if (name === 'releaseConnection') return (one: Mourned) => driver.releaseConnection(one.connection);
        const value: unknown = Reflect.get(driver, name, driver);
        return typeof value === 'function' ? value.bind(driver) : value;
      },
    });
  }

  #connection(connection: DatabaseConnection): Mourned {
    return {
      connection,
      executeQuery: async query => {
        const isChange = /^\s*(alter|create|drop|insert|update|delete)\b/i.test(query.sql);
        if (isChange && this.#left-- <= 0) throw new Error(BROKEN);
        return await connection.executeQuery(query);
      },
      streamQuery: (query, size) => connection.streamQuery(query, size),
    };
  }
}

type Mourned = DatabaseConnection & { readonly connection: DatabaseConnection };

/** Brings a store up to date by way of so many changes; gives how many migrations it has behind it then. */
async function migrateFor({ config }: Place, changes: number): Promise<{ done: number; isOver: boolean }> {
  const all = migrations('mysql');
  await using db = new Kysely<unknown>({ dialect: new Mortal(mysqlDialect(config), changes).dialect });
  const { error, results } = await new Migrator({ db, provider: { getMigrations: async () => all } }).migrateToLatest();
  if (error) assert.equal((error as Error).message, BROKEN);
  return { done: (results ?? []).filter(one => one.status === 'Success').length, isOver: error === undefined };
}

/** Breaks it off after each of its changes in turn: what one try did is there in the next. Gives how often that was. */
async function breakOffEverywhere(here: Place): Promise<number> {
  let times = 0;
  for (let changes = 0, isOver = false; !isOver; times++) {
    const tried = await migrateFor(here, changes);
    // What a migration begins with is broken off, too.
    changes = tried.done > 0 ? 0 : changes + 1;
    isOver = tried.isOver;
  }
  return times;
}

/** What tables look like, with all that belongs to them. */
async function shape({ rows }: Place): Promise<unknown> {
  const columns =
    await rows(`select table_name, column_name, ordinal_position, column_default, is_nullable, column_type,
    column_key from information_schema.columns where table_schema = database() order by 1, 3`);
  const indexes = await rows(`select table_name, index_name, non_unique, seq_in_index, column_name
    from information_schema.statistics where table_schema = database() order by 1, 2, 4`);
  return { columns, indexes, settings: await rows('select * from settings where name = "decision"') };
}

suite('bringing a MySQL store up to date', () => {
  test('can be broken off after any statement, and is done by the next who tries', async () => {
    await using whole = await mariadb();
    await (await whole.open())[Symbol.asyncDispose]();
    await using here = await mariadb();
    assert.ok((await breakOffEverywhere(here)) >= 50);
    await using store = await here.open();
    assert.deepEqual(await shape(here), await shape(whole));
    assert.deepEqual(await store.notices.states(), []);
    assert.equal(await store.notices.record({ before: [], after: [], fresh: [] }), true);
  });

  test('so does that of an old one, with all that is in it', async () => {
    await using here = await mariadb();
    await makeOld(here);
    assert.ok((await breakOffEverywhere(here)) >= 35);
    await using store = await here.open();
    assert.deepEqual(await readBack(store, snapshotNumber(3)), FIRST);
  });
});
