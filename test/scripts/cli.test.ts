import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { meant, VERBS } from '../../scripts/verbs.ts';
import { configJsonSchema } from '../../src/config/schema.ts';
import { command } from '../support/command.ts';
import { company } from '../support/company.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type ProgramOptions, runProgram } from '../support/program.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const rosterd = (args: readonly string[], options: ProgramOptions = {}) =>
  runProgram(`${ROOT}scripts/rosterd`, args, options);

suite('help', () => {
  test('lists the commands; each of them has its file', async () => {
    const { stdout, code } = await rosterd(['help']);
    assert.equal(code, 0);
    for (const [name, summary] of Object.entries(VERBS))
      assert.match(stdout, new RegExp(`^  ${name} +${summary}$`, 'm'));
    const files = readdirSync(`${ROOT}scripts/commands`).map(file => file.replace('.ts', ''));
    assert.deepEqual(files.sort(), Object.keys(VERBS).sort());
    assert.equal((await rosterd(['--help'])).stdout, stdout);
  });

  test('of a command has usage, arguments, options, exit codes and an example', async () => {
    const { stdout, code } = await rosterd(['help', 'diff']);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: rosterd diff \[options\] \[A\] \[B\]\n/);
    for (const part of [
      /\nArguments:\n {2}A +the snapshot to start from\n/,
      / {2}--config <FILE> {2}the configuration \(default: config\/rosterd\.yaml\)\n/,
      /\nExit codes:\n {2}0 {2}fine\n {2}1 {2}something differs .*\n {2}2 {2}wrong usage or configuration\n {2}4 {2}failed/,
      /\nExamples:\n {2}rosterd diff {2,}what the newest snapshot changed\n/,
      /head~1, delivered, held, @2026-11-20/,
    ]) {
      assert.match(stdout, part);
    }
    assert.equal((await rosterd(['diff', '--help'])).stdout, stdout);
  });
});

suite('what cannot be understood', () => {
  const cases: [args: string[], text: RegExp][] = [
    [['dif'], /^rosterd: there is no command "dif"; did you mean "diff"\?\n"rosterd help" lists the commands\.\n$/],
    [['frobnicate'], /^rosterd: there is no command "frobnicate"\n/],
    [['help', 'statsu'], /^rosterd: there is no command "statsu"; did you mean "status"\?\n$/],
    [
      ['diff', '--stats'],
      /^rosterd: unknown option '--stats'; did you mean --stat\?\n"rosterd help diff" tells how it is written\.\n$/,
    ],
    [['diff', '1', '2', '3'], /^rosterd: too many arguments.*\n"rosterd help diff"/],
    [['person'], /^rosterd: missing required argument 'NAME'\n"rosterd help person"/],
    [
      ['log', '-n', 'many'],
      /^rosterd: option '-n, --number <N>' argument 'many' is invalid\. It is a number from 1 on\.\n/,
    ],
    [['--config', 'x', 'status'], /^rosterd: options stand after the command, as in: rosterd status --config\n$/],
    [['token', 'a:b'], /^rosterd: the NAME of a client may have no colon and no blank: /],
    [[], /^rosterd: which command\?\n\nrosterd COMMAND \[arguments\] \[options\]\n/],
  ];
  for (const [args, text] of cases) {
    test(`rosterd ${args.join(' ')}`, async () => {
      const { stdout, stderr, code } = await command(args);
      assert.match(stderr, text);
      assert.deepEqual([stdout, code], ['', 2]);
    });
  }
});

