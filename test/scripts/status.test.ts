import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { type Company, company } from '../support/company.ts';

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

/** A company of 30 whose roster was published so many hours ago. */
async function published(hours: number, more = ''): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company({ more, timezone: 'Asia/Taipei' }));
  at.sql("insert into units values ('S', 'Sales', '')");
  at.hire(
    { account: 'a.lin', dept: 'S' },
    ...Array.from({ length: 29 }, (_, number) => ({ account: `staff${number}` })),
  );
  await at.run(ago(hours));
  stack.move();
  return at;
}

suite('rosterd status', () => {
  test('tells what is served, since when, and when each source was read', async () => {
    await using at = await published(50);
    await at.run(ago(3));
    await at.deliver(1, ago(2));
    const { stdout, stderr, code } = await at.rosterd('status');
    assert.equal(
      stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'TIME'),
      `\
snapshot 1 is served; the sources confirmed it 3 hours ago

published  snapshot 1  TIME (2 days ago)   30 people  1 department  1 membership
confirmed  run 2       TIME (3 hours ago)
last run   run 2       TIME (3 hours ago)  unchanged (pull)
delivered  snapshot 1  TIME (2 hours ago)  to omflow

sources
  hr        read TIME (3 hours ago)  30 rows of people, 1 of departments
  bamboohr  read TIME (3 hours ago)  0 rows of people
`,
    );
    assert.deepEqual([stderr, code], ['', 0]);
  });

  test('prints times in the configured time zone', async () => {
    await using at = await company({ timezone: 'Asia/Taipei' });
    at.hire({ account: 'a.lin' });
    await at.run('2026-08-20T18:00:00Z');
    assert.match((await at.rosterd('status')).stdout, /published {2}snapshot 1 {2}2026-08-21 02:00 /);
  });

  test('of a store in which nothing was published ends with 1', async () => {
    await using at = await company();
    await at.withStore(async () => {});
    const { stdout, code } = await at.rosterd('status');
    assert.match(stdout, /^nothing has been published yet; "rosterd pull" makes the first run\n/);
    assert.match(stdout, /\ndelivered {2}not yet\n/);
    assert.match(stdout, /\n {2}hr {8}never read\n/);
    assert.equal(code, 1);
    await at.run(ago(0));
    const empty = await at.rosterd('status');
    assert.match(empty.stdout, /^nothing has been published yet\n/);
    assert.match(
      empty.stdout,
      /run 1 failed\n {2}a roster without people is never published.*\n {4}look at the queries/,
    );
  });

  test('of a hold says what was held, why, and what to do; ends with 1', async () => {
    await using at = await published(3);
    at.sql("delete from hr where account like 'staff1%'");
    await at.run(ago(2));
    const { stdout, code } = await at.rosterd('status');
    assert.match(stdout, /^held since .* \(2 hours ago\): snapshot 1 stays until that is settled\n/);
    assert.match(
      stdout,
      /\nhold 1, since run 2\n {2}source_rows {5}source hr gives 19 rows of people, 11 fewer than the 30/,
    );
    assert.match(stdout, /\n {2}people_removed {2}11 of 30 people would be removed, and at most 3 may be at once\n/);
    assert.match(stdout, /\nIf it is meant: "rosterd review 1" shows the candidate, "rosterd approve 1" publishes/);
    assert.match(stdout, /\nMeanwhile OMFLOW is told so, and keeps what it has \(sync\.on_hold: fail\)\.\n/);
    assert.equal(code, 1);
    at.sql('delete from hr where id > 2');
    await at.run(ago(1));
    assert.match(
      (await at.rosterd('status')).stdout,
      /\nhold 1, since run 2; run 3 says\n.* gives 2 rows of people, 28 fewer/,
    );
  });

  test('what it says to do about a hold does it', async () => {
    await using at = await published(3);
    at.sql("delete from hr where account like 'staff1%'");
    await at.run(ago(2));
    const { stdout, code } = await at.rosterd('approve', ['1', '--reason', 'the team moved']);
    assert.match(
      stdout,
      /^hold 1 is approved: published as snapshot 2 \(run 3\): people -11\n\nthe run after it, run 4:\nunchanged/,
    );
    assert.equal(code, 0);
  });

  test('of a failing source says which and why; it ends with 1 only once that is stale', async () => {
    await using at = await published(40);
    at.sql('alter table hr rename to hr_old');
    await at.run(ago(2));
    const failing = await at.rosterd('status');
    assert.match(failing.stdout, /^snapshot 1 is served, but runs have failed since .* \(2 hours ago\)\n/);
    assert.match(failing.stdout, /\n {2}hr {8}read .* \(1 day ago\) {2,}30 rows of people, .* {2}cannot be read now\n/);
    assert.match(
      failing.stdout,
      /\nrun 2 failed\n {2}source hr: .*hr.*\n {4}put right what it says; "rosterd check" then tells/,
    );
    assert.equal(failing.code, 0);
    await using old = await published(40);
    old.sql('alter table hr rename to hr_old');
    await old.run(ago(30));
    const stale = await old.rosterd('status');
    assert.match(stale.stdout, /^stale: no run has succeeded since .* \(1 day ago\)\n/);
    assert.equal(stale.code, 1);
  });

  test('lists the quarantined and the renamed, and counts the other problems', async () => {
    await using at = await published(5);
    at.hire({ account: 'two words' }, { account: 'dup', mail: 'a.lin@acme.example' });
    at.hire(...Array.from({ length: 6 }, (_, number) => ({ account: `new${number}`, dept: 'NOWHERE' })));
    at.sql("update hr set account = 'a.chen' where account = 'a.lin'");
    await at.run(ago(1));
    const { stdout, code } = await at.rosterd('status');
    assert.match(stdout, /\nquarantined: not served until the source is put right\n/);
    assert.match(stdout, /\n {2}! two words {3}username "two words" has characters other than .* \(hr\)\n/);
    assert.match(
      stdout,
      /\n {2}! dup {9}email "a\.lin@acme\.example" (is the same as that of|was published for) "a\.lin"/,
    );
    assert.match(stdout, /\nrenamed: OMFLOW knows them by the old name\n {2}R a\.lin {2}logs in as a\.chen\n/);
    assert.match(
      stdout,
      /\nproblems\n {2}6 {2}people in departments that do not exist {2}\(left out\)\n( {6}new\d {2}is in "NOWHERE", .*\n){3} {6}… and 3 more; --json has all of them\n/,
    );
    assert.equal(code, 0);
    assert.doesNotMatch((await at.rosterd('status', ['--mask'])).stdout, /acme\.example/);
  });

  test('gives one object with --json', async () => {
    await using at = await published(5);
    at.hire({ account: 'two words' });
    at.sql("update hr set account = 'a.chen' where account = 'a.lin'");
    await at.run(ago(1));
    const { stdout } = await at.rosterd('status', ['--json']);
    assert.equal(stdout.split('\n').length, 2);
    const status = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(status['troubles'], []);
    assert.equal((status['snapshot'] as { number: number }).number, 2);
    assert.deepEqual(status['renamed'], [{ username: 'a.lin', login: 'a.chen' }]);
    assert.deepEqual(
      (status['quarantined'] as { name: string }[]).map(one => one.name),
      ['two words'],
    );
    assert.deepEqual(
      (status['sources'] as { source: string }[]).map(one => one.source),
      ['hr', 'bamboohr'],
    );
    assert.equal(status['hold'], null);
  });
});

