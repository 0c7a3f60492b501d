import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { writeReport } from '../../scripts/report-file.ts';
import type { ReportData } from '../../src/report/data.ts';
import { type Company, company } from '../support/company.ts';
import { runProgram } from '../support/program.ts';
import { LAUNCHER } from '../support/rosterd.ts';

/** Two snapshots; a.lin was renamed in the second, and j.wu left. */
async function two(): Promise<Company> {
  await using stack = new AsyncDisposableStack();
  const at = stack.use(await company({ timezone: 'Asia/Taipei' }));
  at.sql("insert into units values ('S', 'Sales', '')");
  at.hire(
    { account: 'a.lin', phone: '02-2345-6789', dept: 'S' },
    { account: 'j.wu', dept: 'S' },
    { account: 'b.chen' },
  );
  await at.run('2026-08-20T02:00:00Z');
  at.sql("update hr set account = 'a.lee' where account = 'a.lin'; update hr set gone = 'x' where account = 'j.wu'");
  await at.run('2026-08-21T02:00:00Z');
  stack.move();
  return at;
}

const titleIn = (html: string) => /<title>(.*?)<\/title>/.exec(html)?.[1] ?? '';
const isPage = (html: string) => html.startsWith('<!doctype html>') && html.trimEnd().endsWith('</html>');

suite('rosterd report', () => {
  test('writes a page for its owner alone, and says where, how large, and of what', async () => {
    await using at = await two();
    const file = join(at.folder, 'report.html');
    const { stdout, stderr, code } = await at.rosterd('report', ['--out', file]);
    assert.deepEqual([stderr, code], ['', 0]);
    assert.match(stdout, /report\.html {2}\d+(\.\d)? [kM]B {2}snapshot 1 → snapshot 2\n$/);
    const html = readFileSync(file, 'utf8');
    assert.ok(isPage(html));
    assert.match(titleIn(html), /1.*2/);
    assert.match(html, /a\.lee/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(
      readdirSync(at.folder).filter(name => name.includes('partial')),
      [],
    );
  });

  test('prints the same where the standard output is no terminal', async () => {
    await using at = await two();
    const { stdout, stderr, code } = await at.rosterd('report');
    assert.deepEqual([stderr, code, isPage(stdout)], ['', 0, true]);
  });

  test('is nothing for a terminal, and says what to do', async () => {
    await using at = await two();
    const line = `${LAUNCHER} report --config ${at.configFile}`;
    const { stdout, code } = await runProgram('script', ['-qec', line, '/dev/null']);
    assert.match(
      stdout,
      /^rosterd: a page is nothing for a terminal; write --out report\.html, or send it on with > or \|/,
    );
    assert.equal(code, 2);
  });

  test('compares what is asked for, and knows what there is', async () => {
    await using at = await two();
    const chosen = async (...args: string[]) => {
      const { stdout } = await at.rosterd('report', [...args, '--json']);
      const { before, after } = (JSON.parse(stdout) as ReportData).diffs[0] ?? {};
      return [before, after];
    };
    assert.deepEqual(await chosen(), [1, 2]);
    assert.deepEqual(await chosen('1'), [1, 2]);
    assert.deepEqual(await chosen('2', '1'), [2, 1]);
    assert.deepEqual(await chosen('@2026-08-20', 'head'), [1, 2]);
    const missing = await at.rosterd('report', ['7']);
    assert.match(
      missing.stderr,
      /^rosterd: there is no snapshot 7; there are 1 to 2, the oldest is of 2026-08-20 10:00\n$/,
    );
    assert.deepEqual([missing.stdout, missing.code], ['', 1]);
    const held = await at.rosterd('report', ['held']);
    assert.match(held.stderr, /^rosterd: nothing is held; /);
    assert.equal(held.code, 1);
  });

  test('compares what is held with the newest as soon as something is', async () => {
    await using at = await two();
    at.hire(...Array.from({ length: 20 }, (_, number) => ({ account: `new${number}` })));
    await at.run('2026-08-22T02:00:00Z');
    at.sql("delete from hr where account like 'new%'");
    await at.run('2026-08-23T02:00:00Z');
    const file = join(at.folder, 'report.html');
    const last = (await at.rosterd('log', ['-n', '1', '--json'])).stdout;
    const newest = (JSON.parse(last) as { snapshot: number }).snapshot;
    for (const args of [[], ['held'], ['head', 'held']]) {
      const { stdout } = await at.rosterd('report', [...args, '--out', file]);
      assert.match(stdout, new RegExp(` snapshot ${newest} → hold 1\\n$`));
    }
    assert.match((await at.rosterd('report', ['1', 'held', '--out', file])).stdout, / snapshot 1 → hold 1\n$/);
    const turned = await at.rosterd('report', ['held', '1']);
    assert.match(turned.stderr, /^rosterd: what is held comes after what is published; write: rosterd report 1 held\n/);
    assert.equal(turned.code, 2);
    assert.match((await at.rosterd('report', ['1', '2', '--out', file])).stdout, / snapshot 1 → snapshot 2\n$/);
  });

  test('of an empty store is a page that says so', async () => {
    await using at = await company();
    await at.withStore(async () => {});
    const file = join(at.folder, 'report.html');
    const { stdout, code } = await at.rosterd('report', ['--out', file]);
    assert.match(stdout, / {2}nothing has been published yet\n$/);
    assert.deepEqual([code, isPage(readFileSync(file, 'utf8'))], [0, true]);
    assert.equal((await at.rosterd('report', ['1'])).code, 1);
  });

  test('hides emails and telephone numbers when it is to be passed on', async () => {
    await using at = await two();
    at.sql("update hr set mail = 'lin@acme.example', phone = '02-9999-0000' where account = 'a.lee'");
    await at.run('2026-08-22T02:00:00Z');
    const file = join(at.folder, 'report.html');
    const { stdout } = await at.rosterd('report', ['--mask', '--out', file]);
    assert.match(stdout, / snapshot 2 → snapshot 3, masked\n$/);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /@acme|2345|9999/);
    assert.match((await at.rosterd('report')).stdout, /lin@acme/);
    assert.doesNotMatch((await at.rosterd('report', ['--mask', '--json'])).stdout, /@acme|2345|9999/);
  });
});

