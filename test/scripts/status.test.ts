import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { makeCertificate } from '../../scripts/certificate.ts';
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

suite('rosterd status of the certificate', () => {
  const DAY = 86_400_000;

  /** Gives the server a certificate that expires after so many days, which began long ago; without days, none. */
  async function secure(at: Company, days: number | undefined, hosts = ['rosterd.example']): Promise<string> {
    const [file, key] = ['own.crt', 'own.key'].map(name => join(at.folder, name));
    const text = readFileSync(at.configFile, 'utf8');
    const tls = 'server:\n  tls: { cert: own.crt, key: own.key }\n';
    if (!text.includes(tls)) writeFileSync(at.configFile, text.replace('server:\n', tls));
    if (days === undefined) rmSync(file ?? '');
    else {
      const now = new Date(Date.now() + (days - 400) * DAY);
      writeFileSync(file ?? '', (await makeCertificate({ hosts, days: 400, now })).cert);
    }
    // Whoever asks for the status may not read the key.
    assert.ok(!existsSync(key ?? ''));
    return file ?? '';
  }

  test('tells until when it is valid, and is well until a week before that', async () => {
    await using at = await published(2);
    for (const [days, line] of [
      [89.5, 'rosterd.example  until DAY (in 89 days)'],
      [29.5, 'rosterd.example  until DAY (in 29 days)'],
      [7.5, 'rosterd.example  until DAY (in 7 days)'],
    ] as const) {
      await secure(at, days);
      const { stdout, code } = await at.rosterd('status');
      assert.match(stdout, /^snapshot 1 is served; the sources confirmed it 2 hours ago\n/);
      const [, said] = /\ncertificate {2}(.*)\n/.exec(stdout) ?? [];
      assert.equal(said?.replace(/\d{4}-\d\d-\d\d/, 'DAY'), line);
      assert.equal(code, 0);
    }
    await secure(at, 100, ['a.example', 'b.example', '10.0.0.5']);
    assert.match((await at.rosterd('status')).stdout, /\ncertificate {2}a\.example and 2 more {2}until /);
  });

  test('ends with 1 when it expires within a week, has expired, is too young or is not there', async () => {
    await using at = await published(2);
    const says = async (headline: RegExp, line: RegExp) => {
      const { stdout, code } = await at.rosterd('status');
      assert.match(stdout, headline);
      assert.match(stdout, /\nsnapshot 1 is served; the sources confirmed it 2 hours ago\n/);
      assert.match(stdout, line);
      assert.equal(code, 1);
    };
    const file = await secure(at, 6.5);
    await says(
      /^certificate: \S+own\.crt expires on \S+ \(in 6 days\); renew it\n/,
      /\ncertificate .* until \S+ \(in 6 days\)\n/,
    );
    await secure(at, -2.5);
    await says(
      /^certificate: \S+own\.crt expired on \S+ \(2 days ago\), and callers refuse it; renew it\n/,
      /\ncertificate .* expired \S+ \(2 days ago\)\n/,
    );
    await secure(at, 403.5);
    await says(
      /^certificate: \S+own\.crt is not valid before \S+ \(in 3 days\), and callers refuse it until then\n/,
      /\ncertificate /,
    );
    await secure(at, undefined);
    await says(
      new RegExp(
        `^certificate: server\\.tls\\.cert: ${file}: no such file; for a first try, "rosterd certificate HOST" makes one\n`,
      ),
      /\ncertificate {2}\S+own\.crt {2,}cannot be used\n/,
    );
  });

  test('comes after whatever else is wrong', async () => {
    await using at = await company();
    await at.withStore(async () => {});
    await secure(at, 1.5);
    const { stdout } = await at.rosterd('status');
    assert.match(
      stdout,
      /^nothing has been published yet; .*\ncertificate: \S+ expires on \S+ \(in 1 day\); renew it\n\n/,
    );
  });

  test('is in the object of --json', async () => {
    await using at = await published(2);
    const status = async () => JSON.parse((await at.rosterd('status', ['--json'])).stdout) as Record<string, unknown>;
    assert.equal((await status())['certificate'], null);
    const file = await secure(at, 20.5);
    const { certificate, troubles } = await status();
    const { from: _, expires, ...rest } = certificate as Record<string, unknown>;
    assert.deepEqual(rest, { file, names: ['rosterd.example'], alarm: 'yellow' });
    assert.equal(Math.round(((Date.parse(String(expires)) - Date.now()) / DAY) * 2), 41);
    assert.deepEqual(troubles, []);
    await secure(at, 3);
    assert.deepEqual((await status())['troubles'], ['certificate']);
    await secure(at, undefined);
    const lost = await status();
    assert.deepEqual(Object.keys(lost['certificate'] as object), ['file', 'problem']);
    assert.deepEqual(lost['troubles'], ['certificate']);
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
