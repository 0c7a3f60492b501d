import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { bootMachine, type Machine, machineMissing } from '../support/machine.ts';
import { runProgram } from '../support/program.ts';
import { without } from '../support/skips.ts';

/** The service under a systemd: its sandbox, its account, and what comes of reloads, credentials, sockets and crashes. */

const INSTALL = fileURLToPath(new URL('../../scripts/install', import.meta.url));

const configuration = ({ listen = '127.0.0.1:8642', more = '' } = {}) => `
store: sqlite:/var/lib/rosterd/roster.db
server:
  listen: ${listen}
  monitor: unix:/run/rosterd/monitor
  clients: [{ name: omflow, scopes: [sync], token_hash: "sha256:${'0'.repeat(64)}" }]
sources:
  - name: hr
    type: csv
    people: { file: people.csv, key: no, map: { username: no, email: mail, nick_name: name } }
${more}`;

const PEOPLE = 'no,mail,name\na.lin,a.lin@acme.example,林雅婷\nj.wu,j.wu@acme.example,Jun Wu\n';
const WRONG = 'schedule: "every day"\n';
const WITH_SECRET =
  'authenticate: [{ type: sql, url: "mysql://reader@127.0.0.1:1/hr", password: "${file:hr_password}", query: "select ?" }]\n';

