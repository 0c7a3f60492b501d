import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { suite, test } from 'node:test';
import { Kysely, type KyselyPlugin } from 'kysely';
import mysql from 'mysql2/promise';
import type { DatabaseConfig } from '../../src/config/connections.ts';
import {
  type Extract,
  type PersonRecord,
  type SourceName,
  snapshotNumber,
  sourceName,
} from '../../src/roster/model.ts';
import { StoreError } from '../../src/store/error.ts';
import { extracts } from '../../src/store/extracts.ts';
import { mysqlDialect } from '../../src/store/mysql.ts';
import type { Tables } from '../../src/store/schema.ts';
import { sqliteDialect } from '../../src/store/sqlite.ts';
import type { ExtractChanges, RunReport, Store, StoredExtract } from '../../src/store/store.ts';
import { startMariadb } from '../support/mariadb.ts';
import { runProgram } from '../support/program.ts';
import { engines, mariadb, sqlite } from './engines.ts';
import { makeOld } from './old.ts';
import { AT, begin, NO_REPORT, NOBODY, person, publication, publish, published, roster } from './rosters.ts';

const AD = sourceName('ad');
const HR = sourceName('hr');

const record = (key: string, fields: PersonRecord['fields'] = {}): PersonRecord => ({
  key,
  fields,
  departments: [],
  extra: [],
  active: true,
  broken: [],
});

const extract = (source: SourceName, people: readonly PersonRecord[], more: Partial<Extract> = {}): Extract => ({
  source,
  people,
  departments: undefined,
  memberships: [],
  rows: { people: people.length, departments: 0, memberships: 0 },
  problems: [],
  ...more,
});

const stored = (what: Extract, at = AT, fingerprint = 'f1'): StoredExtract => ({ extract: what, at, fingerprint });

const staff = (count: number, edition = '') =>
  Array.from({ length: count }, (_, place) =>
    record(`${place}`, {
      username: `u${place}`,
      email: `u${place}@corp.example`,
      nick_name: `林小明 ${place}${edition}`,
    }),
  );

/** Stores extracts in a run that found nothing changed. */
async function keep(store: Store, fresh: readonly StoredExtract[], needed?: ExtractChanges['needed']): Promise<void> {
  await store.runs.finish(await begin(store), {
    at: AT,
    outcome: { status: 'unchanged', snapshot: snapshotNumber(1) },
    report: NO_REPORT,
    publication: undefined,
    extracts: { fresh, needed },
  });
}

/** The store's database for somebody who does something between any two questions. */
function lookingAway(config: DatabaseConfig, between: () => Promise<void>): Kysely<Tables> {
  const path = config.url.replace(/^sqlite:/, '');
  const dialect = path === config.url ? mysqlDialect(config) : sqliteDialect(path, { timeout: 5000, create: false });
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      await between();
      return result;
    },
  };
  return new Kysely({ dialect, plugins: [plugin] });
}

/** One with everything in it that an extract can have, and some that is awkward. */
const awkward = extract(
  AD,
  [
    {
      key: "o'brien\\",
      fields: { username: '__proto__', nick_name: '林 "😀" \u0000 \u2028 half \ud83d', email: '' },
      departments: ['A', 'A'],
      extra: [['constructor', ' x ']],
      active: false,
      broken: [{ field: 'gender', why: 'is "X"' }],
    },
    record(''),
  ],
  {
    departments: [{ group_no: 'A', display_name: '研發', parent_group_no: '', broken: [] }],
    memberships: [{ person: 'x', group_no: 'A' }],
    rows: { people: 9, departments: 8, memberships: 7 },
    problems: [
      { code: 'account_can_write', effect: 'warned', source: AD, kind: 'source', key: '', name: AD, text: 'it can' },
    ],
  },
);

