import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';
import { type CertificateFiles, readCertificate, readFacts } from '../../src/http/certificate.ts';
import { expiryStep } from '../../src/http/expiry.ts';
import { makeCertificates } from '../support/certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { runProgram } from '../support/program.ts';

const DAY = 86_400_000;

interface Ground extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly files: CertificateFiles;
  readonly ca: string;
  /** Another text where the certificate or the key was. */
  write(which: 'cert' | 'key', ...pems: string[]): void;
}

/** A certificate that a private authority has signed, in files of its own. */
async function ground(): Promise<Ground> {
  const folder = await temporaryFolder();
  const { certFile: cert, keyFile: key, caFile: ca } = await makeCertificates(folder.path);
  const files = { cert, key };
  return {
    folder,
    files,
    ca,
    write: (which, ...pems) => writeFileSync(files[which], pems.join('')),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function openssl(...args: string[]): Promise<void> {
  const done = await runProgram('openssl', args);
  assert.equal(done.code, 0, done.stderr);
}

/** What reading says is wrong. */
function wrong(files: CertificateFiles): string {
  try {
    readCertificate(files, new Date());
  } catch (error) {
    return (error as Error).message;
  }
  return assert.fail('the certificate was taken');
}

/** Does something as somebody who may do less than root; without rights to give up, as who we are. */
function asNobody<Result>(work: () => Result): Result {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

suite('a certificate', () => {
  test('is read with its names, its time and what tells it from others', async () => {
    await using at = await ground();
    const read = readCertificate(at.files, new Date());
    assert.deepEqual(read.names, ['localhost', '127.0.0.1']);
    assert.ok(Math.abs(read.expires.getTime() - (Date.now() + 7 * DAY)) < 60_000);
    assert.ok(Math.abs(read.from.getTime() - Date.now()) < 60_000);
    assert.deepEqual(read.pair, {
      cert: readFileSync(at.files.cert, 'utf8'),
      key: readFileSync(at.files.key, 'utf8'),
    });
    assert.match(read.digest, /^[0-9a-f]{64}$/);
    const { names, from, expires } = read;
    assert.deepEqual(readFacts(at.files.cert), { names, from, expires });
    await using other = await ground();
    assert.notEqual(readCertificate(other.files, new Date()).digest, read.digest);
  });

  test('without other names goes by that of its subject', async () => {
    await using at = await ground();
    assert.deepEqual(readFacts(at.ca).names, ['rosterd test authority']);
  });

  test('may lie in one file with its key', async () => {
    await using at = await ground();
    const both = join(at.folder.path, 'both.pem');
    writeFileSync(both, readFileSync(at.files.cert, 'utf8') + readFileSync(at.files.key, 'utf8'), { mode: 0o600 });
    assert.deepEqual(readCertificate({ cert: both, key: both }, new Date()).names, ['localhost', '127.0.0.1']);
  });
});

suite('a certificate that cannot be used says', () => {
  test('which file cannot be read, and what to do', async () => {
    await using at = await ground();
    const { cert, key } = at.files;
    const make = 'no such file; for a first try, "rosterd certificate HOST" makes one';
    assert.equal(wrong({ cert: '/none/a.pem', key }), `server.tls.cert: /none/a.pem: ${make}`);
    assert.equal(wrong({ cert, key: '/none/a.key' }), `server.tls.key: /none/a.key: ${make}`);
    const folder = at.folder.path;
    assert.equal(wrong({ cert: folder, key }), `server.tls.cert: ${folder}: is a folder, not a file`);
    assert.equal(wrong({ cert, key: folder }), `server.tls.key: ${folder}: is a folder, not a file`);
  });

  test('which file this account may not read, and what to do', async () => {
    await using at = await ground();
    const { cert, key } = at.files;
    chmodSync(at.folder.path, 0o755);
    chmodSync(cert, 0o644);
    chmodSync(key, 0);
    const locked = `server.tls.key: ${key}: rosterd may not read it; run "systemctl edit rosterd", write LoadCredential=${basename(key)}:${key} below [Service], name it ${basename(key)} in server.tls.key, and restart rosterd; or let a group that the daemon is in read it: chgrp GROUP and chmod 640`;
    assert.equal(
      asNobody(() => wrong(at.files)),
      locked,
    );
    chmodSync(cert, 0);
    const hidden = `server.tls.cert: ${cert}: rosterd may not read it; a certificate is no secret: chmod 644`;
    assert.equal(
      asNobody(() => wrong(at.files)),
      hidden,
    );
  });

  test('that there is none, or no key', async () => {
    await using at = await ground();
    const { cert, key } = at.files;
    const [certificate, secret] = [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')];
    for (const text of ['', 'hello', secret, certificate.slice(0, 200)]) {
      at.write('cert', text);
      assert.equal(wrong(at.files), `server.tls.cert: ${cert} holds no certificate in PEM form`);
    }
    at.write('cert', certificate);
    for (const text of ['', 'hello', certificate, secret.slice(0, 80)]) {
      at.write('key', text);
      assert.equal(wrong(at.files), `server.tls.key: ${key} holds no private key in PEM form`);
    }
  });

  test('that the key is that of another one', async () => {
    await using at = await ground();
    await using other = await ground();
    const files = { ...at.files, key: other.files.key };
    assert.equal(
      wrong(files),
      `server.tls.key: ${files.key} is the key to another certificate than ${files.cert}; name two files that were made together`,
    );
  });

  test('that it does not come first in its file', async () => {
    await using at = await ground();
    const { cert, key } = at.files;
    at.write('cert', readFileSync(at.ca, 'utf8'), readFileSync(cert, 'utf8'));
    assert.equal(
      wrong(at.files),
      `server.tls.cert: ${cert} does not begin with the certificate of ${key}; put that first, then those between it and the authority`,
    );
  });

  test('that the key is locked with a passphrase, in either form', async () => {
    await using at = await ground();
    const { key } = at.files;
    const plain = join(at.folder.path, 'plain.key');
    copyFileSync(key, plain);
    const text = `server.tls.key: ${key} is locked with a passphrase, which nobody is there to type; write it without: openssl pkey -in ${key} -out FILE`;
    for (const form of [['pkcs8', '-topk8'], ['ec']]) {
      const [command = '', ...options] = form;
      const lock = command === 'ec' ? ['-aes128'] : [];
      await openssl(command, ...options, ...lock, '-in', plain, '-out', key, '-passout', 'pass:geheim');
      chmodSync(key, 0o600);
      assert.equal(wrong(at.files), text);
    }
  });

  test('that everybody may read or write the key, unless the folder guards it', async () => {
    await using at = await ground();
    const { key } = at.files;
    const open = `server.tls.key: ${key} is open to everybody on this machine; run: chmod 640 ${key}`;
    for (const mode of [0o644, 0o604, 0o602, 0o601]) {
      chmodSync(key, mode);
      assert.equal(wrong(at.files), open);
    }
    assert.equal(wrong({ ...at.files, credentials: '/run/credentials/other' }), open);
    readCertificate({ ...at.files, credentials: at.folder.path }, new Date());
    for (const mode of [0o600, 0o640, 0o660, 0o440]) {
      chmodSync(key, mode);
      readCertificate(at.files, new Date());
    }
  });

  test('why OpenSSL does not take it', async () => {
    await using at = await ground();
    const { cert, key } = at.files;
    const made = (...how: string[]) =>
      openssl('req', '-x509', '-nodes', ...how, '-subj', '/CN=x', '-days', '9', '-keyout', key, '-out', cert);
    await made('-newkey', 'rsa:1024');
    assert.equal(
      wrong(at.files),
      `server.tls.cert: ${cert} is refused by OpenSSL (ee key too small); have another one made`,
    );
    await made('-newkey', 'rsa:2048');
    readCertificate(at.files, new Date());
  });
});

suite('a certificate that can be used is warned of', () => {
  const utc = (date: Date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

  test('when its end is near, and after it', async () => {
    await using at = await ground();
    const { expires } = readFacts(at.files.cert);
    const warnings = (days: number) => readCertificate(at.files, new Date(expires.getTime() - days * DAY)).warnings;
    const told = (text: string) => [`server.tls.cert: ${at.files.cert} ${text}`];
    assert.deepEqual(warnings(6.9), told(`expires on ${utc(expires)}, in 6 days; renew it`));
    assert.deepEqual(warnings(1), told(`expires on ${utc(expires)}, in 1 day; renew it`));
    assert.deepEqual(warnings(0.1), told(`expires on ${utc(expires)}, in 0 days; renew it`));
    for (const days of [0, -1]) {
      assert.deepEqual(warnings(days), told(`expired on ${utc(expires)}: callers refuse it; renew it`));
    }
  });

  test('before it is valid', async () => {
    await using at = await ground();
    const { from } = readFacts(at.files.cert);
    assert.deepEqual(readCertificate(at.files, new Date(from.getTime() - DAY)).warnings, [
      `server.tls.cert: ${at.files.cert} is not valid before ${utc(from)}: callers refuse it until then; is the clock right?`,
    ]);
  });

  test('when those after it stand in the wrong order', async () => {
    await using at = await ground();
    await using other = await ground();
    const [leaf, ca, stranger] = [at.files.cert, at.ca, other.ca].map(file => readFileSync(file, 'utf8'));
    assert.ok(leaf && ca && stranger);
    const orderly = () => readCertificate(at.files, new Date()).warnings.filter(one => /order/.test(one));
    at.write('cert', leaf, ca);
    assert.deepEqual(orderly(), []);
    at.write('cert', 'a remark\n', leaf, '\nanother\n', ca);
    assert.deepEqual(orderly(), []);
    const intermediate = await inBetween(at);
    at.write('cert', leaf, ca, intermediate);
    assert.deepEqual(orderly(), [
      `server.tls.cert: ${at.files.cert} has certificates in the wrong order: number 3 did not sign number 2; some callers will refuse it`,
    ]);
  });

  test('in steps of 30, 7 and 1 days', () => {
    const end = new Date('2026-11-22T12:00:00Z');
    const before = (milliseconds: number) => expiryStep(end, new Date(end.getTime() - milliseconds));
    assert.deepEqual([31 * DAY, 30 * DAY + 1, 30 * DAY, 7 * DAY + 1, 7 * DAY, DAY + 1, DAY, 1, 0, -DAY].map(before), [
      undefined,
      undefined,
      30,
      30,
      7,
      7,
      1,
      1,
      'expired',
      'expired',
    ]);
  });
});

/** A certificate of another authority, which the first has signed. */
async function inBetween(at: Ground): Promise<string> {
  const folder = join(at.folder.path, 'between');
  await mkdir(folder);
  const file = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key')];
  await openssl('req', ...key, '-subj', '/CN=between', '-out', file('csr'));
  const signing = ['-CA', join(at.folder.path, 'ca.pem'), '-CAkey', join(at.folder.path, 'ca.key'), '-days', '7'];
  await openssl('x509', '-req', '-in', file('csr'), ...signing, '-out', file('pem'));
  return readFileSync(file('pem'), 'utf8');
}