// One machine, and one after the other: each goes on where the one before has ended.
suite('rosterd as a service', { skip: machineMissing() || without('npm'), timeout: 300_000 }, () => {
  let folder: TemporaryFolder;
  let machine: Machine;

  before(async () => {
    folder = await temporaryFolder();
    const root = join(folder.path, 'root');
    const { code, stderr } = await runProgram(INSTALL, ['--root', root], { deadlineMs: 110_000 });
    assert.equal(code, 0, stderr);
    writeFileSync(join(root, 'etc/rosterd/rosterd.yaml'), configuration());
    writeFileSync(join(root, 'etc/rosterd/people.csv'), PEOPLE);
    machine = await bootMachine(root);
  });

  after(async () => {
    await machine?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const configure = (settings?: Parameters<typeof configuration>[0]) =>
    machine.run(`cat >/etc/rosterd/rosterd.yaml <<'END'\n${configuration(settings)}\nEND`);
  const dropIn = (name: string, ...lines: readonly string[]) =>
    machine.run(
      `d=/etc/systemd/system/rosterd.service.d; mkdir -p $d; printf '%s\\n' '[Service]' '${lines.join("' '")}' >$d/${name}.conf; systemctl daemon-reload`,
    );
  const property = async (name: string) => (await machine.run(`systemctl show --value -p ${name} rosterd`)).trim();
  /** What the service said since it was last started, or reloaded. */
  const journal = () =>
    machine.run(
      'journalctl --sync; journalctl -o cat -u rosterd _SYSTEMD_INVOCATION_ID=$(systemctl show --value -p InvocationID rosterd)',
    );
  /** Waits until a line of shell ends with 0. */
  const until = (line: string) => machine.run(`for i in $(seq 300); do ${line} && exit; sleep 0.1; done; exit 1`);
  const ask = (path: string) => machine.run(`curl -s --max-time 20 -X POST http://127.0.0.1:8642${path}`);

  test('is ready when systemctl start returns, in an account of its own and in its sandbox', async () => {
    await machine.run('rosterd pull');
    await machine.run('systemctl start rosterd');
    assert.equal(await property('StatusText'), 'serves on 127.0.0.1:8642');
    assert.match(await ask('/sync'), /^\{"status":"fail","message":"the name or token/);
    const status = await machine.run('cat /proc/$(systemctl show --value -p MainPID rosterd)/status');
    for (const line of [/^CapBnd:\t0+$/m, /^CapEff:\t0+$/m, /^NoNewPrivs:\t1$/m, /^Seccomp:\t2$/m])
      assert.match(status, line);
    const [, uid] = /^Uid:\t(\d+)/m.exec(status) ?? [];
    assert.ok(Number(uid) >= 61184 && Number(uid) <= 65519, `${uid} is of those that systemd gives`);
    await until('curl -sf --unix-socket /run/rosterd/monitor http://x/readyz >/dev/null');
    assert.match(await journal(), /"msg":"run found nothing changed"|"msg":"serving"/);
  });

  test('leaves and finds files of that account, whatever root runs', async () => {
    await machine.run('rosterd pull && rosterd status');
    const owners = 'stat -c "%U %a %n" /var/lib/rosterd/roster.db* /var/cache/private/rosterd';
    for (const line of (await machine.run(owners)).trim().split('\n')) assert.match(line, /^rosterd (600|700) /);
    assert.match(await machine.run('ls /var/cache/rosterd/'), /^v24/, 'compiled code is kept');
    await machine.run('systemctl restart rosterd');
  });

  test('refuses a reload by a wrong configuration with its reasons, and goes on', async () => {
    await configure({ more: WRONG });
    const { code } = await machine.sh('systemctl reload rosterd');
    assert.equal(code, 1);
    assert.match(
      await machine.run('journalctl --sync; journalctl -o cat -u rosterd'),
      /rosterd: \/etc\/rosterd\/rosterd.yaml cannot be used:\n {2}schedule: /,
    );
    assert.equal(await property('ActiveState'), 'active');
    assert.doesNotMatch(await journal(), /the configuration was/);
  });

  test('takes a right one', async () => {
    await configure({ more: 'language: ja\n' });
    await machine.run('systemctl reload rosterd');
    // Not a call that wants a token: after ten without one it is told to wait.
    await until("curl -s http://127.0.0.1:8642/nothing | grep -q 'ここには何もありません'");
    await until('[ "$(systemctl show --value -p ActiveState rosterd)" = active ]');
  });

  test('ends by itself when it is stopped', async () => {
    await machine.run('systemctl stop rosterd');
    assert.deepEqual([await property('Result'), await property('ExecMainStatus')], ['success', '0']);
  });

  test('is not started again and again with a wrong configuration', async () => {
    await dropIn('quick', 'RestartSec=100ms');
    await configure({ more: WRONG });
    assert.equal((await machine.sh('systemctl start rosterd')).code, 1);
    assert.deepEqual([await property('ActiveState'), await property('ExecMainStatus')], ['failed', '2']);
    assert.equal(await property('NRestarts'), '0');
  });

  test('says how it may read a secret of root, and reads it then, after a reload as well', async () => {
    await configure({ more: WITH_SECRET });
    await machine.run('(umask 077; echo s3cret >/etc/rosterd/hr_password); rosterd check --config-only');
    assert.equal((await machine.sh('systemctl start rosterd')).code, 1);
    assert.match(
      await journal(),
      / {2}authenticate\[0\]\.password: \/etc\/rosterd\/hr_password: the account that rosterd runs as may not read it; run "systemctl edit rosterd", write LoadCredential=hr_password:\/etc\/rosterd\/hr_password below \[Service\], /,
    );
    await dropIn('secrets', 'LoadCredential=hr_password:/etc/rosterd/hr_password');
    await machine.run('systemctl start rosterd && systemctl reload rosterd');
    await until('journalctl -o cat -u rosterd | grep -q "the configuration was read again"');
    await until('[ "$(systemctl show --value -p ActiveState rosterd)" = active ]');
  });

  test('refuses a reload with a secret that was not handed over, and goes on', async () => {
    await machine.run('(umask 077; echo s3cret >/etc/rosterd/other)');
    await configure({ more: WITH_SECRET.replace('hr_password', 'other') });
    assert.equal((await machine.sh('systemctl reload rosterd')).code, 1);
    assert.match(
      await machine.run('journalctl --sync; journalctl -o cat -u rosterd'),
      /\n {2}authenticate\[0\]\.password: \/etc\/rosterd\/other: systemd did not hand it over, .* write LoadCredential=other:\/etc\/rosterd\/other below /,
    );
    assert.equal(await property('ActiveState'), 'active');
    await configure({ more: WITH_SECRET });
    await machine.run('systemctl reload rosterd');
    await until('[ "$(systemctl show --value -p ActiveState rosterd)" = active ]');
  });

  test('is started again when it crashes, and when it stands still', async () => {
    for (const [signal, watchdog] of [
      ['SEGV', '60s'],
      ['STOP', '2s'],
    ]) {
      await dropIn('watchdog', `WatchdogSec=${watchdog}`, 'TimeoutStopSec=1s');
      await machine.run('systemctl restart rosterd');
      const pid = await property('MainPID');
      await machine.run(`kill -${signal} ${pid}`);
      await until('[ "$(systemctl show --value -p NRestarts,SubState rosterd | xargs)" = "1 running" ]');
      assert.notEqual(await property('MainPID'), pid);
    }
    await machine.run('journalctl --sync; journalctl -u rosterd | grep -q "Watchdog timeout"');
  });

  test('takes the socket of systemd, where a call waits while it starts', async () => {
    await machine.run('systemctl stop rosterd');
    await configure({ listen: 'systemd' });
    assert.equal((await machine.sh('systemctl start rosterd')).code, 1);
    assert.match(
      await journal(),
      /^rosterd: server\.listen: systemd gave no socket: .*; enable rosterd\.socket, or write an address$/m,
    );
    await configure();
    await machine.run('systemctl start rosterd');
    assert.equal((await machine.sh('systemctl start rosterd.socket')).code, 1, 'its service is up');
    await configure({ listen: 'systemd' });
    await machine.run('systemctl stop rosterd');
    await machine.run('systemctl enable --now rosterd.socket');
    assert.match(await ask('/sync'), /^\{"status":"fail","message":"(the name or token|rosterd is starting)/);
    await until('[ "$(systemctl show --value -p StatusText rosterd)" = "serves on 127.0.0.1:8642" ]');
    await machine.run('systemctl restart rosterd');
    assert.match(await ask('/sync'), /the name or token/);
  });

  test('is stopped and taken away by --uninstall, and what it knows stays', async () => {
    const said = await machine.run('/opt/rosterd/current/scripts/install --uninstall');
    assert.match(said, /^run {5}systemctl disable --now rosterd\.socket rosterd\.service\nremove {2}/);
    assert.match(said, /\nrun {5}systemctl daemon-reload\n/);
    assert.match(said, /\nkept {4}\/etc\/rosterd\n[\s\S]*kept {4}\/var\/lib\/rosterd\n/);
    assert.equal((await machine.sh('systemctl cat rosterd.socket')).code, 1);
    assert.equal((await machine.sh('curl -s http://127.0.0.1:8642/')).code, 7, 'nobody listens');
    await machine.run('test -s /var/lib/rosterd/roster.db && test -s /etc/rosterd/hr_password');
  });
});
