import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { normalDn, parentDn } from '../../src/sources/ldap/dn.ts';
import { textsOf } from '../../src/sources/ldap/values.ts';
import { UnreadableValue } from '../../src/sources/mapping.ts';

suite('DNs', () => {
  const same = (...texts: readonly string[]) => assert.equal(new Set(texts.map(normalDn)).size, 1, texts.join(' | '));
  const differ = (...texts: readonly string[]) =>
    assert.equal(new Set(texts.map(normalDn)).size, texts.length, texts.join(' | '));

  test('are the same however they are written', () => {
    same('uid=ann,ou=People,dc=x', 'UID=Ann, OU=people , DC=X', ' uid = ann ,ou=people;dc=x');
    same('cn=Lin\\, Ada,dc=x', 'cn=Lin\\2c Ada,dc=x', 'cn=Lin\\2C Ada,dc=x', 'CN="Lin, Ada",dc=x');
    same('cn=林 靜,dc=x', 'cn=\\e6\\9e\\97 \\E9\\9D\\9C,dc=x');
    same('cn=a+uid=b,dc=x', 'UID=b + CN=a,dc=x');
    same('cn=a  b,dc=x', 'cn=A b,dc=x', 'cn=a\\20\\20b,dc=x');
    same('cn=\\20a,dc=x', 'cn=a\\ ,dc=x', 'cn=a,dc=x');
    same('cn=STRASSE,dc=x', 'cn=straße,dc=x');
    same('cn=\\"a\\\\\\",dc=x', 'cn=\\22a\\5c\\22,dc=x', 'cn="\\"a\\\\\\"",dc=x');
    same('2.5.4.3=a', 'OID.2.5.4.3=a', 'oid.2.5.4.3=A');
    same('cn=,dc=x', 'cn= ,dc=x');
  });

  test('differ as soon as a value does', () => {
    differ('cn=a,dc=x', 'cn=b,dc=x', 'uid=a,dc=x', 'cn=a,dc=y', 'dc=x', 'cn=a', 'cn=a,cn=a,dc=x');
    differ('cn=a\\,dc\\=x', 'cn=a,dc=x', 'cn=a+dc=x', 'cn=a\\+dc=x', 'cn="a,dc=x"\\22');
    differ('cn=ab', 'cn=a b', 'cn=a-b');
  });

  test('are told from other texts', () => {
    for (const text of ['', 'RD', 'a.lin', 'R&D, Taipei', 'cn=a,RD', '=a', '1=2', 'a b=c', 'cn=a,', '研發=a']) {
      assert.equal(normalDn(text), undefined, text);
    }
  });

  test('of any values are the same in every escaping, and of other values are not', () => {
    const value = fc
      .array(fc.constantFrom(...'aB9 ,+;"\\#=<>/林', '🔑'), { minLength: 1, maxLength: 6 })
      .map(parts => parts.join(''));
    const rdns = fc.array(fc.tuple(fc.constantFrom('cn', 'ou', 'dc'), value), { minLength: 1, maxLength: 4 });
    const hex = (text: string) =>
      [...Buffer.from(text)].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('');
    const backslashes = (text: string) => text.replace(/[,+;"\\#=<> ]/g, '\\$&');
    const quotes = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
    const written = (parts: readonly (readonly [string, string])[], how: (text: string) => string) =>
      parts.map(([type, text]) => `${type}=${how(text)}`).join(',');
    const meant = (parts: readonly (readonly [string, string])[]) =>
      JSON.stringify(parts.map(([type, text]) => [type, text.toLowerCase().trim().replace(/ +/g, ' ')]));
    fc.assert(
      fc.property(rdns, rdns, (one, other) => {
        const normal = normalDn(written(one, hex));
        assert.ok(normal !== undefined);
        assert.equal(normalDn(written(one, backslashes)), normal);
        assert.equal(normalDn(written(one, quotes)), normal);
        assert.equal(normalDn(written(other, hex)) === normal, meant(one) === meant(other));
        const dn = written([['cn', 'x'], ...one], backslashes);
        assert.equal(parentDn(dn), written(one, backslashes));
      }),
    );
  });

  test('have a parent, spelled as in them', () => {
    assert.equal(parentDn('uid=ann, OU=People,dc=x'), 'OU=People,dc=x');
    assert.equal(parentDn('cn=Lin\\, Ada+uid=ann,dc=x'), 'dc=x');
    assert.equal(parentDn('cn="Lin, Ada",dc=x'), 'dc=x');
    assert.equal(parentDn('dc=x'), '');
    assert.equal(parentDn(''), '');
  });
});

suite('values', () => {
  const read = (name: string, ...values: readonly (string | Buffer)[]) =>
    textsOf({ dn: 'cn=a', values: new Map([[name.toLowerCase(), values.map(value => Buffer.from(value))]]) }, name);

  test('are texts, sorted by bytes, without blank ones', () => {
    assert.deepEqual(read('cn', 'b', ' ', '🔑', 'B', '', '\ufb01'), ['B', 'b', '\ufb01', '🔑']);
    assert.deepEqual(read('cn', '\ufeffa'), ['\ufeffa']);
    assert.deepEqual(read('cn'), []);
  });

  test('that are no text are named', () => {
    assert.throws(() => read('jpegPhoto', 'a', Buffer.from([0xff, 0xd8])), {
      name: UnreadableValue.name,
      message: 'attribute "jpegPhoto" has bytes that are not utf-8 (ff d8)',
    });
    assert.throws(() => read('objectGUID', Buffer.from([0xff])), /attribute "objectGUID" has bytes/);
    assert.throws(() => read('objectSid', Buffer.from([1, 2, 0xff])), /attribute "objectSid" has bytes/);
  });

  test('of Active Directory are written as it shows them', () => {
    const bytes = Buffer.from('33221100554477668899aabbccddeeff', 'hex');
    const guid = '00112233-4455-6677-8899-aabbccddeeff';
    assert.deepEqual(read('objectGUID', bytes), [guid]);
    assert.deepEqual(read('mS-DS-ConsistencyGuid', bytes), [guid]);
    assert.deepEqual(read('objectguid', 'ABCDEFGHIJKLMNOP'), ['44434241-4645-4847-494a-4b4c4d4e4f50']);
    assert.deepEqual(read('objectGUID', guid), [guid]);
    assert.deepEqual(read('objectSid', Buffer.from('01020000000000052000000020020000', 'hex')), ['S-1-5-32-544']);
    assert.deepEqual(read('objectSid', Buffer.from('010100000000000100000000', 'hex')), ['S-1-1-0']);
    assert.deepEqual(read('objectSid', 'S-1-1-0'), ['S-1-1-0']);
  });

  test('that are times are written as dates and times are', () => {
    const times = {
      '20261122000000Z': '2026-11-22T00:00:00Z',
      '20261122000000.0Z': '2026-11-22T00:00:00Z',
      '20261122235959,123Z': '2026-11-22T23:59:59Z',
      '202611220830Z': '2026-11-22T08:30:00Z',
      '2026112208Z': '2026-11-22T08:00:00Z',
      '20261122003000+0800': '2026-11-21T16:30:00Z',
      '20261122233000-01': '2026-11-23T00:30:00Z',
      '99991231235959.0Z': '9999-12-31T23:59:59Z',
      '20240229000000Z': '2024-02-29T00:00:00Z',
    };
    for (const [text, time] of Object.entries(times)) assert.deepEqual(read('hired', text), [time]);
  });

  test('that only look like times are left as they are', () => {
    for (const text of [
      '20261122000000',
      '0912111223-12',
      '2026112212+0800',
      '20260230000000Z',
      '20261322000000Z',
      'Z',
    ]) {
      assert.deepEqual(read('phone', text), [text]);
    }
  });

  test('of file times are dates, or never', () => {
    for (const name of ['accountExpires', 'pwdLastSet', 'lastLogonTimestamp']) {
      assert.deepEqual(read(name, '134083296000000000'), ['2025-11-23']);
      assert.deepEqual(read(name, '116444736000000000'), ['1970-01-01']);
      for (const never of ['0', '9223372036854775807', ' ']) assert.deepEqual(read(name, never), []);
      assert.throws(() => read(name, '-5'), new UnreadableValue(`attribute "${name}" has "-5", which is not a time`));
    }
    assert.deepEqual(read('employeeNumber', '134083296000000000'), ['134083296000000000']);
  });
});
