import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { backUp } from '../../scripts/backup.ts';
import { copying } from '../../scripts/copying.ts';
import { sizeText } from '../../scripts/text/backup.ts';
import { lockFile } from '../../src/store/sqlite.ts';
import { engines, type Place, sqlite } from '../store/engines.ts';
import { everything } from '../store/everything.ts';
import { makeOld } from '../store/old.ts';
import { command } from '../support/command.ts';
import { runProgram } from '../support/program.ts';
import { writeConfig } from '../support/rosterd.ts';
import { archive, settingsFor, TERMS } from './archive.ts';

/** What is in a file, as a place has it. */
const fileAt = (file: string): Pick<Place, 'rows'> => ({
  rows: async sql => {
    using database = new DatabaseSync(file, { readOnly: true });
    return database.prepare(sql).all();
  },
});

/** Without what a backup says of itself. */
async function contents(file: string) {
  const { backup, ...all } = await everything(fileAt(file));
  assert.equal(backup?.length, 1);
  return all;
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`rosterd backup, of a store in ${engine}`, () => {
    test('writes all of it into one file, and says what that is', async () => {
      await using at = await archive(place);
      const { stdout, stderr, code } = await command(['backup', at.file, '--config', at.config]);
      const address = at.here.config.url.replace(/:[^:@/]*@/, '@');
      assert.equal(
        stdout.replace(/\(\d+\.\d kB\)/, '(SIZE)'),
        `backed up ${address} to ${at.file} (SIZE)\n3 snapshots, the newest is 3 of 2026-11-22 03:04 with 3 people · 66 runs · copied and compared\n`,
      );
      assert.deepEqual([stderr, code], ['', 0]);
      assert.deepEqual(await contents(at.file), await everything(at.here));
      assert.deepEqual(readdirSync(at.folder).sort(), ['backup.db', 'rosterd.yaml'], 'nothing lies beside it');
      assert.equal((statSync(at.file).mode & 0o777).toString(8), '600');
      const config = await writeConfig(at.folder, settingsFor(`sqlite:${at.file}`));
      const served = await command(['verify', '--config', config]);
      assert.match(served.stdout + served.stderr, /^3 snapshots/, 'it can be served');
    });
  });
}