suite('where a report goes', () => {
  test('takes the place of another report, but of no other file unless it is told to', async () => {
    await using at = await two();
    const file = join(at.folder, 'report.html');
    await at.rosterd('report', ['--out', file]);
    const again = await at.rosterd('report', ['1', '1', '--out', file]);
    assert.match(again.stdout, / snapshot 1 → snapshot 1\n$/);
    writeFileSync(file, '<!doctype html><title>my own</title>', { mode: 0o644 });
    const refused = await at.rosterd('report', ['--out', file]);
    assert.match(
      refused.stderr,
      /^rosterd: .*report\.html is there already and is no report; name another file, or let --force take its place\n$/,
    );
    assert.deepEqual([refused.stdout, refused.code], ['', 2]);
    assert.match(readFileSync(file, 'utf8'), /my own/);
    assert.equal((await at.rosterd('report', ['--out', file, '--force'])).code, 0);
    assert.ok(isPage(readFileSync(file, 'utf8')));
    assert.equal(statSync(file).mode & 0o777, 0o600, 'nobody else can read it, though they could what was there');
  });

  test('is behind a link where it is one', async () => {
    await using at = await two();
    const [file, link] = [join(at.folder, 'real.html'), join(at.folder, 'link.html')];
    await at.rosterd('report', ['--out', file]);
    symlinkSync(file, link);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/<title>.*<\/title>/, '<title>old</title>'));
    assert.equal((await at.rosterd('report', ['--out', link])).code, 0);
    assert.notEqual(titleIn(readFileSync(file, 'utf8')), 'old');
  });

  test('is no folder, and in one that there is', async () => {
    await using at = await two();
    mkdirSync(join(at.folder, 'reports'));
    const folder = await at.rosterd('report', ['--out', join(at.folder, 'reports')]);
    assert.match(folder.stderr, /^rosterd: .*reports is a folder; name a file in it\n$/);
    const nowhere = await at.rosterd('report', ['--out', join(at.folder, 'nowhere', 'report.html')]);
    assert.match(nowhere.stderr, /^rosterd: there is no folder .*nowhere; make it first, or name another file\n$/);
    const device = await at.rosterd('report', ['--out', '/dev/null']);
    assert.match(device.stderr, /^rosterd: \/dev\/null is no file that a report could be written to\n$/);
    assert.deepEqual([folder.code, nowhere.code, device.code], [2, 2, 2]);
  });

  test('has what was there before when it cannot be written', async () => {
    await using at = await two();
    const file = join(at.folder, 'taken');
    mkdirSync(file);
    assert.throws(() => writeReport(file, 'page'), /EISDIR|ENOTEMPTY|EEXIST/);
    assert.deepEqual(
      readdirSync(at.folder).filter(name => name.includes('partial')),
      [],
    );
  });

  test('is said in a way that makes sense', async () => {
    await using at = await two();
    const both = await at.rosterd('report', ['--json', '--out', 'x.html']);
    assert.match(both.stderr, /^rosterd: --json goes to the standard output; it takes no --out\n$/);
    const force = await at.rosterd('report', ['--force']);
    assert.match(force.stderr, /^rosterd: --force says that --out may replace a file; name one\n$/);
    assert.deepEqual([both.code, force.code], [2, 2]);
  });
});
