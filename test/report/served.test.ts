import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { DiffData, ReportData, StepData } from '../../src/report/data.ts';
import { ask, assertFails, basic } from '../http/house.ts';
import { type MailServer, PLAIN, startMailServer } from '../notices/mail-server.ts';
import { type Company, company } from '../support/company.ts';
import { type Program, startProgram } from '../support/program.ts';
import { LAUNCHER } from '../support/rosterd.ts';

/** The report of a real daemon, over HTTP and by mail. */

const TOKEN = 'the token of an administrator';
const AS_ALICE = basic('alice', TOKEN);
const hashOf = (token: string) => `sha256:${createHash('sha256').update(token).digest('hex')}`;

/** Writes the configuration of a company's daemon anew, with one administrator. */
function configure(at: Company, written: string, mail: MailServer, admin: string): void {
  const server = [
    'server:',
    `  listen: unix:${join(at.folder, 'rosterd.sock')}`,
    '  monitor: 127.0.0.1:0',
    '  clients:',
    `    - { name: ${admin}, scopes: [admin], token_hash: "${hashOf(TOKEN)}" }`,
  ];
  const email = `type: email, server: "smtp://127.0.0.1:${mail.port}", from: rosterd@acme.example, to: ops@acme.example`;
  const text = written.replace(/^server:\n {2}clients:\n/m, `${server.join('\n')}\n`);
  writeFileSync(at.configFile, `${text}notify: [{ ${email} }]\n`, { mode: 0o600 });
}

interface Served extends AsyncDisposable {
  readonly at: Company;
  readonly mail: MailServer;
  readonly program: Program;
  /** Of the monitor. */
  readonly port: number;
  /** Lets somebody else be the administrator. */
  reload(admin: string): Promise<void>;
}

const NAMES = ['a.lin', 'j.wu', 'm.chen', 's.mori', 'b.okafor', 'k.sato', 'o.timer', 'p.ray', 'q.li', 'r.roe'];

