import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exportedCsv, exportedJson } from '../../scripts/export.ts';
import type { Snapshot } from '../../src/roster/model.ts';
import { renderSnapshot } from '../../src/runs/body.ts';
import type { Store } from '../../src/store/store.ts';
import { engines } from '../store/engines.ts';
import { department, NOBODY, person, publish, roster } from '../store/rosters.ts';
import { type Company, company } from '../support/company.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrDatabase, hrSettings, TOKEN } from '../support/hr.ts';
import { rosterd, startDaemon, writeConfig } from '../support/rosterd.ts';

const OPEN = { mask: false };
const MASKED = { mask: true };

const PEOPLE = roster(
  [
    person('hr/2', {
      username: 'ann',
      login: 'a.lin',
      email: 'ann@corp.example',
      nick_name: '林, "Ann"',
      company: '@SUM(1)',
      phone1: '+886-2-2345-6789',
      phone2: '-1',
      extension_no: '12',
      departments: ['RD', 'S'],
      extra: [
        ['floor', '\t3'],
        ['note', 'two\r\nlines'],
      ],
    }),
    person('hr/1', {
      username: 'bob',
      email: 'bob@corp.example',
      nick_name: '=HYPERLINK("http://x")',
      company: '＝1',
      phone1: '\r1',
      gender: 'female',
      extra: [['desk', 'a;b']],
    }),
  ],
  [department('RD'), department('S')],
);

const CSV = [
  '\ufeffkey,login,username,email,nick_name,ad_no,company,phone1,phone2,extension_no,gender,departments,extra.desk,extra.floor,extra.note',
  `hr/2,a.lin,ann,ann@corp.example,"林, ""Ann""",,'@SUM(1),'+886-2-2345-6789,'-1,12,male,RD S,,"'\t3","two\r\nlines"`,
  `hr/1,1,bob,bob@corp.example,"'=HYPERLINK(""http://x"")",,'＝1,"'\r1",,,female,,"a;b",,`,
  '',
].join('\r\n');

async function newest(store: Store): Promise<Snapshot> {
  const found = await store.snapshots.newest();
  assert.ok(found);
  return found;
}

for (const [engine, place] of Object.entries(engines)) {
  suite(`an export from ${engine}`, () => {
    test('as JSON is the very bytes that are served', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, PEOPLE);
      const snapshot = await newest(store);
      const bytes = await exportedJson(store, snapshot, OPEN);
      assert.deepEqual(Buffer.from(bytes), Buffer.from(await renderSnapshot(store, snapshot.number)));
      const body = JSON.parse(Buffer.from(await exportedJson(store, snapshot, MASKED)).toString());
      assert.deepEqual(
        [body.status, body.user_info_list[1].email, body.user_info_list[1].phone1, body.group_info_list[0].user_list],
        ['success', 'a…@c…', '+…', ['ann']],
      );
    });

    test('as CSV has all there is of everybody, and nothing that a spreadsheet would run', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, PEOPLE);
      assert.equal(await exportedCsv(store, await newest(store), OPEN), CSV);
      const masked = await exportedCsv(store, await newest(store), MASKED);
      assert.match(masked, /\r\nhr\/2,a\.lin,ann,a…@c…,.*,'\+…,'-…,1…,male,RD S,/);
      assert.doesNotMatch(masked, /corp\.example|2345/);
    });

    test('of a damaged snapshot is none', async () => {
      await using here = await place();
      await using store = await here.open();
      await publish(store, NOBODY, PEOPLE);
      const snapshot = await newest(store);
      await here.rows("delete from people where name = 'bob'");
      for (const exported of [exportedJson, exportedCsv]) {
        await assert.rejects(exported(store, snapshot, OPEN), {
          name: 'Failed',
          message:
            'snapshot 1 is damaged: what the store has is not what its digest says; restore a backup\nNothing was exported. "rosterd verify" tells all that is damaged.',
        });
      }
      await here.rows("update people set content = replace(content, 'ann@', 'anm@')");
      await assert.rejects(exportedCsv(store, snapshot, OPEN), /people "ann", as it was .*\nNothing was exported/);
    });
  });
}

suite('rosterd export', () => {
  test('gives what the daemon serves, byte for byte, while it runs', async () => {
    await using folder = await temporaryFolder();
    await using hr = await hrDatabase();
    const config = await writeConfig(folder.path, hrSettings(folder.path, hr.url));
    await using daemon = await startDaemon(config);
    const answer = await fetch(`http://${daemon.address}/sync`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`omflow:${TOKEN}`)}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const served = await answer.text();
    assert.match(served, /^\{"status":"success","user_info_list":\[\{"username":"a\.lin"/);
    const { stdout, stderr, code } = await rosterd('export', 'head', '--config', config);
    assert.deepEqual([stdout, stderr, code], [served, '', 0]);
    const csv = await rosterd('export', 'head', '--format', 'csv', '--config', config);
    assert.match(csv.stdout, /^\ufeffkey,login,username,.*\r\nhr\/1,a\.lin,a\.lin,a\.lin@acme\.example,林雅婷,/);
    assert.equal(csv.stdout.split('\r\n').length, 8);
  });

  test('says what cannot be exported, and why', async () => {
    await using at = await small();
    const cases: [args: string[], code: number, text: RegExp][] = [
      [['7'], 1, /^rosterd: there is no snapshot 7; there is 1, the oldest is of 2026-08-20/],
      [['newest'], 2, /^rosterd: "newest" does not name a snapshot; write 42, head, head~1/],
      [[], 2, /^rosterd: missing required argument 'REF'\n"rosterd help export"/],
      [['head', '--format', 'xml'], 2, /^rosterd: option '--format <FORMAT>' argument 'xml' is invalid\. .* json, csv/],
      [['head', '--format', 'csv', '--json'], 2, /^rosterd: --json and --format csv exclude each other\n$/],
    ];
    for (const [args, code, text] of cases) {
      const exit = await at.rosterd('export', args);
      assert.match(exit.stderr, text);
      assert.deepEqual([exit.stdout, exit.code], ['', code]);
    }
  });

  test('of a damaged snapshot prints nothing, and ends with 4', async () => {
    await using at = await small();
    await at.withStore(async store => assert.equal((await store.snapshots.list(9)).length, 1));
    const { DatabaseSync } = await import('node:sqlite');
    using db = new DatabaseSync(`${at.folder}/roster.db`);
    db.exec("update snapshots set digest = replace(digest, substr(digest, 1, 8), 'ffffffff')");
    const { stdout, stderr, code } = await at.rosterd('export', ['1', '--mask']);
    assert.match(
      stderr,
      /^rosterd: snapshot 1 is damaged: .*; restore a backup\nNothing was exported\. "rosterd verify"/,
    );
    assert.deepEqual([stdout, code], ['', 4]);
  });
});

async function small(): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company());
  at.hire({ account: 'a.lin' });
  await at.run('2026-08-20T02:00:00Z');
  stack.move();
  return at;
}
