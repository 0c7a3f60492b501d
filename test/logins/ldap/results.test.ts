import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { directory, sharedSlapd } from '../../support/slapd.ts';
import { ask, attempt, ldapConfig, opened, why } from '../configured.ts';
import { ldapPeer } from '../listening.ts';

const { peopleDn, people, reader } = directory;
const [ada] = people;
const bind_dn = '{username}@corp.example';
const name = 'ada@corp.example';

/** As Active Directory words it, with the NUL that it puts at the end. */
const textOf = (code: string) =>
  `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ${code}, v4563\0`;

const refused = (weighed: boolean, why: string) => ({ status: 'refused', weighed, why });
const barred = (bar: string, why: string) => ({ status: 'barred', bar, why });

const MEANINGS = {
  '52e': refused(true, `${name} has another password (data 52e)`),
  '525': refused(true, `${name} is not known there (data 525)`),
  '532': barred('password_expired', `the password of ${name} has expired (data 532)`),
  '773': barred('password_expired', `${name} must set another password first (data 773)`),
  '533': barred('account_disabled', `the account of ${name} is disabled (data 533)`),
  '701': barred('account_disabled', `the account of ${name} has expired (data 701)`),
  '530': barred('not_now', `${name} may not log in at this hour (data 530)`),
  '531': barred('not_now', `${name} may not log in from here (data 531)`),
  '775': refused(false, `${name} is locked out after too many wrong passwords (data 775)`),
  '57': refused(true, `${name} is not let in, for a reason that rosterd does not know (data 57)`),
};

suite('Active Directory’s reasons', () => {
  test('are told apart', async () => {
    let code = '';
    await using peer = await ldapPeer(() => ({ code: 49, text: textOf(code) }));
    await using ldap = await opened(ldapConfig({ url: peer.url, bind_dn }));
    for (const [given, verdict] of Object.entries(MEANINGS)) {
      code = given;
      const attempted = await attempt(ldap, 'ada', 'ada-secret');
      assert.deepEqual(attempted.verdict, verdict);
      assert.match(
        attempted.steps.at(-1) ?? '',
        /^answered InvalidCredentials \(result code 49\): .*, which means: .* \(data \w+\)$/,
      );
    }
  });

  test('tell of a lockout where that is wanted', async () => {
    await using peer = await ldapPeer(() => ({ code: 49, text: textOf('775') }));
    const config = ldapConfig({ url: peer.url, bind_dn, reveal_lockout: true });
    assert.deepEqual(await ask(config, 'ada', 'ada-secret'), barred('locked_out', MEANINGS['775'].why));
    await using other = await ldapPeer(() => ({ code: 19, text: 'Exceed password retry limit. Please try later.' }));
    const why = 'cn=ada is locked out (result code 19)';
    const telling = ldapConfig({ url: other.url, bind_dn: 'cn={username}', reveal_lockout: true });
    assert.deepEqual(await ask(telling, 'ada', 'ada-secret'), barred('locked_out', why));
    const silent = ldapConfig({ url: other.url, bind_dn: 'cn={username}' });
    assert.deepEqual(await ask(silent, 'ada', 'ada-secret'), { status: 'refused', weighed: false, why });
  });

  test('are an outage where they are the service account’s', async () => {
    await using peer = await ldapPeer(() => ({ code: 49, text: textOf('532') }));
    const config = ldapConfig({ url: peer.url, base: peopleDn, filter: '(uid={username})', bind: reader });
    assert.deepEqual(await ask(config, 'ada', 'ada-secret'), {
      status: 'unavailable',
      why: `does not accept the service account ${reader.dn} (the password of it has expired); check bind.dn and bind.password, and restart: it is not tried again for half an hour`,
    });
    assert.deepEqual(peer.binds, [reader.dn]);
  });
});

suite('other results', () => {
  test('of a bind mean', async () => {
    const text = 'as it says';
    const meanings = {
      8: 'answered StrongAuthRequired (result code 8): as it says; it wants TLS; use ldaps:// or start_tls',
      10: 'answered UnknownStatusCode (result code 10): as it says; it refers to another server, which is not followed; name that server in url, or a base that this one holds',
      13: 'answered ConfidentialityRequired (result code 13): as it says; it wants TLS; use ldaps:// or start_tls',
      53: 'answered UnwillingToPerform (result code 53): as it says; where that is so of one person alone, the account may be inactivated there',
    };
    for (const [code, words] of Object.entries(meanings)) {
      await using peer = await ldapPeer(() => ({ code: Number(code), text }));
      const verdict = await ask(ldapConfig({ url: peer.url, bind_dn }), 'ada', 'ada-secret');
      assert.deepEqual(verdict, { status: 'unavailable', why: words });
    }
    await using without = await ldapPeer(() => ({ code: 48 }));
    const config = ldapConfig({ url: without.url, bind_dn });
    assert.deepEqual(await ask(config, 'ada', 'ada-secret'), refused(false, `${name} has no password there`));
    await using unknown = await ldapPeer(() => ({ code: 32 }));
    const verdict = await ask({ ...config, url: [unknown.url] }, 'ada', 'ada-secret');
    assert.deepEqual(verdict, refused(false, `no entry is called ${name}`));
  });
});

test('who looks on sees each step', async () => {
  const { ldapsUrl: url, caFile } = sharedSlapd();
  const config = ldapConfig({
    url,
    base: peopleDn,
    filter: '(uid={username})',
    bind: reader,
    tls: { ca_file: caFile },
  });
  await using ldap = await opened(config);
  const encrypted =
    /^connected, encrypted with TLSv1\.3; the certificate is of CN=localhost, until \w+ +\d+ [\d:]+ \d+ GMT$/;
  const found = [
    `bound as the service account ${reader.dn}`,
    `searched ${peopleDn} for (uid=a.lin) and found ${ada.dn}`,
    `binding as ${ada.dn}`,
  ];
  const first = await attempt(ldap, ada.uid, ada.password);
  assert.deepEqual(first.steps.toSpliced(1, 1), [
    `asking ${url}`,
    ...found,
    'answered Success (result code 0): the password is right',
  ]);
  assert.match(first.steps[1] ?? '', encrypted);
  const second = await attempt(ldap, ada.uid, 'not-the-one');
  assert.match(second.steps[1] ?? '', /^a connection from before is used again, encrypted with TLSv1\.3; /);
  assert.deepEqual(second.steps.slice(2), [
    ...found,
    `answered InvalidCredentials (result code 49), which means: ${ada.dn} has another password`,
  ]);
  const nobody = await attempt(ldap, 'nobody', 'x');
  assert.equal(nobody.steps.at(-1), `searched ${peopleDn} for (uid=nobody) and found nobody`);
  assert.equal(why(nobody.verdict), 'no entry has that name');
});
