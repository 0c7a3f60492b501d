import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Bar } from '../../../src/http/login.ts';
import { authenticate, type Circumstances } from '../../../src/logins/authenticate.ts';
import { openCounters } from '../../../src/logins/counters.ts';
import { LoginThrottle } from '../../../src/logins/throttle.ts';
import { type Account, dnOf, domain, principalOf, type Samba, sambaMissing, startSamba } from '../../support/samba.ts';
import { ask, ldapConfig, opened, why } from '../configured.ts';

/** Who has the right password and is not let in all the same. */
const barred: readonly (readonly [Account, Bar])[] = [
  [domain.expired, 'password_expired'],
  [domain.mustChange, 'password_expired'],
  [domain.disabled, 'account_disabled'],
  [domain.ended, 'account_disabled'],
  [domain.atNoHour, 'not_now'],
  [domain.elsewhere, 'not_now'],
];

const reader = { dn: principalOf(domain.reader), password: domain.reader.password };
const byName = { bind_dn: '{username}@corp.example' };
const bySearch = { bind: reader, base: domain.base, filter: '(sAMAccountName={username})' };
const namings = { 'by name': byName, 'by search': bySearch };

suite('a domain controller of Active Directory', { skip: sambaMissing() ?? false }, () => {
  let samba: Samba;
  before(async () => {
    samba = await startSamba();
  });
  after(() => samba[Symbol.asyncDispose]());

  /** An authenticator's configuration, over LDAPS unless it says otherwise. */
  function configured(block: Parameters<typeof ldapConfig>[0]) {
    return ldapConfig({ url: samba.ldapsUrl, tls: { ca_file: samba.caFile }, ...block });
  }

  for (const [naming, block] of Object.entries(namings)) {
    test(`${naming}: the right password lets somebody in, whatever is in it and in their name`, async () => {
      for (const { name, password } of [domain.usable, domain.unusual]) {
        assert.deepEqual(await ask(configured(block), name, password), { status: 'accepted' });
        assert.deepEqual(await ask(configured(block), name.toUpperCase(), password), { status: 'accepted' });
        assert.equal(outcome(await ask(configured(block), name, `${password}.`)), 'refused, weighed');
      }
    });

    test(`${naming}: why somebody is barred is told to the right password alone`, async () => {
      for (const [{ name, password }, bar] of barred) {
        assert.equal(outcome(await ask(configured(block), name, 'Wrong-secret-1')), 'refused, weighed', name);
        assert.equal(outcome(await ask(configured(block), name, password)), bar, name);
      }
    });
  }

  test('the right password of somebody who is barred does not count there', async () => {
    const { name, password } = domain.expired;
    const before = await samba.wrongPasswords(domain.expired);
    assert.equal(outcome(await ask(configured(byName), name, password)), 'password_expired');
    assert.equal(await samba.wrongPasswords(domain.expired), before);
  });

  test('by the names of Windows NT, and by a DN', async () => {
    const { name, password } = domain.usable;
    for (const bind_dn of ['CORP\\{username}', dnOf({ ...domain.usable, name: '{username}' })]) {
      assert.deepEqual(await ask(configured({ bind_dn }), name, password), { status: 'accepted' });
      assert.equal(outcome(await ask(configured({ bind_dn }), name, 'Wrong-secret-1')), 'refused, weighed');
    }
  });

  test('whom the domain does not have is unknown to a search, and wrong to a bind', async () => {
    assert.equal(outcome(await ask(configured(bySearch), 'nobody', 'Any-secret-1')), 'unknown');
    assert.equal(outcome(await ask(configured(byName), 'nobody', 'Any-secret-1')), 'refused, weighed');
  });

  test('a service account that is not let in is an outage, and so is a search without one', async () => {
    const { usable } = domain;
    for (const account of [{ ...domain.reader, password: 'Wrong-secret-1' }, domain.disabled, domain.expired]) {
      const bind = { dn: principalOf(account), password: account.password };
      const verdict = await ask(configured({ ...bySearch, bind }), usable.name, usable.password);
      assert.equal(verdict.status, 'unavailable');
      assert.ok(why(verdict).includes(bind.dn), why(verdict));
    }
    const { base, filter } = bySearch;
    assert.equal(outcome(await ask(configured({ base, filter }), usable.name, usable.password)), 'unavailable');
  });

  test('without TLS no password is taken, which is an outage; with StartTLS it is', async () => {
    const { name, password } = domain.usable;
    const verdict = await ask(ldapConfig({ url: samba.url, ...byName }), name, password);
    assert.equal(verdict.status, 'unavailable');
    assert.match(why(verdict), /result code 8/);
    const encrypted = configured({ url: samba.url, start_tls: true, ...byName });
    assert.deepEqual(await ask(encrypted, name, password), { status: 'accepted' });
    assert.equal(outcome(await ask(encrypted, name, 'Wrong-secret-1')), 'refused, weighed');
  });

  test('an empty password, which the domain would count, does not reach it', async () => {
    await using authenticator = await opened(configured(byName));
    const username = domain.usable.name;
    await authenticate([authenticator], { username, password: domain.usable.password }, anybody);
    const result = await authenticate([authenticator], { username, password: '' }, anybody);
    assert.deepEqual(result, { status: 'refused', weighed: false, why: 'the password is empty' });
    assert.equal(await samba.wrongPasswords(domain.usable), 0);
  });

  test('whoever is held after three wrong passwords is not locked out of the domain', async () => {
    await using authenticator = await opened(configured(bySearch));
    await using counters = await openCounters({ url: 'sqlite:unused' }, { failures: 3, within: 1_800_000 });
    const throttle = new LoginThrottle({ counters, unlockedAt: async () => undefined, now: () => performance.now() });
    const { name: username, password } = domain.usable;
    const attempt = (typed: string) =>
      authenticate([authenticator], { username, password: typed }, { ...anybody, throttle });
    await attempt(password);
    for (let count = 1; count <= 2 * domain.lockoutThreshold; count++) await attempt(`Wrong-secret-${count}`);
    assert.equal((await attempt(password)).status, 'refused');
    assert.equal(await samba.wrongPasswords(domain.usable), 3);
    assert.deepEqual(await ask(configured(byName), username, password), { status: 'accepted' });
  });

  test('that somebody is locked out is told only where the configuration says so', async () => {
    const { name, password } = domain.mayBeLocked;
    const typed = [password, 'Wrong-secret-1'];
    for (let count = 1; count <= domain.lockoutThreshold; count++) {
      assert.equal(outcome(await ask(configured(byName), name, `Wrong-secret-${count}`)), 'refused, weighed');
    }
    for (const block of Object.values(namings)) {
      const open = { ...block, reveal_lockout: true };
      for (const one of typed) {
        assert.equal(outcome(await ask(configured(block), name, one)), 'refused');
        assert.equal(outcome(await ask(configured(open), name, one)), 'locked_out');
      }
    }
  });
});

/** Everybody is in the snapshot, under the name they have at the directory. */
const anybody: Circumstances = { loginOf: async username => username, signal: new AbortController().signal };

/** A verdict in a word or two; why it is so is the log's affair. */
function outcome(verdict: Awaited<ReturnType<typeof ask>>): string {
  if (verdict.status === 'barred') return verdict.bar;
  return verdict.status === 'refused' && verdict.weighed ? 'refused, weighed' : verdict.status;
}
