import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { directory, entry, type Slapd, sharedSlapd, startSlapd } from '../../support/slapd.ts';
import { ask, ldapConfig, why } from '../configured.ts';

const { peopleDn, people, reader } = directory;
const [ada, , jing] = people;
const byName = { bind_dn: `uid={username},${peopleDn}` };
const bySearch = { bind: reader, base: peopleDn, filter: '(uid={username})' };

const unknown = { status: 'unknown', why: 'no entry has that name' };

suite('by a DN template', () => {
  test('the right password is accepted, another is refused', async () => {
    const config = ldapConfig({ url: sharedSlapd().url, ...byName });
    assert.deepEqual(await ask(config, ada.uid, ada.password), { status: 'accepted' });
    assert.deepEqual(await ask(config, ada.uid, jing.password), {
      status: 'refused',
      weighed: true,
      why: `${ada.dn} has another password`,
    });
    assert.equal((await ask(config, jing.uid, jing.password)).status, 'accepted');
  });

  test('it knows everybody', async () => {
    const config = ldapConfig({ url: sharedSlapd().url, ...byName });
    assert.equal((await ask(config, 'nobody', 'x')).status, 'refused');
  });

  test('a name that the server cannot read is no wrong password', async () => {
    const config = ldapConfig({ url: sharedSlapd().url, bind_dn: '{username}@corp.example' });
    assert.deepEqual(await ask(config, ada.uid, ada.password), {
      status: 'unavailable',
      why: 'answered InvalidDNSyntax (result code 34): invalid DN',
    });
  });

  test('a login that ldapts would take for a SASL mechanism is a name', async () => {
    const config = ldapConfig({ url: sharedSlapd().url, bind_dn: '{username}' });
    // slapd would answer a SASL bind with code 7 or 49, never with that of a bad DN.
    for (const login of ['EXTERNAL', 'PLAIN']) assert.match(why(await ask(config, login, 'x')), /result code 34/);
  });
});

suite('by search', () => {
  test('the entry found binds, whatever its DN and the case of the name', async () => {
    const config = ldapConfig({ url: sharedSlapd().url, ...bySearch });
    for (const { uid, password } of people) {
      assert.equal((await ask(config, uid, password)).status, 'accepted');
      assert.equal((await ask(config, uid.toUpperCase(), password)).status, 'accepted');
      assert.equal((await ask(config, uid, `${password} `)).status, 'refused');
    }
  });

  test('without an entry the person is unknown', async () => {
    const config = ldapConfig({ url: sharedSlapd().url, ...bySearch });
    for (const login of ['nobody', '*', 'a*', 'a.lin)(uid=*', '\\2a', 'a.lin\0']) {
      assert.deepEqual(await ask(config, login, ada.password), unknown);
    }
  });

  test('the attribute to compare by can be named', async () => {
    const config = ldapConfig({
      url: sharedSlapd().url,
      ...bySearch,
      filter: '(mail={username}@*)',
      name_attribute: 'UID',
    });
    assert.equal((await ask(config, ada.uid, ada.password)).status, 'accepted');
    assert.deepEqual(await ask(config, 'a', 'x'), unknown);
    assert.deepEqual(await ask({ ...config, name_attribute: 'cn' }, ada.uid, ada.password), {
      status: 'unknown',
      why: `the entry found, ${ada.dn}, has another cn: Ada Lin`,
    });
    assert.deepEqual(await ask({ ...config, name_attribute: 'title' }, ada.uid, ada.password), {
      status: 'unavailable',
      why: `shows no "title" of ${ada.dn} to compare the name with; let the service account read it, or set name_attribute to one that it may`,
    });
  });

  test('the service account’s failure is an outage', async () => {
    const url = sharedSlapd().url;
    const wrong = { dn: reader.dn, password: 'old-secret' };
    assert.deepEqual(await ask(ldapConfig({ url, ...bySearch, bind: wrong }), ada.uid, ada.password), {
      status: 'unavailable',
      why: `does not accept the service account ${reader.dn}; check bind.dn and bind.password, and restart: it is not tried again for half an hour`,
    });
    // Nobody who is not bound finds anything there; the base itself is not there for them.
    assert.deepEqual(await ask(ldapConfig({ url, ...bySearch, bind: undefined }), ada.uid, ada.password), {
      status: 'unavailable',
      why: 'answered NoSuchObject (result code 32)',
    });
  });
});