suite('rosterd backup', () => {
  test('of a store of an older version is left to that version', async () => {
    await using at = await archive();
    await using old = await sqlite();
    await makeOld(old);
    await assert.rejects(backUp(old.config, at.file, TERMS), {
      code: 'outdated',
      message: /^the store sqlite:.* was written by an older rosterd; make the backup with that version, before/,
    });
    assert.equal(existsSync(at.file), false);
  });

  test('tells scripts as one object', async () => {
    await using at = await archive();
    const { stdout } = await command(['backup', at.file, '--json', '--config', at.config]);
    const { rows, newest, made, ...rest } = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
    assert.deepEqual(rest, {
      event: 'store.backed_up',
      store: at.here.config.url,
      file: at.file,
      bytes: statSync(at.file).size,
      snapshots: 3,
      people: 3,
      runs: 66,
    });
    assert.deepEqual([newest?.['number'], rows?.['holds'], rows?.['deliveries']], [3, 1, 2]);
    assert.ok(!Number.isNaN(Date.parse(String(made))));
  });

  test('takes no lock, and needs none: a daemon and a run go on', async () => {
    await using at = await archive();
    await using store = await at.here.open();
    await using _ = await store.lock('serve');
    await using __ = await store.lock('run');
    await backUp(at.here.config, at.file, TERMS);
    assert.deepEqual(await contents(at.file), await everything(at.here));
  });

  test('replaces a file only when it is told to, as a whole, and where a link leads to', async () => {
    await using at = await archive();
    writeFileSync(at.file, 'precious');
    await assert.rejects(
      backUp(at.here.config, at.file, TERMS),
      /backup\.db is there already; .* let --force replace it$/,
    );
    assert.equal(readFileSync(at.file, 'utf8'), 'precious');
    const link = join(at.folder, 'latest.db');
    symlinkSync(at.file, link);
    await backUp(at.here.config, link, { ...TERMS, force: true });
    assert.deepEqual(await contents(at.file), await everything(at.here));
    assert.equal(readFileSync(link).length, statSync(at.file).size);
  });

  test('never writes over the store, by whatever name', async () => {
    await using at = await archive();
    const before = await everything(at.here);
    const path = at.here.config.url.replace('sqlite:', '');
    symlinkSync(path, join(at.folder, 'soft.db'));
    linkSync(path, join(at.folder, 'hard.db'));
    const names = [path, `${path}-wal`, `${path}-run-lock`, join(at.folder, 'soft.db'), join(at.folder, 'hard.db')];
    for (const name of [...names, `${dirname(path)}/../${basename(dirname(path))}/${basename(path)}`]) {
      const attempt = backUp(at.here.config, name, { ...TERMS, force: true });
      await assert.rejects(attempt, { name: 'UsageError', message: /is the store itself, or belongs to it/ }, name);
    }
    assert.deepEqual(await everything(at.here), before);
  });

  test('says why there can be no file: a folder, no folder, no place to write', async () => {
    await using at = await archive();
    mkdirSync(join(at.folder, 'folder'));
    const attempt = (name: string) => backUp(at.here.config, name, { ...TERMS, force: true });
    await assert.rejects(attempt(join(at.folder, 'folder')), /folder is a folder; name a file in it$/);
    await assert.rejects(attempt('/dev/null'), /\/dev\/null is no file that a backup could be written to$/);
    await assert.rejects(attempt(join(at.folder, 'no/such/folder.db')), {
      name: 'StoreError',
      message: /^the backup .*folder\.db cannot be made: ENOENT: no such file or directory/,
    });
    await assert.rejects(attempt('/proc/backup.db'), /^StoreError: the backup \/proc\/backup\.db cannot be made: E/);
    const { stderr, code } = await command(['backup', join(at.folder, 'folder'), '--config', at.config]);
    assert.match(stderr, /^rosterd: .*folder is a folder; name a file in it\n$/);
    assert.equal(code, 2);
  });

  test('of a store that is damaged is none', async () => {
    await using at = await archive();
    await at.here.rows("update people set content = replace(content, 'corp', 'c0rp') where last is null");
    await assert.rejects(backUp(at.here.config, at.file, TERMS), {
      name: 'Failed',
      message: /^the backup .* is not sound: .* is damaged: people/,
    });
    assert.deepEqual(readdirSync(at.folder), ['rosterd.yaml']);
  });

  test('of a store that is not there, or of another version, says so', async () => {
    await using at = await archive();
    await assert.rejects(backUp({ url: `sqlite:${at.folder}/none.db` }, at.file, TERMS), /there is no store at/);
    await at.here.rows("insert into kysely_migration values ('2999-01-01-hovering', '2999')");
    await assert.rejects(backUp(at.here.config, at.file, TERMS), /newer rosterd/);
    assert.deepEqual(readdirSync(at.folder), ['rosterd.yaml']);
  });

  test('that is stopped leaves nothing, and no old one is lost', async () => {
    await using at = await archive();
    writeFileSync(at.file, 'the old one');
    const stop = new AbortController();
    const onRows = (table: string) => table === 'runs' && stop.abort(new Error('stopped'));
    const terms = { ...TERMS, force: true, signal: stop.signal, onRows };
    await assert.rejects(backUp(at.here.config, at.file, terms), /^Error: stopped$/);
    assert.equal(readFileSync(at.file, 'utf8'), 'the old one');
    assert.deepEqual(readdirSync(at.folder).sort(), ['backup.db', 'rosterd.yaml']);
  });

  test('is stopped by a signal, and says so', async () => {
    await using at = await archive();
    const attempt = copying('no backup was made', terms => {
      // Not from outside: the test would end with it.
      const onRows = () => process.listeners('SIGINT').at(-1)?.('SIGINT');
      return backUp(at.here.config, at.file, { ...TERMS, ...terms, onRows });
    });
    await assert.rejects(attempt, { name: 'Stopped', message: 'stopped by SIGINT; no backup was made' });
    assert.deepEqual(readdirSync(at.folder), ['rosterd.yaml']);
  });

  test('goes over what another left that was killed, but not over one that is being written', async () => {
    await using at = await archive();
    const partial = `${at.file}.partial`;
    for (const name of [partial, `${partial}-journal`, `${partial}-wal`]) writeFileSync(name, 'half a backup');
    {
      using _ = lockFile(`${partial}-lock`);
      await assert.rejects(
        backUp(at.here.config, at.file, TERMS),
        /backup\.db\.partial is just being written by somebody/,
      );
    }
    await backUp(at.here.config, at.file, TERMS);
    assert.deepEqual(await contents(at.file), await everything(at.here));
    assert.deepEqual(readdirSync(at.folder).sort(), ['backup.db', 'rosterd.yaml']);
  });

  test('onto a disk that is full says so, and leaves the disk as it was', async t => {
    await using at = await archive();
    const disk = join(at.folder, 'disk');
    mkdirSync(disk);
    const mounted = await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    if (mounted.code !== 0) return t.skip('only an administrator can make a small disk');
    try {
      const said = new Set<string>();
      const whole = await sizeOfBackup(at);
      // From where not even tables can be made to where only the last page has no room.
      for (const share of [0.05, 0.2, 0.4, 0.6, 0.8, 0.95]) {
        await runProgram('mount', ['-o', `remount,size=${Math.floor((whole * share) / 4096) * 4}k`, disk]);
        const attempt = backUp(at.here.config, join(disk, 'backup.db'), TERMS);
        await assert.rejects(
          attempt,
          (error: Error) => said.add(error.message.replace(/^.*?backup\.db/, '…')).size > 0,
        );
        assert.deepEqual(readdirSync(disk), [], `${share} of the size`);
      }
      const full = /^…:? .*(database or disk is full|disk I\/O error; is the disk full\?)$/;
      for (const text of said) assert.match(text, full);
      const { stderr, code } = await command(['backup', join(disk, 'backup.db'), '--config', at.config]);
      assert.match(stderr, /^rosterd: the backup .*disk\/backup\.db.* disk is full\n$/);
      assert.equal(code, 4);
    } finally {
      const { stderr } = await runProgram('umount', [disk]);
      assert.equal(stderr, '', 'nobody has a file open there any more');
    }
  });
});

async function sizeOfBackup({ here, file }: { here: Place; file: string }): Promise<number> {
  return (await backUp(here.config, file, TERMS)).bytes;
}

test('a size in the unit that it fills', () => {
  assert.deepEqual([1, 999, 1000, 1_340_000, 25_000_000_000].map(sizeText), [
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '1.3 MB',
    '25.0 GB',
  ]);
});
