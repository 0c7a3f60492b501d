import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { lookOf } from '../../scripts/text/look.ts';
import { damageText, partText, tallyText } from '../../scripts/text/verify.ts';
import { verify } from '../../scripts/verify.ts';
import { damagedParts } from '../../scripts/verify-parts.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { type Extract, type Problem, snapshotNumber, sourceName, storedKey } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { engines, type Place, sqlite } from '../store/engines.ts';
import {
  AT,
  begin,
  department,
  NO_REPORT,
  person,
  publication,
  publish,
  type Roster,
  roster,
} from '../store/rosters.ts';
import { command } from '../support/command.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeConfig } from '../support/rosterd.ts';

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
  readonly store: Store;
  readonly rows: Place['rows'];
  /** What the program prints, of all snapshots, without the program around it. */
  printed(): Promise<string>;
  verify(...args: string[]): ReturnType<typeof command>;
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
    store,
    rows: here.rows,
    printed: () => printed(store),
    verify: (...args) => command(['verify', ...args, '--config', config]),
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

async function partsOf(store: Store): Promise<string[]> {
  const lines: string[] = [];
  for await (const damage of damagedParts(store)) lines.push(partText(damage, lookOf({ zone: 'UTC' })));
  return lines;
}

/** A run that is held, with a stored extract: Cho and a department would go, Bob be renamed again, and Dan come. */
async function holdWithExtract(store: Store): Promise<void> {
  const held = roster([
    person('hr/ann'),
    person('hr/bob'),
    person('hr/dan'),
    ...THIRD.people.values().filter(one => one.key === 'hr/林'),
  ]);
  const extract: Extract = {
    source: sourceName('ad'),
    people: [{ key: '1', fields: {}, departments: [], extra: [], active: true, broken: [] }],
    departments: [],
    memberships: [],
    rows: { people: 1, departments: 0, memberships: 0 },
    problems: [],
  };
  const read = { source: sourceName('hr'), state: 'read' as const, rows: extract.rows, took: 1 };
  const problem: Problem = {
    ...{ code: 'email_missing', effect: 'quarantined', source: sourceName('hr'), kind: 'person' },
    ...{ key: 'hr/1', name: 'Ann', text: 'no email' },
  };
  await store.runs.finish(await begin(store), {
    at: AT,
    outcome: { status: 'held', hold: undefined, reasons: [], changes: NO_CHANGES },
    report: { ...NO_REPORT, sources: [read], problems: [problem] },
    publication: publication(THIRD, held, 4),
    extracts: { fresh: [{ extract, at: AT, fingerprint: 'f1' }], needed: undefined },
  });
}

const DAY = '2026-11-22 03:04';
const CONTENT = 'its content is not what its leaf says';
const ENDED = 'its row ends before, nothing says why and none follows';
const DIGEST = 'its digest is not that of its rows, of which each is what its own leaf says and none is missing';
const NAME = 'its content has another name';
const ORIGIN = 'where its fields came from cannot be read';
const HEAD = 'the list of what is newest, which runs compare with, has it otherwise';

const FINE = '3 snapshots verified, nothing is wrong · 6 rows of people, 2 of departments\n';

