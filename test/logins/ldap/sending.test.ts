import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { authenticate } from '../../../src/logins/authenticate.ts';
import { ldapAuthenticator } from '../../../src/logins/ldap/authenticator.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { directory, sharedSlapd } from '../../support/slapd.ts';
import { attempt, ldapConfig } from '../configured.ts';
import { ldapPeer } from '../listening.ts';

const { peopleDn, reader } = directory;
const byName = { bind_dn: `uid={username},${peopleDn}` };
const signal = new AbortController().signal;

suite('a password that goes out', () => {
  test('and is not answered is told, for a directory may count it all the same', async () => {
    await using proxy = await startFaultProxy({ host: '127.0.0.1', port: Number(new URL(sharedSlapd().url).port) });
    const url = `ldap://127.0.0.1:${proxy.port}`;
    await using ldap = ldapAuthenticator(ldapConfig({ url, ...byName, timeout: '100ms' }));
    const unansweredOf = async (password: string) => {
      const circumstances = { loginOf: async (name: string) => name, signal };
      return (await authenticate([ldap], { username: 'a.lin', password }, circumstances)).unanswered;
    };
    assert.equal(await unansweredOf('wrong'), undefined);
    proxy.freeze();
    assert.equal(await unansweredOf('wrong'), 1);
    // Now that the server is known not to answer, no more than a question goes out.
    assert.equal(await unansweredOf('wrong'), undefined);
    await proxy.restore();
    assert.equal(await unansweredOf('wrong'), undefined);
  });

  test('and is answered that the server is busy was not counted', async () => {
    await using peer = await ldapPeer(() => ({ code: 51 }));
    await using ldap = ldapAuthenticator(ldapConfig({ url: peer.url, ...byName }));
    const circumstances = { loginOf: async (name: string) => name, signal };
    const result = await authenticate([ldap], { username: 'a.lin', password: 'right' }, circumstances);
    assert.deepEqual([result.status, result.unanswered], ['unavailable', undefined]);
  });
});

test('a service account that was refused is not tried with every login, but again after a while', async () => {
  let time = 0;
  let code = 49;
  await using peer = await ldapPeer(() => ({ code }));
  const block = { url: peer.url, base: peopleDn, filter: '(uid={username})', bind: reader };
  await using ldap = ldapAuthenticator(ldapConfig(block), { now: () => time });
  for (time = 0; time < 31 * 60_000; time += 60_000) {
    assert.equal((await attempt(ldap, 'a.lin', 'right-one')).verdict.status, 'unavailable');
  }
  assert.deepEqual(peer.binds, [reader.dn]);
  code = 0;
  assert.deepEqual((await attempt(ldap, 'a.lin', 'right-one')).verdict, {
    status: 'unknown',
    why: 'no entry has that name',
  });
  assert.deepEqual(peer.binds, [reader.dn, reader.dn]);
});
