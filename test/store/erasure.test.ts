import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { departmentContent, leaf, personContent, rosterDigest } from '../../src/roster/leaf.ts';
import {
  type Extract,
  type Outcome,
  type Person,
  type PersonRecord,
  type Problem,
  snapshotNumber,
  sourceName,
  storedKey,
} from '../../src/roster/model.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import { StoreError } from '../../src/store/error.ts';
import type { RunReport, Store } from '../../src/store/store.ts';
import { engines, type Place, sqlite } from './engines.ts';
import {
  AT,
  bare,
  begin,
  changesBetween,
  department,
  inOrder,
  NO_REPORT,
  NOBODY,
  naiveChanges,
  person,
  publish,
  type Roster,
  roster,
} from './rosters.ts';

const HR = sourceName('hr');
const WRITE = { dryRun: false };
const DRY = { dryRun: true };

const KEYS = ['hr/1', 'hr/2', 'hr/3', 'ad/林', 'ad/\u{10000}', 'zz/a'];

const anyRoster = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('', 'a', 'b')).map(people =>
  roster(
    Object.entries(people).map(([key, nick_name]) => person(key, { nick_name })),
    [department('RD')],
  ),
);

/** A history at whose end nobody is left, what is pruned of it, and who is purged, in which order. */
const anyErasure = fc.array(anyRoster, { minLength: 1, maxLength: 8 }).chain(rosters =>
  fc.record({
    rosters: fc.constant(rosters),
    pruned: fc.tuple(
      fc.subarray(rosters.map((_, place) => place + 1)),
      fc.subarray(rosters.map((_, place) => place + 1)),
    ),
    purged: fc.shuffledSubarray(KEYS),
  }),
);

async function publishAll(store: Store, rosters: readonly Roster[]): Promise<readonly Roster[]> {
  const history = [NOBODY, ...rosters];
  for (const [place, next] of rosters.entries()) await publish(store, history[place] ?? NOBODY, next);
  return history;
}

const without = ({ people, departments }: Roster, keys: readonly string[]): Roster => ({
  people: new Map([...people].filter(([key]) => !keys.includes(key))),
  departments,
});

/** A snapshot has everybody but the purged, and its digest still verifies. */
async function mustVerify(store: Store, number: number, { people, departments }: Roster): Promise<void> {
  const found: Person[] = [];
  for await (const page of store.people.at(snapshotNumber(number))) found.push(...page.map(one => one.value));
  assert.deepEqual(
    found.map(one => one.key),
    inOrder(people.keys()),
  );
  const codes = inOrder(departments.keys()).flatMap(code => departments.get(code) ?? []);
  const digest = rosterDigest(
    codes.map(one => leaf(departmentContent(one))),
    found.map(one => leaf(personContent(one))),
    await store.purged(snapshotNumber(number)),
  );
  assert.equal(digest, (await store.snapshots.get(snapshotNumber(number)))?.digest, `snapshot ${number}`);
  const body = JSON.parse(Buffer.from(await renderSnapshot(store, snapshotNumber(number))).toString());
  assert.equal(body.user_info_list.length, people.size);
}

/** Somebody whose every value can be told from anything else. */
const ZOE = person('hr/key-of-zoe', {
  username: 'zoe.q',
  login: 'zoe.q',
  email: 'zoe@secret.example',
  nick_name: '林 秘密',
  ad_no: 'AD-ZOE',
  phone1: '0912-345-678',
  company: 'Zoe & Sons',
  departments: ['RD'],
  extra: [['car', 'ZQ-1234']],
});
/** After she was renamed at the directory, and married. */
const RENAMED = { ...ZOE, login: 'zoe.married', email: 'married@secret.example', phone2: '0998-765-432' };
const HERS = [
  'key-of-zoe',
  'zoe',
  'secret.example',
  '秘密',
  'AD-ZOE',
  '0912-345-678',
  '0998-765-432',
  'Zoe & Sons',
  'ZQ-1234',
];

const problem = (more: Partial<Problem>): Problem => ({
  code: 'any',
  effect: 'kept',
  source: HR,
  kind: 'person',
  key: 'hr/other',
  name: 'other',
  text: 'nothing',
  ...more,
});

