import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { lookOf } from '../../scripts/text/look.ts';
import { damageText, tallyText } from '../../scripts/text/verify.ts';
import { verify } from '../../scripts/verify.ts';
import type { Store } from '../../src/store/store.ts';
import { engines, type Place } from '../store/engines.ts';
import { department, person, publish, type Roster, roster } from '../store/rosters.ts';
import { temporaryFolder } from '../support/folder.ts';
import { rosterd, writeConfig } from '../support/rosterd.ts';

const FIRST = roster(
  [person('hr/ann'), person('hr/bob'), person('hr/林')],
  [department('RD', 'Research'), department('S', 'Sales')],
);
/** Bob has another name, Lin has left, Cho came. */
const SECOND = roster(
  [person('hr/ann'), person('hr/bob', { nick_name: 'Bob' }), person('hr/cho')],
  [...FIRST.departments.values()],
);
const THIRD = roster([...SECOND.people.values(), person('hr/林', { nick_name: '林' })], [department('RD', 'Research')]);

/** A store of its own with three snapshots, and the program on it. */
interface Archive extends AsyncDisposable {
  readonly rows: Place['rows'];
  /** What the program prints, of all snapshots, without the program around it. */
  printed(): Promise<string>;
  verify(...args: string[]): ReturnType<typeof rosterd>;
}

async function archive(place: () => Promise<Place>, rosters: readonly Roster[] = [FIRST, SECOND, THIRD]) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const here = stack.use(await place());
  const store = stack.use(await here.open());
  for (const [at, next] of rosters.entries()) await publish(store, rosters[at - 1] ?? roster([]), next);
  const config = await writeConfig(folder.path, {
    timezone: 'UTC',
    store: here.config.url,
    server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
    sources: [{ name: 'hr', type: 'sql', url: 'sqlite:hr.db', people: { table: 'hr', map: { username: 'account' } } }],
  });
  const owned = stack.move();
  const made: Archive = {
    rows: here.rows,
    printed: () => printed(store),
    verify: (...args) => rosterd('verify', ...args, '--config', config),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return made;
}

async function printed(store: Store): Promise<string> {
  const lines: string[] = [];
  const all = (await store.snapshots.list(100)).reverse();
  const tally = await verify(store, all, verdict => {
    if (verdict.faults.length > 0) lines.push(damageText(verdict, lookOf({ zone: 'UTC' })));
  });
  return `${[...lines, tallyText(tally)].join('\n')}\n`;
}

const DAY = '2026-11-22 03:04';
const CONTENT = 'its content is not what its leaf says';
const ENDED = 'its row ends before, nothing says why and none follows';
const DIGEST = 'its digest is not that of its rows, of which each is what its own leaf says and none is missing';
const HEAD = 'the list of what is newest, which runs compare with, has it otherwise';

const FINE = '3 snapshots verified, nothing is wrong · 6 rows of people, 2 of departments\n';

