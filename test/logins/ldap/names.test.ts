import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { EqualityFilter, FilterParser } from 'ldapts';
import {
  bindName,
  escapeDnValue,
  escapeFilterValue,
  namingAttribute,
  searchFilter,
} from '../../../src/logins/ldap/names.ts';

/** Names with more of what is special than chance would bring. */
const special = fc.constantFrom(...' #"+,;<>=\\*()\0\n\x7f', '吳', '🔑', '$&', '{username}');
const name = fc
  .array(fc.oneof(special, fc.string({ unit: 'binary' })))
  .map(parts => parts.join(''))
  .filter(text => text !== '');

/** The value of a DN of one attribute, read by the letter of RFC 4514, 3; throws on what the grammar does not allow. */
function readDnValue(text: string): string {
  const pair = String.raw`\\(?:[ "#+,;<=>\\]|[0-9a-fA-F]{2})`;
  const inner = String.raw`[^\0"+,;<>\\]`;
  const first = String.raw`[^\0 "#+,;<>\\]`;
  const last = String.raw`[^\0 "+,;<>\\]`;
  const whole = new RegExp(`^(?:${first}|${pair})(?:(?:${inner}|${pair})*(?:${last}|${pair}))?$`, 'u');
  assert.match(text, whole);
  return text.replace(/\\(?:([0-9a-fA-F]{2})|(.))/g, (_, hex?: string, character?: string) =>
    hex === undefined ? (character ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

suite('names in a DN', () => {
  test('any name reads back as itself, and stays one value', () => {
    fc.assert(fc.property(name, value => assert.equal(readDnValue(escapeDnValue(value)), value)));
  });

  test('the awkward ones', () => {
    assert.equal(escapeDnValue(' #a, "b" \\ c '), '\\20#a\\2c \\22b\\22 \\5c c\\20');
    assert.equal(escapeDnValue('#1'), '\\231');
    assert.equal(escapeDnValue(' '), '\\20');
    assert.equal(escapeDnValue('a.lin'), 'a.lin');
    assert.equal(escapeDnValue('吳'), '吳');
  });
});

suite('names in a filter', () => {
  test('any name reads back as itself, and stays one value', () => {
    fc.assert(
      fc.property(name, value => {
        const filter = FilterParser.parseString(`(uid=${escapeFilterValue(value)})`);
        assert.ok(filter instanceof EqualityFilter);
        assert.equal(filter.value, value);
      }),
    );
  });

  test('every place is filled, and nothing in the name has a meaning', () => {
    assert.equal(
      searchFilter('(|(uid={username})(mail={username}))', 'a*)(b'),
      '(|(uid=a\\2a\\29\\28b)(mail=a\\2a\\29\\28b))',
    );
    assert.equal(searchFilter('(uid={username})', '$&{username}'), '(uid=$&{username})');
  });
});

test('only in a DN is a name escaped', () => {
  assert.equal(bindName('{username}@corp.example', 'o,b#1'), 'o,b#1@corp.example');
  assert.equal(bindName('CORP\\{username}', 'a b'), 'CORP\\a b');
  assert.equal(bindName('uid={username},ou=people,dc=example', 'o,b'), 'uid=o\\2cb,ou=people,dc=example');
  assert.equal(bindName('uid={username},dc=example', '$&'), 'uid=$&,dc=example');
});

test('the naming attribute is the first that must equal the whole name', () => {
  assert.equal(namingAttribute('(uid={username})'), 'uid');
  assert.equal(namingAttribute('uid={username}'), 'uid');
  assert.equal(namingAttribute('(&(objectClass=user)(sAMAccountName={username}))'), 'sAMAccountName');
  assert.equal(namingAttribute('(|(mail={username}@corp.example)(uid={username}))'), 'uid');
  assert.equal(namingAttribute('(cn=*{username}*)'), undefined);
  assert.equal(namingAttribute('(cn:caseExactMatch:={username})'), undefined);
  assert.equal(namingAttribute('(uid>={username})'), undefined);
});
