import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { differenceText } from '../../scripts/text/changes.ts';
import type { Look } from '../../scripts/text/look.ts';
import { snapshotNumber } from '../../src/roster/model.ts';
import { differenceOf } from '../../src/views/difference.ts';
import { type Company, company } from '../support/company.ts';

/** The company of the specification, up to its snapshots 41 and 42. */
async function sample(at: Company): Promise<void> {
  at.sql("insert into units values ('ENG', 'Engineering', ''), ('RD', 'Research', ''), ('RD-2', 'Lab 2', 'RD')");
  for (let unit = 4; unit <= 63; unit += 1) at.sql(`insert into units values ('U-${unit}', 'Unit ${unit}', '')`);
  at.hire({ account: 'a.lin', mail: 'a.lin@old.example', dept: 'RD-2' });
  at.hire({ account: 'j.wu', name: 'Jun Wu', dept: 'RD-2' });
  at.hire(...Array.from({ length: 1202 }, (_, number) => ({ account: `staff${number}` })));
  for (let snapshot = 1; snapshot < 41; snapshot += 1) {
    await at.run('2026-08-01T02:00:00Z');
    at.sql(`update hr set phone = '${snapshot}' where account = 'staff0'`);
  }
  await at.run('2026-08-20T02:00:00Z');
  at.sql("update hr set mail = 'a.lin@acme.example' where account = 'a.lin'");
  at.sql("update hr set gone = 'yes' where account = 'j.wu'");
  at.sql("update units set parent = 'ENG' where code = 'RD-2'");
  at.hire({ source: 'bamboohr', account: 'm.chen', name: 'Mei Chen', dept: 'RD-2' });
  await at.run('2026-08-21T02:00:00Z');
}

const SAMPLE = `\
snapshot 41  2026-08-20 02:00   1204 people  63 departments
snapshot 42  2026-08-21 02:00   1204 people  63 departments

people
  ~ a.lin    email  a.lin@old.example → a.lin@acme.example        (hr)
  - j.wu     Jun Wu <j.wu@acme.example>                           left (hr)
  + m.chen   Mei Chen <m.chen@acme.example>                       (bamboohr)
departments
  ~ RD-2     parent_group_no  RD → ENG                            (hr)
memberships
  RD-2  + m.chen  - j.wu

people 1 added, 1 modified, 1 removed · departments 0, 1, 0 · memberships +1 -1
`;

