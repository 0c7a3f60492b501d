import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainProblems, openAuthenticators } from '../../src/logins/open.ts';
import { chainConfig } from './configured.ts';

const template = { type: 'ldap', url: 'ldaps://dc1', bind_dn: '{username}@corp.example' };
const search = { type: 'ldap', url: 'ldaps://dc2', base: 'dc=corp', filter: '(uid={username})' };
const sql = { type: 'sql', url: 'mysql://reader:secret@db/hr', query: 'SELECT hash FROM people WHERE login = ?' };

test('a chain is opened in its order, without connecting, under names without secrets', () => {
  const chain = chainConfig(sql, search, template);
  assert.deepEqual(chainProblems(chain), []);
  assert.deepEqual(
    openAuthenticators(chain).map(one => one.name),
    ['sql mysql://reader@db:3306/hr', 'ldap ldaps://dc2', 'ldap ldaps://dc1'],
  );
});

test('a template that is not the last is a problem: it knows everybody', () => {
  assert.deepEqual(chainProblems(chainConfig(template, sql, template)), [
    'authenticate[0].bind_dn: knows everybody, so it must be the last of the chain',
  ]);
});

test('a filter that is none, or names no attribute, is a problem', () => {
  const problems = (filter: string) => chainProblems(chainConfig({ ...search, filter }));
  assert.match(
    problems('(uid={username}))').join(),
    /^authenticate\[0\]\.filter: is not an LDAP filter such as \(uid=\{username\}\) \(.+\)$/,
  );
  assert.deepEqual(problems('(cn=*{username}*)'), [
    'authenticate[0].name_attribute: is missing: the filter compares no attribute with {username} and nothing else',
  ]);
  assert.deepEqual(chainProblems(chainConfig({ ...search, filter: '(cn=*{username}*)', name_attribute: 'uid' })), []);
});

test('a query without exactly one place for the login is a problem', () => {
  const problems = (query: string) => chainProblems(chainConfig(search, { ...sql, query }));
  assert.deepEqual(problems('SELECT hash FROM people'), [
    'authenticate[1].query: has 0 ? in it; it needs exactly one, for the login',
  ]);
  assert.deepEqual(problems('SELECT hash FROM people WHERE a = ? OR b = ?'), [
    'authenticate[1].query: has 2 ? in it; it needs exactly one, for the login',
  ]);
  assert.deepEqual(problems("SELECT hash -- really?\nFROM `p?` /* ?\n? */ WHERE why = '?' AND login = ?"), []);
});