for (const [engine, place] of Object.entries(engines)) {
  suite(`extracts in ${engine}`, () => {
    test('are read back as they were stored, with when and under which configuration', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.equal(await store.extracts.get(AD), undefined);
      assert.deepEqual(await store.extracts.heads(), []);
      const silent = extract(HR, [], { departments: [] });
      await keep(store, [stored(awkward, AT, 'abc'), stored(silent)]);
      assert.deepEqual(await store.extracts.get(AD), { extract: awkward, at: AT, fingerprint: 'abc' });
      assert.deepEqual((await store.extracts.get(HR))?.extract.departments, [], 'none is not the same as not listed');
      await keep(store, [stored(extract(HR, [record('1')]))]);
      assert.deepEqual((await store.extracts.get(HR))?.extract, extract(HR, [record('1')]));
      const heads = (await store.extracts.heads()).sort((a, b) => (a.source < b.source ? -1 : 1));
      assert.deepEqual(heads, [
        { source: 'ad', at: AT, fingerprint: 'abc' },
        { source: 'hr', at: AT, fingerprint: 'f1' },
      ]);
    });

    test('take the place of what was there, and those of sources that need none go', async () => {
      await using here = await place();
      await using store = await here.open();
      await keep(store, [stored(extract(AD, staff(6000))), stored(extract(HR, staff(3)))]);
      const later = new Date(AT.getTime() + 1000);
      await keep(store, [stored(extract(AD, staff(2)), later, 'f2')]);
      assert.deepEqual(await store.extracts.get(AD), { extract: extract(AD, staff(2)), at: later, fingerprint: 'f2' });
      assert.equal((await store.extracts.get(HR))?.extract.people.length, 3, 'this run did not say who needs one');
      await keep(store, [], [AD]);
      assert.equal(await store.extracts.get(HR), undefined);
      assert.equal((await store.extracts.get(AD))?.extract.people.length, 2);
      await keep(store, [], []);
      assert.deepEqual(await here.rows('select source from extracts union all select source from extract_parts'), []);
    });

    test('of many people are in parts, and only parts that differ are written', async () => {
      await using here = await place();
      await using store = await here.open();
      const parts = () => here.rows('select place, digest, length(content) as size from extract_parts order by place');
      const people = staff(9000);
      await keep(store, [stored(extract(AD, people))]);
      const before = await parts();
      assert.ok(before.length > 5, `${before.length} parts`);
      assert.deepEqual((await store.extracts.get(AD))?.extract.people, people);
      // Whatever is written again loses this mark.
      await here.rows("update extract_parts set content = 'mark'");
      const changed = people.with(5000, record('5000', { username: 'u5000', email: 'new@corp.example' }));
      await keep(store, [stored(extract(AD, changed))]);
      const after = await parts();
      assert.equal(after.filter(part => Number(part['size']) !== 4).length, 1);
      assert.equal(after.filter((part, at) => part['digest'] !== before[at]?.['digest']).length, 1);
    });

    test('that are not what their digest says are found out', async () => {
      await using here = await place();
      await using store = await here.open();
      const damages = [
        "update extract_parts set content = 'x' where place = 0",
        'update extract_parts set content = (select c from (select content as c from extract_parts where place = 1) one) where place = 0',
        'delete from extract_parts where place = 1',
        "update extracts set digest = 'x'",
      ];
      for (const damage of damages) {
        await here.rows('delete from extract_parts');
        await keep(store, [stored(extract(AD, staff(3)))]);
        await here.rows(damage);
        await assert.rejects(store.extracts.get(AD), (error: unknown) => {
          assert(error instanceof StoreError, damage);
          assert.equal(
            error.message,
            'the store is damaged: the extract of source ad is not what its digest says; "rosterd pull" stores another as soon as the source can be read, else restore a backup',
          );
          return true;
        });
      }
      await here.rows('delete from extract_parts');
      await keep(store, [stored(extract(AD, staff(3)))]);
      assert.equal((await store.extracts.get(AD))?.extract.people.length, 3, 'another one puts it right');
    });

    test('that are just replaced are read whole', async () => {
      await using here = await place();
      await using store = await here.open();
      await keep(store, [stored(extract(AD, staff(3, ' a')))]);
      let times = 0;
      const replaces = async () => {
        times += 1;
        if (times === 1) await keep(store, [stored(extract(AD, staff(2, ' b')))]);
      };
      await using db = lookingAway(here.config, replaces);
      assert.deepEqual((await extracts(db).get(AD))?.extract.people, staff(2, ' b'));
      assert.ok(times > 1, 'it was replaced after its head had been read');
    });

    test('are stored with the outcome of their run, or not at all', async () => {
      await using here = await place();
      await using store = await here.open();
      const one = roster([person('hr/1')]);
      await publish(store, NOBODY, one);
      await keep(store, [stored(extract(AD, staff(1)))]);
      const number = await begin(store);
      const end = { at: AT, report: NO_REPORT, publication: undefined };
      // The second extract cannot be written; the first one was by then.
      const broken = Object.defineProperty(extract(HR, []), 'people', {
        get: () => {
          throw new Error('the disk is full');
        },
      });
      const fresh = [stored(extract(AD, staff(2))), stored(broken)];
      const outcome = published(2);
      const publishing = { ...end, outcome, publication: publication(one, roster([person('hr/2')]), 2) };
      await assert.rejects(
        store.runs.finish(number, { ...publishing, extracts: { fresh, needed: [] } }),
        /disk is full/,
      );
      assert.equal((await store.extracts.get(AD))?.extract.people.length, 1);
      assert.equal((await store.snapshots.newest())?.number, 1);
      await store.runs.finish(number, { ...end, outcome: { status: 'failed', problems: [] } });
      const late = await store.runs.finish(number, {
        ...publishing,
        extracts: { fresh: fresh.slice(0, 1), needed: [] },
      });
      assert.equal(late.recorded, false);
      assert.equal((await store.extracts.get(AD))?.extract.people.length, 1, 'a run that has ended writes nothing');
    });

    test('of a process that is killed while it stores them are those of before', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, roster([person('hr/1')]));
      await keep(store, [stored(extract(AD, staff(3000, ' old'))), stored(extract(HR, staff(1)))]);
      const { signal, stderr } = await runProgram(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '--eval',
        dying(here.config.url),
      ]);
      assert.equal(signal, 'SIGKILL', stderr);
      const people = (await store.extracts.get(AD))?.extract.people;
      assert.deepEqual(people, staff(3000, ' old'));
      assert.equal((await store.extracts.get(HR))?.extract.people.length, 1, 'its deletion is undone');
      assert.deepEqual(
        (await store.runs.list(1)).map(run => run.status),
        ['running'],
      );
      await keep(store, [stored(extract(AD, staff(2)))]);
      assert.equal((await store.extracts.get(AD))?.extract.people.length, 2);
    });

    test('are unknown to a store of the first version, which is brought up to date', async () => {
      await using here = await place();
      await makeOld(here, { upTo: '2026-11-22-first' });
      await assert.rejects(here.open({ migrate: false }), { code: 'outdated' });
      await using store = await here.open();
      assert.equal((await store.snapshots.newest())?.number, 3);
      await keep(store, [stored(awkward)]);
      assert.deepEqual((await store.extracts.get(AD))?.extract, awkward);
    });

    test('stood in for sources, and runs remember since when and why; older runs are read as well', async () => {
      await using here = await place();
      await using store = await here.open();
      const rows = { people: 1, departments: 0, memberships: 0 };
      const failure = { since: new Date('2026-11-20T01:02:03.456Z'), why: 'ECONNREFUSED' };
      const sources: RunReport['sources'] = [
        { source: HR, state: 'read', rows, took: 4 },
        { source: AD, state: 'stored', rows, took: 0, of: AT },
        { source: sourceName('csv'), state: 'stored', rows, took: 5, of: AT, failure },
        { source: sourceName('new'), state: 'failed', rows, took: 6, failure },
        { source: sourceName('old'), state: 'failed', rows, took: 7 },
      ];
      const number = await begin(store);
      const report = { ...NO_REPORT, sources };
      await store.runs.finish(number, {
        at: AT,
        outcome: { status: 'failed', problems: [] },
        report,
        publication: undefined,
      });
      assert.deepEqual((await store.runs.get(number))?.sources, sources);
    });
  });
}