suite('rosterd diff', () => {
  test('prints the sample of the specification', async () => {
    await using at = await company();
    await sample(at);
    const { stdout, stderr, code } = await at.rosterd('diff');
    assert.equal(stdout, SAMPLE);
    assert.deepEqual([stderr, code], ['', 0]);
    assert.equal((await at.rosterd('diff', ['41', '42'])).stdout, SAMPLE);
    assert.match((await at.rosterd('diff', ['head~1', 'head', '--json'])).stdout, EVENTS);
  });

  test('takes two references in the order given, and says when nothing changed', async () => {
    await using at = await small();
    const back = await at.rosterd('diff', ['2', '1']);
    assert.match(back.stdout, /^snapshot 2 .*\nsnapshot 1 .*\n/);
    assert.match(back.stdout, / {2}~ a.lin {3}email {2}a.lin@new.example → a.lin@acme.example {2,}\(hr\)\n/);
    assert.match(back.stdout, / {2}\+ j.wu {4}/);
    assert.match(back.stdout, /^people 1 added, 1 modified, 0 removed/m);
    assert.equal(back.code, 0);
    const same = await at.rosterd('diff', ['2', 'head', '--exit-code']);
    assert.match(same.stdout, /\n\nnothing changed\n$/);
    assert.equal(same.code, 0);
    assert.equal((await at.rosterd('diff', ['1', '2', '--exit-code'])).code, 1);
    assert.equal((await at.rosterd('diff', ['1', '--exit-code', '--json'])).code, 1);
  });

  test('can be short: only how much, or only who', async () => {
    await using at = await small();
    const { stdout } = await at.rosterd('diff', ['--stat']);
    assert.match(stdout, /\n\n {2}person email {2}1\n\npeople 0 added, 1 modified, 1 removed · /);
    const names = await at.rosterd('diff', ['--name-only']);
    assert.match(names.stdout, /\npeople\n {2}~ a\.lin\n {2}- j\.wu\nmemberships\n {2}S {2}- j\.wu\n/);
  });

  test('of the first snapshot shows that all of it is new', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    await at.run('2026-08-20T02:00:00Z');
    const { stdout } = await at.rosterd('diff');
    assert.match(
      stdout,
      /^nothing, before the first snapshot\nsnapshot 1 {2}2026-08-20 02:00 {3}1 person {2}0 departments\n/,
    );
    assert.match(stdout, / {2}\+ a\.lin {3}a\.lin <a\.lin@acme\.example> {2,}\(hr\)\n/);
  });

  test('shows renames and whoever was newly quarantined, with the reason', async () => {
    await using at = await small();
    at.sql("update hr set account = 'a.chen' where account = 'a.lin'");
    at.hire({ account: 'two words' });
    await at.run('2026-08-22T02:00:00Z');
    const { stdout } = await at.rosterd('diff');
    assert.match(stdout, / {2}R a\.lin {6,}login {2}a\.lin → a\.chen {2,}\(hr\)\n/);
    assert.match(stdout, / {2}! two words {3}username "two words" has characters other than A-Z, .* {3}\(hr\)\n/);
    assert.match(stdout, /people 0 added, 0 modified, 0 removed, 1 renamed, 1 newly quarantined · /);
    at.sql("update hr set phone = '1' where account = 'a.chen'");
    await at.run('2026-08-23T02:00:00Z');
    assert.doesNotMatch((await at.rosterd('diff')).stdout, /two words/);
  });

  test('shows who newly keeps a last good value and what lingers, and why, below the memberships', async () => {
    await using at = await small();
    at.sql("insert into units values ('S-1', 'Sales 1', 'S')");
    await at.run('2026-08-22T02:00:00Z');
    await at.deliver(3, '2026-08-22T03:00:00Z');
    at.sql("update hr set mail = '', dept = 'S-1' where account = 'a.lin'");
    at.sql("delete from units where code = 'S'; update units set parent = '' where code = 'S-1'");
    await at.run('2026-08-23T02:00:00Z');
    assert.equal(
      (await textOf(at, 3, 4)).join('\n'),
      `\
departments
  ~ S-1     parent_group_no  S → (empty)                         (hr)
memberships
  S    - a.lin
  S-1  + a.lin
kept
  ! S       is not listed any more, but OMFLOW may have "S-1" below it; it is served on until a delivery has shown nothing below it (last: snapshot 3, delivered to omflow)   (hr)
  ! a.lin   email is missing; the last good value stays          (hr)

people 0 added, 0 modified, 0 removed · departments 0, 1, 0 · memberships +1 -1`,
    );
    at.sql("update hr set phone = '1' where account = 'a.lin'");
    await at.run('2026-08-24T02:00:00Z');
    assert.doesNotMatch((await textOf(at, 4, 5)).join('\n'), /kept|!/);
    assert.match((await textOf(at, 3, 5)).join('\n'), /\nkept\n {2}! S {7}.*\n {2}! a\.lin {3}/);
  });

  test('shows twenty of those, and counts the others', async () => {
    await using at = await company();
    at.sql("insert into units values ('S', 'Sales', '')");
    at.hire(...Array.from({ length: 23 }, (_, number) => ({ account: `staff${number}`, dept: 'NOWHERE' })));
    await at.run('2026-08-20T02:00:00Z');
    const text = await textOf(at, undefined, 1);
    assert.equal(
      text.filter(line => /^ {2}! staff\d+ +is in "NOWHERE", which does not exist +\(hr\)$/.test(line)).length,
      20,
    );
    assert.deepEqual(text.slice(-3, -1), ['    … and 3 more', '']);
  });

  test('hides emails and telephone numbers for sharing, in JSON as well', async () => {
    await using at = await small();
    at.sql("update hr set phone = '02-2345-6789' where account = 'a.lin'");
    at.hire({ account: 'dup', mail: 'a.lin@new.example' }, { account: 'x@acme.example', mail: 'x@acme.example' });
    await at.run('2026-08-22T02:00:00Z');
    for (const args of [['--mask'], ['--mask', '--json'], ['1', '--mask', '--json']]) {
      const { stdout } = await at.rosterd('diff', args);
      assert.doesNotMatch(stdout, /acme\.example|new\.example|2345/);
      assert.match(stdout, /a…@n…/);
      assert.match(stdout, /0…/);
      assert.match(stdout, /"?x…@a…"?/);
    }
  });
});

/** What the command prints below the two snapshots. */
const textOf = (at: Company, a: number | undefined, b: number) =>
  at.withStore(async store => {
    const before = a === undefined ? undefined : await store.snapshots.get(snapshotNumber(a));
    const after = await store.snapshots.get(snapshotNumber(b));
    assert(after);
    return differenceText(await differenceOf(store, { before, after }), look);
  });

const look: Look = { zone: 'UTC', colour: false, mask: false, width: 100 };

/** A modified, a removed person, and a membership less. */
async function small(): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company());
  at.sql("insert into units values ('S', 'Sales', '')");
  at.hire({ account: 'a.lin', dept: 'S' }, { account: 'j.wu', dept: 'S' });
  await at.run('2026-08-20T02:00:00Z');
  at.sql(
    "update hr set mail = 'a.lin@new.example' where account = 'a.lin'; update hr set gone = 'x' where account = 'j.wu'",
  );
  await at.run('2026-08-21T02:00:00Z');
  stack.move();
  return at;
}

const line = (event: string, values: string) => `\\{"event":"${event}",${values}\\}\n`;

/** The same in JSON, an object for each field. */
const EVENTS = new RegExp(
  `^${[
    line(
      'person.modified',
      '"key":"hr/1","name":"a.lin","field":"email","old":"a.lin@old.example","new":"a.lin@acme.example","source":"hr","reason":""',
    ),
    `(${line('person.removed', '"key":"hr/2","name":"j.wu",.*"new":"","source":"hr","reason":"left"')})+`,
    `(${line('person.added', '"key":"bamboohr/1","name":"m.chen",.*"old":"",.*"source":"bamboohr","reason":""')})+`,
    line(
      'department.modified',
      '"key":"RD-2","name":"RD-2","field":"parent_group_no","old":"RD","new":"ENG","source":"hr","reason":""',
    ),
    line(
      'membership.added',
      '"key":"bamboohr/1","name":"m.chen","field":"departments","old":"","new":"RD-2","source":"bamboohr","reason":""',
    ),
    line(
      'membership.removed',
      '"key":"hr/2","name":"j.wu","field":"departments","old":"RD-2","new":"","source":"hr","reason":"left"',
    ),
  ].join('')}$`,
);
