import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { company } from '../support/company.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Exit, type ProgramOptions, runProgram, startProgram } from '../support/program.ts';
import { unlessRoot, without } from '../support/skips.ts';

const HERE = fileURLToPath(new URL('../..', import.meta.url));
const PARTS = ['package.json', 'package-lock.json', 'README.md', 'LICENSE', 'src', 'scripts', 'config'];

const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const checkout = join(folder.path, 'checkout');
const root = join(folder.path, 'root');
const opt = join(root, 'opt/rosterd');
const command = join(root, 'usr/local/bin/rosterd');

/** A checkout of somebody careful, who has tried rosterd in it: with a configuration and a secret of their own. */
mkdirSync(checkout);
for (const part of PARTS) cpSync(join(HERE, part), join(checkout, part), { recursive: true });
writeFileSync(join(checkout, 'config/rosterd.yaml'), 'mine: true\n');
writeFileSync(join(checkout, 'config/hr_password'), 's3cret\n');
chmodSync(join(checkout, 'src/main.ts'), 0o600);
chmodSync(join(checkout, 'README.md'), 0o666);

/** What of a service may not be done to this machine goes below a folder. */
function install(args: readonly string[] = [], options: ProgramOptions = {}): Promise<Exit> {
  const script = `umask 077; exec ${join(checkout, 'scripts/install')} "$@"`;
  return runProgram('sh', ['-c', script, 'sh', '--root', root, ...args], { deadlineMs: 110_000, ...options });
}

async function installed(args: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await install(args);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

const releases = () => readdirSync(join(opt, 'releases')).sort();
const current = () => readlinkSync(join(opt, 'current'));

/** Everything below a folder but packages: its kind, rights and time, and where links lead. */
function everything(below: string): string[] {
  return readdirSync(below, { withFileTypes: true, recursive: true })
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !/node_modules\/./.test(path))
    .sort()
    .map(path => {
      const { mode, mtimeMs } = lstatSync(path);
      return `${path} ${mode.toString(8)} ${mtimeMs}`;
    });
}

/** A folder with the programs that are on every Debian, and none that bring Node or npm. */
function withoutNpm(): string {
  const bin = join(folder.path, 'bin');
  mkdirSync(bin);
  const names =
    'sh dirname sed find sort xargs sha256sum cut mkdir rm rmdir tar cmp cp cat chmod mv ln readlink grep id flock ls tr sleep';
  for (const name of names.split(' ')) {
    const place = ['/usr/bin', '/bin'].find(place => existsSync(join(place, name)));
    symlinkSync(join(place ?? '', name), join(bin, name));
  }
  return bin;
}

