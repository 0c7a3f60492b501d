import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { collect, collectDiff, collectHistory, type ReportPair, type ReportTerms } from '../../src/report/collect.ts';
import type { DiffData, PlaceData, ReportData } from '../../src/report/data.ts';
import { usualPair } from '../../src/report/pair.ts';
import { snapshotNumber } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { countsOf, differenceOf } from '../../src/views/difference.ts';
import { type Company, company } from '../support/company.ts';

const DAYS = Array.from({ length: 9 }, (_, day) => `2026-08-0${day + 1}T02:00:00Z`) as [string, ...string[]];
const day = (number: number) => DAYS[number - 1] ?? '';
const iso = (number: number) => new Date(day(number)).toISOString();

/** Somebody came, changed, was renamed, moved and left, in four snapshots; OMFLOW got the second. */
async function story(): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company({ timezone: 'Asia/Taipei', more: 'language: ja\n' }));
  at.sql("insert into units values ('ENG', 'Engineering', ''), ('RD', 'Research', 'ENG'), ('S', 'Sales', '')");
  at.hire(
    { account: 'a.lin', name: 'Ann Lin', phone: '02-2345-6789', dept: 'RD' },
    { account: 'j.wu', dept: 'S' },
    { account: 'b.chen', dept: 'RD' },
    ...Array.from({ length: 12 }, (_, number) => ({ account: `staff${number}`, dept: 'S' })),
  );
  await at.run(day(1));
  at.sql("update hr set phone = '02-9999-0000', dept = 'S' where account = 'a.lin'");
  await at.run(day(2));
  await at.deliver(2, '2026-08-02T03:00:00Z');
  at.sql("update hr set account = 'j.wu2' where account = 'j.wu'; update units set name = 'R&D' where code = 'RD'");
  await at.run(day(3));
  at.sql("update hr set gone = 'x' where account = 'b.chen'; delete from units where code = 'S'");
  at.hire({ account: 'm.mori', name: '森', dept: 'ENG', source: 'bamboohr' }, { account: 'bad', mail: 'nonsense' });
  await at.run(day(4));
  stack.move();
  return at;
}

type More = Partial<Pick<ReportTerms, 'masked' | 'live' | 'now'>>;

const termsOf = (at: Company, store: Store, more: More = {}): ReportTerms => {
  const { sources, sync, timezone, language } = loadConfig(at.configFile, {}).config;
  const now = new Date('2026-08-04T08:00:00Z');
  return { store, sources, sync, timezone, language, now, masked: false, live: false, ...more };
};

async function pairOf(store: Store, a: number, b: number): Promise<ReportPair> {
  const after = await store.snapshots.get(snapshotNumber(b));
  assert(after);
  return { before: await store.snapshots.get(snapshotNumber(a)), after };
}

const collected = (at: Company, [a, b]: readonly number[] = [], more: More = {}) =>
  at.withStore(async store => {
    const pair = a === undefined || b === undefined ? await usualPair(store) : await pairOf(store, a, b);
    return await collect(termsOf(at, store, more), pair);
  });

const events = (diff: DiffData | undefined) => diff?.people.map(one => `${one.event} ${one.username}`);
const placeOf = ({ tree }: ReportData, code: string): PlaceData | undefined => tree.find(one => one.group_no === code);