/** Problems that have to do with Zoe. */
const ABOUT_HER: readonly Problem[] = [
  problem({ key: 'hr/key-of-zoe', name: '', text: 'phone1 "0912-345-678-9-10-11-12" is longer than 20 characters' }),
  problem({
    kind: 'membership',
    key: 'hr/key-of-zoe',
    name: 'key-of-zoe',
    text: 'member "key-of-zoe" of RD is nobody',
  }),
  problem({ name: 'ZOE.Q' }),
  problem({ name: 'married@secret.example' }),
  problem({ text: 'email "x@corp.example" was published for "zoe.q" before' }),
  problem({ text: 'its key hr/key-of-zoe was "other" until now' }),
  problem({ text: 'the account is now called Zoe.Married.' }),
];
const FAILURE = problem({ kind: 'source', key: '', effect: 'failed', text: 'row 7 (zoe@secret.example) has no key' });
const NOT_ABOUT_HER: readonly Problem[] = [
  problem({ text: 'the name is cut to "joe.q"' }),
  problem({ kind: 'department', key: 'RD', name: 'RD', text: 'parent "X" does not exist' }),
];

const record = (key: string, fields: PersonRecord['fields'] = {}): PersonRecord => ({
  key,
  fields,
  departments: [],
  extra: [],
  active: true,
  broken: [],
});

function extractOf(source: string, more: Partial<Extract>): Extract {
  const rows = { people: 9, departments: 9, memberships: 9 };
  const none = { people: [], departments: undefined, memberships: [], problems: [] };
  return { source: sourceName(source), rows, ...none, ...more };
}

/** The end of a run that changed nothing, with what it read and found. */
async function endRun(store: Store, report: RunReport, extracts: readonly Extract[] = []): Promise<void> {
  const newest = await store.snapshots.newest();
  const outcome: Outcome = { status: 'unchanged', snapshot: newest?.number ?? snapshotNumber(1) };
  const fresh = extracts.map(extract => ({ extract, at: AT, fingerprint: 'f1' }));
  await store.runs.finish(await begin(store), {
    at: AT,
    outcome,
    report,
    publication: undefined,
    extracts: { fresh, needed: undefined },
  });
}

const reportOf = (problems: readonly Problem[]): RunReport => ({
  sources: [],
  problems,
  counts: [{ code: 'any', effect: 'kept', count: problems.length }],
});

/** Zoe comes, is renamed, and leaves; two others stay. */
async function withZoe(store: Store): Promise<void> {
  const others = [person('hr/1', { departments: ['RD'] }), person('hr/z')];
  const all = [[...others, ZOE], [...others, RENAMED], others].map(people => roster(people, [department('RD')]));
  await publishAll(store, all);
}

const purgeZoe = (store: Store, how = WRITE) => store.purge(ZOE.key, how);

/** Everything that the engine keeps, as text: of SQLite whatever its files have, of MariaDB all rows. */
async function everythingIn(here: Place & { readonly file?: string }): Promise<string> {
  if (here.file !== undefined) {
    const files = ['', '-wal', '-shm'].map(end => readFile(`${here.file}${end}`, 'latin1').catch(() => ''));
    return Buffer.from((await Promise.all(files)).join(''), 'latin1').toString();
  }
  const tables = await here.rows(
    'select table_name as t from information_schema.tables where table_schema = database()',
  );
  const rows = await Promise.all(tables.map(({ t }) => here.rows(`select * from ${t}`)));
  return JSON.stringify(rows, (_, value) => (value?.type === 'Buffer' ? Buffer.from(value.data).toString() : value));
}

const found = (text: string, wanted: readonly string[]) =>
  wanted.filter(one => text.toLowerCase().includes(one.toLowerCase()));

