import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Authenticator } from '../../../src/logins/authenticate.ts';
import { ldapAuthenticator } from '../../../src/logins/ldap/authenticator.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { directory, sharedSlapd, startSlapd } from '../../support/slapd.ts';
import { attempt, ldapConfig, why } from '../configured.ts';
import { ldapPeer } from '../listening.ts';

const { peopleDn, people, reader } = directory;
const [ada, mei] = people;
const byName = { bind_dn: `uid={username},${peopleDn}` };
const bySearch = { bind: reader, base: peopleDn, filter: '(uid={username})' };

const proxyOf = (url: string) => startFaultProxy({ host: '127.0.0.1', port: Number(new URL(url).port) });

const log = async (authenticator: Authenticator, login: string, password: string) =>
  (await attempt(authenticator, login, password)).verdict.status;

suite('kept connections', () => {
  test('serve one attempt after the other, right and wrong ones', async () => {
    const { url, ldapsUrl, caFile } = sharedSlapd();
    for (const block of [
      { ...byName, url },
      { ...bySearch, url },
      { ...byName, url: ldapsUrl },
    ]) {
      await using proxy = await proxyOf(block.url);
      const config = ldapConfig({ ...block, url: proxy.through(block.url), tls: { ca_file: caFile } });
      await using ldap = ldapAuthenticator(config);
      assert.equal(await log(ldap, ada.uid, ada.password), 'accepted');
      assert.equal(await log(ldap, ada.uid, mei.password), 'refused');
      assert.equal(await log(ldap, mei.uid, mei.password), 'accepted');
      assert.notEqual(await log(ldap, 'nobody', 'x'), 'accepted');
      assert.equal(await log(ldap, ada.uid, ada.password), 'accepted');
      assert.equal(proxy.connections, 1);
    }
  });

  test('are none after StartTLS', async () => {
    const { url, caFile } = sharedSlapd();
    await using proxy = await proxyOf(url);
    const config = ldapConfig({ ...byName, url: proxy.through(url), start_tls: true, tls: { ca_file: caFile } });
    await using ldap = ldapAuthenticator(config);
    for (let times = 0; times < 3; times += 1) assert.equal(await log(ldap, ada.uid, ada.password), 'accepted');
    assert.equal(proxy.connections, 3);
  });

  test('are not used when something went wrong', async () => {
    await using peer = await ldapPeer(() => ({ code: 53 }));
    await using ldap = ldapAuthenticator(ldapConfig({ url: peer.url, ...byName }));
    assert.equal(await log(ldap, ada.uid, ada.password), 'unavailable');
    for (let tries = 0; tries < 100 && peer.open > 0; tries += 1) await sleep(5);
    assert.equal(peer.open, 0);
  });

  test('end when nobody used them for a while, and with the authenticator', async () => {
    await using peer = await ldapPeer(() => ({ code: 0 }));
    const config = ldapConfig({ url: peer.url, ...byName });
    const ended = async () => {
      for (let tries = 0; tries < 100 && peer.open > 0; tries += 1) await sleep(5);
      return peer.open === 0;
    };
    await using ldap = ldapAuthenticator(config, { idle: 20 });
    assert.equal(await log(ldap, 'ada', 'ada-secret'), 'accepted');
    assert.equal(peer.open, 1);
    assert.ok(await ended());
    {
      await using another = ldapAuthenticator(config);
      assert.equal(await log(another, 'ada', 'ada-secret'), 'accepted');
      await sleep(40);
      assert.equal(peer.open, 1);
    }
    assert.ok(await ended());
  });

  test('do not keep the process', async () => {
    const { url, ldapsUrl, caFile } = sharedSlapd();
    const sockets = () =>
      process
        .getActiveResourcesInfo()
        .filter(name => /Socket|TLS|Timeout/.test(name))
        .sort();
    const before = sockets();
    for (const one of [url, ldapsUrl]) {
      await using ldap = ldapAuthenticator(ldapConfig({ ...byName, url: one, tls: { ca_file: caFile } }));
      for (let times = 0; times < 2; times += 1) {
        assert.equal(await log(ldap, ada.uid, ada.password), 'accepted');
        assert.deepEqual(sockets(), before);
      }
    }
  });

  test('that are broken in between are replaced, as long as the password was not sent', async () => {
    const { url } = sharedSlapd();
    // The first answer is of 14 bytes; the second is cut, of which the password was part only where nothing was asked before.
    for (const [doubtful, status] of [
      [-1, 'accepted'],
      [60_000, 'unavailable'],
    ] as const) {
      await using proxy = await proxyOf(url);
      await using ldap = ldapAuthenticator(ldapConfig({ url: proxy.through(url), ...byName }), { doubtful });
      proxy.cutAfter(20, 'rst');
      assert.equal(await log(ldap, ada.uid, ada.password), 'accepted');
      await proxy.restore();
      const { verdict, steps } = await attempt(ldap, ada.uid, ada.password);
      assert.equal(verdict.status, status, why(verdict));
      const renewed = 'that connection is broken, which happens while nobody uses it; a new one is made';
      assert.equal(steps.includes(renewed), status === 'accepted');
      assert.equal(proxy.connections, status === 'accepted' ? 2 : 1);
    }
  });

  test('are none when many log in: at most 16 at once, and nobody gets the answer of another', async () => {
    const { url } = sharedSlapd();
    for (const block of [byName, bySearch]) {
      await using proxy = await proxyOf(url);
      await using ldap = ldapAuthenticator(ldapConfig({ url: proxy.through(url), ...block }));
      const logins = Array.from({ length: 100 }, (_, index) => {
        const person = [ada, mei, people[2]][index % 3] ?? ada;
        return { ...person, isRight: (index * 7) % 5 < 3 };
      });
      const queue = logins.values();
      const worker = async () => {
        for (const { uid, password, isRight } of queue) {
          assert.equal(await log(ldap, uid, isRight ? password : `${password}.`), isRight ? 'accepted' : 'refused');
        }
      };
      await Promise.all(Array.from({ length: 64 }, worker));
      assert.ok(proxy.connections > 1 && proxy.connections <= 16, `${proxy.connections} connections`);
    }
  });
});

