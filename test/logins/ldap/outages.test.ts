import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { freePort } from '../../support/port.ts';
import { directory, sharedSlapd, startSlapd } from '../../support/slapd.ts';
import { ask, ldapConfig, opened, why } from '../configured.ts';
import { silentServer } from '../listening.ts';

const { peopleDn, people, reader } = directory;
const [ada] = people;
const byName = { bind_dn: `uid={username},${peopleDn}` };
const bySearch = { bind: reader, base: peopleDn, filter: '(uid={username})' };

suite('a server that gives no more than a part', () => {
  test('makes it an outage, not a person who is the only one', async () => {
    await using slapd = await startSlapd({ sizeLimit: 1 });
    const config = ldapConfig({ url: slapd.url, ...bySearch, filter: '(|(uid={username})(sn=*))' });
    assert.match(why(await ask(config, ada.uid, ada.password)), /^answered SizeLimitExceeded \(result code 4\)/);
  });
});

suite('a server in trouble', () => {
  test('that is not there', async () => {
    const config = ldapConfig({ url: `ldap://127.0.0.1:${await freePort()}`, ...byName });
    assert.deepEqual(await ask(config, ada.uid, ada.password), {
      status: 'unavailable',
      why: 'refuses connections; is it running, and is the port right? (ECONNREFUSED)',
    });
  });

  test('whose name is none', async () => {
    const config = ldapConfig({ url: 'ldap://no-such-host.invalid', ...byName });
    assert.match(why(await ask(config, ada.uid, ada.password)), /^its name cannot be resolved/);
  });

  test('that stands still is given up in time, and asked again when it goes on', async () => {
    await using slapd = await startSlapd();
    for (const block of [byName, bySearch, { ...byName, start_tls: true }, { ...byName, url: slapd.ldapsUrl }]) {
      const config = ldapConfig({ url: slapd.url, tls: { ca_file: slapd.caFile }, timeout: '300ms', ...block });
      await slapd.kill('SIGSTOP');
      const start = performance.now();
      assert.deepEqual(await ask(config, ada.uid, ada.password), {
        status: 'unavailable',
        why: 'did not answer within 300 ms',
      });
      const took = performance.now() - start;
      assert.ok(took > 250 && took < 1000, `${took} ms`);
      await slapd.kill('SIGCONT');
      assert.equal((await ask({ ...config, timeout: 5000 }, ada.uid, ada.password)).status, 'accepted');
    }
  });

  test('that breaks off, at whatever byte', async () => {
    const { port } = new URL(sharedSlapd().url);
    await using proxy = await startFaultProxy({ host: '127.0.0.1', port: Number(port) });
    const config = ldapConfig({ url: `ldap://127.0.0.1:${proxy.port}`, ...bySearch, timeout: '2s' });
    // An answer to a bind is of 14 bytes: the cuts are before, in and after the service account's, and in the entry.
    for (const bytes of [0, 5, 14, 20, 40]) {
      for (const how of ['fin', 'rst'] as const) {
        proxy.cutAfter(bytes, how);
        const verdict = await ask(config, ada.uid, ada.password);
        assert.equal(verdict.status, 'unavailable');
        assert.match(
          why(verdict),
          /^(closed the connection before it (answered|was asked)|broke the connection \((ECONNRESET|EPIPE)\))$/,
        );
      }
    }
    await proxy.restore();
    assert.equal((await ask(config, ada.uid, ada.password)).status, 'accepted');
  });

  test('is not waited for when nobody waits for us', async () => {
    await using silent = await silentServer();
    await using ldap = await opened(ldapConfig({ url: `ldap://127.0.0.1:${silent.port}`, ...byName }));
    const giveUp = new AbortController();
    const asked = ldap.check(ada.uid, ada.password, giveUp);
    await sleep(50);
    assert.equal(silent.open, 1);
    giveUp.abort();
    const gone = { status: 'unavailable', why: 'was given up, by who asked, before it answered' };
    assert.deepEqual(await asked, gone);
    assert.deepEqual(await ldap.check(ada.uid, ada.password, giveUp), gone);
  });

  test('keeps no connection of an attempt that was given up', async () => {
    await using silent = await silentServer();
    const address = `127.0.0.1:${silent.port}`;
    for (const way of [
      { url: `ldap://${address}` },
      { url: `ldap://${address}`, start_tls: true },
      { url: `ldaps://${address}` },
    ]) {
      await ask(ldapConfig({ ...way, ...byName, timeout: '50ms' }), ada.uid, ada.password);
    }
    await sleep(50);
    assert.equal(silent.open, 0);
  });
});