/** What is done to the store behind its back, how it is put right again, and what is said of which snapshot. */
const DAMAGES: { what: string; sql: string; undo: string; said: Readonly<Record<number, string>> }[] = [
  {
    what: 'a byte of a content',
    sql: "update people set content = replace(content, '@corp', '@c0rp') where name = 'ann'",
    undo: "update people set content = replace(content, '@c0rp', '@corp') where name = 'ann'",
    said: { 1: `person hr/ann: ${CONTENT}`, 2: `person hr/ann: ${CONTENT}`, 3: `person hr/ann: ${CONTENT}` },
  },
  {
    what: 'a byte of the content of a row that holds no more',
    sql: "update people set content = replace(content, '@corp', '@c0rp') where name = 'bob' and last = 1",
    undo: "update people set content = replace(content, '@c0rp', '@corp') where name = 'bob'",
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
    sql: "update people set leaf = unhex(replace(hex(leaf), '0', '1')) where name = 'cho'",
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
      1: `person hr/anm: ${CONTENT}`,
      2: `person hr/anm: ${CONTENT}`,
      3: `person hr/anm: ${CONTENT}; person hr/ann: ${HEAD}`,
    },
  },
  {
    what: 'a name',
    sql: "update people set name = 'anm' where name = 'ann'",
    undo: "update people set name = 'ann' where name = 'anm'",
    said: { 1: `person hr/ann: ${CONTENT}`, 2: `person hr/ann: ${CONTENT}`, 3: `person hr/ann: ${CONTENT}` },
  },
  {
    what: 'a name beside a content that has it, too',
    sql: `update departments set content = '["department","S","Sales",""]', name = 'T' where name = 'S'`,
    undo: "update departments set name = 'S' where name = 'T'",
    said: { 1: `department S: ${NAME}`, 2: `department S: ${NAME}` },
  },
  {
    what: 'a key beside a content that has it, too',
    sql: `update departments set ${'`key`'} = 'T' where name = 'S'`,
    undo: `update departments set ${'`key`'} = 'S' where name = 'S'`,
    said: { 1: 'department T: its content is that of S', 2: 'department T: its content is that of S' },
  },
  {
    what: 'where fields came from, so that it cannot be read',
    sql: `update people set origin = '{"email"="ad"}' where name = 'cho'`,
    undo: "update people set origin = '' where name = 'cho'",
    said: { 2: `person hr/cho: ${ORIGIN}`, 3: `person hr/cho: ${ORIGIN}` },
  },
  {
    what: 'where a field came from that there is not',
    sql: `update departments set origin = '{"group_np":"hr"}' where name = 'S'`,
    undo: "update departments set origin = '' where name = 'S'",
    said: {
      1: 'department S: it says where a field "group_np" came from, which it does not have',
      2: 'department S: it says where a field "group_np" came from, which it does not have',
    },
  },
  {
    what: 'the source of a field',
    sql: `update people set origin = '{"email":"hs"}' where name = 'cho'`,
    undo: "update people set origin = '' where name = 'cho'",
    said: { 2: 'person hr/cho: it names a source "hs" that nothing else knows; "hr" may be meant' },
  },
  {
    what: 'why somebody went',
    sql: "update people set reason = 'missinf' where reason = 'missing'",
    undo: "update people set reason = 'missing' where reason = 'missinf'",
    said: { 2: 'person hr/林: it says "missinf" for why it ends before' },
  },
  {
    what: 'the source of a removal',
    sql: "update people set reason_source = 'h2' where reason = 'missing'",
    undo: "update people set reason_source = 'hr' where reason = 'missing'",
    said: { 2: 'person hr/林: it names a source "h2" that nothing else knows; "hr" may be meant' },
  },
  {
    what: 'the number of memberships',
    sql: 'update snapshots set memberships = 8 where number = 2',
    undo: 'update snapshots set memberships = 0 where number = 2',
    said: { 2: 'its memberships are 0 and should be 8' },
  },
  {
    what: 'the run that published a snapshot',
    sql: 'update snapshots set run = 66 where number = 2',
    undo: 'update snapshots set run = 2 where number = 2',
    said: { 2: 'run 66, which it says published it, is not there' },
  },
  {
    what: 'that run, for another one',
    sql: 'update snapshots set run = 3 where number = 2',
    undo: 'update snapshots set run = 2 where number = 2',
    said: { 2: 'run 3 did not publish it' },
  },
  {
    what: 'the time of a snapshot and what it counted',
    sql: 'update snapshots set at = at + 4, changes = replace(changes, \'"people_added":0\', \'"people_added":1\') where number = 2',
    undo: 'update snapshots set at = at - 4, changes = replace(changes, \'"people_added":1\', \'"people_added":0\') where number = 2',
    said: { 2: 'its time is not the one at which run 2 ended; run 2 counted other changes' },
  },
  {
    what: 'changes that cannot be read',
    sql: "update snapshots set changes = replace(changes, '{', '[') where number = 3",
    undo: "update snapshots set changes = replace(changes, '[', '{') where number = 3",
    said: { 3: 'run 3 counted other changes' },
  },
  {
    what: 'the hold that a snapshot was',
    sql: 'update snapshots set hold = 5 where number = 2',
    undo: 'update snapshots set hold = null where number = 2',
    said: { 2: 'hold 5 was not approved to make it' },
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

    test('finds what is otherwise than it was, and says in which snapshot and row', async () => {
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
      const total = { snapshots: 1, damaged: 0, other_parts_damaged: 0, people_rows: 4, department_rows: 1 };
      assert.equal((await at.verify('head', '--json')).stdout, `${JSON.stringify({ event: 'verified', ...total })}\n`);
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
  test('counts purged people by their leaves, and finds out when one of those is another', async () => {
    await using at = await archive(engines.SQLite, [FIRST, SECOND, THIRD, SECOND]);
    await at.store.purge(storedKey('hr/林'), { dryRun: false });
    await at.store.prune({ snapshots: [snapshotNumber(2)], before: new Date(0) }, { dryRun: false });
    const fine = '3 snapshots verified, nothing is wrong · 4 rows of people, 3 of departments\n';
    assert.equal(await at.printed(), fine);
    for (const [sql, undo] of [
      ["update purged set leaf = concat('x', leaf) where first = 1", 'update purged set leaf = substr(leaf, 2)'],
      [
        'update purged_places set place = place - 1 where snapshot = 1',
        'update purged_places set place = place + 1 where snapshot = 1',
      ],
    ] as const) {
      await at.rows(sql);
      assert.equal(
        await at.printed(),
        `snapshot 1  ${DAY}  ${DIGEST}\n3 snapshots verified, 1 damaged · 4 rows of people, 3 of departments · restore a backup\n`,
      );
      await at.rows(`${undo}${undo.includes('where') ? '' : ' where first = 1'}`);
      assert.equal(await at.printed(), fine);
    }
    await at.rows('delete from purged_places where snapshot = 3');
    assert.match(await at.printed(), /^snapshot 3 .* its people are 3 and should be 4: 1 missing\n/);
  });

  test('finds nothing wrong in what is pruned and purged meanwhile', async () => {
    const dan = person('hr/dan');
    const rosters = [FIRST, SECOND, FIRST, SECOND, THIRD, SECOND, FIRST].map((one, place) =>
      place < 6 ? roster([...one.people.values(), dan], [...one.departments.values()]) : one,
    );
    await using at = await archive(engines.SQLite, rosters);
    const all = (await at.store.snapshots.list(99)).reverse();
    const prune = (...numbers: number[]) =>
      at.store.prune({ snapshots: numbers.map(snapshotNumber), before: new Date(0) }, { dryRun: false });
    const meanwhile = new Map<number, () => Promise<unknown>>([
      [2, () => prune(2, 3)],
      [4, () => at.store.purge(storedKey('hr/dan'), { dryRun: false })],
      [5, () => prune(5)],
    ]);
    // When people are asked for, departments were read before.
    const between: Store['people']['between'] = async (a, b) => {
      const act = meanwhile.get(b);
      meanwhile.delete(b);
      await act?.();
      return await at.store.people.between(a, b);
    };
    const busy: Store = { ...at.store, people: { ...at.store.people, between } };
    const told: number[] = [];
    const tally = await verify(busy, all, ({ snapshot, faults }) => {
      assert.deepEqual(faults, [], `snapshot ${snapshot.number}`);
      told.push(snapshot.number);
    });
    assert.deepEqual(told, [1, 4, 6, 7]);
    assert.deepEqual([tally.snapshots, tally.damaged, meanwhile.size], [4, 0, 0]);
  });

  test('finds what is damaged besides snapshots', async () => {
    await using at = await archive(engines.SQLite);
    await holdWithExtract(at.store);
    const held = 'the store is damaged: the candidate of hold 1 is not what was held: ';
    const damages: readonly (readonly [sql: string, undo: string, said: string])[] = [
      [
        'update extract_parts set place = 7 where place = 3',
        'update extract_parts set place = 3 where place = 7',
        'extract ad  the store is damaged: the extract of source ad is not what its digest says; "rosterd pull" stores another as soon as the source can be read, else restore a backup',
      ],
      [
        "update hold_rows set ends = 1 where key = 'hr/dan'",
        "update hold_rows set ends = 0 where key = 'hr/dan'",
        'hold 1  of 4 rows that it ends 3 are there',
      ],
      [
        "update hold_rows set leaf = concat('x', leaf) where key = 'hr/dan'",
        "update hold_rows set leaf = substr(leaf, 2) where key = 'hr/dan'",
        `hold 1  ${held}"dan" differs; restore a backup`,
      ],
      [
        "update hold_rows set reason = 'misting' where key = 'hr/cho'",
        "update hold_rows set reason = 'missing' where key = 'hr/cho'",
        'hold 1  person hr/cho: it says "misting" for why it ends',
      ],
      [
        `update hold_rows set origin = '{"emael":"hr"}' where key = 'hr/dan'`,
        "update hold_rows set origin = '{}' where key = 'hr/dan'",
        'hold 1  person hr/dan: it says where a field "emael" came from, which it does not have',
      ],
      [
        `update hold_rows set origin = '{"email":"hs"}' where key = 'hr/dan'`,
        "update hold_rows set origin = '{}' where key = 'hr/dan'",
        'hold 1  person hr/dan: it names a source "hs" that nothing else knows; "hr" may be meant',
      ],
      [
        "update problem_lists set problems = replace(problems, 'Ann', 'Anm')",
        "update problem_lists set problems = replace(problems, 'Anm', 'Ann')",
        'run 4  its list of problems is not what was written',
      ],
      [
        "update ledger set folded = 'bob@korp.example' where folded = 'bob@corp.example'",
        "update ledger set folded = 'bob@corp.example' where folded = 'bob@korp.example'",
        'ledger  it does not have the username or email, as it is served, of hr/bob',
      ],
      [
        "update ledger set username = 'bop' where username = 'bob' and kind = 'username'",
        "update ledger set username = 'bob' where username = 'bop' and kind = 'username'",
        'ledger  it does not have the username or email, as it is served, of hr/bob',
      ],
    ];
    for (const [sql, undo, said] of damages) {
      await at.rows(sql);
      assert.deepEqual(await partsOf(at.store), [said]);
      await at.rows(undo);
      assert.deepEqual(await partsOf(at.store), [], undo);
    }
    await at.rows("update ledger set folded = concat('x', folded)");
    assert.deepEqual(await partsOf(at.store), [
      'ledger  it does not have the username or email, as it is served, of hr/ann, hr/bob, hr/cho and 1 more',
    ]);
    const { stdout, code } = await at.verify();
    assert.match(
      stdout,
      /^ledger .*\n3 snapshots verified, 0 damaged, and 1 other part of the store · .* · restore a backup\n$/,
    );
    assert.equal(code, 1);
    const json = (await at.verify('--json')).stdout.split('\n').map(text => JSON.parse(text || 'null'));
    assert.deepEqual([json[0]?.event, json[0]?.part, json[1]?.other_parts_damaged], ['part.damaged', 'ledger', 1]);
    assert.equal((await at.verify('head')).code, 0, 'of one snapshot nothing else is told');
  });

  test('finds a file of which the engine itself says that it is damaged', async () => {
    await using here = await sqlite();
    {
      await using store = await here.open();
      await publish(store, roster([]), roster([person('hr/1')]));
    }
    using db = new DatabaseSync(here.file);
    db.exec('pragma wal_checkpoint(truncate)');
    const page = db.prepare("select rootpage from sqlite_master where name = 'people_first'").get()?.['rootpage'];
    db.close();
    // The last byte of a page is in the first row that was written to it.
    await using file = await open(here.file, 'r+');
    await file.write('x', Number(page) * 4096 - 2);
    await using store = await here.open();
    assert.deepEqual(await partsOf(store), ['file  row 1 missing from index people_first']);
  });

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
