import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { tlsOptions } from '../../src/connect/tls.ts';
import { makeCertificates } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';

const always = { minVersion: 'TLSv1.2', rejectUnauthorized: true, verifyIdentity: true };

suite('the tls block', () => {
  test('verifies always, by the authority it names', async () => {
    await using folder = await temporaryFolder();
    const { caFile, certFile, keyFile } = await makeCertificates(folder.path);
    assert.deepEqual(tlsOptions({}), always);
    assert.deepEqual(tlsOptions({ ca_file: caFile, cert_file: certFile, key_file: keyFile, server_name: 'x' }), {
      ...always,
      ca: await readFile(caFile, 'utf8'),
      cert: await readFile(certFile, 'utf8'),
      key: await readFile(keyFile, 'utf8'),
    });
  });

  test('names the setting and the file that is wrong', async () => {
    await using folder = await temporaryFolder();
    const { caFile, certFile, keyFile } = await makeCertificates(folder.path);
    const odd = join(folder.path, 'odd.pem');
    await writeFile(odd, 'not a certificate');
    const says = (config: Parameters<typeof tlsOptions>[0], message: string | RegExp) =>
      assert.throws(() => tlsOptions(config), { message });
    says({ ca_file: '/none/ca.pem' }, 'tls.ca_file: /none/ca.pem: no such file');
    says({ ca_file: folder.path }, `tls.ca_file: ${folder.path}: is a folder, not a file`);
    says({ ca_file: odd }, `tls.ca_file: ${odd} holds no certificate in PEM form`);
    says({ cert_file: odd, key_file: keyFile }, `tls.cert_file: ${odd} holds no certificate in PEM form`);
    says({ cert_file: certFile, key_file: '/none/k' }, 'tls.key_file: /none/k: no such file');
    says({ cert_file: certFile }, 'tls.key_file: is missing; cert_file is of no use without it');
    says({ key_file: keyFile }, 'tls.cert_file: is missing; key_file is of no use without it');
    const wrongKey = new RegExp(`^tls\\.key_file: ${keyFile} is not the PEM key to ${caFile} \\(.+\\)$`);
    says({ cert_file: caFile, key_file: keyFile }, wrongKey);
    says({ cert_file: certFile, key_file: odd }, /^tls\.key_file: .*odd\.pem is not the PEM key to /);
  });
});
