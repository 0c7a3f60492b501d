import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Client } from 'ldapts';
import { type Attempt, authenticate } from '../../src/logins/authenticate.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { directory, startSlapd } from '../support/slapd.ts';
import { ldapConfig, opened } from './configured.ts';
import { accepted, barred, Known, refused, unavailable } from './known.ts';

const signal = new AbortController().signal;

/** A snapshot in which some were renamed: username to the name at the directory. */
function published(people: Readonly<Record<string, string>>) {
  const logins = new Map(Object.entries(people));
  return { loginOf: async (username: string) => logins.get(username), signal };
}

const everybody = published({ ada: 'ada', ben: 'ben.new', __proto__: 'x' });

suite('the chain', () => {
  test('the first that knows the person decides', async () => {
    const chain = [new Known('hr', {}), new Known('ldap', { ada: accepted }), new Known('spare', { ada: refused })];
    const result = await authenticate(chain, { username: 'ada', password: 'pw' }, everybody);
    assert.deepEqual(result, { status: 'accepted', by: 'ldap' });
    assert.deepEqual(
      chain.map(one => one.asked.length),
      [1, 1, 0],
    );
  });

  test('a wrong password never falls through, nor what the right one may not do, and an outage stops it as one', async () => {
    for (const verdict of [refused, barred, unavailable]) {
      const next = new Known('next', { ada: accepted });
      const result = await authenticate(
        [new Known('first', { ada: verdict }), next],
        { username: 'ada', password: 'pw' },
        everybody,
      );
      assert.deepEqual(result, { ...verdict, by: 'first' });
      assert.deepEqual(next.asked, []);
    }
  });

  test('whom nobody knows is refused, and the log hears why from each', async () => {
    const chain = [new Known('hr', {}), new Known('ldap', {})];
    assert.deepEqual(await authenticate(chain, { username: 'ada', password: 'pw' }, everybody), {
      status: 'refused',
      weighed: false,
      why: 'hr: nobody of that name; ldap: nobody of that name',
    });
  });

  test('somebody renamed is asked for by the current name', async () => {
    const hr = new Known('hr', { 'ben.new': accepted, ben: refused });
    const result = await authenticate([hr], { username: 'ben', password: 'pw' }, everybody);
    assert.equal(result.status, 'accepted');
    assert.deepEqual(hr.asked, ['ben.new:pw']);
  });

  test('only exactly published names are asked for', async () => {
    const hr = new Known('hr', { ada: accepted });
    for (const username of ['Ada', 'ada ', ' ada', 'gone', 'constructor', 'àda']) {
      const result = await authenticate([hr], { username, password: 'pw' }, everybody);
      assert.deepEqual(result, { status: 'refused', weighed: false, why: 'the name is not in the served snapshot' });
    }
    assert.deepEqual(hr.asked, []);
  });

  test('somebody whose name at the directory is not known is asked for by no other', async () => {
    const hr = new Known('hr', { '': accepted, ada: accepted });
    const result = await authenticate([hr], { username: 'ada', password: 'pw' }, published({ ada: '' }));
    assert.deepEqual(result, {
      status: 'refused',
      weighed: false,
      why: 'their name at the directory is not known: "rosterd person" tells why',
    });
    assert.deepEqual(hr.asked, []);
  });

  test('without a snapshot to look in, or anybody to ask, it is an outage', async () => {
    const noStore = { loginOf: () => Promise.reject(new Error('disk I/O error')), signal };
    const attempt = { username: 'ada', password: 'pw' };
    assert.deepEqual(await authenticate([new Known('hr', {})], attempt, noStore), {
      status: 'unavailable',
      why: 'the served snapshot cannot be read: disk I/O error',
    });
    assert.deepEqual(await authenticate([], attempt, everybody), {
      status: 'unavailable',
      why: 'the configuration has no "authenticate" to ask',
    });
  });
});

suite('what may not be passed on', () => {
  const flaws: readonly [string, string][] = [
    ['', 'is empty'],
    ['a\0b', 'has a NUL in it'],
    ['a\ud800', 'is not well-formed Unicode'],
    ['x'.repeat(1025), 'has more than 1,024 characters'],
  ];
  for (const [value, words] of flaws) {
    test(`a value that ${words}`, async () => {
      const hr = new Known('hr', { ada: accepted });
      const open = { loginOf: async (name: string) => name, signal };
      const attempts: [keyof Attempt, Attempt][] = [
        ['username', { username: value, password: 'pw' }],
        ['password', { username: 'ada', password: value }],
      ];
      for (const [field, attempt] of attempts) {
        assert.deepEqual(await authenticate([hr], attempt, open), {
          status: 'refused',
          weighed: false,
          why: `the ${field} ${words}`,
        });
      }
      assert.deepEqual(hr.asked, []);
    });
  }

  test('1,024 characters are not too many, counted as people do; nothing is trimmed', async () => {
    const hr = new Known('hr', { ada: accepted });
    for (const password of ['🔑'.repeat(1024), '  spaced  ', '\tq\n', 'e\u0301']) {
      assert.equal((await authenticate([hr], { username: 'ada', password }, everybody)).status, 'accepted');
      assert.equal(hr.asked.at(-1), `ada:${password}`);
    }
  });
});

test('an empty password makes no connection, even to a server that would take it', async () => {
  await using slapd = await startSlapd({ allowUnauthenticatedBind: true });
  await using proxy = await startFaultProxy({ host: '127.0.0.1', port: Number(new URL(slapd.url).port) });
  const [person] = directory.people;
  const client = new Client({ url: slapd.url });
  await client.bind(person.dn, '');
  await client.unbind();

  await using ldap = await opened(
    ldapConfig({ url: `ldap://127.0.0.1:${proxy.port}`, bind_dn: `uid={username},${directory.peopleDn}` }),
  );
  const snapshot = { loginOf: async () => person.uid, signal };
  const attempt = (username: string, password: string) => authenticate([ldap], { username, password }, snapshot);
  assert.equal((await attempt(person.uid, '')).status, 'refused');
  assert.equal((await attempt('', person.password)).status, 'refused');
  assert.equal(proxy.connections, 0);
  assert.equal((await attempt(person.uid, person.password)).status, 'accepted');
  assert.equal(proxy.connections, 1);
  assert.deepEqual(await ldap.check(person.uid, '', { signal }), {
    status: 'unavailable',
    why: 'would be asked to bind without a name or without a password',
  });
});