/** Adds to what the configuration says of bamboohr. */
function settle(at: Company, lines: string): void {
  const text = readFileSync(at.configFile, 'utf8').replace('match: email', `match: email\n    ${lines}`);
  writeFileSync(at.configFile, text);
}

suite('rosterd status of an optional source', () => {
  test('that cannot be read: since when, why, and what stands in; it is no trouble', async () => {
    await using at = await published(100);
    settle(at, 'required: false');
    at.hire({ account: 'temp', source: 'bamboohr' });
    await at.run(ago(75));
    at.sql('alter table bamboohr rename to away');
    await at.run(ago(50));
    await at.run(ago(3));
    const { stdout, code } = await at.rosterd('status');
    assert.match(stdout, /^snapshot 2 is served, but source bamboohr cannot be read\n/);
    assert.match(
      stdout,
      /\n {2}hr {8}read \S+ \S+ \(3 hours ago\) {2}30 rows.*\n {2}bamboohr {2}read \S+ \S+ \(3 days ago\) {3}1 row of people {2,}cannot be read now\n/,
    );
    assert.match(
      stdout,
      /\nsource bamboohr cannot be read since \S+ \S+ \(2 days ago\); its extract of \S+ \S+ \(3 days ago\) stands in\n {2}there is no table or view "bamboohr" .*\n {4}put that right; "rosterd check" then tells whether bamboohr can be read\n/,
    );
    assert.doesNotMatch(stdout, /\n {2}1 {2}sources that cannot be read/, 'once is enough');
    assert.equal(code, 0);
    const { sources } = JSON.parse((await at.rosterd('status', ['--json'])).stdout) as { sources: unknown[] };
    const [hr, bamboohr] = sources as Record<string, unknown>[];
    assert.deepEqual(
      [hr?.['required'], hr?.['failing'], hr?.['stands_in'], hr?.['left_out']],
      [true, false, false, false],
    );
    assert.match(String(bamboohr?.['why']), /^there is no table or view/);
    const hours = (name: string) => Math.round((Date.now() - Date.parse(String(bamboohr?.[name]))) / 3_600_000);
    assert.deepEqual([hours('failing_since'), hours('at')], [50, 75]);
    assert.deepEqual([bamboohr?.['required'], bamboohr?.['failing'], bamboohr?.['stands_in']], [false, true, true]);
  });

  test('that was never read: runs go on without it', async () => {
    await using at = await company();
    settle(at, 'required: false');
    at.sql('alter table bamboohr rename to away');
    at.hire({ account: 'a.lin' });
    await at.run(ago(2));
    const { stdout, code } = await at.rosterd('status');
    assert.match(stdout, /^snapshot 1 is served, but source bamboohr cannot be read\n/);
    assert.match(stdout, /\n {2}bamboohr {2}never read {2,}cannot be read now\n/);
    assert.match(
      stdout,
      /\nsource bamboohr cannot be read since .* \(2 hours ago\); runs go on without it\n {2}there is no table or view "bamboohr"/,
    );
    assert.equal(code, 0);
  });

  test('without anything to stand in, in a run that failed, is told as a failure and no more', async () => {
    await using at = await published(5);
    settle(at, 'required: false');
    at.sql('alter table bamboohr rename to away');
    await at.run(ago(2));
    const { stdout } = await at.rosterd('status');
    assert.match(stdout, /^snapshot 1 is served, but runs have failed since /);
    assert.match(stdout, /\nrun 2 failed\n {2}source bamboohr: cannot be read \(.*\), and there is no earlier extract/);
    assert.doesNotMatch(stdout, /stands in\n|go on without/);
  });

  test('shows when a source with a schedule of its own was read, and when it is next', async () => {
    await using at = await published(30);
    const month = String(((new Date().getMonth() + 6) % 12) + 1);
    settle(at, `schedule: '0 2 1 ${month} *'`);
    await at.run(ago(25), { cause: 'schedule' });
    await at.run(ago(1), { cause: 'schedule' });
    const { stdout, code } = await at.rosterd('status');
    assert.match(stdout, /^snapshot 1 is served; the sources confirmed it 1 hour ago\n/);
    assert.match(stdout, /\n {2}bamboohr {2}read \S+ \S+ \(1 day ago\) {3}0 rows of people {2,}on its own schedule, /);
    assert.match(stdout, new RegExp(`, next at 20\\d\\d-${month.padStart(2, '0')}-01 02:00\n$`));
    assert.equal(code, 0);
  });

  test('pull says it last, after the verdict', async () => {
    await using at = await published(5);
    settle(at, 'required: false');
    await at.run(ago(4));
    at.sql('alter table bamboohr rename to away');
    const { stdout, code } = await at.rosterd('pull');
    const lines = stdout.trimEnd().split('\n');
    assert.equal(lines.at(-2), 'unchanged: snapshot 1 is still what the sources say');
    assert.match(
      lines.at(-1) ?? '',
      /^source bamboohr cannot be read \(there is no table or view "bamboohr" .*\); its extract of \d{4}-\d\d-\d\d \d\d:\d\d stands in$/,
    );
    assert.equal(code, 0);
    const json = (await at.rosterd('pull', ['--json'])).stdout;
    const { sources, problems } = JSON.parse(json) as Record<'sources' | 'problems', Record<string, string>[]>;
    assert.equal(sources[1]?.['state'], 'stored');
    assert.ok(problems.some(one => one['code'] === 'source_stands_in'));
  });
});
