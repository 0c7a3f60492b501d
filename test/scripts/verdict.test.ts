import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { EXIT } from '../../scripts/exit.ts';
import type { Look } from '../../scripts/text/look.ts';
import { exitCodeOf, runObjects, runText } from '../../scripts/text/verdict.ts';
import { type Company, company } from '../support/company.ts';

const look: Look = { zone: 'UTC', colour: false, mask: false, width: 100 };

async function staffed(count: number): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company());
  at.hire(...Array.from({ length: count }, (_, number) => ({ account: `staff${number}` })));
  stack.move();
  return at;
}

suite('what a run did', () => {
  test('published: the diff, then the verdict', async () => {
    await using at = await staffed(1);
    const first = await at.run('2026-08-20T02:00:00Z');
    assert.deepEqual(runText(first, look), [
      'people',
      '  + staff0   staff0 <staff0@acme.example>                         (hr)',
      '',
      'people 1 added, 0 modified, 0 removed · departments 0, 0, 0 · memberships +0 -0',
      '',
      'published as snapshot 1',
    ]);
    assert.equal(exitCodeOf(first.outcome), EXIT.fine);
    const again = await at.run('2026-08-20T03:00:00Z');
    assert.deepEqual(runText(again, look), ['unchanged: snapshot 1 is still what the sources say']);
    assert.equal(exitCodeOf(again.outcome), EXIT.fine);
  });

  test('a long list is cut only where it can be had in full, and that is said', async () => {
    await using at = await staffed(150);
    const dry = runText(await at.run('2026-08-20T02:00:00Z', { dryRun: true }), look);
    assert.equal(dry.filter(line => line.startsWith('  + ')).length, 150);
    assert.equal(dry.at(-1), 'dry run: this would be published as snapshot 1; nothing was written');
    const real = runText(await at.run('2026-08-20T02:00:00Z'), look);
    assert.equal(real.filter(line => line.startsWith('  + ')).length, 100);
    assert.ok(real.includes('    … and 50 more; "rosterd show 1" lists everything'), real.join('\n'));
  });

  test('held: who would go, which limits that passes, and what to do', async () => {
    await using at = await staffed(30);
    await at.run('2026-08-20T02:00:00Z');
    at.sql('delete from hr where id > 20');
    const dry = runText(await at.run('2026-08-21T02:00:00Z', { dryRun: true }), look);
    assert.ok(dry.includes('dry run: this would be held, for it passes 2 limits; nothing was written'));
    const result = await at.run('2026-08-21T02:00:00Z');
    const text = runText(result, look);
    assert.equal(text.filter(line => /^ {2}- staff.* missing \(hr\)$/.test(line)).length, 10);
    assert.deepEqual(text.slice(-5), [
      'held as hold 1: it passes 2 limits, so nothing was published',
      '  source_rows     source hr gives 20 rows of people, 10 fewer than the 30 of its last good read; at most 6 fewer are believed',
      '  people_removed  10 of 30 people would be removed, and at most 3 may be at once',
      'If that is wrong, put the source right: the next run that is within the limits publishes by itself and ends the hold.',
      'If it is meant: "rosterd review 1" shows the candidate, "rosterd approve 1" publishes exactly that.',
    ]);
    assert.equal(dry.at(-1), 'If it is meant: "rosterd pull" opens a hold for it, which can then be approved.');
    assert.equal(exitCodeOf(result.outcome), EXIT.held);
  });

  test('held because a source ran empty: the source is looked at first', async () => {
    await using at = await staffed(30);
    at.hire({ account: 'm.chen', source: 'bamboohr' });
    await at.run('2026-08-20T02:00:00Z');
    at.sql('delete from bamboohr');
    const text = runText(await at.run('2026-08-21T02:00:00Z'), look).join('\n');
    assert.match(
      text,
      /source_rows {2}source bamboohr gives no people any more; its last good read gave 1 rows?\nLook at the source first: its query/,
    );
  });

  test('failed: each source that failed, why, and the way out', async () => {
    await using at = await staffed(1);
    await at.run('2026-08-20T02:00:00Z');
    at.sql('alter table hr rename to a; alter table bamboohr rename to b');
    const result = await at.run('2026-08-21T02:00:00Z');
    const text = runText(result, look).join('\n');
    assert.match(
      text,
      /^failed: nothing was published\n {2}source hr: .*\n {4}put right what it says; "rosterd check" then tells whether hr can be read\n {2}source bamboohr: /,
    );
    assert.equal(exitCodeOf(result.outcome), EXIT.failed);
  });

  test('problems: the quarantined one by one, the others grouped and counted', async () => {
    await using at = await staffed(2);
    at.hire({ account: 'two words' }, { account: 'dup', mail: 'staff1@acme.example' });
    at.hire(...Array.from({ length: 5 }, (_, number) => ({ account: `new${number}`, dept: 'NOWHERE' })));
    const result = await at.run('2026-08-20T02:00:00Z');
    const text = runText(result, look).join('\n');
    assert.match(text, /\nquarantined: not served until the source is put right\n( {2}! .*\(hr\)\n){2}\n/);
    assert.match(
      text,
      /\nproblems\n {2}5 {2}people in departments that do not exist {2}\(left out\)\n( {6}new\d .*\n){3} {6}… and 2 more; --json has all of them\n/,
    );
    assert.match(text, /\n\npublished as snapshot 1$/);
    const objects = [...runObjects(result)] as Record<string, unknown>[];
    assert.ok(objects.slice(0, -1).every(one => one['event'] === 'person.added'));
    const last = objects.at(-1);
    assert.deepEqual([last?.['event'], last?.['run'], last?.['snapshot']], ['run.published', 1, 1]);
    assert.equal((last?.['problems'] as unknown[] | undefined)?.length, 7);
  });
});