suite('the data of a report', () => {
  test('have the newest snapshot against the one before, and those before it', async () => {
    await using at = await story();
    const data = await collected(at);
    const [first, ...others] = data.diffs;
    assert.deepEqual([first?.before, first?.after], [3, 4]);
    assert.deepEqual(events(first), ['removed b.chen', 'added m.mori']);
    assert.deepEqual(first?.people[0], {
      event: 'removed',
      username: 'b.chen',
      nick_name: 'b.chen',
      email: 'b.chen@acme.example',
      departments: ['RD'],
      fields: [],
      source: 'hr',
      reason: 'left',
    });
    assert.deepEqual(
      first?.memberships.map(one => `${one.event} ${one.group_no} ${one.username} ${one.source}`),
      ['added ENG m.mori bamboohr', 'removed RD b.chen hr'],
    );
    assert.deepEqual(
      first?.quarantined.map(one => [one.code, one.kind, one.source]),
      [['newcomer', 'person', 'hr']],
    );
    assert.deepEqual(
      others.map(one => [one.before, one.after]),
      [
        [2, 3],
        [1, 2],
        [0, 1],
      ],
    );
    assert.deepEqual(events(others[0]), ['renamed j.wu']);
    assert.deepEqual(others[0]?.people[0]?.fields, [{ field: 'login', old: 'j.wu', new: 'j.wu2', source: 'hr' }]);
    assert.deepEqual(others[0]?.departments, [
      {
        event: 'modified',
        group_no: 'RD',
        display_name: 'R&D',
        parent_group_no: 'ENG',
        fields: [{ field: 'display_name', old: 'Research', new: 'R&D', source: 'hr' }],
        source: 'hr',
        reason: '',
      },
    ]);
    assert.equal(others[2]?.people.length, 15);
    for (const diff of data.diffs) assert.deepEqual(diff.omitted, { people: 0, departments: 0, memberships: 0 });
    assert.deepEqual(JSON.parse(JSON.stringify(data)), JSON.parse(JSON.stringify(await collected(at))), 'plain data');
  });

  test('have the snapshots, runs that went wrong, deliveries, sources and settings', async () => {
    await using at = await story();
    await at.deliver(3, '2026-08-03T03:00:00Z', false);
    at.sql('alter table hr rename to hr_away');
    await at.run(day(5));
    const data = await collected(at, [], { now: new Date('2026-08-05T08:00:00Z') });
    assert.deepEqual(
      data.snapshots.map(one => [one.number, one.at, one.people, one.departments, one.hold]),
      [1, 2, 3, 4].map(number => [number, iso(number), 15, 3, undefined]),
    );
    assert.equal(data.snapshots[1]?.changes.people_modified, 1);
    assert.deepEqual(
      data.runs.map(one => [one.number, one.started, one.status, one.hold]),
      [[5, iso(5), 'failed', undefined]],
    );
    assert.match(data.runs[0]?.why ?? '', /^source hr: there is no table /);
    assert.deepEqual(
      data.deliveries.map(one => [one.snapshot, one.client, one.at, one.finished]),
      [
        [2, 'omflow', '2026-08-02T03:00:00.000Z', true],
        [3, 'omflow', '2026-08-03T03:00:00.000Z', false],
      ],
    );
    const [hr, bamboohr] = data.sources;
    assert.deepEqual([hr?.name, hr?.required, hr?.failing, hr?.failingSince], ['hr', true, true, iso(5)]);
    assert.deepEqual([hr?.read, hr?.rows?.people], [iso(4), 16]);
    assert.match(hr?.why ?? '', /there is no table/);
    assert.deepEqual(
      hr?.reads.map(one => [one.run, one.state]),
      [[5, 'failed'], ...[4, 3, 2, 1].map(run => [run, 'read'])],
    );
    assert.equal(bamboohr?.reads[1]?.rows.people, 1);
    assert.deepEqual([data.language, data.zone, data.masked, data.live], ['ja', 'Asia/Taipei', false, false]);
    assert.equal(data.made, '2026-08-05T08:00:00.000Z');
    assert.match(data.store, /roster\.db$/);
    const { standing } = data;
    assert.deepEqual([standing.troubles, standing.newest, standing.served, standing.pinned], [[], 4, 4, undefined]);
    assert.deepEqual([standing.confirmed, standing.failing?.since], [iso(4), iso(5)]);
    assert.match(standing.failing?.why ?? '', /^source hr: /);
    assert.deepEqual([standing.lastRun?.number, standing.lastRun?.status], [5, 'failed']);
    assert.equal(standing.delivered?.snapshot, 2);
  });

  test('have what OMFLOW will do: from what it got last to what is served', async () => {
    await using at = await story();
    const { sync } = await collected(at);
    assert.deepEqual([sync?.delivered.snapshot, sync?.diff.before, sync?.diff.after], [2, 2, 4]);
    assert.deepEqual(events(sync?.diff), ['removed b.chen', 'renamed j.wu', 'added m.mori']);
    assert.deepEqual(sync?.hazards, []);
    await at.rosterd('pin', ['1', '--yes']);
    const pinned = await collected(at);
    assert.deepEqual([pinned.standing.troubles, pinned.standing.served], [['pinned'], 1]);
    assert.equal(pinned.standing.pinned?.snapshot, 1);
    assert.deepEqual([pinned.sync?.diff.before, pinned.sync?.diff.after], [2, 1]);
    assert.deepEqual(pinned.diffs[0]?.after, 4, 'what is looked at stays the newest');
    assert.deepEqual(
      [pinned.renamed, (await collected(at, [2, 3])).renamed],
      [[], []],
      'nobody who is served was renamed',
    );
  });

  test('warn of what OMFLOW cannot do in one step', async () => {
    await using at = await company();
    at.sql("insert into units values ('A', 'A', ''), ('B', 'B', 'A')");
    at.hire({ account: 'one', dept: 'B' }, { account: 'two', dept: 'B' });
    await at.run(day(1));
    at.sql("delete from units where code = 'A'; update units set parent = '' where code = 'B'");
    await at.run(day(2));
    await at.deliver(2, day(2));
    await at.rosterd('pin', ['1', '--yes']);
    const back = await collected(at);
    assert.deepEqual(back.sync?.hazards, []);
    await at.rosterd('unpin', ['--yes']);
    await at.deliver(1, day(3));
    const { sync } = await collected(at);
    assert.deepEqual(sync?.hazards, [
      'OMFLOW would delete department A with what it has below it (B), and make that anew: whatever refers to those departments is lost there',
    ]);
  });

  test('have the tree of the later snapshot, with head counts, what changed in it, and what lingers', async () => {
    await using at = await story();
    const data = await collected(at);
    assert.deepEqual(
      data.tree.map(one => [one.group_no, one.depth, one.own, one.all]),
      [
        ['ENG', 0, 1, 1],
        ['RD', 1, 0, 0],
        ['S', 0, 14, 14],
      ],
    );
    assert.deepEqual([placeOf(data, 'ENG')?.came, placeOf(data, 'RD')?.went], [1, 1]);
    assert.deepEqual(
      data.tree.filter(one => one.lingers).map(one => one.group_no),
      ['S'],
    );
    const before = await collected(at, [2, 3]);
    assert.deepEqual(
      before.tree.filter(one => one.lingers),
      [],
    );
    assert.deepEqual([placeOf(before, 'RD')?.change, placeOf(before, 'ENG')?.change], ['modified', undefined]);
    assert.deepEqual([placeOf(before, 'RD')?.display_name, placeOf(before, 'RD')?.own], ['R&D', 1]);
    const first = await collected(at, [0, 1]);
    assert.deepEqual(
      first.tree.map(one => [one.change, one.came]),
      [
        ['added', 0],
        ['added', 2],
        ['added', 13],
      ],
    );
  });

  test('have the problems of the newest run that looked at everybody, and who was renamed', async () => {
    await using at = await story();
    const { problems, renamed } = await collected(at);
    assert.equal(problems.run, 4);
    assert.equal(problems.listed[0]?.effect, 'quarantined', 'what keeps somebody out comes first');
    assert.equal(problems.listed[0]?.name, 'bad');
    assert.ok(problems.counts.some(one => one.code === 'department_kept' && one.count === 1));
    assert.deepEqual(renamed, [{ username: 'j.wu', login: 'j.wu2' }]);
  });

  test('have the histories of people in the diff', async () => {
    await using at = await story();
    const { histories } = await collected(at, [1, 2]);
    assert.deepEqual(Object.keys(histories), ['a.lin']);
    const steps = histories['a.lin'] ?? [];
    assert.deepEqual(
      steps.map(one => [one.snapshot, one.at, one.event, one.joined, one.left, one.source]),
      [
        [1, iso(1), 'added', ['RD'], [], 'hr'],
        [2, iso(2), 'modified', ['S'], ['RD'], 'hr'],
      ],
    );
    assert.deepEqual(steps[1]?.fields, [{ field: 'phone1', old: '02-2345-6789', new: '02-9999-0000', source: 'hr' }]);
    await at.withStore(async store => {
      assert.deepEqual(await collectHistory(termsOf(at, store), 'a.lin'), steps);
      assert.equal(await collectHistory(termsOf(at, store), 'nobody'), undefined);
      const left = await collectHistory(termsOf(at, store), 'b.chen');
      assert.deepEqual([left?.at(-1)?.event, left?.at(-1)?.reason, left?.at(-1)?.left], ['removed', 'left', ['RD']]);
    });
  });

  test('go back in time, too, and count as every diff does', async () => {
    await using at = await story();
    await at.withStore(async store => {
      for (const [a, b] of [
        [1, 4],
        [4, 1],
        [2, 2],
        [0, 3],
      ] as const) {
        const pair = await pairOf(store, a, b);
        const diff = await collectDiff(termsOf(at, store), pair, true);
        assert.deepEqual([diff.before, diff.after], [a, b]);
        assert.deepEqual(diff.counts, countsOf(await differenceOf(store, pair)), `${a} to ${b}`);
      }
    });
  });

  test('of an empty store say so', async () => {
    await using at = await company();
    await at.withStore(async () => {});
    const data = await collected(at);
    assert.deepEqual([data.snapshots, data.diffs, data.tree, data.histories], [[], [], [], {}]);
    assert.deepEqual([data.sync, data.hold, data.standing.troubles], [undefined, undefined, ['unpublished']]);
    assert.deepEqual(data.problems, { run: undefined, listed: [], counts: [] });
  });

  test('never write', async () => {
    await using at = await story();
    const marks = await at.withStore(async store => {
      const before = await store.mark();
      await collect(termsOf(at, store), await usualPair(store));
      return [before, await store.mark()];
    });
    assert.equal(marks[0], marks[1]);
  });
});

