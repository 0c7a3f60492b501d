import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { fold } from '../../src/roster/fold.ts';
import {
  type GuardFinding,
  holdNumber,
  type Outcome,
  type Problem,
  type RunNumber,
  runNumber,
  snapshotNumber,
  sourceName,
  storedKey,
  username,
} from '../../src/roster/model.ts';
import type { RunQueries, RunReport } from '../../src/store/store.ts';
import { engines, sqlite } from './engines.ts';
import {
  AT,
  begin,
  finish,
  NO_REPORT,
  NOBODY,
  person,
  publication,
  publish,
  published,
  readBack,
  roster,
} from './rosters.ts';

const problem: Problem = {
  code: 'email_missing',
  effect: 'quarantined',
  source: sourceName('hr'),
  kind: 'person',
  key: 'hr/1',
  name: 'ann',
  text: '林 "ann" \\ has no email 😀',
};
const finding = (count: number): GuardFinding => ({
  guard: 'people_removed',
  count,
  limit: 3,
  of: 100,
  baseline: snapshotNumber(1),
  text: `${count} people would go`,
});
const held = (count: number): Outcome => ({
  status: 'held',
  hold: undefined,
  reasons: [finding(count)],
  changes: { ...NO_CHANGES, people_removed: count },
});
/** What a held run holds. */
const candidate = publication(roster([person('hr/1')]), NOBODY, 2);
const failed: Outcome = { status: 'failed', problems: [problem] };
const unchanged: Outcome = { status: 'unchanged', snapshot: snapshotNumber(1) };

