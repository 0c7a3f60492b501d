import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, suite, test } from 'node:test';
import fc from 'fast-check';
import { Kysely, sql } from 'kysely';
import { backUp } from '../../scripts/backup.ts';
import { note, openBackup, stamp } from '../../scripts/backup-file.ts';
import { restore } from '../../scripts/restore.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { openTables } from '../../src/store/copy.ts';
import { openStore } from '../../src/store/open.ts';
import { migrations } from '../../src/store/schema.ts';
import { sqliteDialect } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { engines, mariadb, sqlite } from '../store/engines.ts';
import { everything } from '../store/everything.ts';
import { AT, begin, changesBetween, person, publish, roster } from '../store/rosters.ts';
import { command } from '../support/command.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeConfig } from '../support/rosterd.ts';
import { backedUp, settingsFor, TERMS } from './archive.ts';

/** One for all tests that only look at it. */
const shared = await backedUp();
after(() => shared[Symbol.asyncDispose]());

/** A file of its own with the backup in it, which a test may spoil. */
async function copy() {
  const folder = await temporaryFolder();
  const file = join(folder.path, 'backup.db');
  copyFileSync(shared.file, file);
  return { file, folder: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** All that a store can be asked. */
async function answers(store: Store) {
  const all = (await store.snapshots.list(99)).reverse();
  const hold = await store.holds.open();
  const bodies = all.map(async ({ number }) => Buffer.from(await renderSnapshot(store, number)).toString());
  const changes = all.flatMap(a => all.map(b => changesBetween(store, a.number, b.number)));
  return {
    snapshots: all,
    bodies: await Promise.allSettled(bodies),
    changes: await Promise.all(changes),
    history: [await store.people.history('1'), await store.departments.history('RD')],
    ledger: await store.ledger({ keys: [], usernames: ['1', '林'], emails: ['1@corp.example'] }),
    runs: await store.runs.list(99),
    holds: await store.holds.list(9),
    candidate: hold && (await store.holds.publication(hold.number)),
    pin: await store.pins.current(),
    extracts: await Promise.all((await store.extracts.heads()).map(head => store.extracts.get(head.source))),
    deliveries: await store.deliveries.list(9),
  };
}

test('from SQLite to MariaDB and back again everything is the same, and each can go on from there', async () => {
  await using folder = await temporaryFolder();
  await using other = await mariadb();
  await using back = await sqlite();
  await restore(other.config, shared.file, TERMS);
  const second = join(folder.path, 'second.db');
  await backUp(other.config, second, TERMS);
  const restored = await restore(back.config, second, TERMS);
  assert.deepEqual(restored.made, AT);
  assert.equal(restored.newest?.number, 3);
  const all = await everything(shared.here);
  assert.deepEqual(await everything(other), all);
  assert.deepEqual(await everything(back), all);
  assert.equal((statSync(back.file).mode & 0o777).toString(8), '600');
  await using first = await shared.here.open();
  const said = await answers(first);
  for (const place of [other, back]) {
    await using store = await place.open({ migrate: false });
    assert.deepEqual(await answers(store), said);
    const served = roster([person('hr/4')]);
    assert.equal(await publish(store, roster([]), served), 4);
    await using lock = await store.lock('serve');
    assert.ok(lock, 'nobody is kept out of it');
  }
});

for (const [engine, place] of Object.entries(engines)) {
  suite(`rosterd restore, into a store in ${engine}`, () => {
    test('that is not empty is refused, and says the way out', async () => {
      await using to = await place();
      await using store = await to.open();
      await begin(store);
      const before = await everything(to);
      const way = engine === 'SQLite' ? /it has runs up to 1; move its file away/ : /it has runs up to 1; name another/;
      await assert.rejects(restore(to.config, shared.file, TERMS), { name: 'Failed', message: way });
      assert.deepEqual(await everything(to), before);
    });

    test('that was made and never used is filled', async () => {
      await using to = await place();
      await (await to.open())[Symbol.asyncDispose]();
      await restore(to.config, shared.file, TERMS);
      assert.deepEqual(await everything(to), await everything(shared.here));
    });

    test('in which a run is under way is refused', async () => {
      await using to = await place();
      await using store = await to.open();
      await using _ = await store.lock('run');
      await assert.rejects(restore(to.config, shared.file, TERMS), /^Failed: a run is under way on the store/);
      assert.equal(await store.snapshots.newest(), undefined);
    });

    test('that is broken off leaves the store as it was', async () => {
      await using to = await place();
      const stop = new AbortController();
      const onRows = (table: string) => table === 'deliveries' && stop.abort(new Error('stopped'));
      await assert.rejects(restore(to.config, shared.file, { signal: stop.signal, onRows }), /^Error: stopped$/);
      if (engine === 'SQLite') assert.equal(existsSync(to.config.url.replace('sqlite:', '')), false);
      await restore(to.config, shared.file, TERMS);
      assert.deepEqual(await everything(to), await everything(shared.here));
    });
  });
}

suite('rosterd restore, into SQLite', () => {
  test('is refused while a daemon serves that store', async () => {
    await using to = await sqlite();
    await using store = await to.open();
    await using _ = await store.lock('serve');
    await assert.rejects(restore(to.config, shared.file, TERMS), /^Failed: rosterd serves the store .*; stop it first/);
  });

  test('is refused beside what a store left that was moved away by half', async () => {
    await using to = await sqlite();
    writeFileSync(`${to.file}-wal`, 'what was written last');
    await assert.rejects(
      restore(to.config, shared.file, TERMS),
      /roster\.db-wal is of a store that was at .*roster\.db/,
    );
    assert.equal(readFileSync(`${to.file}-wal`, 'utf8'), 'what was written last');
  });

  test('of an older version is told of it', async () => {
    await using to = await sqlite();
    await (await to.open())[Symbol.asyncDispose]();
    await to.rows("delete from kysely_migration where name > '2026-11-22-first'");
    await assert.rejects(
      restore(to.config, shared.file, TERMS),
      /is not empty: it has whatever an older rosterd has put/,
    );
  });
});

suite('a backup', () => {
  test('with any byte changed is refused', async () => {
    await using at = await copy();
    const bytes = readFileSync(at.file);
    const flip = async (place: number, bit: number) => {
      writeFileSync(at.file, flipped(bytes, place, bit));
      await assert.rejects(openBackup(at.file), /^Failed: the backup .*backup\.db is damaged, or none: it is not as /);
    };
    await fc.assert(fc.asyncProperty(anywhere(bytes), fc.nat(7), flip));
  });

  test('with a byte changed that looking at it changes, too, is refused or read as it was', async () => {
    await using at = await copy();
    const whole = await everything(shared.here);
    const bytes = readFileSync(at.file);
    const flip = async (place: number, bit: number) => {
      writeFileSync(at.file, flipped(bytes, place, bit));
      await using to = await sqlite();
      const restored = await restore(to.config, at.file, TERMS).catch((error: Error) => error);
      if (restored instanceof Error) assert.equal(existsSync(to.file), false, String(restored));
      else assert.deepEqual(await everything(to), whole);
    };
    await fc.assert(fc.asyncProperty(fc.constantFrom(...LOOKED_AT), fc.nat(7), flip), { numRuns: 25 });
  });

  test('that is cut off is refused, wherever', async () => {
    await using at = await copy();
    const { size } = statSync(at.file);
    for (const length of [0, 1, 99, 100, 4096, size / 2, size - 4096, size - 1]) {
      const cut = join(at.folder, 'cut.db');
      copyFileSync(at.file, cut);
      truncateSync(cut, Math.floor(length));
      await assert.rejects(openBackup(cut), /^Failed: the backup .*cut\.db is damaged, or none: /, `${length} bytes`);
    }
  });

  test('that is refused changes nothing, in the store and in itself', async () => {
    await using at = await copy();
    await using to = await sqlite();
    writeFileSync(at.file, readFileSync(at.file).subarray(0, 50_000));
    const before = readFileSync(at.file);
    await assert.rejects(restore(to.config, at.file, TERMS), /is damaged, or none/);
    assert.deepEqual(readFileSync(at.file), before);
    assert.deepEqual(readdirSync(at.folder), ['backup.db']);
    assert.equal(existsSync(to.file), false);
  });

  test('is not what any other file is', async () => {
    await using at = await copy();
    await using to = await sqlite();
    const path = shared.here.config.url.replace('sqlite:', '');
    await assert.rejects(
      restore(to.config, path, TERMS),
      /is damaged, or none: it is not as "rosterd backup" has written it/,
    );
    await assert.rejects(
      restore(to.config, join(at.folder, 'none.db'), TERMS),
      /^UsageError: there is no file .*none\.db$/,
    );
    await assert.rejects(restore(to.config, at.folder, TERMS), /^UsageError: .* is no file$/);
    writeFileSync(join(at.folder, 'text.db'), 'no database at all, but a text that is longer than a header '.repeat(9));
    await assert.rejects(restore(to.config, join(at.folder, 'text.db'), TERMS), /is damaged, or none: it is not as/);
    await stamp(join(at.folder, 'text.db'));
    await assert.rejects(restore(to.config, join(at.folder, 'text.db'), TERMS), /none: file is not a database/);
  });

  test('that was only looked at is still one, but not what rosterd has served since', async () => {
    await using at = await copy();
    const config = { url: `sqlite:${at.file}` };
    {
      await using seen = await openStore(config, { migrate: false });
      assert.equal((await seen.snapshots.newest())?.number, 3);
    }
    await (await openBackup(at.file))[Symbol.asyncDispose]();
    {
      await using served = await openStore(config, { migrate: false });
      await served.pins.end(AT);
    }
    await assert.rejects(openBackup(at.file), /If rosterd has served it since, it is a store: name it as that/);
    const second = join(at.folder, 'second.db');
    await backUp(config, second, TERMS);
    await using backup = await openBackup(second);
    assert.deepEqual({ ...backup.note }, { made: AT.toISOString(), of: `sqlite:${at.file}` });
  });

  test('of a newer version is refused', async () => {
    await using at = await copy();
    {
      using database = new DatabaseSync(at.file);
      database.exec("insert into kysely_migration values ('2999-01-01-hovering', '2999')");
    }
    await stamp(at.file);
    await assert.rejects(openBackup(at.file), /was made by a newer rosterd \(it has 2999-01-01-hovering\); install/);
  });

  test('of an older version is brought up to date on the way, and stays as it is', async () => {
    await using at = await copy();
    const old = join(at.folder, 'old.db');
    await makeOldBackup(old);
    const before = readFileSync(old);
    await using to = await mariadb();
    const { newest } = await restore(to.config, old, TERMS);
    assert.equal(newest, undefined);
    assert.deepEqual(
      (await to.rows('select number, closed, how from holds')).map(row => ({ ...row })),
      [{ number: 1, closed: 5, how: 'outdated' }],
      'its open hold has no candidate, and is closed',
    );
    assert.deepEqual(readFileSync(old), before);
    assert.deepEqual(readdirSync(at.folder).sort(), ['backup.db', 'old.db']);
  });
});

/** The bytes of a SQLite file that change when somebody opens it: how it is written, how often it was, and by which version. */
const LOOKED_AT = [18, 19, 24, 25, 26, 27, 92, 93, 94, 95, 96, 97, 98, 99];

/** Any other byte, those of the head as often as all the others. */
const anywhere = (bytes: Buffer) =>
  fc.oneof(fc.nat(99), fc.nat(bytes.length - 1)).filter(place => !LOOKED_AT.includes(place));

function flipped(bytes: Buffer, place: number, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[place] = (changed[place] ?? 0) ^ (1 << bit);
  return changed;
}

/** As the versions wrote it that knew no candidates of holds. */
async function makeOldBackup(file: string): Promise<void> {
  const done = ['2026-11-22-first', '2026-11-22-second-extracts'];
  const db = new Kysely<never>({ dialect: sqliteDialect(file, { timeout: 0, create: true }) });
  for (const name of done) await migrations('sqlite')[name]?.up(db as never);
  await db.destroy();
  {
    using database = new DatabaseSync(file);
    database.exec('create table kysely_migration (name text primary key, timestamp text)');
    const at = [0, 1].map(day => new Date(day).toISOString());
    database.exec(`insert into kysely_migration values ('${done[0]}', '${at[0]}'), ('${done[1]}', '${at[1]}')`);
    database.exec("insert into holds (number, run, opened, findings, changes) values (1, 1, 5, '[]', '{}')");
  }
  const tables = openTables({ url: `sqlite:${file}` }, 'it');
  await sql`pragma journal_mode = delete`.execute(tables.db);
  await note(tables, { made: AT.toISOString(), of: 'sqlite:old.db' });
  await tables[Symbol.asyncDispose]();
  await stamp(file);
}

test('rosterd restore says what was restored, to people and to scripts', async () => {
  await using folder = await temporaryFolder();
  const restored = async (name: string, ...args: string[]) => {
    const config = await writeConfig(folder.path, settingsFor(`sqlite:${folder.path}/${name}.db`));
    const { stdout, stderr, code } = await command(['restore', shared.file, '--config', config, ...args]);
    assert.deepEqual([stderr, code], ['', 0]);
    return stdout;
  };
  assert.equal(
    await restored('one'),
    `restored sqlite:${folder.path}/one.db from ${shared.file}, made 2026-11-22 03:04
3 snapshots, the newest is 3 of 2026-11-22 03:04 with 3 people · 66 runs · copied and compared
`,
  );
  const json = JSON.parse(await restored('two', '--json')) as Record<string, unknown>;
  assert.deepEqual([json['event'], json['made'], json['snapshots']], ['store.restored', AT.toISOString(), 3]);
});
