import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { suite, test } from 'node:test';
import { type Company, company } from '../support/company.ts';
import { runProgram } from '../support/program.ts';
import { LAUNCHER } from '../support/rosterd.ts';
import { directory, sharedSlapd } from '../support/slapd.ts';

const [lin] = directory.people;

/** A company whose people are in the shared directory: a.lin is in both. */
async function withDirectory(): Promise<Company> {
  const block = {
    type: 'ldap',
    url: [sharedSlapd().ldapsUrl],
    tls: { ca_file: sharedSlapd().caFile },
    bind: directory.reader,
    base: directory.peopleDn,
    filter: '(uid={username})',
  };
  const at = await company({ more: `authenticate: [ ${JSON.stringify(block)} ]\n` });
  at.hire({ account: 'a.lin' }, { account: 'z.else' });
  await at.run('2026-08-20T02:00:00Z');
  return at;
}

const login = (at: Company, input: string, ...args: string[]) =>
  runProgram(LAUNCHER, ['login', ...args, '--config', at.configFile], { input });

/** Times and ports are what they are. */
const settled = (text: string) =>
  text
    .replace(/\b\d+ ms/g, 'N ms')
    .replace(/127\.0\.0\.1:\d+/g, 'dc1')
    .replace(/^ +/gm, '');

suite('rosterd login', () => {
  test('tells each step and what it means', async () => {
    await using at = await withDirectory();
    const [right, wrong, unknown, object, nobody] = await Promise.all([
      login(at, `${lin.password}\n`, 'a.lin'),
      login(at, 'wrong-secret\n', 'a.lin'),
      login(at, 'wrong-secret', 'z.else'),
      login(at, 'wrong-secret\r\n', 'a.lin', '--json'),
      login(at, '', 'a.linn'),
    ]);
    const [asking, connected, ...steps] = settled(right.stdout).split('\n');
    assert.equal(asking, 'N ms  asking ldaps://dc1');
    assert.match(
      connected ?? '',
      /^N ms {2}connected, encrypted with TLSv1\.3; the certificate is of CN=localhost, until /,
    );
    assert.deepEqual(steps, [
      'N ms  bound as the service account cn=reader,dc=corp,dc=example',
      'N ms  searched ou=people,dc=corp,dc=example for (uid=a.lin) and found uid=a.lin,ou=people,dc=corp,dc=example',
      'N ms  binding as uid=a.lin,ou=people,dc=corp,dc=example',
      'N ms  answered Success (result code 0): the password is right',
      'a.lin is accepted by ldap ldaps://dc1, after N ms',
      'if OMFLOW still says no, the daemon refuses them after wrong passwords: its log tells, and "rosterd unlock a.lin" ends it',
      '',
    ]);
    assert.deepEqual([right.code, wrong.code, unknown.code, object.code, nobody.code], [0, 1, 1, 1, 1]);
    const dn = 'uid=a.lin,ou=people,dc=corp,dc=example';
    assert.deepEqual(settled(wrong.stdout).split('\n').slice(-4), [
      `N ms  answered InvalidCredentials (result code 49), which means: ${dn} has another password`,
      `a.lin is refused by ldap ldaps://dc1, after N ms: ${dn} has another password`,
      'OMFLOW is told: account or password is incorrect',
      '',
    ]);
    assert.deepEqual(settled(unknown.stdout).split('\n').slice(-3), [
      'z.else is refused, after N ms: ldap ldaps://dc1: no entry has that name',
      'OMFLOW is told: account or password is incorrect',
      '',
    ]);
    const { steps: told, ms, by, ...rest } = JSON.parse(object.stdout);
    assert.deepEqual(rest, {
      event: 'login',
      username: 'a.lin',
      login: 'a.lin',
      outcome: 'refused',
      why: `${dn} has another password`,
      told: 'account or password is incorrect',
    });
    assert.deepEqual([typeof ms, by, told.length], ['number', `ldap ${sharedSlapd().ldapsUrl}`, 6]);
    assert.equal(nobody.stderr, 'rosterd: nobody who is served has the username "a.linn"; did you mean "a.lin"?\n');
    for (const { stdout, stderr } of [right, wrong, unknown, object]) {
      assert.doesNotMatch(stdout + stderr, /-secret/);
    }
  });

  test('that cannot be checked is a failure, and one nobody is configured for', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    await at.run('2026-08-20T02:00:00Z');
    const { stdout, code } = await login(at, 'secret', 'a.lin');
    assert.deepEqual(
      [settled(stdout), code],
      [
        'a.lin is not checked, after N ms: the configuration has no "authenticate" to ask\nOMFLOW is told: cannot check passwords now\n',
        4,
      ],
    );
  });

  test('asks at a terminal, and shows nothing of what is typed', async () => {
    await using at = await withDirectory();
    // Gives it a terminal of its own.
    const child = spawn('script', ['-qec', `${LAUNCHER} login a.lin --config ${at.configFile}`, '/dev/null']);
    let shown = '';
    const { promise: exited, resolve } = Promise.withResolvers<number | null>();
    child.once('close', resolve);
    child.stdout.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
      if (shown.includes('password of a.lin: ') && child.stdin.writable) child.stdin.end(`${lin.password}\r`);
    });
    assert.equal(await exited, 0, shown);
    assert.match(shown, /a\.lin is accepted by /);
    assert.doesNotMatch(shown, /secret/);
  });
});
