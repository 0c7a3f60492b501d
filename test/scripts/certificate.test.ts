import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { hostOf, makeCertificate } from '../../scripts/certificate.ts';
import { readCertificate } from '../../src/http/certificate.ts';
import { OMFLOW, openHouse } from '../http/house.ts';
import { command } from '../support/command.ts';
import { company } from '../support/company.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runProgram } from '../support/program.ts';

const DAY = 86_400_000;
const modeOf = (file: string) => statSync(file).mode & 0o777;

suite('rosterd certificate', () => {
  test('writes a pair that the server takes, and says what to do with it', async () => {
    await using folder = await temporaryFolder();
    const config = join(folder.path, 'rosterd.yaml');
    const { stdout, stderr, code } = await command(['certificate', 'Rosterd.example', '10.0.0.5', '--config', config]);
    assert.deepEqual([stderr, code], ['', 0]);
    const files = { cert: join(folder.path, 'rosterd.example.crt'), key: join(folder.path, 'rosterd.example.key') };
    const { names, expires } = readCertificate(files, new Date());
    assert.deepEqual(names, ['rosterd.example', '10.0.0.5']);
    const { fingerprint256 } = new X509Certificate(readFileSync(files.cert));
    const until = `${expires.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    assert.equal(
      stdout,
      `\
A certificate for rosterd.example, 10.0.0.5 that nobody has signed but itself, for a first try.

  certificate  ${files.cert}
  key          ${files.key}
  SHA-256      ${fingerprint256}
  valid until  ${until}

The line below "server" in the configuration; the daemon speaks HTTPS after its next start:

  tls: { cert: rosterd.example.crt, key: rosterd.example.key }

Only you can read the key. Where the daemon is a service of systemd, that hands it over:
  run "systemctl edit rosterd", write LoadCredential=rosterd.example.key:${files.key} below [Service], name it rosterd.example.key in server.tls.key, and restart rosterd.
Elsewhere let a group that the daemon is in read it (chgrp, chmod 640).

OMFLOW's server has to trust the certificate. Copy rosterd.example.crt there, never the key, and add it to what it trusts:

  Java            keytool -importcert -cacerts -storepass changeit -noprompt -alias rosterd -file rosterd.example.crt
  Debian, Ubuntu  cp rosterd.example.crt /usr/local/share/ca-certificates/ && update-ca-certificates
  Red Hat         cp rosterd.example.crt /etc/pki/ca-trust/source/anchors/ && update-ca-trust
  Node            NODE_EXTRA_CA_CERTS=rosterd.example.crt

A try from there; curl asks for the token:

  curl --cacert rosterd.example.crt -u omflow -X POST https://rosterd.example:8642/sync
`,
    );
    assert.deepEqual([modeOf(files.key), modeOf(files.cert)], [0o600, 0o644]);
    assert.deepEqual(readdirSync(folder.path).sort(), ['rosterd.example.crt', 'rosterd.example.key']);
  });

  test('is for a year or as many days as it is told, and counts for clocks that are behind', async () => {
    await using folder = await temporaryFolder();
    for (const [days, options] of [
      [365, []],
      [90, ['--days', '90', '--force']],
    ] as const) {
      await command(['certificate', 'localhost', '--out', folder.path, ...options]);
      const made = new X509Certificate(readFileSync(join(folder.path, 'localhost.crt')));
      assert.ok(Math.abs(made.validToDate.getTime() - Date.now() - days * DAY) < 60_000);
      assert.ok(made.validFromDate.getTime() <= Date.now() - 3_500_000);
    }
  });

  test('gives one object with --json', async () => {
    await using folder = await temporaryFolder();
    const { stdout } = await command(['certificate', '*.example', '::1', '--out', folder.path, '--json']);
    const [cert, key] = ['crt', 'key'].map(end => join(folder.path, `_.example.${end}`));
    const { fingerprint, expires, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(rest, { hosts: ['*.example', '::1'], cert, key, line: `tls: { cert: ${cert}, key: ${key} }` });
    assert.match(String(fingerprint), /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.ok(Date.parse(String(expires)) > Date.now());
  });

  test('replaces nothing unless it is told to, and then both files', async () => {
    await using folder = await temporaryFolder();
    const args = ['certificate', '2001:db8::1', '--out', folder.path];
    assert.equal((await command(args)).code, 0);
    const [cert = '', key = ''] = ['crt', 'key'].map(end => join(folder.path, `2001-db8--1.${end}`));
    const before = [cert, key].map(file => readFileSync(file, 'utf8'));
    const again = await command(args);
    assert.equal(
      again.stderr,
      `rosterd: ${cert} and ${key} are there already; name another folder with --out, or let --force replace both\n`,
    );
    assert.deepEqual([again.stdout, again.code], ['', 2]);
    assert.deepEqual(
      [cert, key].map(file => readFileSync(file, 'utf8')),
      before,
    );
    chmodSync(key, 0o644);
    assert.equal((await command([...args, '--force'])).code, 0);
    assert.equal(modeOf(key), 0o600);
    assert.notEqual(readFileSync(key, 'utf8'), before[1]);
    assert.deepEqual(readCertificate({ cert, key }, new Date()).warnings, []);
  });

  test('says what is wrong with what it is given, and writes nothing then', async () => {
    await using folder = await temporaryFolder();
    const says = async (args: string[], text: string | RegExp) => {
      const { stdout, stderr, code } = await command(['certificate', ...args]);
      if (typeof text === 'string') assert.equal(stderr, `rosterd: ${text}\n`);
      else assert.match(stderr, text);
      assert.deepEqual([stdout, code], ['', 2]);
    };
    for (const host of [
      'https://x.example',
      'x.example:8642',
      'x y',
      '',
      '-x',
      'x..example',
      '*',
      'a.*.example',
      'fe80::1%eth0',
    ]) {
      const way = 'write it without a port, as in rosterd.example or 10.0.0.5';
      await says(['--out', folder.path, '--', host], `"${host}" is not the name or address of a host; ${way}`);
    }
    const none = join(folder.path, 'none');
    await says(['x', '--out', none], `there is no folder ${none}; make it first, or name another one with --out`);
    await says([], /^rosterd: missing required argument 'HOST'\n/);
    for (const days of ['0', '-1', '1.5', '10000']) {
      await says(['x', '--days', days], /argument '.*' is invalid\. It is a number from 1 to 9999\.\n/);
    }
    assert.deepEqual(readdirSync(folder.path), []);
  });

  test('says why it cannot write', async () => {
    const { stdout, stderr, code } = await command(['certificate', 'x', '--out', '/proc']);
    assert.match(stderr, /^rosterd: E[A-Z]+: .*'\/proc\/x\.key\.partial'\n$/);
    assert.deepEqual([stdout, code], ['', 4]);
  });

  test('has names as certificates have them', () => {
    assert.equal(hostOf('Straße.example'), 'xn--strae-oqa.example');
    assert.equal(hostOf('*.ACME.example'), '*.acme.example');
    assert.equal(hostOf('2001:DB8::1'), '2001:db8::1');
    assert.equal(hostOf('localhost'), 'localhost');
  });
});

suite('a self-signed certificate', () => {
  test('is trusted by whoever is given it, for its hosts and no other, and signs nobody', async () => {
    await using folder = await temporaryFolder();
    const pair = await makeCertificate({ hosts: ['localhost', '127.0.0.1', '::1'], days: 1, now: new Date() });
    const file = join(folder.path, 'it.crt');
    writeFileSync(file, pair.cert);
    const read = new X509Certificate(pair.cert);
    assert.equal(read.ca, false);
    const shown = ['-noout', '-ext', 'basicConstraints,keyUsage,extendedKeyUsage'];
    const { stdout: extensions } = await runProgram('openssl', ['x509', '-in', file, ...shown]);
    assert.match(
      extensions,
      /: critical\n +CA:FALSE\n.*: critical\n +Digital Signature\n.*\n +TLS Web Server Auth.*\n$/,
    );
    for (const strictness of [[], ['-x509_strict']]) {
      const { stdout } = await runProgram('openssl', ['verify', '-CAfile', file, ...strictness, file]);
      assert.equal(stdout, `${file}: OK\n`);
    }
    await using house = await openHouse({ tls: pair });
    const status = async (servername: string) => {
      const options = {
        host: '127.0.0.1',
        port: house.port,
        path: '/sync',
        method: 'POST',
        ca: pair.cert,
        agent: false,
      };
      const asked = request({ ...options, servername, headers: { authorization: OMFLOW } }).end();
      const [answer] = await once(asked, 'response');
      answer.resume();
      return answer.statusCode;
    };
    assert.equal(await status('localhost'), 200);
    await assert.rejects(status('other.example'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('may have a name that is too long for its subject', async () => {
    const host = `${'a'.repeat(63)}.${'b'.repeat(63)}.example`;
    const { cert } = await makeCertificate({ hosts: [host], days: 1, now: new Date() });
    const read = new X509Certificate(cert);
    assert.deepEqual([read.subject, read.subjectAltName], ['CN=rosterd', `DNS:${host}`]);
  });
});

suite('a configuration', () => {
  /** What `check` says of a company whose server has a certificate with this time left. */
  async function checked(days: number | undefined) {
    await using at = await company();
    const written = readFileSync(at.configFile, 'utf8');
    writeFileSync(at.configFile, written.replace('server:', 'server:\n  tls: { cert: own.crt, key: own.key }'));
    const [cert, key] = [join(at.folder, 'own.crt'), join(at.folder, 'own.key')];
    if (days !== undefined) {
      const pair = await makeCertificate({ hosts: ['localhost'], days, now: new Date() });
      writeFileSync(cert, pair.cert);
      writeFileSync(key, pair.key, { mode: 0o600 });
    }
    return { cert, key, ...(await at.rosterd('check', ['--config-only'])) };
  }

  test('is not taken with a certificate that cannot be used', async () => {
    const { cert, stderr, code } = await checked(undefined);
    const way = 'for a first try, "rosterd certificate HOST" makes one';
    assert.ok(stderr.endsWith(` cannot be used:\n  server.tls.cert: ${cert}: no such file; ${way}\n`), stderr);
    assert.equal(code, 2);
  });

  test('is taken with one that expires soon, and with one that has, and says so', async () => {
    const soon = await checked(20.5);
    assert.match(soon.stdout, /\nnote {2}server\.tls\.cert: \S+own\.crt expires on .* UTC, in 20 days; renew it\n/);
    const past = await checked(-0.01);
    assert.match(
      past.stdout,
      /\nnote {2}server\.tls\.cert: \S+own\.crt expired on .* UTC: callers refuse it; renew it\n/,
    );
    const fine = await checked(31);
    assert.doesNotMatch(fine.stdout, /note/);
    assert.deepEqual([soon.code, past.code, fine.code], [0, 0, 0]);
  });
});