for (const [engine, place] of Object.entries(engines)) {
  suite(`runs in ${engine}`, () => {
    test('are recorded as they began and ended', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.equal(await store.runs.newestFinished(), undefined);
      const report: RunReport = {
        sources: [
          { source: sourceName('hr'), state: 'read', rows: { people: 1, departments: 2, memberships: 3 }, took: 4 },
        ],
        problems: [problem],
        counts: [{ code: 'email_missing', effect: 'quarantined', count: 7 }],
      };
      const number = await store.runs.begin({ cause: 'schedule', at: AT, fingerprint: 'abc' });
      const running = await store.runs.get(number);
      assert.deepEqual([running?.status, running?.finished, running?.started], ['running', undefined, AT]);
      const at = new Date(AT.getTime() + 1234);
      const what = publication(NOBODY, roster([person('hr/1')]), 1);
      const outcome: Outcome = { ...published(1), changes: { ...NO_CHANGES, people_added: 1 } } as Outcome;
      assert.deepEqual(await store.runs.finish(number, { at, outcome, report, publication: what }), {
        recorded: true,
        hold: undefined,
      });
      assert.deepEqual(await store.runs.newestFinished(), {
        ...report,
        number: 1,
        cause: 'schedule',
        started: AT,
        finished: at,
        status: 'published',
        snapshot: 1,
        hold: undefined,
        changes: { ...NO_CHANGES, people_added: 1 },
        findings: [],
        fingerprint: 'abc',
        found: hash('sha256', JSON.stringify(report.problems)),
      });
    });

    test('that found the same wrong have one list of it, which goes with the last of them', async () => {
      await using here = await place();
      await using store = await here.open();
      const other = { ...problem, key: 'hr/2' };
      const found = [[problem], [problem, other], [problem], []];
      const numbers: RunNumber[] = [];
      for (const problems of found) {
        const number = await begin(store);
        await store.runs.finish(number, {
          ...{ at: AT, outcome: failed, publication: undefined },
          report: { ...NO_REPORT, problems },
        });
        numbers.push(number);
      }
      const lists = async () => (await here.rows('select problems from problem_lists')).length;
      assert.equal(await lists(), 2);
      const runs = (await store.runs.list(99)).reverse();
      assert.deepEqual(
        runs.map(run => run.problems),
        found,
      );
      assert.deepEqual(
        [runs[0]?.found === runs[2]?.found, runs[0]?.found === runs[1]?.found, runs[3]?.found],
        [true, false, undefined],
      );
      const later = { snapshots: [], before: new Date(AT.getTime() + 1) };
      await store.prune(later, { dryRun: true });
      assert.equal(await lists(), 2);
      await store.prune(later, { dryRun: false });
      // The newest tells how things stand, and so does the first that went wrong.
      assert.deepEqual(
        (await store.runs.list(99)).map(run => run.number),
        [numbers[3], numbers[0]],
      );
      assert.equal(await lists(), 1);
      assert.deepEqual((await store.runs.list(99))[1]?.problems, [problem]);
    });

    test('tell what is asked of them without their problems, be those damaged', async () => {
      await using here = await place();
      await using store = await here.open();
      const report = { ...NO_REPORT, problems: [problem] };
      for (const outcome of [published(1), failed]) {
        const number = await begin(store);
        const what = outcome === failed ? undefined : publication(NOBODY, roster([person('hr/1')]), 1);
        await store.runs.finish(number, { at: AT, outcome, report, publication: what });
      }
      const asked = async <Run>({ list, get, newestFinished, newestGood, firstBadSince }: RunQueries<Run>) => [
        ...(await list(9)),
        await get(runNumber(1)),
        await newestFinished(),
        await newestGood(),
        await firstBadSince(undefined),
      ];
      const heads = await asked(store.runs.heads);
      const whole = await asked(store.runs);
      assert.deepEqual(
        whole.map(run => ({ ...run, problems: undefined, counts: undefined })),
        heads.map(head => ({ ...head, problems: undefined, counts: undefined })),
      );
      for (const damage of [
        "update problem_lists set problems = replace(problems, 'k', 'x')",
        'delete from problem_lists',
      ]) {
        assert.deepEqual(await store.runs.unreadable(), damage.startsWith('delete') ? [1] : []);
        await here.rows(damage);
        await assert.rejects(
          store.runs.list(9),
          /the store is damaged: what run 2 found wrong is not what was written/,
        );
        assert.deepEqual(await asked(store.runs.heads), heads);
      }
      assert.deepEqual(await store.runs.unreadable(), [1]);
    });

    test('that ended are not ended again: what stands is how they did at first', async () => {
      await using here = await place();
      await using store = await here.open();
      const number = await begin(store);
      await finish(store, number, failed);
      assert.deepEqual(await finish(store, number, held(9)), { recorded: false, hold: undefined });
      assert.equal((await store.runs.get(number))?.status, 'failed');
      assert.equal(await store.holds.open(), undefined);
    });

    test('that never ended are interrupted, once the next one begins', async () => {
      await using here = await place();
      await using store = await here.open();
      const first = await begin(store);
      const second = await begin(store);
      assert.deepEqual([first, second], [1, 2]);
      const interrupted = await store.runs.get(first);
      assert.deepEqual([interrupted?.status, interrupted?.finished], ['interrupted', AT]);
      assert.equal((await store.runs.get(second))?.status, 'running');
      assert.equal(await store.runs.newestFinished(), undefined, 'nobody knows when it ended');
    });

    test('are found by how they ended', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, roster([person('hr/1')]));
      await finish(store, await begin(store), failed);
      await finish(store, await begin(store), unchanged);
      await finish(store, await begin(store), held(9), candidate);
      await begin(store);
      await finish(store, await begin(store), failed);
      const { runs } = store;
      const statuses = (await runs.list(9)).map(run => [run.number, run.status]);
      assert.deepEqual(statuses, [
        [6, 'failed'],
        [5, 'interrupted'],
        [4, 'held'],
        [3, 'unchanged'],
        [2, 'failed'],
        [1, 'published'],
      ]);
      assert.deepEqual(
        (await runs.list(2)).map(run => run.number),
        [6, 5],
      );
      assert.equal((await runs.newestFinished())?.number, 6);
      assert.equal((await runs.newestGood())?.number, 3);
      assert.equal((await runs.firstBadSince(undefined))?.number, 2);
      assert.equal((await runs.firstBadSince(runNumber(3)))?.number, 5);
      assert.equal(await runs.firstBadSince(runNumber(6)), undefined);
      assert.deepEqual((await runs.get(runNumber(2)))?.problems, []);
      assert.equal((await runs.get(runNumber(6)))?.snapshot, 1);
    });

    test('prove the configuration under which they published or changed nothing', async () => {
      await using here = await place();
      await using store = await here.open();
      const one = publication(NOBODY, roster([person('hr/1')]), 1);
      for (const [fingerprint, outcome, what] of [
        ['published', published(1), one],
        ['unchanged', unchanged, undefined],
        ['held', held(9), candidate],
        ['failed', failed, undefined],
        ['interrupted', undefined, undefined],
        ['running', undefined, undefined],
      ] as const) {
        assert.equal(await store.runs.provedGood(fingerprint), false);
        const run = await store.runs.begin({ cause: 'pull', at: AT, fingerprint });
        if (outcome) await finish(store, run, outcome, what);
      }
      const proved = [];
      for (const { fingerprint } of await store.runs.list(9)) {
        if (await store.runs.provedGood(fingerprint)) proved.push(fingerprint);
      }
      assert.deepEqual(proved, ['unchanged', 'published']);
    });

    test('whose publication cannot be written have not ended', async () => {
      await using here = await place();
      await using store = await here.open();
      const one = roster([person('hr/1')]);
      await publish(store, NOBODY, one);
      const number = await begin(store);
      const twice = publication(NOBODY, one, 2);
      await assert.rejects(finish(store, number, published(2), twice));
      assert.equal((await store.runs.get(number))?.status, 'running');
      assert.equal((await store.snapshots.newest())?.number, 1);
      await readBack(store, snapshotNumber(1));
    });

    test('open one hold, leave it alone, and close it when all is well', async () => {
      await using here = await place();
      await using store = await here.open();
      assert.equal(await store.holds.open(), undefined);
      await publish(store, NOBODY, roster([person('hr/1')]));
      const opener = await begin(store);
      assert.deepEqual(await finish(store, opener, held(9), candidate), { recorded: true, hold: 1 });
      const hold = await store.holds.open();
      assert.deepEqual([hold?.number, hold?.run, hold?.opened, hold?.findings], [1, opener, AT, [finding(9)]]);
      const later = await begin(store);
      assert.deepEqual(await finish(store, later, held(12), candidate), { recorded: true, hold: 1 });
      assert.deepEqual((await store.runs.get(later))?.findings, [finding(12)]);
      assert.deepEqual((await store.runs.get(later))?.changes, { ...NO_CHANGES, people_removed: 12 });
      assert.deepEqual(await store.holds.open(), hold, 'another held run leaves it alone');
      await finish(store, await begin(store), failed);
      assert.deepEqual(await store.holds.open(), hold, 'a failed run does, too');
      await finish(store, await begin(store), unchanged);
      assert.equal(await store.holds.open(), undefined);
      const next = await finish(store, await begin(store), held(5), candidate);
      assert.deepEqual(next, { recorded: true, hold: holdNumber(2) });
      await publish(store, roster([person('hr/1')]), roster([person('hr/2')]));
      assert.equal(await store.holds.open(), undefined);
    });
  });

  suite(`the ledger in ${engine}`, () => {
    test('remembers every username and email that was ever published', async () => {
      await using here = await place();
      await using store = await here.open();
      const ann = person('hr/1', { username: 'Ann', email: 'Ann@Corp.example' });
      const bob = person('hr/2', { username: 'bob', email: 'bob@corp.example' });
      const moved = { ...ann, email: 'ann.lin@corp.example' };
      const heir = person('hr/3', { username: 'Straße ', email: 'ann@corp.example' });
      const steps = [
        NOBODY,
        roster([ann, bob]),
        roster([moved, bob]),
        roster([ann, bob]),
        roster([bob, heir]),
        roster([heir]),
      ];
      for (const [place, after] of steps.slice(1).entries()) await publish(store, steps[place] ?? NOBODY, after);
      const found = await store.ledger({
        keys: [storedKey('hr/1'), storedKey('hr/2'), storedKey('hr/9')],
        usernames: ['ANN', 'strasse', 'nobody'].map(fold),
        emails: ['ann@CORP.example', 'ann.lin@corp.example', 'x@corp.example'].map(fold),
      });
      assert.deepEqual(found, {
        byKey: new Map([
          ['hr/1', 'Ann'],
          ['hr/2', 'bob'],
        ]),
        byUsername: new Map([
          ['ann', { key: storedKey('hr/1'), username: username('Ann') }],
          ['strasse', { key: storedKey('hr/3'), username: username('Straße ') }],
        ]),
        byEmail: new Map([
          ['ann@corp.example', ['Ann', 'Straße ']],
          ['ann.lin@corp.example', ['Ann']],
        ]),
      });
    });

    test('tells names apart, and is asked for thousands at once', async () => {
      await using here = await place();
      await using store = await here.open();
      const people = Array.from({ length: 4500 }, (_, place) => person(`hr/u${place}`));
      const odd = ['é', 'e', 'e\u0301x', '😀', "o'brien\\"].map(name => person(`hr/${name}`));
      await publish(store, NOBODY, roster([...people, ...odd]));
      const all = [...people, ...odd];
      const found = await store.ledger({
        keys: all.map(one => one.key),
        usernames: all.map(one => fold(one.username)),
        emails: all.map(one => fold(one.email)),
      });
      assert.deepEqual([found.byKey.size, found.byUsername.size, found.byEmail.size], Array(3).fill(all.length));
      for (const one of odd) assert.equal(found.byUsername.get(fold(one.username))?.key, one.key);
    });
  });
}

suite('a run in SQLite', () => {
  // Deliveries are written by another thread, between any two statements of a run.
  test('ends well while deliveries are written', async () => {
    await using here = await sqlite();
    await using store = await here.open({ timeout: 1000 });
    await publish(store, NOBODY, roster([person('hr/1')]));
    using main = new DatabaseSync(here.file, { timeout: 0 });
    const insert = main.prepare("insert into deliveries values (?, 1, 'omflow', 0, 1, 0, 0)");
    let going = true;
    let written = 0;
    const writer = (async () => {
      while (going) {
        try {
          insert.run(`d${written++}`);
        } catch (error) {
          assert.equal((error as { errcode?: number }).errcode, 5);
        }
        await Promise.resolve();
        if (written % 1000 === 0) await new Promise(resolve => setImmediate(resolve));
      }
    })();
    try {
      for (const outcome of [failed, held(9), held(9), unchanged, failed]) {
        await finish(store, await begin(store), outcome, outcome.status === 'held' ? candidate : undefined);
      }
    } finally {
      going = false;
      await writer;
    }
    assert.equal((await store.runs.newestFinished())?.number, 6);
  });
});