// One after the other: each goes on where the one before has ended.
suite('scripts/install', { skip: without('npm') }, () => {
  test('with --dry-run says each step, and does none', async () => {
    const said = await installed(['--dry-run']);
    const release = /releases\/0\.1\.0-[0-9a-f]{12}/.exec(said)?.[0];
    assert.equal(
      said,
      [
        `make    ${opt}/${release}, with the packages of package-lock.json`,
        `link    ${opt}/current to ${release}`,
        `write   ${root}/etc/systemd/system/rosterd.service`,
        `write   ${root}/etc/systemd/system/rosterd.socket`,
        `write   ${root}/etc/rosterd/rosterd.yaml, from the example`,
        `make    ${root}/var/lib/rosterd`,
        `write   ${root}/usr/local/bin/rosterd`,
        '',
      ].join('\n'),
    );
    assert.ok(!existsSync(root));
  });

  test('takes the steps that --dry-run says, and tells where it is said what is next, but nothing for the systemd of this machine', async () => {
    const steps = await installed(['--dry-run']);
    const said = await installed();
    assert.ok(said.startsWith(steps), said);
    assert.match(
      said.slice(steps.length),
      /^rosterd 0\.1\.0-\S+ is installed\.\nThe systemd and the daemon of this machine are left alone; what comes next is in \S+\/current\/README\.md\.\n$/,
    );
    assert.deepEqual(releases(), [current().replace('releases/', '')]);
  });

  test('whatever the umask, all may read a release and nobody but its owner write anything', () => {
    const wrong = readdirSync(root, { withFileTypes: true, recursive: true })
      .filter(entry => !entry.isSymbolicLink())
      .map(entry => join(entry.parentPath, entry.name))
      .filter(
        path =>
          (lstatSync(path).mode & 0o022) !== 0 || (path.startsWith(opt) && (lstatSync(path).mode & 0o444) !== 0o444),
      );
    assert.deepEqual(wrong, []);
    assert.equal(lstatSync(join(root, 'var/lib/rosterd')).mode & 0o777, 0o700);
    assert.equal(lstatSync(join(root, 'etc/rosterd')).mode & 0o777, 0o755);
    assert.equal(lstatSync(join(root, 'etc/rosterd/rosterd.yaml')).mode & 0o777, 0o644);
    for (const file of [command, join(opt, 'current/scripts/rosterd')])
      assert.equal(lstatSync(file).mode & 0o777, 0o755);
  });

  test('takes no configuration and no secret out of the checkout', () => {
    const config = readdirSync(join(opt, 'current/config')).sort();
    assert.deepEqual(config, ['demo', 'manifests', 'rosterd.example.yaml', 'rosterd.schema.json', 'systemd']);
  });

  test('installs a command that runs, on the configuration of the place', async () => {
    const help = await runProgram(command, ['help']);
    assert.deepEqual([help.code, help.stderr], [0, '']);
    const { code, stderr } = await runProgram(command, ['check', '--config-only']);
    const [first, ...problems] = stderr.trim().split('\n');
    assert.equal(first, `rosterd: ${root}/etc/rosterd/rosterd.yaml cannot be used:`);
    assert.equal(code, 2);
    // The example names secrets and a certificate, which nobody can have yet.
    for (const problem of problems) assert.match(problem, /: no such file/);
    const text = readFileSync(join(root, 'etc/rosterd/rosterd.yaml'), 'utf8');
    assert.match(text, /^store: sqlite:\/var\/lib\/rosterd\/roster\.db$/m);
    assert.match(text, /^ {2}monitor: 127\.0\.0\.1:8643/m);
    assert.match(text, /^# rosterd's configuration\. Change what is yours, and run: rosterd check$/m);
  });

  test('has nothing to do a second time, and touches nothing', async () => {
    const before = everything(root);
    assert.equal(
      await installed(),
      `rosterd ${current().replace('releases/', '')} is installed; there is nothing to do\n`,
    );
    assert.deepEqual(everything(root), before);
  });

  test('leaves a changed configuration and drop-ins as they are, and puts units right', async () => {
    const units = join(root, 'etc/systemd/system');
    appendFileSync(join(root, 'etc/rosterd/rosterd.yaml'), '# mine\n');
    mkdirSync(join(units, 'rosterd.service.d'));
    writeFileSync(join(units, 'rosterd.service.d/override.conf'), '[Service]\n');
    appendFileSync(join(units, 'rosterd.service'), '# edited\n');
    const said = await installed();
    assert.match(said, new RegExp(`^write {3}${units}/rosterd.service\nrosterd \\S+ is installed.\n`));
    assert.doesNotMatch(readFileSync(join(units, 'rosterd.service'), 'utf8'), /# edited/);
    assert.match(readFileSync(join(root, 'etc/rosterd/rosterd.yaml'), 'utf8'), /# mine\n$/);
    assert.ok(existsSync(join(units, 'rosterd.service.d/override.conf')));
  });

  test('switches to a new release, while a daemon keeps to the one it runs from', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    const config = readFileSync(at.configFile, 'utf8').replace('server:', 'server:\n  listen: 127.0.0.1:0');
    writeFileSync(at.configFile, config, { mode: 0o600 });
    const first = current();
    await using daemon = await startProgram(command, ['serve'], { env: { ROSTERD_CONFIG: at.configFile } });
    const [, address] = await daemon.waitFor(/"address":"([^"]+)"/, 20_000);
    for (const change of ['one', 'two']) {
      appendFileSync(join(checkout, 'src/main.ts'), `// ${change}\n`);
      assert.match(await installed(), /^make {4}[\s\S]*link {4}[\s\S]*are left alone; /);
    }
    const second = readlinkSync(join(opt, 'previous'));
    assert.equal(new Set([first, second, current()]).size, 3);
    assert.deepEqual(releases(), [first, second, current()].map(path => path.replace('releases/', '')).sort());
    assert.equal((await fetch(`http://${address}/sync`, { method: 'POST' })).status, 401);
    daemon.kill('SIGTERM');
    assert.equal((await daemon.exited).code, 0);
    assert.match(await installed(), new RegExp(`^remove {2}${opt}/${first}, an older release\n`));
    assert.deepEqual(releases(), [second, current()].map(path => path.replace('releases/', '')).sort());
  });

  test('goes back to the release of before, and forth again', async () => {
    const [now, before] = [current(), readlinkSync(join(opt, 'previous'))];
    const said = await installed(['--back']);
    assert.match(said, new RegExp(`^link {4}${opt}/current to ${before}\n`));
    assert.doesNotMatch(said, /systemctl/);
    assert.deepEqual([current(), readlinkSync(join(opt, 'previous'))], [before, now]);
    assert.equal((await runProgram(command, ['help'])).code, 0);
    assert.match(await installed(), new RegExp(`^link {4}${opt}/current to ${now}\n`));
    assert.deepEqual([current(), readlinkSync(join(opt, 'previous'))], [now, before]);
  });

  test('can be run from what it has installed', async () => {
    const { stdout } = await runProgram(join(realpathSync(join(opt, 'current')), 'scripts/install'), ['--root', root]);
    assert.match(stdout, /; there is nothing to do\n$/);
  });
});

suite('scripts/install that cannot go on', { skip: without('npm') }, () => {
  const bin = withoutNpm();
  const npm = join(bin, 'npm');
  const env = { PATH: bin };

  /** It failed as it says, what was installed is as it was, and nothing else is there. */
  function assertAsBefore({ code, stderr }: Exit, before: readonly string[], why: RegExp): void {
    assert.match(stderr, why);
    assert.equal(code, 4);
    assert.deepEqual(everything(root), before);
  }

  test('for want of npm says so', async () => {
    appendFileSync(join(checkout, 'package-lock.json'), '\n');
    const before = everything(root).filter(line => !line.startsWith(`${opt}/releases `));
    const { code, stderr } = await install([], { env });
    assert.equal(
      stderr,
      'rosterd: npm is not on the PATH, and what rosterd needs comes with it; install it (apt-get install npm), and run this again\n',
    );
    assert.equal(code, 4);
    assert.deepEqual(
      everything(root).filter(line => !line.startsWith(`${opt}/releases `)),
      before,
    );
  });

  test('because npm fails shows what npm says, and what is installed stays', async () => {
    writeFileSync(npm, '#!/bin/sh\necho no network >&2\nexit 1\n', { mode: 0o755 });
    const before = everything(opt).filter(line => !line.startsWith(`${opt}/releases `));
    const { code, stderr } = await install([], { env });
    assert.equal(
      stderr,
      'no network\nrosterd: "npm ci" failed (its output is above); what is installed stays as it is\n',
    );
    assert.equal(code, 4);
    assert.deepEqual(
      everything(opt).filter(line => !line.startsWith(`${opt}/releases `)),
      before,
    );
  });

  test('because the new release does not run leaves the old one', async () => {
    writeFileSync(npm, '#!/bin/sh\nmkdir -p node_modules/commander\n', { mode: 0o755 });
    const before = current();
    const { code, stderr } = await install([], { env });
    assert.match(stderr, /there is no Node [\s\S]*the new release does not run; what is installed stays as it is\n$/);
    assert.equal(code, 4);
    assert.equal(current(), before);
  });

  test('because it is killed leaves the old one, and the next time it goes on', async () => {
    writeFileSync(npm, '#!/bin/sh\nsleep 60\n', { mode: 0o755 });
    const before = current();
    const script = join(checkout, 'scripts/install');
    {
      await using killed = await startProgram('sh', [script, '--root', root], { env, group: true });
      await killed.waitFor(/^make /);
      killed.kill('SIGKILL');
    }
    assert.equal(current(), before);
    assert.equal((await runProgram(command, ['help'])).code, 0);
    assert.match(await installed(), /^make {4}[\s\S]* is installed\.\n/);
    assert.deepEqual(
      readdirSync(join(opt, 'releases')).filter(name => name.startsWith('.')),
      [],
    );
  });

  test('because another is at work says so', async () => {
    await using other = await startProgram('flock', [opt, 'sh', '-c', 'echo has it; sleep 60'], { group: true });
    await other.waitFor(/has it/);
    appendFileSync(join(checkout, 'README.md'), '\n');
    assertAsBefore(
      await install(),
      everything(root),
      /^rosterd: another scripts\/install is at work in \S+; wait until it has ended\n$/,
    );
  });

  test('for want of a release of before says so', async () => {
    const { code, stderr } = await install(['--back', '--root', join(folder.path, 'nothing')]);
    assert.equal(stderr, `rosterd: there is no release of before in ${folder.path}/nothing/opt/rosterd\n`);
    assert.equal(code, 4);
  });

  test('because it is called wrongly says how', async () => {
    for (const [args, why] of [
      [['--prefix'], 'there is no option "--prefix"; "scripts/install --help" lists them'],
      [['--root'], '--root wants a folder'],
    ] as const) {
      const { code, stderr } = await install(args);
      assert.deepEqual([code, stderr], [2, `rosterd: ${why}\n`]);
    }
  });

  test('for want of the rights says so', { skip: unlessRoot() || without('setpriv') }, async () => {
    chmodSync(folder.path, 0o755);
    const script = join(checkout, 'scripts/install');
    const { code, stderr } = await runProgram('setpriv', ['--reuid=65534', '--clear-groups', 'sh', script]);
    assert.equal(
      stderr,
      'rosterd: this writes to /opt, /etc, /var and /usr/local, so root has to run it; or with --root DIR it puts everything under DIR\n',
    );
    assert.equal(code, 2);
  });
});

test('a release is called by the commit that it is, and by its files where those were changed', {
  skip: without('git', 'npm'),
}, async () => {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@acme.example', '-c', 'init.defaultBranch=main'];
  const git = async (...args: readonly string[]) => (await runProgram('git', [...who, '-C', checkout, ...args])).stdout;
  const release = async () => /releases\/0\.1\.0-(\S+)$/m.exec(await installed(['--dry-run', '--root', '/new']))?.[1];
  await git('init');
  await git('add', '.');
  await git('commit', '-m', 'all');
  const commit = (await git('rev-parse', '--short=12', 'HEAD')).trim();
  assert.equal(await release(), commit);
  appendFileSync(join(checkout, 'config/rosterd.yaml'), '# of no release\n');
  assert.equal(await release(), commit);
  appendFileSync(join(checkout, 'README.md'), '\n');
  assert.notEqual(await release(), commit);
});

suite('scripts/install --uninstall', { skip: without('npm') }, () => {
  test('removes what was installed, and says what it keeps', async () => {
    writeFileSync(join(root, 'etc/rosterd/hr_password'), 's3cret\n');
    writeFileSync(join(root, 'var/lib/rosterd/roster.db'), 'people');
    const kept = [`${root}/etc/rosterd`, `${root}/etc/systemd/system/rosterd.service.d`, `${root}/var/lib/rosterd`];
    const dry = await installed(['--uninstall', '--dry-run']);
    assert.ok(existsSync(join(opt, 'current')));
    const said = await installed(['--uninstall']);
    assert.equal(said, dry);
    assert.equal(
      said,
      [
        `remove  ${root}/etc/systemd/system/rosterd.service`,
        `remove  ${root}/etc/systemd/system/rosterd.socket`,
        `remove  ${command}`,
        `remove  ${opt}`,
        ...kept.map(path => `kept    ${path}`),
        '',
      ].join('\n'),
    );
    assert.ok(!existsSync(opt) && !existsSync(command));
    assert.equal(readFileSync(join(root, 'etc/rosterd/hr_password'), 'utf8'), 's3cret\n');
    assert.equal(readFileSync(join(root, 'var/lib/rosterd/roster.db'), 'utf8'), 'people');
    assert.match(
      await installed(['--uninstall']),
      new RegExp(`rosterd is not installed under ${root}; there is nothing to do\n$`),
    );
  });
});
