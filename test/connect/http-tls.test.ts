import assert from 'node:assert/strict';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TlsConfig } from '../../src/config/connections.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Peer, type PeerOptions, startPeer } from '../support/http-peer.ts';
import { runProgram } from '../support/program.ts';
import { ask, newClient, until, whyNot } from './asking.ts';

const UNTRUSTED =
  /^network: its certificate is signed by nobody we trust; set tls.ca_file to the authority that signed it \(\w+\)$/;

/** A peer that says `ok` over TLS, with this certificate. */
async function encrypted(files: Omit<Certificates, 'caFile'>, options: PeerOptions['tls'] = {}): Promise<Peer> {
  const [key, cert] = await Promise.all([readFile(files.keyFile), readFile(files.certFile)]);
  return startPeer((_request, response) => response.end('ok'), { tls: { key, cert, ...options } });
}

async function says(url: string, tls?: TlsConfig): Promise<string> {
  await using client = newClient({ tls });
  return (await ask(client, url)).text;
}

async function why(url: string, tls?: TlsConfig): Promise<string> {
  await using client = newClient({ tls });
  return await whyNot(ask(client, url));
}

suite('HTTPS', () => {
  test('trusts the authority it is told, for the name in the address or the one it is told', async () => {
    await using folder = await temporaryFolder();
    const files = await makeCertificates(folder.path);
    await using peer = await encrypted(files);
    const tls = { ca_file: files.caFile };
    assert.equal(await says(peer.url, tls), 'ok');
    assert.equal(await says(peer.url.replace('127.0.0.1', 'localhost'), tls), 'ok');
    assert.equal(await says(peer.url, { ...tls, server_name: 'localhost' }), 'ok');
    const other =
      'network: its certificate is for another name; set tls.server_name to the name it bears (ERR_TLS_CERT_ALTNAME_INVALID)';
    for (const server_name of ['hr.corp.example', '127.0.0.2']) {
      assert.equal(await why(peer.url, { ...tls, server_name }), other);
    }
    assert.equal(peer.requests.length, 3);
  });

  test('trusts no other', async () => {
    await using folder = await temporaryFolder();
    await using elsewhere = await temporaryFolder();
    await using peer = await encrypted(await makeCertificates(folder.path));
    const { caFile } = await makeCertificates(elsewhere.path);
    for (const tls of [undefined, {}, { ca_file: caFile }]) assert.match(await why(peer.url, tls), UNTRUSTED);
    assert.equal(peer.requests.length, 0);
  });

  test('takes no certificate that has expired', async () => {
    await using folder = await temporaryFolder();
    const files = await selfSigned(folder.path, -1);
    await using peer = await encrypted(files);
    const expired = 'network: its certificate has expired; renew it on the server (CERT_HAS_EXPIRED)';
    assert.equal(await why(peer.url, { ca_file: files.certFile }), expired);
  });

  test('reads its files for each connection, so that a renewed one counts', async () => {
    await using folder = await temporaryFolder();
    await using peer = await encrypted(await makeCertificates(folder.path));
    const ca_file = join(folder.path, 'trusted.pem');
    await using client = newClient({ tls: { ca_file } });
    const missing = `network: tls.ca_file: ${ca_file}: no such file`;
    assert.equal(await whyNot(ask(client, peer.url)), missing);
    await copyFile(join(folder.path, 'ca.pem'), ca_file);
    assert.equal((await ask(client, peer.url)).text, 'ok');
    await rm(ca_file);
    assert.equal((await ask(client, peer.url)).text, 'ok');
    peer.drop();
    await until(() => peer.connections() === 0);
    assert.equal(await whyNot(ask(client, peer.url)), missing);
  });

  test('keeps its connections', async () => {
    await using folder = await temporaryFolder();
    const files = await makeCertificates(folder.path);
    await using peer = await encrypted(files);
    await using client = newClient({ tls: { ca_file: files.caFile } });
    for (let round = 0; round < 20; round += 1) assert.equal((await ask(client, peer.url)).text, 'ok');
    assert.equal(peer.opened, 1);
  });

  test('does not go to a port that speaks HTTP, nor HTTP to one that speaks TLS', async () => {
    await using folder = await temporaryFolder();
    await using plain = await startPeer((_request, response) => response.end());
    const noTls = 'network: does not speak TLS on that port (ERR_SSL_WRONG_VERSION_NUMBER)';
    assert.equal(await why(plain.url.replace('http:', 'https:')), noTls);
    await using secure = await encrypted(await makeCertificates(folder.path));
    assert.match(await why(secure.url.replace('https:', 'http:')), /^(network|garbled): /);
    assert.deepEqual([plain.requests.length, secure.requests.length], [0, 0]);
  });

  test('takes nothing older than TLS 1.2', async () => {
    await using folder = await temporaryFolder();
    const files = await makeCertificates(folder.path);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await using peer = await encrypted(files, old);
    const told = await why(peer.url, { ca_file: files.caFile });
    assert.match(told, /^network: speaks no TLS as new as 1\.2 \(\w+\)$/);
  });
});

suite('a certificate of our own', () => {
  test('is shown to a server that wants one', async () => {
    await using folder = await temporaryFolder();
    await using mine = await temporaryFolder();
    const files = await makeCertificates(folder.path);
    const ours = await selfSigned(mine.path, 7);
    const ca = await readFile(ours.certFile);
    const tls = { ca_file: files.caFile, cert_file: ours.certFile, key_file: ours.keyFile };
    const words = {
      'TLSv1.2': 'breaks off the TLS handshake; does it want a certificate (tls.cert_file)?',
      'TLSv1.3': 'wants a certificate from us; set tls.cert_file and tls.key_file',
    };
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      await using peer = await encrypted(files, { requestCert: true, ca, maxVersion });
      assert.equal(await says(peer.url, tls), 'ok');
      const told = await why(peer.url, { ca_file: files.caFile });
      assert.equal(told.replace(/ \(ERR_SSL_[\w/]+\)$/, ''), `network: ${words[maxVersion]}`);
      const another = { ...tls, cert_file: files.certFile, key_file: files.keyFile };
      assert.match(await why(peer.url, another), /^network: (broke|closed) the connection/);
      assert.equal(peer.requests.length, 1);
    }
  });
});

/** A certificate for 127.0.0.1 that is its own authority, and valid for so many days. */
async function selfSigned(folder: string, days: number): Promise<Omit<Certificates, 'caFile'>> {
  const file = (name: string) => join(folder, name);
  await writeFile(file('names'), 'subjectAltName = IP:127.0.0.1\n');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('own.key')];
  const signing = ['-signkey', file('own.key'), '-extfile', file('names'), '-days', String(days)];
  await openssl(['req', ...newKey, '-subj', '/CN=own', '-out', file('own.csr')]);
  await openssl(['x509', '-req', '-in', file('own.csr'), ...signing, '-out', file('own.pem')]);
  return { certFile: file('own.pem'), keyFile: file('own.key') };
}

async function openssl(args: readonly string[]): Promise<void> {
  const done = await runProgram('openssl', args);
  assert.equal(done.code, 0, done.stderr);
}