/** Three published snapshots; then most go, and that is held. */
async function heldStory(more = ''): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company({ more }));
  at.sql("insert into units values ('A', 'A', ''), ('B', 'B', 'A'), ('C', 'C', 'A')");
  at.hire(...Array.from({ length: 12 }, (_, number) => ({ account: `p${number}`, dept: number < 6 ? 'B' : 'C' })));
  await at.run(day(1));
  at.sql("update hr set name = 'One' where account in ('p1', 'p2'); update hr set gone = 'x' where account = 'p11'");
  at.hire({ account: 'new', dept: 'A' });
  await at.run(day(2));
  at.sql(
    "update hr set name = 'Uno' where account = 'p1'; delete from hr where account in ('p2','p3','p4','p5','new')",
  );
  at.sql("update hr set name = 'p0' where account = 'p0'; update hr set dept = 'B' where account = 'p6'");
  await at.run(day(3));
  stack.move();
  return at;
}

suite('of what is held, the data', () => {
  test('have the candidate against the newest snapshot, its findings and its tree', async () => {
    await using at = await heldStory();
    const data = await collected(at);
    assert.deepEqual([data.diffs[0]?.before, data.diffs[0]?.after], [2, 'held']);
    assert.deepEqual(events(data.diffs[0]), [
      'removed new',
      'modified p1',
      ...['p2', 'p3', 'p4', 'p5'].map(name => `removed ${name}`),
    ]);
    assert.equal(data.diffs[0]?.people[0]?.reason, 'missing');
    const { hold } = data;
    assert.deepEqual([hold?.number, hold?.opened, hold?.approvable], [1, iso(3), true]);
    assert.deepEqual(
      hold?.findings.map(one => one.guard),
      ['source_rows', 'people_removed'],
    );
    assert.match(hold?.findings[1]?.text ?? '', /5/);
    assert.deepEqual(hold?.counts, data.diffs[0]?.counts);
    assert.deepEqual(hold?.diff, data.diffs[0]);
    assert.deepEqual(data.standing.troubles, ['held']);
    assert.deepEqual(
      data.runs.map(one => [one.status, one.hold]),
      [['held', 1]],
    );
    assert.deepEqual(
      data.tree.map(one => [one.group_no, one.own, one.all, one.came, one.went]),
      [
        ['A', 0, 7, 0, 1],
        ['B', 3, 3, 1, 4],
        ['C', 4, 4, 0, 1],
      ],
    );
    const plain = await collected(at, [1, 2]);
    assert.deepEqual(plain.hold?.diff, hold?.diff);
    assert.deepEqual([plain.diffs[0]?.after, plain.diffs.map(one => one.after).includes('held')], [2, false]);
  });

  test('compare it with older ones and with nothing as if it were published', async () => {
    await using at = await heldStory();
    const pairs = async (store: Store) => {
      const [newest] = await store.snapshots.list(1);
      const after = newest?.number === 2 ? (await usualPair(store))?.after : newest;
      assert(after);
      const one = await store.snapshots.get(snapshotNumber(1));
      return Promise.all([one, undefined].map(before => collectDiff(termsOf(at, store), { before, after }, true)));
    };
    const held = await at.withStore(pairs);
    assert.equal((await at.rosterd('approve', ['1', '--reason', 'meant'])).code, 0);
    const published = await at.withStore(pairs);
    assert.deepEqual(
      held.map(one => ({ ...one, after: 3 })),
      published,
    );
    assert.deepEqual(events(held[0]), [
      'modified p1',
      ...['p11', 'p2', 'p3', 'p4', 'p5'].map(name => `removed ${name}`),
    ]);
    assert.deepEqual(
      held[0]?.people.map(one => one.reason),
      ['', 'left', 'missing', 'missing', 'missing', 'missing'],
    );
  });

  test('say that one without people cannot be approved, and have the very first one', async () => {
    await using at = await company({ more: 'sync: { first: hold }\n' });
    at.hire({ account: 'a.lin' });
    await at.run(day(1));
    const data = await collected(at);
    assert.deepEqual(
      [data.diffs[0]?.before, data.diffs[0]?.after, events(data.diffs[0])],
      [0, 'held', ['added a.lin']],
    );
    assert.deepEqual([data.snapshots, data.hold?.approvable, data.sync], [[], true, undefined]);
  });
});

