import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { makeCertificates } from '../../support/certificates.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/folder.ts';
import { runProgram } from '../../support/program.ts';
import { directory, sharedSlapd } from '../../support/slapd.ts';
import { ask, attempt, ldapConfig, opened, why } from '../configured.ts';
import { listening } from '../listening.ts';

const [ada] = directory.people;
const bind_dn = `uid={username},${directory.peopleDn}`;
const untrusted =
  /^its certificate is signed by nobody we trust; set tls.ca_file to the authority that signed it \(\w+\)$/;

/** Both ways to the same server. */
const ways = () => [
  { url: sharedSlapd().ldapsUrl, bind_dn },
  { url: sharedSlapd().url, bind_dn, start_tls: true },
];

suite('LDAPS and StartTLS', () => {
  test('ask over TLS, by an address or a name that the certificate bears', async () => {
    const tls = { ca_file: sharedSlapd().caFile };
    for (const way of ways()) {
      for (const host of ['127.0.0.1', 'localhost']) {
        const config = ldapConfig({ ...way, url: way.url.replace('127.0.0.1', host), tls });
        assert.equal((await ask(config, ada.uid, ada.password)).status, 'accepted');
        assert.equal((await ask(config, ada.uid, 'x')).status, 'refused');
      }
      const named = ldapConfig({ ...way, tls: { ...tls, server_name: 'localhost' } });
      assert.equal((await ask(named, ada.uid, ada.password)).status, 'accepted');
    }
  });

  test('trust no other authority', async () => {
    await using folder = await temporaryFolder();
    const other = await makeCertificates(folder.path);
    for (const way of ways()) {
      for (const tls of [undefined, {}, { ca_file: other.caFile }]) {
        const verdict = await ask(ldapConfig({ ...way, tls }), ada.uid, ada.password);
        assert.equal(verdict.status, 'unavailable');
        assert.match(why(verdict), untrusted);
      }
    }
  });

  test('want the name in the certificate', async () => {
    for (const way of ways()) {
      const tls = { ca_file: sharedSlapd().caFile, server_name: 'dc1.corp.example' };
      assert.deepEqual(await ask(ldapConfig({ ...way, tls }), ada.uid, ada.password), {
        status: 'unavailable',
        why: 'its certificate is for another name; set tls.server_name to the name it bears (ERR_TLS_CERT_ALTNAME_INVALID)',
      });
    }
  });

  test('take no certificate that has expired', async () => {
    await using folder = await temporaryFolder();
    const { keyFile, certFile } = await expiredCertificate(folder);
    const [key, cert] = [await readFile(keyFile), await readFile(certFile)];
    await using server = await listening(createTlsServer({ key, cert }).on('tlsClientError', () => {}));
    const url = `ldaps://127.0.0.1:${server.port}`;
    assert.deepEqual(await ask(ldapConfig({ url, bind_dn, tls: { ca_file: certFile } }), ada.uid, 'x'), {
      status: 'unavailable',
      why: 'its certificate has expired; renew it on the server (CERT_HAS_EXPIRED)',
    });
    // Another server is asked then, and this one is not told the password in another way.
    const { ldapsUrl, caFile } = sharedSlapd();
    await using both = await opened(ldapConfig({ url: [url, ldapsUrl], bind_dn, tls: { ca_file: caFile } }));
    const { verdict, steps } = await attempt(both, ada.uid, ada.password);
    assert.deepEqual(verdict, { status: 'accepted' });
    assert.match(steps[1] ?? '', new RegExp(`^${url} its certificate has expired; `));
    assert.equal(steps[2], `asking ${ldapsUrl}`);
  });

  test('name a file that is missing', async () => {
    for (const way of ways()) {
      assert.deepEqual(await ask(ldapConfig({ ...way, tls: { ca_file: '/none/ca.pem' } }), ada.uid, 'x'), {
        status: 'unavailable',
        why: 'tls.ca_file: /none/ca.pem: no such file',
      });
    }
  });

  test('do not go to a port that speaks the other', async () => {
    const { url, ldapsUrl } = sharedSlapd();
    const swapped = [
      { url: url.replace('ldap:', 'ldaps:'), bind_dn },
      { url: ldapsUrl.replace('ldaps:', 'ldap:'), bind_dn, start_tls: true },
    ];
    for (const way of swapped) {
      const verdict = await ask(ldapConfig({ ...way, timeout: '1s' }), ada.uid, ada.password);
      assert.equal(verdict.status, 'unavailable');
    }
  });
});

suite('StartTLS', () => {
  test('that is refused leaves the password unsaid', async () => {
    const heard: Buffer[] = [];
    // A server without TLS: protocolError to the first request, which ldapts numbers 2.
    const refusal = Buffer.from('300c02010278070a010204000400', 'hex');
    const server = createServer(socket => {
      socket
        .on('error', () => {})
        .on('data', data => {
          heard.push(data);
          socket.write(refusal);
        });
    });
    await using fake = await listening(server);
    const config = ldapConfig({ url: `ldap://127.0.0.1:${fake.port}`, bind_dn, start_tls: true });
    assert.deepEqual(await ask(config, ada.uid, ada.password), {
      status: 'unavailable',
      why: 'refuses StartTLS (result code 2); it may want ldaps:// instead',
    });
    assert.ok(heard.length > 0);
    assert.ok(!Buffer.concat(heard).includes(ada.password));
  });

  test('lets nobody in between put words into the answers that come under TLS', async () => {
    // The beginning of a successful answer to a bind, whose end would be the true one: as long as that, as its text.
    const forged = (id: number) => Buffer.from(`301a02010${id}61150a01000400040e`, 'hex');
    // ldapts' own startTLS falls for 3, the number of the bind that follows on the same client.
    for (const id of [3, 2]) {
      await using between = await listening(intruder(forged(id)));
      const tls = { ca_file: sharedSlapd().caFile };
      const config = ldapConfig({
        url: `ldap://127.0.0.1:${between.port}`,
        bind_dn,
        start_tls: true,
        tls,
        timeout: '2s',
      });
      assert.equal((await ask(config, ada.uid, 'x')).status, 'refused');
      assert.equal((await ask(config, ada.uid, ada.password)).status, 'accepted');
    }
  });
});

/** Passes everything on to the shared server and back, with `words` put behind the first answer. */
function intruder(words: Buffer): Server {
  const { port } = new URL(sharedSlapd().url);
  return createServer(client => {
    const server = connect(Number(port), '127.0.0.1');
    client.on('error', () => {}).on('close', () => server.destroy());
    server.on('error', () => {}).on('close', () => client.destroy());
    client.pipe(server);
    server.once('data', answer => {
      client.write(Buffer.concat([answer, words]));
      server.pipe(client);
    });
  });
}

/** A certificate for 127.0.0.1, signed by itself, that ended yesterday. */
async function expiredCertificate(folder: TemporaryFolder): Promise<{ keyFile: string; certFile: string }> {
  const file = (name: string) => join(folder.path, name);
  await writeFile(file('names'), 'subjectAltName = IP:127.0.0.1\n');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key.pem')];
  const signing = ['-signkey', file('key.pem'), '-extfile', file('names'), '-days', '-1', '-out', file('cert.pem')];
  await openssl(['req', ...newKey, '-subj', '/CN=old', '-out', file('request.pem')]);
  await openssl(['x509', '-req', '-in', file('request.pem'), ...signing]);
  return { keyFile: file('key.pem'), certFile: file('cert.pem') };
}

async function openssl(args: readonly string[]): Promise<void> {
  const done = await runProgram('openssl', args);
  assert.equal(done.code, 0, done.stderr);
}
