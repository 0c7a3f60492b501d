import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { holdOf } from '../../scripts/hold.ts';
import { lastServed } from '../../scripts/served.ts';
import type { Look } from '../../scripts/text/look.ts';
import { reviewObjects, reviewText } from '../../scripts/text/review.ts';
import { servedText } from '../../scripts/text/served.ts';
import { transitionText } from '../../scripts/text/transition.ts';
import { type Department, groupNo, snapshotNumber } from '../../src/roster/model.ts';
import { cascades, emailMoves, transitionTo } from '../../src/views/transition.ts';
import { type Company, company } from '../support/company.ts';
import { startProgram } from '../support/program.ts';
import { LAUNCHER } from '../support/rosterd.ts';

const look: Look = { zone: 'UTC', colour: false, mask: false, width: 100 };
const DAYS = ['2026-08-20T02:00:00Z', '2026-08-21T02:00:00Z', '2026-08-22T02:00:00Z', '2026-08-23T02:00:00Z'] as const;
const NOW = new Date('2026-08-22T04:00:00Z');

/** A company of twelve, published; then five were deleted, and somebody's name changed. */
async function held(): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company());
  at.sql("insert into units values ('S', 'Sales', '')");
  at.hire(...Array.from({ length: 12 }, (_, number) => ({ account: `staff${number}`, dept: 'S' })));
  await at.run(DAYS[0]);
  at.sql("delete from hr where id between 2 and 6; update hr set name = 'Ann' where id = 1");
  await at.run(DAYS[1]);
  stack.move();
  return at;
}

const reviewed = (at: Company, number?: string) =>
  at.withStore(async store => {
    const review = await holdOf(store, number);
    assert(review);
    return { review, lines: reviewText(review, { look, now: NOW }) };
  });

suite('rosterd review', () => {
  test('shows what would change, which limits that passes, and what to do', async () => {
    await using at = await held();
    const { stdout, code } = await at.rosterd('review');
    assert.equal(
      stdout.replace(/\(\d+ \w+ ago\)/, '(AGO)'),
      `\
hold 1  2026-08-21 02:00 (AGO) by run 2, against snapshot 1: 7 people, 1 department

people
  ~ staff0   nick_name  staff0 → Ann                              (hr)
  - staff1   staff1 <staff1@acme.example>                         missing (hr)
  - staff2   staff2 <staff2@acme.example>                         missing (hr)
  - staff3   staff3 <staff3@acme.example>                         missing (hr)
  - staff4   staff4 <staff4@acme.example>                         missing (hr)
  - staff5   staff5 <staff5@acme.example>                         missing (hr)
memberships
  S  - staff1  - staff2  - staff3  - staff4  - staff5

people 0 added, 1 modified, 5 removed · departments 0, 0, 0 · memberships +0 -5

it passes 2 limits
  source_rows     source hr gives 7 rows of people, 5 fewer than the 12 of its last good read; at most 3 fewer are believed
  people_removed  5 of 12 people would be removed, and at most 3 may be at once
If that is wrong, put the source right: the next run that is within the limits publishes by itself and ends the hold.
If it is meant: "rosterd review 1" shows the candidate, "rosterd approve 1" publishes exactly that.
`,
    );
    assert.equal(code, 0);
    const diff = await at.rosterd('diff', ['held', '--stat']);
    assert.match(diff.stdout, /^snapshot 1 .* 12 people .*\nhold 1 {6}.* 7 people/);
    const { review } = await reviewed(at);
    const objects = [...reviewObjects(review)] as Record<string, unknown>[];
    assert.equal(objects.filter(one => one['event'] === 'person.removed' && one['field'] === 'username').length, 5);
    assert.deepEqual([objects.at(-1)?.['event'], objects.at(-1)?.['hold']], ['hold', 1]);
  });

  test('tells of later runs that were held as well', async () => {
    await using at = await held();
    at.sql('delete from hr where id = 7');
    await at.run(DAYS[2]);
    const { lines } = await reviewed(at);
    assert(
      lines.includes('run 3 of 2026-08-22 02:00 was held, too; it would have changed people ~1 -6 · memberships -6'),
      lines.join('\n'),
    );
  });

  test('of a hold that has ended tells how', async () => {
    await using at = await held();
    assert.equal((await at.rosterd('approve', ['1', '--reason', 'the team moved'])).code, 0);
    const approved = await reviewed(at, '1');
    assert.match(approved.lines.at(-1) ?? '', /^approved at .* \(run 3\), for: the team moved$/);
    assert.equal(approved.review.difference, undefined);
    at.sql("delete from hr where account != 'staff0' and account != 'staff11'");
    await at.run(DAYS[2]);
    at.hire(...['staff7', 'staff8', 'staff9', 'staff10', 'staff6'].map(account => ({ account, dept: 'S' })));
    await at.run(DAYS[3]);
    const overtaken = await reviewed(at, '2');
    assert.match(overtaken.lines.at(-1) ?? '', /^ended by itself at 2026-08-23 02:00: run \d was within the limits$/);
  });

  test('says so when nothing is held, or there is no such hold', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    await at.run(DAYS[0]);
    const none = await at.rosterd('review');
    assert.deepEqual(
      [none.stderr, none.code],
      ['rosterd: no hold stands; "rosterd status" tells how things stand\n', 1],
    );
    await at.withStore(async store => {
      await assert.rejects(holdOf(store, '7'), /^NotFound: there is no hold 7; nothing was ever held$/);
      await assert.rejects(holdOf(store, 'x'), /^UsageError: "x" is not the number of a hold; "rosterd status" tells/);
    });
  });
});