/** What is done to the store behind its back, how it is put right again, and what is said of which snapshot. */
const DAMAGES: { what: string; sql: string; undo: string; said: Readonly<Record<number, string>> }[] = [
  {
    what: 'a byte of a content',
    sql: "update people set content = replace(content, 'ann@corp', 'ann@c0rp') where name = 'ann'",
    undo: "update people set content = replace(content, 'ann@c0rp', 'ann@corp') where name = 'ann'",
    said: { 1: `person hr/ann: ${CONTENT}`, 2: `person hr/ann: ${CONTENT}`, 3: `person hr/ann: ${CONTENT}` },
  },
  {
    what: 'a byte of the content of a row that holds no more',
    sql: "update people set content = replace(content, 'bob@corp', 'bob@c0rp') where name = 'bob' and last = 1",
    undo: "update people set content = replace(content, 'bob@c0rp', 'bob@corp') where name = 'bob'",
    said: { 1: `person hr/bob: ${CONTENT}` },
  },
  {
    what: 'a byte of the content of a department',
    sql: "update departments set content = replace(content, 'Sales', 'Salez') where name = 'S'",
    undo: "update departments set content = replace(content, 'Salez', 'Sales') where name = 'S'",
    said: { 1: `department S: ${CONTENT}`, 2: `department S: ${CONTENT}` },
  },
  {
    what: 'a byte of a leaf',
    sql: "update people set leaf = concat('x', substr(leaf, 2)) where name = 'cho'",
    undo: "update people set leaf = (select leaf from people_head where people_head.id = people.id) where name = 'cho'",
    said: { 2: `person hr/cho: ${CONTENT}`, 3: `person hr/cho: ${CONTENT}` },
  },
  {
    what: 'a span that begins too late',
    sql: "update people set first = 2 where name = 'ann'",
    undo: "update people set first = 1 where name = 'ann'",
    said: { 1: 'its people are 2 and should be 3: 1 missing' },
  },
  {
    what: 'a span that ends too early',
    sql: "update people set last = 1 where name = 'ann'",
    undo: "update people set last = null where name = 'ann'",
    said: {
      2: `person hr/ann: ${ENDED}; its people are 2 and should be 3: 1 missing`,
      3: `person hr/ann: ${ENDED}; its people are 3 and should be 4: 1 missing`,
    },
  },
  {
    what: 'a span that ends too late',
    sql: "update people set last = 2 where name = 'bob' and last = 1",
    undo: "update people set last = 1 where name = 'bob' and last = 2",
    said: { 2: 'person hr/bob: two rows hold at the same time; its people are 4 and should be 3: 1 too many' },
  },
  {
    what: 'a row that is gone',
    sql: "update people set first = 9, last = 9 where name = 'cho'",
    undo: "update people set first = 2, last = null where name = 'cho'",
    said: {
      2: 'its people are 2 and should be 3: 1 missing',
      3: `its people are 3 and should be 4: 1 missing; person hr/cho: ${HEAD}`,
    },
  },
  {
    what: 'a key',
    sql: `update people set ${'`key`'} = 'hr/anm' where name = 'ann'`,
    undo: `update people set ${'`key`'} = 'hr/ann' where name = 'ann'`,
    said: {
      1: 'person hr/anm: its content is that of hr/ann',
      2: 'person hr/anm: its content is that of hr/ann',
      3: `person hr/anm: its content is that of hr/ann; person hr/ann: ${HEAD}`,
    },
  },
  {
    what: 'a byte of the digest of a snapshot',
    sql: "update snapshots set digest = concat('x', substr(digest, 2)) where number = 2",
    undo: '',
    said: { 2: DIGEST },
  },
];

for (const [engine, place] of Object.entries(engines)) {
  suite(`rosterd verify, on ${engine}`, () => {
    test('finds nothing wrong in what was published', async () => {
      await using at = await archive(place);
      const { stdout, stderr, code } = await at.verify();
      assert.deepEqual([stdout, stderr, code], [FINE, '', 0]);
    });

    test('finds a single flipped byte, wherever it is, and says which snapshot and row', async () => {
      await using at = await archive(place);
      for (const { what, sql, undo, said } of DAMAGES) {
        await at.rows(sql);
        const lines = Object.entries(said).map(([number, text]) => `snapshot ${number}  ${DAY}  ${text}`);
        const total = `3 snapshots verified, ${lines.length} damaged · ROWS · restore a backup`;
        const seen = (await at.printed()).replace(/\d rows? of people, \d of departments/, 'ROWS');
        assert.equal(seen, `${[...lines, total].join('\n')}\n`, what);
        if (undo === '') continue;
        await at.rows(undo);
        assert.equal(await at.printed(), FINE, `${what}, put right again`);
      }
      const { stdout, stderr, code } = await at.verify();
      assert.deepEqual([stdout, stderr, code], [await at.printed(), '', 1]);
    });

    test('of one snapshot tells nothing about the others', async () => {
      await using at = await archive(place);
      await at.rows("update departments set content = replace(content, 'Sales', 'Salez') where name = 'S'");
      const fine = await at.verify('head');
      assert.equal(fine.stdout, '1 snapshot verified, nothing is wrong · 4 rows of people, 1 of departments\n');
      assert.equal(fine.code, 0);
      const total = { event: 'verified', snapshots: 1, damaged: 0, people_rows: 4, department_rows: 1 };
      assert.equal((await at.verify('head', '--json')).stdout, `${JSON.stringify(total)}\n`);
      const { stdout, code } = await at.verify('2', '--json');
      const [finding, last] = stdout
        .trimEnd()
        .split('\n')
        .map(text => JSON.parse(text) as Record<string, unknown>);
      assert.deepEqual(
        [finding?.['event'], finding?.['snapshot'], finding?.['fault_count'], finding?.['faults']],
        ['snapshot.damaged', 2, 1, [{ code: 'content', kind: 'department', key: 'S', text: CONTENT }]],
      );
      assert.equal(finding?.['digest'], finding?.['rebuilt']);
      assert.deepEqual([last?.['snapshots'], last?.['damaged'], code], [1, 1, 1]);
    });
  });
}