/** A program that begins a run, and dies while it stores the second of three extracts. */
const dying = (url: string) => `
  const { openStore } = await import(${JSON.stringify(new URL('../../src/store/open.ts', import.meta.url).href)});
  const store = await openStore({ url: ${JSON.stringify(url)} }, { migrate: false });
  const at = new Date();
  const run = await store.runs.begin({ cause: 'pull', at, fingerprint: '' });
  const rows = { people: 0, departments: 0, memberships: 0 };
  const empty = { source: 'ad', people: [], departments: undefined, memberships: [], rows, problems: [] };
  const deadly = Object.defineProperty({ ...empty, source: 'csv' }, 'problems', {
    get: () => process.kill(process.pid, 'SIGKILL'),
  });
  const fresh = [empty, deadly, empty].map(extract => ({ extract, at, fingerprint: 'new' }));
  const report = { sources: [], problems: [], counts: [] };
  const outcome = { status: 'unchanged', snapshot: 1 };
  await store.runs.finish(run, { at, outcome, report, publication: undefined, extracts: { fresh, needed: [] } });`;

suite('the size of what is stored', () => {
  test('stays below what a MySQL server takes at once', async () => {
    await using server = await startMariadb({ durable: false });
    const root = await mysql.createConnection(server.url);
    await root.query('set global max_allowed_packet = 1048576');
    await root.end();
    await using here = await mariadb({ on: server.url });
    await using store = await here.open();
    // Letters without a pattern, so that little can be gained by compression.
    const noise = (place: number) => hashes(`${place}`, 60);
    const people = Array.from({ length: 600 }, (_, place) => record(`${place}`, { nick_name: noise(place) }));
    await keep(store, [stored(extract(AD, people))]);
    assert.deepEqual((await store.extracts.get(AD))?.extract.people, people);
    const [size] = await here.rows(
      'select sum(length(content)) as total, max(length(content)) as most from extract_parts',
    );
    assert.ok(Number(size?.['total']) > 1_048_576, 'there is more than fits into one statement');
    assert.ok(Number(size?.['most']) < 400_000);
  });

  test('of a source that says what it said is a row, whatever it knows', async () => {
    await using here = await sqlite();
    await using store = await here.open();
    await keep(store, [stored(extract(AD, staff(20_000)))]);
    const pages = async () => Number((await here.rows('select page_count from pragma_page_count'))[0]?.['page_count']);
    const rowids = () => here.rows('select rowid, place from extract_parts order by place');
    const before = { pages: await pages(), rowids: await rowids() };
    await keep(store, [stored(extract(AD, staff(20_000)), new Date(AT.getTime() + 1))]);
    assert.deepEqual(await rowids(), before.rowids);
    assert.ok((await pages()) <= before.pages + 1);
  });
});

/** So many hashes, the first of a text and each next one of the one before. */
function hashes(text: string, count: number): string {
  const all = [text];
  for (let place = 0; place < count; place += 1) all.push(hash('sha256', all[place] ?? '', 'base64'));
  return all.join('');
}