suite('rosterd approve', () => {
  test('says what was published, and what the run after it did', async () => {
    await using at = await held();
    // Somebody else goes before the decision: not what was reviewed, so judged by itself.
    at.sql('delete from hr where id = 12');
    const { stdout, code } = await at.rosterd('approve', ['1']);
    assert.match(
      stdout,
      /^hold 1 is approved: published as snapshot 2 \(run 3\): people ~1 -5 · memberships -5\n\nthe run after it, run 4:\npeople\n {2}- staff11 .*\n/,
    );
    assert.match(stdout, /\npublished as snapshot 3\n$/);
    assert.equal(code, 0);
    const log = await at.rosterd('log');
    assert.match(log.stdout, /\n +2 .* hold 1, approved\n/);
    const again = await at.rosterd('approve', ['1']);
    assert.match(again.stderr, /^rosterd: hold 1 was approved before \(.*\)\n$/);
    assert.equal(again.code, 4);
  });

  test('ends with 3 when the run after it is held', async () => {
    await using at = await held();
    at.sql('delete from hr where id between 7 and 11');
    const { stdout, code } = await at.rosterd('approve', ['1']);
    assert.match(stdout, /\nheld as hold 2: /);
    assert.equal(code, 3);
    const unknown = await at.rosterd('approve', ['9']);
    assert.deepEqual([unknown.stderr, unknown.code], ['rosterd: there is no hold 9; hold 2 stands\n', 1]);
  });
});

suite('rosterd pin', () => {
  test('shows what OMFLOW would do, does it with --yes, and unpin ends it', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' }, { account: 'j.wu' });
    await at.run(DAYS[0]);
    at.sql("delete from hr where account = 'j.wu'");
    await at.run(DAYS[1]);
    await at.deliver(2, '2026-08-21T03:00:00Z');
    const shown = await at.rosterd('pin', ['1']);
    assert.equal(
      shown.stdout,
      `\
what omflow was given at 2026-08-21 03:00, and what it would be given:
snapshot 2  2026-08-21 02:00   1 person  0 departments
snapshot 1  2026-08-20 02:00   2 people  0 departments

people
  + j.wu   j.wu <j.wu@acme.example>                             (hr)

people 1 added, 0 modified, 0 removed · departments 0, 0, 0 · memberships +0 -0

nothing was done; "rosterd pin 1 --yes" does it
`,
    );
    assert.equal((await at.rosterd('status')).code, 0);
    const done = await at.rosterd('pin', ['1', '--yes']);
    assert.match(done.stdout, /\nsnapshot 1 is pinned: it is served from now on, whatever runs publish; .*\n$/);
    const status = await at.rosterd('status');
    assert.match(
      status.stdout,
      /^pinned since .*: snapshot 1 is served, whatever runs publish; "rosterd unpin" ends that\n/,
    );
    assert.match(
      status.stdout,
      /\nserved {5}snapshot 1 {2}.*pinned\nwaiting {4}snapshot 2 {2}"rosterd diff 1 2" shows it\n/,
    );
    assert.equal(status.code, 1);
    assert.match((await at.rosterd('log')).stdout, /\n +1 .* pinned\n/);
    assert.match((await at.rosterd('unpin')).stdout, /\nnothing was done; "rosterd unpin --yes" does it\n$/);
    const ended = await at.rosterd('unpin', ['--yes']);
    assert.match(ended.stdout, /\nnothing is pinned any more: snapshot 2, or what a run publishes, is served next\n$/);
    const none = await at.rosterd('unpin', ['--yes']);
    assert.deepEqual([none.stderr, none.code], ['rosterd: nothing is pinned: snapshot 2 is the newest\n', 1]);
    const candidate = await at.rosterd('pin', ['held']);
    assert.match(candidate.stderr, /^rosterd: a held candidate is no snapshot; "rosterd review" shows it/);
  });

  test('warns of departments that would be taken along, and of emails that change hands', async () => {
    await using at = await company();
    at.sql("insert into units values ('A', 'A', ''), ('X', 'X', 'A')");
    at.hire({ account: 'a.lin', mail: 'one@acme.example', dept: 'X' }, { account: 'j.wu', mail: 'two@acme.example' });
    await at.run(DAYS[0]);
    at.sql("insert into units values ('N', 'N', ''); update units set parent = 'N' where code = 'X'");
    at.sql("update hr set mail = 'three@acme.example' where account = 'a.lin'");
    await at.run(DAYS[1]);
    at.sql("update hr set mail = 'one@acme.example' where account = 'j.wu'");
    await at.run(DAYS[2]);
    const lines = await at.withStore(async store => {
      const first = await store.snapshots.get(snapshotNumber(1));
      assert(first);
      return transitionText(await transitionTo(store, first), look);
    });
    const text = lines.join('\n');
    assert.match(text, /^nothing has been delivered yet; what is served now, and what would be:\n/);
    assert.match(text, /\n! OMFLOW would delete department N with what it has below it \(X\), and make that anew: /);
    assert.match(
      text,
      /\n! OMFLOW may refuse everything after a\.lin, who would get one@acme\.example while j\.wu still has it$/,
    );
  });

  test('knows every department that a deleted one takes along', () => {
    const tree = (...codes: readonly (readonly [string, string])[]): Department[] =>
      codes.map(([code, parent]) => ({
        group_no: groupNo(code),
        display_name: code,
        parent_group_no: parent === '' ? '' : groupNo(parent),
      }));
    const before = tree(['A', ''], ['B', 'A'], ['C', 'B'], ['D', 'C'], ['E', '']);
    assert.deepEqual(cascades(before, tree(['A', ''], ['C', 'A'], ['D', 'C'])), [
      { what: 'cascade', deleted: 'B', along: ['C', 'D'] },
    ]);
    assert.deepEqual(cascades(before, tree(['A', ''], ['B', 'A'])), [], 'whole branches go without harm');
    assert.deepEqual(cascades(before, before), []);
    assert.deepEqual(emailMoves({ people: [] }), []);
  });
});