test('a connection that was just closed is not used', async () => {
  await using peer = await ldapPeer(() => ({ code: 0 }));
  await using ldap = ldapAuthenticator(ldapConfig({ url: peer.url, ...byName }));
  for (let times = 0; times < 10; times += 1) {
    assert.equal(await log(ldap, 'ada', 'ada-secret'), 'accepted');
    peer.hangUp();
  }
});

test('a server that was started again is no outage', async () => {
  await using slapd = await startSlapd({ allowUnauthenticatedBind: true, anonymousRead: true });
  await using ldap = ldapAuthenticator(ldapConfig({ url: slapd.url, ...byName }));
  assert.equal(await log(ldap, ada.uid, ada.password), 'accepted');
  await slapd.kill('SIGKILL');
  await slapd.start();
  const { verdict, steps } = await attempt(ldap, ada.uid, ada.password);
  assert.deepEqual(verdict, { status: 'accepted' });
  assert.deepEqual(steps.slice(0, 2), [`asking ${slapd.url}`, 'connected, not encrypted']);

  // Nor does an empty password prove anything there, or does one attempt search with the rights of the one before.
  const template = await attempt(ldap, ada.uid, '');
  assert.deepEqual(template.verdict, {
    status: 'unavailable',
    why: 'would be asked to bind without a name or without a password',
  });
  await using proxy = await proxyOf(slapd.url);
  await using anonymous = ldapAuthenticator(
    ldapConfig({ ...bySearch, url: proxy.through(slapd.url), bind: undefined }),
  );
  assert.equal(await log(anonymous, ada.uid, ''), 'unavailable');
  for (let times = 0; times < 2; times += 1) assert.equal(await log(anonymous, ada.uid, ada.password), 'accepted');
  assert.equal(proxy.connections, 3);
});