/** What must come through unchanged. */
const passwords = [
  'with:colon',
  ' spaces at both ends ',
  'emoji 🔑🔑',
  '100%25 \\ \\20 $& {username}',
  '"quotes" \'and\' (parens) * # , + ; <=>',
  '\ttab and\r\nline',
  'e\u0301 is not \u00e9',
  '密碼',
  'x'.repeat(1000),
  '🔑'.repeat(250),
];
const names = ['star*', '(paren)', 'back\\slash', 'comma, name', '"quoted"', '#hash', 'a+b=c;d<e>f', 'semi ', '吳🔑'];

suite('a directory with awkward people', () => {
  let slapd: Slapd;
  const uidOf = (index: number) => `person${index}`;
  const person = (uid: string, password: string, sn = 'Test') =>
    entry(`uid=${inHex(uid)},${peopleDn}`, { objectClass: 'inetOrgPerson', uid, cn: uid, sn, userPassword: password });

  before(async () => {
    slapd = await startSlapd();
    const entries = [
      ...passwords.map((password, index) => person(uidOf(index), password)),
      ...names.map(name => person(name, `secret of ${name}`)),
      person('twin1', 'same', 'Twin'),
      person('twin2', 'same', 'Twin'),
      person('ann lee', 'ann-secret'),
    ];
    await slapd.add(entries.join('\n'));
  });
  after(() => slapd[Symbol.asyncDispose]());

  test('every password reaches it byte for byte', async () => {
    const config = ldapConfig({ url: slapd.url, ...byName });
    for (const [index, password] of passwords.entries()) {
      assert.equal((await ask(config, uidOf(index), password)).status, 'accepted', password);
      for (const other of [password.trim(), password.normalize(), `${password} `, password.slice(0, -1)]) {
        if (other !== password) assert.equal((await ask(config, uidOf(index), other)).status, 'refused', other);
      }
    }
  });

  for (const [way, block] of Object.entries({ byName, bySearch })) {
    test(`every name finds its own entry (${way})`, async () => {
      const config = ldapConfig({ url: slapd.url, ...block });
      for (const name of names) {
        assert.equal((await ask(config, name, `secret of ${name}`)).status, 'accepted', name);
        assert.equal((await ask(config, name, 'x')).status, 'refused', name);
      }
    });
  }

  test('several entries are refused, even with the right password', async () => {
    const config = ldapConfig({ url: slapd.url, ...bySearch, filter: '(sn={username})' });
    assert.deepEqual(await ask(config, 'Twin', 'same'), {
      status: 'refused',
      weighed: false,
      why: 'several entries have that name',
    });
  });

  test('an entry that the server takes for equal, and we do not, is somebody else', async () => {
    const config = ldapConfig({ url: slapd.url, ...bySearch });
    assert.equal((await ask(config, 'ann lee', 'ann-secret')).status, 'accepted');
    const verdict = await ask(config, 'ann  lee', 'ann-secret');
    assert.equal(verdict.status, 'unknown');
    assert.match(why(verdict), /^the entry found, uid=ann lee,.*, has another uid: ann lee$/);
  });

  test('referrals are not followed', async () => {
    await using elsewhere = await startFaultProxy({ host: '127.0.0.1', port: Number(new URL(slapd.url).port) });
    const ref = `ldap://127.0.0.1:${elsewhere.port}/${peopleDn}`;
    const dn = `ou=moved,${directory.suffix}`;
    await slapd.add(entry(dn, { objectClass: ['referral', 'extensibleObject'], ou: 'moved', ref }));
    const search = ldapConfig({ url: slapd.url, ...bySearch, base: directory.suffix });
    assert.deepEqual(await ask(search, 'nobody', 'x'), unknown);
    assert.match(why(await ask({ ...search, base: dn }, ada.uid, 'x')), /^answered \w+ \(result code 10\)/);
    const template = ldapConfig({ url: slapd.url, bind_dn: `uid={username},${dn}` });
    assert.notEqual((await ask(template, ada.uid, ada.password)).status, 'accepted');
    assert.equal(elsewhere.connections, 0);
  });
});

/** A value that no parser can misread: every byte of it in hex. */
function inHex(value: string): string {
  return [...Buffer.from(value)].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}