suite('rosterd diff --served', () => {
  test('is what changed between the last two deliveries', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    await at.run(DAYS[0]);
    const none = await at.rosterd('diff', ['--served']);
    assert.match(
      none.stderr,
      /^rosterd: no snapshot has been delivered yet; "rosterd log --deliveries" lists every try/,
    );
    at.hire({ account: 'j.wu' });
    await at.run(DAYS[1]);
    await at.deliver(1, '2026-08-20T03:00:00Z');
    await at.deliver(2, '2026-08-21T03:00:00Z', false);
    await at.deliver(2, '2026-08-21T04:00:00Z');
    const { stdout } = await at.rosterd('diff', ['--served']);
    assert.match(stdout, /^snapshot 1 .*\nsnapshot 2 .*\n\npeople\n {2}\+ j\.wu /);
    assert.match(stdout, /\n\ndelivered to omflow at 2026-08-21 04:00; before that at 2026-08-20 03:00\n$/);
    await at.deliver(2, '2026-08-21T05:00:00Z');
    await at.withStore(async store => {
      assert.deepEqual(servedText(await lastServed({ store }), look), [
        'delivered to omflow at 2026-08-21 05:00; before that at 2026-08-21 04:00',
        'the last delivery of another snapshot was that of 1, at 2026-08-20 03:00: "rosterd diff 1 2" shows what changed since',
      ]);
    });
    const wrong = await at.rosterd('diff', ['1', '--served']);
    assert.deepEqual([wrong.stderr, wrong.code], ['rosterd: --served takes no snapshots: it finds its own\n', 2]);
  });
});

suite('what stands in the way', { concurrency: true }, () => {
  test('a hold without people is not offered for approval', async () => {
    await using at = await company();
    at.hire(...Array.from({ length: 5 }, (_, number) => ({ account: `staff${number}` })));
    await at.run(DAYS[0]);
    at.sql('delete from hr');
    const pulled = await at.rosterd('pull');
    const advice = 'It has no people, so it cannot be approved: a roster without people is never published.\n';
    assert.ok(pulled.stdout.endsWith(advice), pulled.stdout);
    assert.ok((await at.rosterd('review')).stdout.endsWith(advice));
    const refused = await at.rosterd('approve', ['1']);
    assert.equal(refused.stderr, 'rosterd: hold 1 has no people: a roster without people is never published\n');
    assert.equal(refused.code, 4);
  });

  test('a pin is told by whoever publishes, a hold by whoever unpins', async () => {
    await using at = await held();
    await at.withStore(store => store.pins.set({ snapshot: snapshotNumber(1), at: NOW }));
    const unpin = await at.rosterd('unpin');
    assert.match(unpin.stdout, /\nhold 1 stands: until that is settled, OMFLOW is told so instead\n$/);
    const approved = await at.rosterd('approve', ['1']);
    assert.match(
      approved.stdout,
      /\nsnapshot 1 is pinned: it is served until "rosterd unpin --yes", whatever is published\n$/,
    );
    assert.match((await at.rosterd('pull')).stdout, /\nsnapshot 1 is pinned: it is served until/);
  });

  test('a run that is writing is waited for', async () => {
    await using at = await held();
    using writer = new DatabaseSync(join(at.folder, 'roster.db'));
    writer.exec('begin immediate');
    await using pin = await startProgram(LAUNCHER, ['pin', '1', '--yes', '--config', at.configFile]);
    await pin.waitFor(/a run is writing to the store; waiting for it/, 20_000);
    writer.exec('rollback');
    assert.equal((await pin.exited).code, 0);
    await at.withStore(async store => assert.equal((await store.pins.current())?.snapshot, 1));
  });
});