for (const [engine, place] of Object.entries(engines)) {
  suite(`purging from ${engine}`, () => {
    test('leaves every snapshot with a digest that verifies, whoever goes in which order, pruned or not', async () => {
      await fc.assert(
        fc.asyncProperty(anyErasure, async ({ rosters, pruned: [early, late], purged }) => {
          await using here = await place();
          await using store = await here.open();
          const history = await publishAll(store, [...rosters, roster([], [department('RD')])]);
          const prune = (numbers: readonly number[]) =>
            store.prune({ snapshots: numbers.map(snapshotNumber), before: new Date(0) }, WRITE);
          await prune(early);
          for (const key of purged) {
            const would = await store.purge(storedKey(key), DRY);
            assert.deepEqual(await store.purge(storedKey(key), WRITE), would);
            assert.equal((await store.purge(storedKey(key), WRITE)).versions, 0);
          }
          await prune(late);
          const numbers = (await store.snapshots.list(99)).map(one => one.number);
          const left = history.map(one => without(one, purged));
          for (const number of numbers) await mustVerify(store, number, left[number] ?? NOBODY);
          for (const a of numbers) {
            for (const b of numbers) {
              const changes = await changesBetween(store, a, b);
              assert.deepEqual(changes.map(bare), naiveChanges(left[a] ?? NOBODY, left[b] ?? NOBODY));
            }
          }
          const strays = await here.rows('select * from purged where id not in (select purged from purged_places)');
          assert.deepEqual(strays, []);
        }),
        { numRuns: engine === 'SQLite' ? 25 : 2 },
      );
    });

    test('leaves nothing of somebody anywhere', async () => {
      await using here = await place();
      await using store = await here.open();
      await withZoe(store);
      await endRun(store, {
        ...reportOf([...ABOUT_HER, FAILURE, ...NOT_ABOUT_HER]),
        sources: [
          {
            source: HR,
            state: 'failed',
            rows: { people: 0, departments: 0, memberships: 0 },
            took: 1,
            failure: { since: AT, why: 'row 7 (zoe@secret.example) has no key' },
          },
        ],
      });
      await endRun(store, NO_REPORT, [
        extractOf('hr', {
          people: [
            record('key-of-zoe', { phone1: '0912-345-678' }),
            record('1'),
            record('', { username: 'key-of-zoe' }),
          ],
          memberships: [
            { person: 'key-of-zoe', group_no: 'RD' },
            { person: '1', group_no: 'RD' },
          ],
          problems: [...ABOUT_HER, ...NOT_ABOUT_HER],
        }),
        extractOf('ad', {
          people: [record('6'), record('7', { email: 'Married@Secret.example' }), record('8', { username: 'zoe.q' })],
          memberships: [{ person: 'Zoe.Married', group_no: 'RD' }],
        }),
      ]);
      await heldFor(store, '"zoe.q" would be removed', 'zoe.q leaves us');
      assert.deepEqual(found(await everythingIn(here), HERS), HERS);
      const would = await purgeZoe(store, DRY);
      assert.deepEqual(would, { versions: 2, snapshots: 2, records: 3 + 7 + 3, problems: 8 + 1, names: 3 });
      assert.deepEqual(await purgeZoe(store), would);
      const extracts = [await store.extracts.get(HR), await store.extracts.get(sourceName('ad'))].map(
        one => one?.extract,
      );
      const texts = JSON.stringify([extracts, await store.runs.list(99), await store.holds.list(99)]);
      assert.deepEqual(found(await everythingIn(here), HERS), []);
      assert.deepEqual(found(texts, HERS), [], 'what is compressed in the file');
      assert.deepEqual(
        extracts.map(one => one?.people.map(({ key }) => key)),
        [['1'], ['6']],
      );
      assert.deepEqual(extracts[0]?.rows, { people: 9, departments: 9, memberships: 9 }, 'what was read stays counted');
      assert.deepEqual(extracts[0]?.memberships, [{ person: '1', group_no: 'RD' }]);
      const run = (await store.runs.list(99)).find(one => one.problems.length > 0);
      assert.deepEqual(run?.problems, [{ ...FAILURE, text: 'row 7 ((erased)) has no key' }, ...NOT_ABOUT_HER]);
      assert.equal(run?.counts[0]?.count, 10, 'counts stay');
      const [hold] = await store.holds.list(1);
      assert.deepEqual(
        [hold?.findings[0]?.text, hold?.end?.reason],
        ['"(erased)" would be removed', '(erased) leaves us'],
      );
      for (const number of [1, 2]) await renderSnapshot(store, snapshotNumber(number));
      assert.deepEqual(await purgeZoe(store), { versions: 0, snapshots: 0, records: 0, problems: 0, names: 0 });
    });

    test('refuses whoever is served', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, [roster([ZOE]), roster([RENAMED])]);
      for (const how of [DRY, WRITE]) {
        await assert.rejects(purgeZoe(store, how), (error: unknown) => {
          assert.ok(error instanceof StoreError);
          assert.equal(error.message, '"zoe.q" is served: nobody is purged who has not left');
          return true;
        });
      }
      assert.equal((await store.people.history('zoe.q')).length, 2);
    });

    test('takes somebody who was never served out of what runs found wrong', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, [roster([person('hr/1')])]);
      const newcomer = problem({ code: 'newcomer', effect: 'quarantined', key: 'hr/9', name: 'nina@corp.example' });
      const other = problem({ text: 'email "nina@corp.example" is the same as that of "nina@corp.example"' });
      for (const _ of [1, 2, 3]) await endRun(store, reportOf([newcomer, other, ...NOT_ABOUT_HER]));
      assert.deepEqual(await store.keysNamed('nina@corp.example'), ['hr/9']);
      assert.deepEqual(await store.keysNamed('hr/9'), ['hr/9']);
      const purged = await store.purge(storedKey('hr/9'), WRITE);
      assert.deepEqual(purged, { versions: 0, snapshots: 0, records: 0, problems: 6, names: 0 });
      assert.deepEqual(found(await everythingIn(here), ['nina']), []);
      assert.deepEqual(await store.keysNamed('hr/9'), []);
    });

    test('finds people by key, else by username, else by login', async () => {
      await using here = await place();
      await using store = await here.open();
      const taker = person('hr/2', { username: 'taker', login: 'zoe.married' });
      const other = person('hr/3', { username: 'hr/2', login: 'taker' });
      await publishAll(store, [roster([ZOE]), roster([RENAMED]), roster([taker, other])]);
      assert.deepEqual(await store.keysNamed('hr/key-of-zoe'), ['hr/key-of-zoe']);
      assert.deepEqual(await store.keysNamed('hr/2'), ['hr/2'], 'a key is surer than a username');
      assert.deepEqual(await store.keysNamed('zoe.q'), ['hr/key-of-zoe']);
      assert.deepEqual(await store.keysNamed('taker'), ['hr/2'], 'a username is surer than a login');
      assert.deepEqual((await store.keysNamed('zoe.married')).sort(), ['hr/2', 'hr/key-of-zoe']);
      assert.deepEqual(await store.keysNamed('ZOE.Q'), ['hr/key-of-zoe']);
      assert.deepEqual(await store.keysNamed('zoe@secret.example'), []);
    });

    test('takes somebody out of the ledger and the problems whose history was pruned', async () => {
      await using here = await place();
      await using store = await here.open();
      await withZoe(store);
      await endRun(store, reportOf([problem({ text: 'email is that of "Married@secret.example"' })]));
      await store.prune({ snapshots: [1, 2].map(snapshotNumber), before: new Date(0) }, WRITE);
      assert.deepEqual(await store.people.history('zoe.q'), []);
      assert.deepEqual(await store.keysNamed('zoe.q'), ['hr/key-of-zoe']);
      const names = ['married@secret.example', 'zoe.q', 'zoe@secret.example'];
      assert.deepEqual((await store.namesOf(ZOE.key)).sort(), names);
      const purged = await purgeZoe(store);
      assert.deepEqual(purged, { versions: 0, snapshots: 0, records: 0, problems: 1, names: 3 });
      assert.deepEqual(found(await everythingIn(here), HERS), []);
      assert.deepEqual([await store.keysNamed('zoe.q'), await store.namesOf(ZOE.key)], [[], []]);
    });
  });
}

