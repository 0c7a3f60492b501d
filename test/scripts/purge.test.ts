import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { Failed, NotFound, UsageError } from '../../scripts/exit.ts';
import { leaverNamed, refuseListed, refuseServed } from '../../scripts/purge.ts';
import { lookOf } from '../../scripts/text/look.ts';
import { purgeObject, purgeText } from '../../scripts/text/purge.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { type Problem, snapshotNumber, sourceName, storedKey } from '../../src/roster/model.ts';
import { pullAll } from '../../src/runs/pull.ts';
import { openSources } from '../../src/sources/open.ts';
import type { Store } from '../../src/store/store.ts';
import { sqlite } from '../store/engines.ts';
import { AT, begin, NO_REPORT, NOBODY, person, publication, publish, roster } from '../store/rosters.ts';
import { command } from '../support/command.ts';
import { configOf } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';
import { rosterd, writeConfig } from '../support/rosterd.ts';

const ANN = person('hr/1', { username: 'ann', login: 'ann' });
const WU = person('hr/2', { username: 'j.wu', login: 'j.wu' });
const RENAMED = { ...WU, login: 'jun.wu' };

/** Wu was renamed, and has left; Ann is served. */
async function fill(store: Store): Promise<void> {
  await publish(store, NOBODY, roster([ANN, WU]));
  await publish(store, roster([ANN, WU]), roster([ANN, RENAMED]));
  await publish(store, roster([ANN, RENAMED]), roster([ANN]));
}

async function opened() {
  await using stack = new AsyncDisposableStack();
  const here = stack.use(await sqlite());
  const store = stack.use(await here.open());
  await fill(store);
  const owned = stack.move();
  return { here, store, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function wu(store: Store, name = 'j.wu') {
  const leaver = await leaverNamed(store, name);
  assert.ok(leaver);
  return leaver;
}

const failing = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failed, String(error));
  assert.match(error.message, message);
  return true;
};

/** A run that is held: it would have these people. */
async function hold(store: Store, people: readonly (typeof ANN)[]): Promise<void> {
  await store.runs.finish(await begin(store), {
    at: AT,
    outcome: { status: 'held', hold: undefined, reasons: [], changes: NO_CHANGES },
    report: NO_REPORT,
    publication: publication(roster([ANN]), roster(people), 4),
  });
}

suite('whoever is to be purged', () => {
  test('is found by username, login and key; others are not, and it is said who is meant', async () => {
    await using place = await opened();
    const { store } = place;
    for (const name of ['j.wu', 'J.WU', 'jun.wu', 'hr/2']) {
      const { key, name: username, forms } = await wu(store, name);
      assert.deepEqual([key, username, forms.length], ['hr/2', 'j.wu', 2], name);
    }
    await assert.rejects(leaverNamed(store, 'an'), (error: unknown) => {
      assert.ok(error instanceof NotFound);
      assert.equal(error.message, 'nobody was ever known as "an"; did you mean "ann"?');
      return true;
    });
    await publish(store, roster([ANN]), roster([ANN, person('hr/3', { login: 'jun.wu' })]));
    await assert.rejects(leaverNamed(store, 'jun.wu'), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^several people went by "jun.wu": hr\/[23], hr\/[23]; give the key of one of them$/);
      return true;
    });
  });

  test('may be known by problems alone', async () => {
    await using place = await opened();
    const { store } = place;
    const newcomer: Problem = {
      code: 'newcomer',
      effect: 'quarantined',
      source: sourceName('hr'),
      kind: 'person',
      key: 'hr/9',
      name: 'nina',
      text: 'email is missing',
    };
    await store.runs.finish(await begin(store), {
      at: AT,
      outcome: { status: 'unchanged', snapshot: snapshotNumber(3) },
      report: { ...NO_REPORT, problems: [newcomer] },
      publication: undefined,
    });
    for (const name of ['nina', 'hr/9']) {
      const nina = await wu(store, name);
      assert.deepEqual([nina.key, nina.name, [...nina.traces.usernames]], ['hr/9', name, ['nina']]);
      await refuseServed(store, nina);
    }
  });

  test('is not whoever is served, now or by a pin, or would be by a hold', async () => {
    await using place = await opened();
    const { store } = place;
    await assert.rejects(
      refuseServed(store, await wu(store, 'ann')),
      failing(/^"ann" is served; who is to be purged has to leave first, in all sources$/),
    );
    const leaver = await wu(store);
    await refuseServed(store, leaver);
    await store.pins.set({ snapshot: snapshotNumber(2), at: AT });
    await assert.rejects(refuseServed(store, leaver), failing(/^"j.wu" is served, in snapshot 2, which is pinned; /));
    await store.pins.set({ snapshot: snapshotNumber(3), at: AT });
    await refuseServed(store, leaver);
    const others = [
      { ...WU, username: 'x', login: 'x', email: 'x@corp.example' } as typeof WU,
      person('hr/7', { login: 'JUN.WU' }),
      person('hr/7', { email: 'J.wu@corp.example', username: 'y' }),
    ];
    const emailed = { ...leaver, traces: { ...leaver.traces, emails: new Set(['j.wu@corp.example']) } };
    for (const other of others) {
      await using another = await opened();
      await hold(another.store, [ANN, person('hr/8')]);
      await refuseServed(another.store, emailed);
      await using held = await opened();
      await hold(held.store, [ANN, other]);
      await assert.rejects(refuseServed(held.store, emailed), failing(/^the candidate of hold 1 has "j.wu"; /));
    }
  });
});