suite('rosterd verify', () => {
  test('tells the first of many faults, and hides emails for sharing', async () => {
    const many = roster(Array.from({ length: 9000 }, (_, at) => person(`hr/${at}@corp.example`)));
    await using at = await archive(engines.SQLite, [many]);
    await at.rows("update people set content = replace(content, 'male', 'mule')");
    const stdout = await at.printed();
    const three = ['0', '1000', '1001'].map(name => `person hr/${name}@corp.example: ${CONTENT}`);
    assert.ok(stdout.startsWith(`snapshot 1  ${DAY}  ${three.join('; ')}; and 8997 more\n`), stdout);
    assert.match((await at.verify('--mask')).stdout, /person h…@c…: its content/);
    const json = (await at.verify('--json', '--mask')).stdout;
    assert.doesNotMatch(json, /corp\.example/);
    const { fault_count, faults } = JSON.parse(json.split('\n')[0] ?? '') as { fault_count: number; faults: unknown[] };
    assert.deepEqual([fault_count, faults.length], [9000, 100]);
  });

  test('goes over a gap where snapshots are not kept any more', async () => {
    await using at = await archive(engines.SQLite, [FIRST, SECOND, THIRD, FIRST]);
    await at.rows('delete from snapshots where number in (1, 3)');
    assert.match(await at.printed(), /^2 snapshots verified, nothing is wrong/);
    await at.rows("update people set last = 2 where name = 'ann'");
    assert.match(await at.printed(), /^snapshot 4 .* person hr\/ann: its row ends before/);
  });

  test('tells apart two rows that are the same but for their spans', async () => {
    const fourth = roster([...FIRST.people.values(), person('hr/aaa')], [...FIRST.departments.values()]);
    await using at = await archive(engines.SQLite, [FIRST, SECOND, FIRST, fourth]);
    assert.match(await at.printed(), /^4 snapshots verified, nothing is wrong/);
    await at.rows("update people set last = 3 where name = 'bob' and last = 1");
    const damaged = [...(await at.printed()).matchAll(/^snapshot (\d) .*person hr\/bob: two rows/gm)].map(
      ([, one]) => one,
    );
    assert.deepEqual(damaged, ['2', '3']);
    assert.match(await at.printed(), /4 snapshots verified, 2 damaged/);
  });

  test('of what is not there says what there is', async () => {
    await using at = await archive(engines.SQLite);
    const unknown = await at.verify('7');
    assert.match(unknown.stderr, /^rosterd: there is no snapshot 7; there are 1 to 3, the oldest is of 2026-11-22/);
    assert.deepEqual([unknown.stdout, unknown.code], ['', 1]);
    await using empty = await archive(engines.SQLite, []);
    const none = await empty.verify();
    assert.match(none.stderr, /^rosterd: nothing has been published yet; "rosterd status" tells why/);
    assert.equal(none.code, 1);
  });

  test('of a store that cannot be reached ends with 4', async () => {
    await using folder = await temporaryFolder();
    await using at = await archive(async () => {
      const here = await engines.SQLite();
      return { ...here, config: { url: `sqlite:${folder.path}/none.db` } };
    });
    const { stderr, code } = await at.verify();
    assert.match(stderr, /^rosterd: there is no store at .*none\.db; "rosterd serve" or "rosterd pull" makes it\n$/);
    assert.equal(code, 4);
  });
});