suite('what goes wrong', () => {
  test('with the configuration ends with 2, and everything wrong in it is named', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'rosterd.yaml');
    const missing = await command(['status', '--config', file]);
    assert.match(
      missing.stderr,
      /^rosterd: .*rosterd\.yaml cannot be used:\n {2}there is no such file; name another one with --config/,
    );
    assert.equal(missing.code, 2);
    writeFileSync(file, 'timezone: Mars/Base\nsources: []\n', { mode: 0o600 });
    const wrong = await command(['diff', '--config', file]);
    assert.match(wrong.stderr, /timezone: "Mars\/Base" is not a time zone.*\n/);
    assert.match(wrong.stderr, /sources: is empty/);
    assert.equal(wrong.code, 2);
  });

  test('with the store ends with 4, and says the way out', async () => {
    await using at = await company();
    const none = await at.rosterd('status');
    assert.match(none.stderr, /^rosterd: there is no store at .*; "rosterd serve" or "rosterd pull" makes it\n$/);
    assert.equal(none.code, 4);
    writeFileSync(join(at.folder, 'roster.db'), 'this is no database, but long enough to be looked at. '.repeat(100));
    const broken = await at.rosterd('diff');
    assert.match(broken.stderr, /^rosterd: the store .* file is not a database\n$/);
    assert.equal(broken.code, 4);
  });

  test('by a mistake of ours says so, and shows the stack only when it is asked for', async () => {
    await using at = await company();
    await at.withStore(async () => {});
    const { DatabaseSync } = await import('node:sqlite');
    at.hire({ account: 'a.lin' });
    await at.run('2026-08-20T02:00:00Z');
    using db = new DatabaseSync(join(at.folder, 'roster.db'));
    db.exec("update runs set counts = 'not json'");
    const { stderr, code } = await at.rosterd('log', ['--runs']);
    assert.match(
      stderr,
      /^rosterd: this is a mistake in rosterd itself: .*JSON.*\nPlease report it with the command you gave/,
    );
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.equal(code, 4);
    assert.match((await at.rosterd('log', ['--runs'], { env: { ROSTERD_DEBUG: '1' } })).stderr, /\n {4}at /);
  });

  test('with damaged data is found, and named', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    await at.run('2026-08-20T02:00:00Z');
    const { DatabaseSync } = await import('node:sqlite');
    using db = new DatabaseSync(join(at.folder, 'roster.db'));
    db.exec("update people set content = replace(content, '@', '@b.')");
    const { stderr, code } = await at.rosterd('show');
    assert.match(stderr, /^rosterd: the store is damaged: people "a\.lin", .*; restore a backup\n$/);
    assert.equal(code, 4);
  });
});

suite('rosterd token', () => {
  test('prints a token of 256 bits once, and the line to paste', async () => {
    const { stdout, code } = await rosterd(['token', 'omflow']);
    assert.equal(code, 0);
    const [, token = ''] = /\n\n {2}([0-9a-f]{64})\n\n/.exec(stdout) ?? [];
    const line = `  - { name: omflow, scopes: [sync, authenticate], token_hash: "sha256:${hash('sha256', token)}" }\n`;
    assert.ok(stdout.includes(line), stdout);
    assert.match(stdout, /^The token for "omflow", shown this once: .* only its hash is kept\.\n/);
    assert.match(
      stdout,
      /\nThe daemon knows it after "systemctl reload rosterd" \(SIGHUP\), or from its next start on\. /,
    );
    assert.doesNotMatch((await rosterd(['token', 'omflow'])).stdout, new RegExp(token));
  });

  test('gives one object with --json, and quotes what YAML would misread', async () => {
    const { stdout } = await rosterd(['token', 'null', '--json']);
    const made = JSON.parse(stdout) as Record<string, string>;
    assert.equal(made['token_hash'], `sha256:${hash('sha256', made['token'] ?? '')}`);
    assert.match(made['line'] ?? '', /^- \{ name: "null", scopes: /);
  });

  test('is for OMFLOW unless something else is said', async () => {
    const scopes = async (...args: string[]) =>
      /scopes: (\[.*?\])/.exec((await rosterd(['token', 'x', ...args])).stdout)?.[1];
    assert.equal(await scopes(), '[sync, authenticate]');
    assert.equal(await scopes('--scope', 'admin'), '[admin]');
    assert.equal(await scopes('--scope', 'admin, sync,admin'), '[sync, admin]');
    for (const wrong of ['root', '', 'sync,', 'Admin']) {
      const { stderr, code } = await rosterd(['token', 'x', '--scope', wrong]);
      const unknown = wrong.split(',').at(-1);
      assert.equal(stderr, `rosterd: there is no scope "${unknown}"; there are sync, authenticate, admin\n`);
      assert.equal(code, 2);
    }
  });
});

test('rosterd schema prints the schema of the configuration, which the file for editors has', async () => {
  const { stdout, code } = await rosterd(['schema']);
  assert.equal(code, 0);
  assert.equal(stdout, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  assert.equal(
    readFileSync(`${ROOT}config/rosterd.schema.json`, 'utf8'),
    stdout,
    'write it anew: scripts/rosterd schema > config/rosterd.schema.json',
  );
});

test('rosterd --version tells the version', async () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
  assert.equal((await rosterd(['--version'])).stdout, `rosterd ${version}\n`);
});

test('what somebody may have meant is close, and the closest comes first', () => {
  assert.deepEqual(meant('dif', Object.keys(VERBS)), ['diff']);
  assert.deepEqual(meant('A.LIN', ['a.lin', 'j.wu']), ['a.lin']);
  assert.deepEqual(meant('zzz', Object.keys(VERBS)), []);
});