/** An HR database with these rows. */
function hrFile(folder: string, rows: readonly string[]): void {
  using db = new DatabaseSync(join(folder, 'hr.db'));
  db.exec('create table hr (id, account, mail, gone)');
  for (const row of rows) db.exec(`insert into hr values (${row})`);
}

const settingsOf = (folder: string, store: string) => ({
  timezone: 'UTC',
  store,
  server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
  sources: ['hr', 'other'].map(name => ({
    name,
    type: 'sql',
    url: `sqlite:${join(folder, 'hr.db')}`,
    people: {
      query: `select * from ${name}`,
      key: 'id',
      map: { username: 'account', email: 'mail' },
      active: { field: 'gone', empty: true },
    },
  })),
});

suite('sources', () => {
  test('keep somebody from being purged whom they have, active or not, and when they cannot be read', async () => {
    await using place = await opened();
    const { store } = place;
    const leaver = await wu(store);
    const pulled = async (rows: readonly string[], others = true) => {
      await using folder = await temporaryFolder();
      hrFile(folder.path, rows);
      if (others) {
        using db = new DatabaseSync(join(folder.path, 'hr.db'));
        db.exec(
          "create table other (id, account, mail, gone); insert into other values ('2', 'x', 'x@x.example', null)",
        );
      }
      const { sources } = configOf(settingsOf(folder.path, 'sqlite:roster.db'));
      return await pullAll(await openSources(sources), { signal: new AbortController().signal, today: '2026-11-22' });
    };
    refuseListed(await pulled(["'3', 'ann', 'ann@corp.example', null"]), leaver);
    const listed = /^source hr still has "j.wu", by key, username or email; .*: delete it there first$/;
    for (const row of [
      "'2', 'else', 'else@corp.example', null",
      "'2', 'else', 'else@corp.example', '2026-01-01'",
      "'5', 'Jun.Wu', 'else@corp.example', null",
      "'5', 'else', '2@corp.example', null",
    ]) {
      const all = await pulled(["'3', 'ann', 'ann@corp.example', null", row]);
      assert.throws(() => refuseListed(all, leaver), failing(listed), row);
    }
    const broken = await pulled(["'3', 'ann', 'ann@corp.example', null"], false);
    assert.throws(
      () => refuseListed(broken, leaver),
      failing(
        /^source other cannot be read, so nobody can tell whether it still has "j.wu": .*no such table.*; purge them/,
      ),
    );
  });
});

