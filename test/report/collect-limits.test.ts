import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { collect, collectDiff, type ReportPair, type ReportTerms } from '../../src/report/collect.ts';
import { hazardSentence } from '../../src/report/collect-aside.ts';
import { problemsData } from '../../src/report/collect-standing.ts';
import { LIMITS, type ReportData, WHOLE } from '../../src/report/data.ts';
import { usualPair } from '../../src/report/pair.ts';
import { type Problem, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import type { RecordedRun, Store } from '../../src/store/store.ts';
import { type Place, sqlite } from '../store/engines.ts';
import { AT, begin, department, NO_REPORT, NOBODY, person, publish, type Roster, roster } from '../store/rosters.ts';
import { configOf } from '../support/config.ts';
import { hrSettings } from '../support/hr.ts';

/** Far more than goes into a page, in every part of it. */

const { sources, sync, timezone, language } = configOf(hrSettings('/nowhere', 'mysql://hr@127.0.0.1/hr'));
const termsOf = (store: Store, more: Partial<ReportTerms> = {}): ReportTerms => ({
  ...{ store, sources, sync, timezone, language, now: AT, masked: false, live: false },
  ...more,
});

const range = (count: number) => Array.from({ length: count }, (_, at) => at);
const CODES = range(5200).map(at => `D${at}`);
const name = (at: number) => `u${String(at).padStart(5, '0')}`;
const codeOf = (at: number) => [CODES[at % CODES.length]];

/** Departments below one another by tens, and people in them. */
const BEFORE = roster(
  range(5500).map(at => person(`hr/${name(at)}`, { departments: codeOf(at) })),
  CODES.map((code, at) => department(code, `部門 ${at} ${'<'.repeat(20)}`, at === 0 ? '' : CODES[Math.floor(at / 10)])),
);

/** 5,100 went, 100 were renamed, 200 changed, 200 came, and of the departments 5,100 changed. */
const AFTER = roster(
  [
    ...[...BEFORE.people.values()].slice(5100).map((one, at) => {
      if (at < 100) return { ...one, login: `${one.login}x` };
      return at < 300 ? { ...one, nick_name: '<b>' } : one;
    }),
    ...range(200).map(at => person(`hr/new${at}`, { departments: codeOf(at) })),
  ],
  [...BEFORE.departments.values()].map((one, at) => (at < 5100 ? { ...one, display_name: 'x' } : one)),
);

async function filled(place: Place, rosters: readonly Roster[]): Promise<Store> {
  const store = await place.open();
  for (const [at, next] of rosters.entries()) await publish(store, rosters[at - 1] ?? NOBODY, next);
  return store;
}

const collected = async (store: Store, more: Partial<ReportTerms> = {}) =>
  await collect(termsOf(store, more), await usualPair(store));

const eventsIn = (all: readonly { readonly event: string }[]) =>
  Object.fromEntries([...Map.groupBy(all, one => one.event)].map(([event, some]) => [event, some.length]));
const bytes = (part: unknown) => Buffer.byteLength(JSON.stringify(part).replaceAll('<', '\\u003c'));

suite('what goes into a page', () => {
  test('of a diff is no more than is allowed: who went and was renamed, then who changed, then who came', async () => {
    await using place = await sqlite();
    await using store = await filled(place, [BEFORE, AFTER]);
    const data = await collected(store);
    const [chosen] = data.diffs;
    assert(chosen);
    assert.deepEqual(chosen.counts, {
      people_added: 200,
      people_modified: 200,
      people_removed: 5100,
      people_renamed: 100,
      departments_added: 0,
      departments_modified: 5100,
      departments_removed: 0,
      memberships_added: 200,
      memberships_removed: 5100,
    });
    assert.deepEqual(eventsIn(chosen.people), { removed: 5000 });
    assert.deepEqual(eventsIn(chosen.memberships), { removed: 5000 });
    assert.ok(chosen.departments.length > 1000 && chosen.departments.length < 5000, 'they are many bytes');
    assert.deepEqual(chosen.omitted, { people: 600, departments: 5100 - chosen.departments.length, memberships: 300 });
    assert.deepEqual(
      chosen.people.map(one => one.username),
      chosen.people.map(one => one.username).toSorted(),
    );
    mustFit(data);
    const whole = await collectDiff(termsOf(store), (await usualPair(store)) as ReportPair, true);
    assert.deepEqual(whole.omitted, { people: 0, departments: 0, memberships: 0 });
    assert.deepEqual([whole.people.length, whole.departments.length, whole.memberships.length], [5600, 5100, 5300]);
    assert.deepEqual(whole.counts, chosen.counts);
    const part = await collectDiff(termsOf(store), (await usualPair(store)) as ReportPair, false);
    assert.deepEqual(part, chosen);
  });

  test('keeps renames and changes before those who came', async () => {
    await using place = await sqlite();
    const old = range(2700).map(at => person(`hr/${name(at)}`));
    const now = old.map((one, at) => (at % 27 === 0 ? { ...one, login: 'x' } : { ...one, phone1: '1' }));
    const more = range(2500).map(at => person(`hr/a${at}`));
    await using store = await filled(place, [roster(old), roster([...now, ...more])]);
    const [chosen] = (await collected(store)).diffs;
    assert.deepEqual(eventsIn(chosen?.people ?? []), { renamed: 100, modified: 2600, added: 2300 });
    assert.deepEqual(chosen?.omitted, { people: 200, departments: 0, memberships: 0 });
  });

  test('has room for long texts, but no more than that', async () => {
    await using place = await sqlite();
    const long = (at: number) => person(`hr/${name(at)}`, { extra: [['note', '<'.repeat(10_000)]] });
    const short = roster(range(400).map(at => person(`hr/${name(at)}`)));
    await using store = await filled(place, [short, roster(range(400).map(long))]);
    const data = await collected(store);
    const [chosen] = data.diffs;
    assert.ok(chosen && chosen.people.length > 10 && chosen.people.length < 100);
    assert.equal(chosen.omitted.people, 400 - chosen.people.length);
    mustFit(data);
    assert.ok(Object.keys(data.histories).length > 0);
  });

  test('are whole neighbours, the newest first, and fewer where a daemon can be asked for the others', async () => {
    await using place = await sqlite();
    const long = '<'.repeat(100);
    const rosters = range(20).map(day =>
      roster(range(200).map(at => person(`hr/${name(at)}`, { phone1: `${day} ${long}` }))),
    );
    await using store = await filled(place, rosters);
    const data = await collected(store);
    const numbers = data.diffs.map(one => Number(one.after));
    assert.deepEqual(
      numbers,
      range(numbers.length).map(at => 20 - at),
    );
    assert.ok(numbers.length > 5 && numbers.length < 19, String(numbers.length));
    assert.ok(data.diffs.every(one => one.people.length === 200));
    mustFit(data);
    const live = await collected(store, { live: true });
    assert.ok(live.diffs.length > 1 && live.diffs.length < data.diffs.length);
    mustFit(live);
    const { histories } = data;
    assert.ok(Object.keys(histories).length > 5 && Object.values(histories).every(steps => steps.length === 20));
  });

  test('of the tree are as many levels as fit, and of the renamed the first', async () => {
    await using place = await sqlite();
    const people = range(2100).map(at => person(`hr/${name(at)}`, { login: `other${at}`, departments: ['D0'] }));
    const codes = range(12_000).map(at => `D${at}`);
    const all = roster(
      people,
      codes.map((code, at) =>
        department(code, '林'.repeat(30), at === 0 ? '' : at < 1000 ? 'D0' : codes[1 + (at % 999)]),
      ),
    );
    await using store = await filled(place, [all]);
    const data = await collected(store);
    assert.equal(data.tree.length, 1000, 'the root and what is right below it');
    assert.deepEqual([data.tree[0]?.own, data.tree[0]?.all], [2100, 2100]);
    assert.equal(data.renamed.length, LIMITS.renamed);
    assert.deepEqual(data.omitted, { renamed: 2100 - LIMITS.renamed, places: 11_000 });
    mustFit(data);
  });

  test('of too many roots are the first ones', async () => {
    await using place = await sqlite();
    const wide = roster(
      [person('hr/1')],
      range(12_000).map(at => department(`D${at}`, '林'.repeat(50))),
    );
    await using store = await filled(place, [wide]);
    const { tree, omitted } = await collected(store);
    assert.ok(tree.length > 1000 && tree.length + (omitted?.places ?? 0) === 12_000);
    assert.ok(bytes(tree) <= LIMITS.tree);
  });

  test('are the newest runs and deliveries', async () => {
    await using place = await sqlite();
    await using store = await filled(place, [roster([person('hr/1')])]);
    for (const at of range(1100)) {
      const run = await begin(store);
      const problem = failure(`try ${at} ${'<'.repeat(200)}`);
      const report = { ...NO_REPORT, problems: [problem] };
      const outcome = { status: 'failed', problems: [problem] } as const;
      await store.runs.finish(run, { at: AT, outcome, report, publication: undefined });
    }
    const snapshot = snapshotNumber(1);
    await store.deliveries.add(
      range(2100).map(at => ({ id: `${at}`, snapshot, client: `c${at}`, at: AT, finished: true, bytes: 1 })),
    );
    const data = await collected(store);
    assert.equal(data.runs.at(-1)?.number, 1101);
    assert.match(data.runs.at(-1)?.why ?? '', /^source hr: try 1099 </);
    assert.ok(data.runs.length > 100 && data.runs.length < LIMITS.runs);
    assert.deepEqual([data.deliveries.length, data.deliveries[0]?.client], [LIMITS.deliveries, 'c100']);
    assert.equal(data.deliveries.at(-1)?.client, 'c2099');
    mustFit(data);
  });

  test('are the problems that matter most', () => {
    const listed = [
      ...range(1500).map(at => ({ ...failure(`w ${at}`), effect: 'warned' as const })),
      ...range(1500).map(at => ({ ...failure(`q ${at}`), effect: 'quarantined' as const })),
    ];
    const run = { number: 7, problems: listed, counts: [] } as unknown as RecordedRun;
    const { listed: shown } = problemsData(run);
    assert.ok(shown.length <= LIMITS.problems && shown.length >= 1500);
    assert.equal(shown.filter(one => one.effect === 'quarantined').length, 1500);
    const long = { ...run, problems: range(100).map(() => failure('x'.repeat(20_000))) };
    assert.ok(bytes(problemsData(long)) <= LIMITS.problemBytes);
  });

  test('are sentences that somebody can read', () => {
    const cascade = { what: 'cascade', deleted: 'A', along: range(1000).map(String) } as const;
    assert.match(hazardSentence(cascade), /below it \(0, 1, .*, 19, 980 more\), and make/);
  });
});

const failure = (text: string): Problem => ({
  ...{ code: 'source_failed', effect: 'failed', source: sourceName('hr'), kind: 'source', key: '', name: '' },
  text,
});

/** By construction, whatever is in the store. */
function mustFit(data: ReportData): void {
  const [chosen, ...others] = data.diffs;
  const most: readonly [part: unknown, most: number][] = [
    [chosen, LIMITS.chosen + LIMITS.problemBytes],
    [others, data.live ? LIMITS.liveNeighbours : LIMITS.neighbours],
    [data.sync?.diff ?? '', LIMITS.aside + LIMITS.problemBytes],
    [data.hold?.diff ?? '', LIMITS.aside + LIMITS.problemBytes],
    [data.histories, LIMITS.histories],
    [data.tree, LIMITS.tree],
    [data.runs, LIMITS.runBytes],
    [data.renamed, LIMITS.renamedBytes],
    [data.problems.listed, LIMITS.problemBytes],
  ];
  for (const [place, [part, limit]] of most.entries()) {
    assert.ok(bytes(part) <= limit, `part ${place} has ${bytes(part)} bytes, not ${limit}`);
  }
  for (const diff of [...data.diffs, data.sync?.diff].filter(one => one !== undefined)) {
    for (const kind of ['people', 'departments', 'memberships'] as const) {
      assert.ok(diff[kind].length <= LIMITS.changes);
    }
  }
  assert.ok(bytes(data) < 15 * 1024 * 1024);
  assert.ok(WHOLE.bytes < 64 * 1024 * 1024);
}
