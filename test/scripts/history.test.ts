import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { resolveReference } from '../../scripts/reference.ts';
import { hintForPerson } from '../../scripts/text/hints.ts';
import { type Company, company } from '../support/company.ts';

/** Somebody who came, changed, moved, left, and came back. */
async function story(): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company({ timezone: 'Asia/Taipei' }));
  at.sql("insert into units values ('ENG', 'Engineering', ''), ('RD', 'Research', 'ENG'), ('S', 'Sales', '')");
  at.hire({ account: 'a.lin', name: 'Ann Lin', dept: 'RD' }, { account: 'j.wu', dept: 'S' });
  await at.run('2026-08-01T18:00:00Z');
  at.sql(
    "update hr set phone = '02-2345', dept = 'S' where account = 'a.lin'; update units set name = 'R&D' where code = 'RD'",
  );
  await at.run('2026-08-02T18:00:00Z');
  at.sql("update hr set gone = 'x' where account = 'a.lin'");
  await at.run('2026-08-03T18:00:00Z');
  at.sql("update hr set gone = null, account = 'a.chen' where account = 'a.lin'");
  await at.run('2026-08-04T18:00:00Z');
  stack.move();
  return at;
}

suite('rosterd person', () => {
  test('tells where each field comes from, and what happened, newest first', async () => {
    await using at = await story();
    const { stdout, code } = await at.rosterd('person', ['j.wu']);
    assert.equal(
      stdout,
      `\
person j.wu (hr/2)
  username     j.wu               (hr)  since snapshot 1
  email        j.wu@acme.example  (hr)  since snapshot 1
  nick_name    j.wu               (hr)  since snapshot 1
  gender       female             (hr)  since snapshot 1
  departments  S                  (hr)  since snapshot 1

snapshot 1  2026-08-02 02:00  added
  username     j.wu                                    (hr)
  email        j.wu@acme.example                       (hr)
  nick_name    j.wu                                    (hr)
  gender       female                                  (hr)
  departments  S                                       (hr)
`,
    );
    assert.equal(code, 0);
    const lin = (await at.rosterd('person', ['a.lin'])).stdout;
    assert.match(lin, /^person a\.lin \(hr\/1\)\n {2}login {8}a\.chen {2,}\(hr\) {2}since snapshot 4\n/);
    const steps = [...lin.matchAll(/^snapshot (\d) {2}(\S+ \S+) {2}(.*)$/gm)].map(match => match.slice(1));
    assert.deepEqual(steps, [
      ['4', '2026-08-05 02:00', 'added'],
      ['3', '2026-08-04 02:00', 'left (hr)'],
      ['2', '2026-08-03 02:00', 'modified'],
      ['1', '2026-08-02 02:00', 'added'],
    ]);
    assert.match(
      lin,
      /modified\n {2}phone1 {7}\(empty\) → 02-2345 .*\n {2}departments {2}- RD .*\n {2}departments {2}\+ S /,
    );
  });

  test('says since when, and why, somebody is not served any more', async () => {
    await using at = await story();
    at.sql("delete from hr where account = 'j.wu'");
    await at.run('2026-08-05T18:00:00Z');
    const { stdout } = await at.rosterd('person', ['j.wu']);
    assert.match(
      stdout,
      /^person j\.wu \(hr\/2\), not served since snapshot 5: missing \(hr\)\n {2}username {5}j\.wu /,
    );
  });

  test('shows what the newest run found wrong with them', async () => {
    await using at = await story();
    at.sql("update hr set mail = 'nonsense' where account = 'j.wu'");
    await at.run('2026-08-05T18:00:00Z');
    const { stdout } = await at.rosterd('person', ['j.wu']);
    assert.match(stdout, /\n {2}! email "nonsense" is not an email address; the last good value stays .*\(hr\)\n/);
  });

  test('gives an object for each changed field, oldest first, with its snapshot', async () => {
    await using at = await story();
    const { stdout } = await at.rosterd('person', ['a.lin', '--json']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map(text => JSON.parse(text) as Record<string, unknown>);
    assert.deepEqual(
      events.filter(one => one['snapshot'] === 2).map(one => [one['event'], one['field'], one['old'], one['new']]),
      [
        ['person.modified', 'phone1', '', '02-2345'],
        ['membership.removed', 'departments', 'RD', ''],
        ['membership.added', 'departments', '', 'S'],
      ],
    );
    assert.deepEqual([...new Set(events.map(one => one['snapshot']))], [1, 2, 3, 4]);
    assert.ok(events.filter(one => one['snapshot'] === 3).every(one => one['reason'] === 'left'));
  });

  test('who is not there is looked for elsewhere', async () => {
    await using at = await story();
    at.hire({ account: 'two words' });
    await at.run('2026-08-05T18:00:00Z');
    const { stdout, stderr, code } = await at.rosterd('person', ['a.lim']);
    assert.equal(stderr, 'rosterd: nobody was ever published as "a.lim"; did you mean "a.lin"?\n');
    assert.deepEqual([stdout, code], ['', 1]);
    const cases: [name: string, hint: RegExp][] = [
      ['a.chen', /^; it is the login of "a\.lin", and "rosterd person a\.lin" tells more$/],
      ['J.WU', /^; it is the username, in other letters, of "j\.wu"/],
      ['J.wu@acme.example', /^; it is the email of "j\.wu"/],
      ['two words', /^: source hr has it, but it is quarantined, for its username "two words" has characters/],
      ['zzzzzzz', /^; "rosterd show" lists all there are$/],
    ];
    for (const [name, hint] of cases) assert.match(await at.withStore(store => hintForPerson(name, store)), hint);
  });
});

suite('rosterd department', () => {
  test('tells its history, and hints at what was meant', async () => {
    await using at = await story();
    const { stdout } = await at.rosterd('department', ['RD']);
    assert.match(
      stdout,
      /^department RD\n {2}group_no {9}RD {3}\(hr\) {2}since snapshot 1\n {2}display_name {5}R&D {2}\(hr\) {2}since snapshot 2\n/,
    );
    assert.match(
      stdout,
      /\nsnapshot 2 {2}2026-08-03 02:00 {2}modified\n {2}display_name {2}Research → R&D {2,}\(hr\)\n/,
    );
    const json = (await at.rosterd('department', ['RD', '--json'])).stdout.trimEnd().split('\n');
    assert.equal((JSON.parse(json.at(-1) ?? '') as { event: string }).event, 'department.modified');
    const named = await at.rosterd('department', ['sales']);
    assert.match(named.stderr, /^rosterd: no department ever had the code "sales"; it is the name of "S"\n$/);
    assert.equal(named.code, 1);
    assert.match((await at.rosterd('department', ['RDX'])).stderr, /did you mean "RD"\?/);
  });
});

suite('rosterd show', () => {
  test('prints one snapshot: sizes, the tree with head counts, people, problems', async () => {
    await using at = await story();
    const { stdout, code } = await at.rosterd('show', ['1']);
    assert.equal(
      stdout.replace(/[0-9a-f]{64}/, 'DIGEST'),
      `\
snapshot 1
  published  2026-08-02 02:00 by run 1 (pull)
  holds      2 people, 3 departments, 2 memberships
  changed    people +2 · departments +3 · memberships +2
  digest     DIGEST

departments
  ENG   Engineering  0 people  1 with those below
    RD  Research     1 person
  S     Sales        1 person

people
  a.lin  Ann Lin <a.lin@acme.example>  RD
  j.wu   j.wu <j.wu@acme.example>      S
`,
    );
    assert.equal(code, 0);
    assert.match(
      (await at.rosterd('show')).stdout,
      /\n {2}a\.lin {2}Ann Lin <a\.lin@acme\.example> {2}S {2}logs in as a\.chen\n/,
    );
    const all = JSON.parse((await at.rosterd('show', ['head', '--json'])).stdout) as Record<string, unknown>;
    assert.equal(all['snapshot'], 4);
    assert.deepEqual(
      (all['people_list'] as { username: string }[]).map(one => one.username),
      ['a.lin', 'j.wu'],
    );
    assert.deepEqual(
      (all['department_list'] as { people_with_below: number }[]).map(one => one.people_with_below),
      [0, 0, 2],
    );
  });
});

suite('rosterd log', () => {
  test('lists snapshots, newest first, and says when there are older ones', async () => {
    await using at = await story();
    const { stdout } = await at.rosterd('log', ['-n', '3']);
    assert.equal(
      stdout,
      `\
snapshot  published         people  departments  memberships  changes
       4  2026-08-05 02:00       2            3            2  people +1 · memberships +1
       3  2026-08-04 02:00       1            3            1  people -1 · memberships -1
       2  2026-08-03 02:00       2            3            2  people ~1 · departments ~1 · memberships +1 -1
… and older ones; -n 15 lists more
`,
    );
    const json = (await at.rosterd('log', ['-n', '1', '--json'])).stdout;
    assert.equal((JSON.parse(json) as { snapshot: number }).snapshot, 4);
  });

  test('lists runs with how they ended and why', async () => {
    await using at = await story();
    await at.run('2026-08-05T18:00:00Z');
    at.sql('alter table hr rename to old');
    await at.run('2026-08-06T18:00:00Z');
    const { stdout } = await at.rosterd('log', ['--runs', '-n', '3']);
    const lines = stdout.split('\n');
    assert.match(lines[0] ?? '', /^run {2}started {12}took {2}cause {2}outcome {4}snapshot {2}why$/);
    assert.match(lines[1] ?? '', /^ {2}6 {2}2026-08-07 02:00 {2}0\.0 s {2}pull {3}failed {12}4 {2}source hr: .*hr/);
    assert.match(lines[2] ?? '', /^ {2}5 {2}2026-08-06 02:00 {2}0\.0 s {2}pull {3}unchanged {9}4$/);
  });

  test('lists deliveries, and which were aborted', async () => {
    await using at = await story();
    assert.match((await at.rosterd('log', ['--deliveries'])).stdout, /^nothing has been delivered yet: /);
    await at.deliver(3, '2026-08-04T19:00:00Z');
    await at.deliver(4, '2026-08-04T19:30:00Z', false);
    const { stdout } = await at.rosterd('log', ['--deliveries']);
    assert.match(
      stdout,
      /\n {7}4 {2}2026-08-05 03:30 {2}omflow {4}100 {2}aborted: .*\n {7}3 {2}2026-08-05 03:00 {2}omflow {3}4096 {2}finished\n$/,
    );
  });
});

suite('a REF', () => {
  const resolved = (at: Company, ref: string) =>
    at.withStore(store => resolveReference(ref, { store, zone: 'Asia/Taipei', now: new Date('2026-08-05T01:00:00Z') }));

  test('names a snapshot by number, place, day or delivery', async () => {
    await using at = await story();
    await at.deliver(2, '2026-08-04T19:00:00Z');
    await at.deliver(4, '2026-08-04T19:30:00Z', false);
    const days = { '@2026-08-04': 3, '@2026-08-03': 2, '@today': 4, '@yesterday': 3, '@2030-01-01': 4 };
    for (const [ref, number] of Object.entries({ 3: 3, head: 4, 'head~0': 4, 'head~2': 2, delivered: 2, ...days })) {
      assert.equal((await resolved(at, ref)).number, number, ref);
    }
    assert.match((await at.rosterd('show', ['@yesterday'])).stdout, /^snapshot 4\n/);
  });

  test('that means nothing here says what there is; one that cannot be says how to write it', async () => {
    await using at = await story();
    const cases: [ref: string, name: string, text: RegExp][] = [
      ['99', 'NotFound', /^there is no snapshot 99; there are 1 to 4, the oldest is of 2026-08-02 02:00$/],
      ['head~4', 'NotFound', /^there is no head~4; there are 1 to 4, /],
      [
        '@2026-08-01',
        'NotFound',
        /^nothing had been published by the end of 2026-08-01 \(Asia\/Taipei\); there are 1 to 4/,
      ],
      ['delivered', 'NotFound', /^no snapshot has been delivered yet; "rosterd log --deliveries" lists every try$/],
      ['held', 'NotFound', /^nothing is held; "rosterd status" tells how things stand$/],
      ['@2026-02-30', 'UsageError', /^"@2026-02-30" is not a day; write @2026-11-20, @today or @yesterday$/],
      [
        'HEAD^',
        'UsageError',
        /^"HEAD\^" does not name a snapshot; write 42, head, head~1, delivered, held, @2026-11-20 or @yesterday$/,
      ],
      ['00000000000000000000', 'UsageError', /does not name a snapshot/],
    ];
    for (const [ref, name, message] of cases) await assert.rejects(resolved(at, ref), { name, message });
    for (const [ref, code] of [
      ['99', 1],
      ['HEAD^', 2],
    ] as const) {
      const shown = await at.rosterd('show', [ref]);
      assert.match(shown.stderr, /^rosterd: .*\n$/);
      assert.deepEqual([shown.stdout, shown.code], ['', code]);
    }
  });

  test('in a store without snapshots says how to get one', async () => {
    await using at = await company();
    await at.withStore(async () => {});
    for (const command of ['show', 'diff']) {
      const { stderr, code } = await at.rosterd(command);
      assert.match(
        stderr,
        /^rosterd: nothing has been published yet; "rosterd status" tells why, "rosterd pull" makes a run\n$/,
      );
      assert.equal(code, 1);
    }
  });
});