suite('rosterd purge', { concurrency: true }, () => {
  test('shows what would be erased, erases it, and says so when asked again', async () => {
    await using place = await opened();
    const { here, store } = place;
    await using folder = await temporaryFolder();
    hrFile(folder.path, ["'1', 'ann', 'ann@corp.example', null"]);
    const settings = settingsOf(folder.path, here.config.url);
    const config = await writeConfig(folder.path, { ...settings, sources: settings.sources.slice(0, 1) });
    const purge = (...args: string[]) => command(['purge', ...args, '--config', config]);
    const list = [
      '  2  forms  in 2 snapshots, which still verify',
      '  2  names  a username or email, of which a keyed hash stays, so that nobody else gets it',
    ];
    const shown = await purge('jun.wu');
    assert.deepEqual(shown.stdout.split('\n'), [
      'j.wu (hr/2), last served in snapshot 2',
      'would be erased:',
      ...list,
      'nothing was done; "rosterd purge j.wu --yes" does it, for good',
      '',
    ]);
    assert.equal(shown.stderr, 'rosterd: reading all sources, to see that none has them any more\n');
    assert.deepEqual([shown.code, (await store.people.history('j.wu')).length], [0, 2]);
    const done = await purge('j.wu', '--yes');
    assert.deepEqual(done.stdout.split('\n').slice(1), ['erased:', ...list, '']);
    assert.deepEqual(await store.people.history('j.wu'), []);
    const again = await purge('j.wu', '--yes');
    assert.deepEqual([again.stdout, again.code], ['"j.wu" was purged before: nothing is left but keyed hashes\n', 0]);
    const unknown = await purge('nobody');
    assert.match(unknown.stderr, /^rosterd: nobody was ever known as "nobody"/);
    assert.equal(unknown.code, 1);
    const served = await purge('ann', '--yes');
    assert.match(served.stderr, /^rosterd: "ann" is served; /);
    assert.equal(served.code, 4);
    assert.equal((await store.people.history('ann')).length, 1);
  });

  test('finishes what somebody who was reading kept it from', async () => {
    await using place = await opened();
    const { here, store } = place;
    await using folder = await temporaryFolder();
    hrFile(folder.path, []);
    const settings = settingsOf(folder.path, here.config.url);
    const config = await writeConfig(folder.path, { ...settings, sources: settings.sources.slice(0, 1) });
    const reader = new DatabaseSync(here.file);
    reader.exec('begin');
    reader.prepare('select count(*) from people').all();
    // A process, which waits by itself.
    const first = await rosterd('purge', 'j.wu', '--yes', '--config', config);
    assert.match(first.stderr, /\nrosterd: the rows are erased, but .*; when it has ended, the same command once more/);
    assert.equal(first.code, 4);
    reader.close();
    const second = await command(['purge', 'j.wu', '--yes', '--json', '--config', config]);
    assert.deepEqual([JSON.parse(second.stdout), second.code], [{ event: 'purged_before', name: 'j.wu' }, 0]);
    assert.deepEqual(await here.rows("select * from settings where name = 'purge_unfinished'"), []);
    await store.purge(storedKey('hr/9'), { dryRun: false });
  });

  test('says how much there is of everything', async () => {
    await using place = await opened();
    const leaver = await wu(place.store);
    const purged = { versions: 1, snapshots: 1, records: 2, problems: 1, names: 0 };
    const look = lookOf({ zone: 'UTC' });
    assert.deepEqual(purgeText(leaver, purged, { done: true, look }).slice(1), [
      'erased:',
      '  1  form     in 1 snapshot, which still verify',
      '  1  problem  in what runs and holds tell',
      '  2  records  in what is kept of sources',
    ]);
    const nothing = { versions: 0, snapshots: 0, records: 0, problems: 0, names: 0 };
    assert.equal(purgeText({ ...leaver, forms: [] }, nothing, { done: true, look })[2], '  nothing');
    assert.deepEqual(purgeObject(leaver, purged, { done: false }), {
      event: 'would_purge',
      key: 'hr/2',
      name: 'j.wu',
      ...purged,
    });
  });
});