suite('masked data', () => {
  const PRIVATE = /@acme|2345|9999|nonsense"/;

  test('have no email and no telephone number anywhere', async () => {
    await using at = await story();
    at.hire({ account: 'c.d@acme.example', mail: 'c.d@acme.example', dept: 'RD' });
    at.sql("update hr set mail = 'ann@acme.example', name = 'ann@acme.example' where account = 'a.lin'");
    await at.run(day(5));
    assert.match(JSON.stringify(await collected(at)), PRIVATE);
    const masked = await collected(at, [], { masked: true });
    assert.doesNotMatch(JSON.stringify(masked), PRIVATE);
    assert.deepEqual(events(masked.diffs[0]), ['modified a.lin', 'added c…@a…']);
    assert.deepEqual(masked.diffs[0]?.people[0]?.fields[0]?.new, 'a…@a…');
    assert.ok('c…@a…' in masked.histories);
    assert.equal(masked.store, (await collected(at)).store);
    await at.withStore(async store => {
      const terms = termsOf(at, store, { masked: true });
      const parts = [await collectDiff(terms, await pairOf(store, 1, 5), true), await collectHistory(terms, 'a.lin')];
      assert.doesNotMatch(JSON.stringify(parts), PRIVATE);
    });
    assert.doesNotMatch(JSON.stringify(await collected(at, [0, 5], { masked: true })), PRIVATE);
  });

  test('have nobody under the name of somebody else', async () => {
    await using at = await company();
    at.hire(...['ann', 'al'].map(name => ({ account: `${name}@acme.example`, mail: `${name}@acme.example` })), {
      account: '__proto__',
    });
    await at.run(day(1));
    const data = await collected(at, [], { masked: true });
    assert.deepEqual(events(data.diffs[0]), ['added __proto__', 'added a…@a…', 'added a…@a…']);
    assert.deepEqual(Object.keys(data.histories), ['__proto__']);
    assert.equal(Object.keys((await collected(at)).histories).length, 3);
  });
});