/** A hold with this finding that ended with this reason. */
async function heldFor(store: Store, text: string, reason: string): Promise<void> {
  const newest = await store.snapshots.newest();
  assert.ok(newest);
  const finding = { guard: 'protect' as const, count: 1, limit: 0, of: 1, baseline: newest.number, text };
  const outcome: Outcome = { status: 'held', hold: undefined, reasons: [finding], changes: NO_CHANGES };
  const none = { ended: [], fresh: [] };
  const publication = {
    number: snapshotNumber(newest.number + 1),
    digest: newest.digest,
    counts: { people: 2, departments: 1, memberships: 0 },
    changes: NO_CHANGES,
    people: none,
    departments: none,
    names: [],
  };
  const held = await store.runs.finish(await begin(store), { at: AT, outcome, report: NO_REPORT, publication });
  assert.ok(held.hold);
  await store.runs.finish(await begin(store), {
    at: AT,
    outcome: { status: 'unchanged', snapshot: newest.number },
    report: NO_REPORT,
    publication: undefined,
    approval: { hold: held.hold, reason },
  });
}

suite('purging from a file', () => {
  test('says that somebody reads the file, and is finished by the next purge or by pruning', async () => {
    const finishing: readonly ((store: Store) => Promise<unknown>)[] = [
      store => purgeZoe(store),
      store => store.prune({ snapshots: [], before: new Date(0) }, WRITE),
    ];
    for (const finish of finishing) {
      await using here = await sqlite();
      await using store = await here.open({ timeout: 50 });
      await withZoe(store);
      const reader = new DatabaseSync(here.file);
      reader.exec('begin');
      reader.prepare('select count(*) from people').all();
      await assert.rejects(purgeZoe(store), (error: unknown) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /^the rows are erased, but not yet .* another process has been reading/);
        return true;
      });
      assert.deepEqual(await store.people.history('zoe.q'), []);
      assert.notDeepEqual(found(await everythingIn(here), HERS), [], 'the log of changes has them');
      reader.close();
      await finish(store);
      assert.deepEqual(found(await everythingIn(here), HERS), []);
    }
  });

  test('clears what was ever deleted in it, however carelessly', async () => {
    await using here = await sqlite();
    await using store = await here.open();
    await withZoe(store);
    {
      using careless = new DatabaseSync(here.file);
      careless.exec('pragma secure_delete = off');
      careless.exec("insert into settings values ('note', 'zoe@secret.example'); delete from settings");
    }
    await purgeZoe(store);
    assert.deepEqual(found(await everythingIn(here), HERS), []);
  });
});
