import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { chainProblems, openAuthenticators } from '../../src/logins/open.ts';
import { chainConfig } from './configured.ts';

const template = { type: 'ldap', url: 'ldaps://dc1', bind_dn: '{username}@corp.example' };
const search = { type: 'ldap', url: 'ldaps://dc2', base: 'dc=corp', filter: '(uid={username})' };
const sql = { type: 'sql', url: 'mysql://reader:secret@db/hr', query: 'SELECT hash FROM people WHERE login = ?' };
const rest = { type: 'rest', url: 'https://sso.example/api/login', auth: 'basic' };

test('a chain is opened in its order, without connecting, under names without secrets', async () => {
  const service = { ...rest, url: `${rest.url}?key=secret`, unknown: { status: 404 } };
  const chain = chainConfig(sql, search, service, template);
  assert.deepEqual(await chainProblems(chain), []);
  assert.deepEqual(
    (await openAuthenticators(chain)).map(one => one.name),
    ['sql mysql://reader@db:3306/hr', 'ldap ldaps://dc2', 'rest https://sso.example/api/login', 'ldap ldaps://dc1'],
  );
});

test('a template that is not the last is a problem: it knows everybody', async () => {
  assert.deepEqual(await chainProblems(chainConfig(template, sql, template)), [
    'authenticate[0].bind_dn: knows everybody, so it must be the last of the chain',
  ]);
});

test('a service that never says that it does not know somebody is a problem, but as the last', async () => {
  assert.deepEqual(await chainProblems(chainConfig(rest, sql, rest)), [
    'authenticate[0].unknown: is missing, so this one knows everybody and must be the last of the chain; ' +
      'say which answer means that nobody is known by that login, or move it to the end',
  ]);
  assert.deepEqual(await chainProblems(chainConfig({ ...rest, unknown: { status: 404 } }, sql, rest)), []);
});

const { auth: _, ...bare } = rest;
const json = { user: '{username}', secret: ['{password}'] };
const carriers = 'set auth: basic, or put {username} and {password} into json, form or headers';
const plain = 'url: would send passwords in plain text; write https:// (http:// is for this machine alone)';
const noAddress = 'url: is not an address; write https://host/path';
const tooAlike = 'give each of them a status of its own, or both a field with different values (equals)';
const fits = (later: string, status: number, earlier: string) =>
  `${later}: fits the same answers of status ${status} as ${earlier}; ${tooAlike}`;