/** A daemon of a company with two snapshots, of which the first run is held: nearly everybody has gone. */
async function served(): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company());
  const mail = stack.use(await startMailServer(PLAIN));
  at.sql("insert into units values ('HQ', 'Head office', '')");
  at.hire(...NAMES.map((account, place) => ({ account, phone: `02-5550-010${place}`, dept: 'HQ' })));
  await at.run('2026-08-20T02:00:00Z');
  at.sql("update hr set name = '林雅婷' where account = 'a.lin'");
  await at.run('2026-08-20T03:00:00Z');
  at.sql("delete from hr where account <> 'a.lin'");
  const written = readFileSync(at.configFile, 'utf8');
  configure(at, written, mail, 'alice');
  const program = stack.use(await startProgram(LAUNCHER, ['serve', '--config', at.configFile]));
  const [, port] = await program.waitFor(/"address":"127\.0\.0\.1:(\d+)","msg":"health and metrics"/, 30_000);
  await program.waitFor(/"msg":"told"/, 30_000);
  const owned = stack.move();
  return {
    ...{ at, mail, program, port: Number(port) },
    async reload(admin) {
      configure(at, written, mail, admin);
      const from = program.output.length;
      program.kill('SIGHUP');
      await program.waitFor(/"msg":"the configuration was read again"/, 20_000, from);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const get = (house: { port: number }, path: string, as = AS_ALICE) => ask(house, path, { method: 'GET', as });

/** What is embedded in a page. */
function dataIn(page: string): ReportData {
  const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(json ?? assert.fail(`there is no data in ${page.slice(0, 500)}`));
}

/** A digest of all that the store has on the disk. */
function storeDigest({ folder }: Company): string {
  const hash = createHash('sha256');
  for (const name of ['roster.db', 'roster.db-wal']) {
    const file = join(folder, name);
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

suite('a daemon', () => {
  test('shows the report to administrators, and what it asks for, without writing a byte', async () => {
    await using house = await served();
    const before = storeDigest(house.at);

    const page = await get(house, '/report?a=1&b=2');
    assert.equal(page.status, 200);
    const html = page.body.toString();
    const data = dataIn(html);
    assert.deepEqual([data.live, data.masked, data.diffs[0]?.before, data.diffs[0]?.after], [true, false, 1, 2]);
    assert.ok(html.includes('a.lin@acme.example'));
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/i.exec(html) ?? [];
    const unescaped = policy.replaceAll('&#39;', "'").replaceAll('&apos;', "'");
    assert.equal(page.headers['content-security-policy'], `${unescaped}; frame-ancestors 'none'`);
    assert.match(unescaped, /connect-src 'self'/);

    const pairs = async (query: string) => {
      const [diff] = dataIn((await get(house, `/report${query}`)).body.toString()).diffs;
      return [diff?.before, diff?.after];
    };
    assert.deepEqual(await pairs(''), [2, 'held']);
    assert.deepEqual(await pairs('?a=held'), [2, 'held']);
    assert.deepEqual(await pairs('?a=1'), [1, 2]);
    assert.deepEqual(await pairs('?b=2'), [1, 2]);
    assert.deepEqual(await pairs('?b=1'), [0, 1]);
    assert.deepEqual(await pairs('?a=1&b=held'), [1, 'held']);

    const json = async (path: string) => JSON.parse((await get(house, path)).body.toString());
    const diff: DiffData = await json('/report/diff.json?a=head&b=held');
    assert.deepEqual([diff.before, diff.after, diff.counts.people_removed], [2, 'held', 9]);
    assert.equal(diff.people.length, 9);
    const first: DiffData = await json('/report/diff.json?a=0&b=1');
    assert.deepEqual([first.before, first.after, first.counts.people_added], [0, 1, 10]);
    const steps: StepData[] = await json('/report/person.json?name=a.lin');
    assert.deepEqual(
      steps.map(one => [one.snapshot, one.event]),
      [
        [1, 'added'],
        [2, 'modified'],
      ],
    );

    const missing = async (path: string) => assertFails(await get(house, path), 404);
    assert.equal(await missing('/report?a=99'), 'there is no snapshot 99; the newest is 2, and the oldest 1');
    assert.equal(
      await missing('/report/diff.json?a=1&b=7'),
      'there is no snapshot 7; the newest is 2, and the oldest 1',
    );
    assert.equal(await missing('/report/person.json?name=nobody'), 'nobody was ever known by this username');

    assert.equal(storeDigest(house.at), before);
    assert.doesNotMatch(house.program.output, /a\.lin/);
  });

  test('lets in whom its configuration names since it was read again', async () => {
    await using house = await served();
    assert.equal((await get(house, '/report')).status, 200);
    await house.reload('bob');
    assertFails(await get(house, '/report'), 401);
    assert.equal((await get(house, '/report', basic('bob', TOKEN))).status, 200);
  });

  test('sends it with the mail about a hold, masked and by itself', async () => {
    await using house = await served();
    const [one, ...others] = house.mail.mails;
    assert.deepEqual(others, []);
    assert.equal(one?.mail.subject, '[rosterd] held: hold 1 waits for a decision');
    const page = one?.mail.attachments[0]?.content.toString() ?? assert.fail('nothing is attached');
    const data = dataIn(page);
    assert.deepEqual([data.live, data.masked, data.hold?.number], [false, true, 1]);
    assert.deepEqual([data.diffs[0]?.before, data.diffs[0]?.after], [2, 'held']);
    assert.match(page, /connect-src 'none'|connect-src &#39;none/);
    assert.doesNotMatch(page, /a\.lin@acme|5550-01/);
  });
});

test('a daemon without a snapshot has a page that says so', async () => {
  await using at = await company();
  await using mail = await startMailServer(PLAIN);
  configure(at, readFileSync(at.configFile, 'utf8'), mail, 'alice');
  await using program = await startProgram(LAUNCHER, ['serve', '--config', at.configFile]);
  const [, port] = await program.waitFor(/"address":"127\.0\.0\.1:(\d+)","msg":"health and metrics"/, 30_000);
  const house = { port: Number(port) };
  await program.waitFor(/"msg":"run (failed|is held)"/, 30_000);
  const page = await get(house, '/report?theme=dark');
  assert.equal(page.status, 200);
  assert.deepEqual(dataIn(page.body.toString()).snapshots, []);
  for (const path of ['/report?a=1', '/report/diff.json?a=head&b=head']) {
    assert.equal(assertFails(await get(house, path), 404), 'nothing has been published yet', path);
  }
  assert.equal(assertFails(await get(house, '/report?b=held'), 404), 'nothing is held');
});