/** What a service's block has besides its type, and all that is wrong with it. */
const SERVICES: readonly [what: string, block: object, wrong: readonly string[]][] = [
  ['HTTPS', rest, []],
  ['HTTP to 127.0.0.1', { ...rest, url: 'http://127.0.0.1:8080/login' }, []],
  ['HTTP to all that loops back', { ...rest, url: 'http://127.8.9.10/login' }, []],
  ['HTTP to ::1', { ...rest, url: 'http://[::1]/login' }, []],
  ['HTTP to localhost', { ...rest, url: 'http://localhost/login' }, []],
  ['HTTP to another host', { ...rest, url: 'http://sso.example/login' }, [plain]],
  ['HTTP to one that looks alike', { ...rest, url: 'http://127.0.0.1.sso.example/login' }, [plain]],
  ['HTTP to a neighbour', { ...rest, url: 'http://[fe80::1]/login' }, [plain]],
  ['another protocol', { ...rest, url: 'ftp://sso.example/login' }, [noAddress]],
  ['no address', { ...rest, url: 'sso.example/login' }, [noAddress]],
  [
    'the password in the address',
    { ...rest, url: 'https://sso.example/login?p={password}' },
    [`url: has {password} in it, and logs keep addresses; ${carriers}`],
  ],
  [
    'a password before the host',
    { ...rest, url: 'https://reader:s3cret@sso.example/login' },
    [`url: has a user or password before its host; ${carriers}`],
  ],
  [
    'a host that is typed',
    { ...rest, url: 'https://{username}.example/login' },
    ['url: has {username} in its host; passwords go to one host, so write out its name'],
  ],
  [
    'a fragment',
    { ...rest, url: 'https://sso.example/#/login' },
    ['url: has a #, and what follows it is never sent; leave it out'],
  ],
  ['JSON', { ...bare, json }, []],
  ['a form', { ...bare, form: { u: '{username}', p: 'x{password}' } }, []],
  ['headers', { ...bare, method: 'GET', headers: { 'X-User': '{username}', 'X-Password': '{password}' } }, []],
  ['the username in the address', { ...bare, url: 'https://sso.example/{username}', form: { p: '{password}' } }, []],
  ['neither', bare, [`auth: is missing, and there is no {username} and no {password} in what is sent; ${carriers}`]],
  [
    'a user alone',
    { ...bare, json: { '{password}': '{username}' } },
    [`auth: is missing, and there is no {password} in what is sent; ${carriers}`],
  ],
  [
    'a password alone',
    { ...bare, form: { p: '{password}', u: '{user}' } },
    [`auth: is missing, and there is no {username} in what is sent; ${carriers}`],
  ],
  [
    'two bodies',
    { ...bare, json, form: { u: 'x' } },
    ['form: stands beside json, and a request has one body; leave one of them out'],
  ],
  [
    'a body with GET',
    { ...bare, method: 'GET', json },
    ['json: is a body, and a GET has none; write method: POST, or set auth: basic instead'],
  ],
  [
    'a form with GET',
    { ...rest, method: 'GET', form: {} },
    ['form: is a body, and a GET has none; write method: POST, or set auth: basic instead'],
  ],
  [
    'headers that are none',
    { ...rest, headers: { 'X y': 'a', authorization: 's3cret', 'X-Key': 's3cret\n', 'X-Other': '密' } },
    [
      'headers: "X y" is no name of a header',
      'headers.authorization: stands beside auth: basic, which makes that header; leave one of them out',
      'headers.X-Key: has a letter beyond Latin-1, a line break or a blank at an end, which no header can carry',
      'headers.X-Other: has a letter beyond Latin-1, a line break or a blank at an end, which no header can carry',
    ],
  ],
  [
    'answers apart by status',
    { ...rest, accepted: { status: 204 }, refused: { status: 200 }, unknown: { status: 404 } },
    [],
  ],
  [
    'answers apart by value',
    {
      ...rest,
      accepted: { status: 200, field: 'r', equals: 'ok' },
      refused: { status: 200, field: 'r', equals: 'wrong' },
      unknown: { status: 200, field: 'r', equals: 'who' },
    },
    [],
  ],
  [
    'answers that may be apart',
    { ...rest, accepted: { status: 200, field: 'ok', equals: true }, refused: { status: 200, field: 'e', equals: 1 } },
    [],
  ],
  [
    'answers alike by status',
    { ...rest, refused: { status: [401, 403, 200] }, unknown: { status: [404, 403] } },
    [fits('refused', 200, 'accepted'), fits('unknown', 403, 'refused')],
  ],
  [
    'answers alike by value',
    { ...rest, accepted: { status: 200, field: 'a', equals: 1 }, unknown: { status: 200, field: 'a', equals: '1' } },
    [fits('unknown', 200, 'accepted')],
  ],
  [
    'answers of which one asks for less',
    { ...rest, accepted: { status: 200, field: 'a', equals: 1 }, refused: { status: 200 } },
    [fits('refused', 200, 'accepted')],
  ],
];

suite('a service that is asked by', () => {
  for (const [what, block, wrong] of SERVICES) {
    test(`${what}: ${wrong.length === 0 ? 'is fine' : 'is a problem'}`, async () => {
      assert.deepEqual(
        await chainProblems(chainConfig(block)),
        wrong.map(problem => `authenticate[0].${problem}`),
      );
    });
  }
});

test('a filter that is none, or names no attribute, is a problem', async () => {
  const problems = (filter: string) => chainProblems(chainConfig({ ...search, filter }));
  assert.match(
    (await problems('(uid={username}))')).join(),
    /^authenticate\[0\]\.filter: is not an LDAP filter such as \(uid=\{username\}\) \(.+\)$/,
  );
  assert.deepEqual(await problems('(cn=*{username}*)'), [
    'authenticate[0].name_attribute: is missing: the filter compares no attribute with {username} and nothing else',
  ]);
  assert.deepEqual(
    await chainProblems(chainConfig({ ...search, filter: '(cn=*{username}*)', name_attribute: 'uid' })),
    [],
  );
});

test('a query without exactly one place for the login is a problem', async () => {
  const problems = (query: string) => chainProblems(chainConfig(search, { ...sql, query }));
  assert.deepEqual(await problems('SELECT hash FROM people'), [
    'authenticate[1].query: has 0 ? in it; it needs exactly one, for the login',
  ]);
  assert.deepEqual(await problems('SELECT hash FROM people WHERE a = ? OR b = ?'), [
    'authenticate[1].query: has 2 ? in it; it needs exactly one, for the login',
  ]);
  assert.deepEqual(await problems("SELECT hash -- really?\nFROM `p?` /* ?\n? */ WHERE why = '?' AND login = ?"), []);
});
