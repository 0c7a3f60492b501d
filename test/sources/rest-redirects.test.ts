import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { makeCertificates } from '../support/certificates.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Handler, type Peer, startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { addresses, emails, inTurn, manifestFor, people, rest, type Said, say, why } from './rest-service.ts';

const list: Said = { json: { people: people(1) } };
const to = (location: string, status = 302): Said => ({ status, headers: { location } });

/** A server that must not be asked. */
const stranger = () => startPeer((_request, response) => say(response, { json: { people: people(666) } }));

/** A manifest whose requests carry a key in every way there is, and a header that is nobody's secret. */
const keyed = (origin: string, more: Record<string, unknown> = {}) => ({
  headers: {
    Authorization: 'Bearer {{ KEY }}',
    'X-Mine': 'k-{{ KEY }}',
    'X-Api-Key': 'fixed',
    Cookie: 'a=b',
    'X-Open': 'o-{{ OPEN }}',
  },
  initial_data_form: [{ id: 'KEY' }, { id: 'OPEN', secret: false }],
  execute: [{ url: `${origin}/people`, method: 'GET' }],
  ...more,
});
const values = { KEY: 'se-cret', OPEN: 'open' };
const secretsIn = (peer: Peer, place = 0) => {
  const {
    authorization,
    'x-mine': mine,
    'x-api-key': key,
    cookie,
    'x-open': open,
  } = peer.requests[place]?.headers ?? {};
  return [authorization, mine, key, cookie, open];
};
const ALL = ['Bearer se-cret', 'k-se-cret', 'fixed', 'a=b', 'o-open'];
const OPEN = [undefined, undefined, undefined, undefined, 'o-open'];

suite('Redirects', () => {
  test('to the same origin are followed, with all headers', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      await using peer = await startPeer(inTurn(to('/v2/people?x=1', status), list));
      assert.deepEqual(await emails(rest(manifestFor(peer.origin, keyed(peer.origin)), { values })), addresses(1));
      assert.equal(peer.requests[1]?.url, '/v2/people?x=1');
      assert.deepEqual(secretsIn(peer, 1), ALL);
    }
  });

  test('of a POST are a GET without a body, but for 307 and 308', async () => {
    for (const [status, expected] of [
      [301, 'GET '],
      [302, 'GET '],
      [303, 'GET '],
      [307, 'POST a=1'],
      [308, 'POST a=1'],
    ] as const) {
      await using peer = await startPeer(inTurn(to('/b', status), list));
      await readAll(rest(manifestFor(peer.origin, { execute: [{ url: `${peer.origin}/people`, data: { a: '1' } }] })));
      const { method, body, headers } = peer.requests[1] ?? {};
      assert.equal(`${method} ${body}`, expected);
      assert.equal(headers?.['content-type'] === undefined, method === 'GET');
    }
  });

  test('at most 5', async () => {
    const hops =
      (most: number): Handler =>
      ({ count }, response) =>
        say(response, count <= most ? to(`/hop/${count}`) : list);
    await using five = await startPeer(hops(5));
    assert.deepEqual(await emails(rest(manifestFor(five.origin))), addresses(1));
    await using six = await startPeer(hops(6));
    assert.equal(await why(six), 'GET ORIGIN/people (page 1): was redirected more than 5 times');
    assert.equal(six.requests.length, 6);
  });

  test('to another origin are refused, and nobody is asked there', async () => {
    await using other = await stranger();
    for (const status of [301, 302, 303, 307, 308]) {
      await using peer = await startPeer(inTurn(to(`${other.origin}/people`, status)));
      const text = `GET ORIGIN/people (page 1): leads to ${other.origin}; if that is right, add it to the source's allow_hosts`;
      assert.equal(await why(peer, keyed(peer.origin), { values }), text);
    }
    assert.equal(other.requests.length, 0);
  });

  test('to another origin, in the forms that URLs have', async () => {
    await using other = await stranger();
    for (const location of [
      `//127.0.0.1:${other.port}/`,
      `\\\\127.0.0.1:${other.port}\\`,
      `http:\\\\127.0.0.1:${other.port}`,
      ` ${other.origin}`,
    ]) {
      await using peer = await startPeer(inTurn(to(location)));
      assert.match(await why(peer), /leads to http:\/\/127\.0\.0\.1:\d+; if that is right, add it/, location);
    }
    assert.equal(other.requests.length, 0);
  });

  test('to an origin of allow_hosts are followed, without any header that has a secret', async () => {
    await using other = await startPeer(inTurn(list));
    await using peer = await startPeer(inTurn(to(`${other.origin}/people`)));
    const source = rest(manifestFor(peer.origin, keyed(peer.origin)), { values, allow_hosts: [other.origin] });
    assert.deepEqual(await emails(source), addresses(1));
    assert.deepEqual([secretsIn(peer), secretsIn(other)], [ALL, OPEN]);
  });

  test('there and back: at home the headers are there again', async () => {
    await using other = await startPeer(({ query }, response) => say(response, to(query.get('back') ?? '')));
    await using peer = await startPeer(({ count }, response) =>
      say(response, count === 1 ? to(`${other.origin}/?back=${peer.origin}/b`) : list),
    );
    await readAll(rest(manifestFor(peer.origin, keyed(peer.origin)), { values, allow_hosts: [other.origin] }));
    assert.deepEqual([secretsIn(other), secretsIn(peer, 1)], [OPEN, ALL]);
  });

  test('to what is no address are an error', async () => {
    for (const location of ['ftp://127.0.0.1/', 'javascript:alert(1)', 'http://', 'file:///etc/passwd']) {
      await using peer = await startPeer(inTurn(to(location)));
      assert.equal(await why(peer), 'GET ORIGIN/people (page 1): is redirected to what is no address', location);
    }
  });

  test('a 3xx that leads nowhere is no success', async () => {
    await using peer = await startPeer(inTurn({ status: 302, text: 'moved' }));
    assert.equal(await why(peer), 'GET ORIGIN/people (page 1): expected a success, and got status 302: moved');
  });

  test('never https → http, not even to an origin of allow_hosts', async () => {
    await using folder = await temporaryFolder();
    const { caFile, certFile, keyFile } = await makeCertificates(folder.path);
    await using plain = await stranger();
    const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
    await using peer = await startPeer(
      ({ path }, response) =>
        say(response, path === '/home' ? list : to(path === '/b' ? '/home' : `${plain.origin}/people`)),
      { tls },
    );
    const settings = { allow_hosts: [plain.origin], tls: { ca_file: caFile } };
    const text = `GET ORIGIN/people (page 1): leads from https to ${plain.origin}, which anybody could read`;
    assert.equal(await why(peer, {}, settings), text);
    assert.equal(plain.requests.length, 0);
    const execute = [{ url: `${peer.origin}/b`, method: 'GET' }];
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, { execute }), settings)), addresses(1));
  });
});

suite('Next links', () => {
  const next = { next_page_from: 'next' };
  const linked = (url: string) =>
    startPeer(({ count }, response) =>
      say(response, { json: { people: people(count), next: count === 1 ? url : null } }),
    );

  test('to another origin are refused, and nobody is asked there', async () => {
    await using other = await stranger();
    await using peer = await linked(`${other.origin}/p?token=1`);
    const text = `GET ${other.origin}/p (page 2): leads to ${other.origin}; if that is right, add it to the source's allow_hosts`;
    assert.equal(await why(peer, keyed(peer.origin, next), { values }), text);
    assert.equal(other.requests.length, 0);
  });

  test('to an origin of allow_hosts are followed, without any header that has a secret', async () => {
    await using other = await startPeer(inTurn({ json: { people: people(2) } }));
    await using peer = await linked(`${other.origin}/p`);
    const source = rest(manifestFor(peer.origin, keyed(peer.origin, next)), { values, allow_hosts: [other.origin] });
    assert.deepEqual(await emails(source), addresses(1, 2));
    assert.deepEqual(secretsIn(other), OPEN);
  });

  test('in a `Link` header, too', async () => {
    await using other = await stranger();
    await using peer = await startPeer(inTurn({ ...list, headers: { link: `<${other.origin}/p>; rel=next` } }));
    assert.match(await why(peer, { paginate: { type: 'link' } }), /leads to http/);
    assert.equal(other.requests.length, 0);
  });

  test('a token leads to no other origin', async () => {
    await using other = await stranger();
    const tokens: [next_page: string, token: string, text: RegExp][] = [
      ['{{ NEXT_PAGE_TOKEN }}', `${other.origin}/p`, /leads to http/],
      ['ORIGIN{{ NEXT_PAGE_TOKEN }}', `@127.0.0.1:${other.port}/`, /has a value in its host name that is none/],
      ['ORIGIN{{ NEXT_PAGE_TOKEN }}', `%40127.0.0.1:${other.port}/%20`, /has a value in its host name that is none/],
      ['http://{{ NEXT_PAGE_TOKEN }}/p', `127.0.0.1:${other.port}`, /leads to http/],
    ];
    for (const [next_page, token, text] of tokens) {
      await using peer = await startPeer(inTurn({ json: { people: people(1), token } }));
      const parts = { next_page_token_from: 'token', next_page: next_page.replace('ORIGIN', peer.origin) };
      assert.match(await why(peer, keyed(peer.origin, parts), { values }), text, token);
    }
    assert.equal(other.requests.length, 0);
  });

  test('to an origin that the manifest names itself keep their headers', async () => {
    await using other = await startPeer(inTurn({ json: { people: people(2) } }));
    await using peer = await startPeer(inTurn({ json: { people: people(1), token: 't' } }));
    const parts = { next_page_token_from: 'token', next_page: `${other.origin}/p?t={{ NEXT_PAGE_TOKEN }}` };
    await readAll(rest(manifestFor(peer.origin, keyed(peer.origin, parts)), { values }));
    assert.deepEqual(secretsIn(other), ALL);
  });
});

suite('An address that a server has a say in', () => {
  const execute = (origin: string) => [
    { url: `${origin}/login` },
    { url: '{{ responses.0.base }}/people', method: 'GET' },
  ];
  test('is one of the manifest, or of allow_hosts, where it goes without secrets', async () => {
    await using other = await startPeer(inTurn(list));
    await using peer = await startPeer(inTurn({ json: { base: other.origin } }));
    const manifest = manifestFor(peer.origin, keyed(peer.origin, { execute: execute(peer.origin) }));
    const text = `GET ${other.origin}/people (page 1): leads to ${other.origin}; if that is right, add it to the source's allow_hosts`;
    await assert.rejects(readAll(rest(manifest, { values })), { message: `source hr: ${text}` });
    assert.equal(other.requests.length, 0);
    await readAll(rest(manifest, { values, allow_hosts: [other.origin] }));
    assert.deepEqual(secretsIn(other), OPEN);
  });

  test('may be at home', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(response, path === '/login' ? { json: { base: peer.origin } } : list),
    );
    await readAll(rest(manifestFor(peer.origin, keyed(peer.origin, { execute: execute(peer.origin) })), { values }));
    assert.deepEqual(secretsIn(peer, 1), ALL);
  });

  test('and one that only has a default is the manifest’s own', async () => {
    await using peer = await startPeer(inTurn(list));
    const url = `http://{{ HOST|default:"127.0.0.1" }}:${peer.port}/people`;
    await readAll(rest(manifestFor(peer.origin, keyed(peer.origin, { execute: [{ url }] })), { values }));
    assert.deepEqual(secretsIn(peer), ALL);
  });
});

suite('`hosts`: an egress gateway', () => {
  const HOME = 'https://api.example';
  const gateway = (peer: Peer) => ({ values, hosts: { [HOME]: peer.origin } });
  test('everything goes there, with all headers', async () => {
    await using peer = await startPeer(inTurn(list));
    assert.deepEqual(await emails(rest(manifestFor(HOME, keyed(HOME)), gateway(peer))), addresses(1));
    assert.deepEqual(secretsIn(peer), ALL);
  });

  test('absolute next links are at home, with its origin and with the gateway’s', async () => {
    for (const at of [HOME, 'GATEWAY', '']) {
      await using peer = await startPeer(({ count }, response) =>
        say(response, {
          json: { people: people(count), next: count < 3 ? `${at.replace('GATEWAY', peer.origin)}/p?${count}` : null },
        }),
      );
      assert.deepEqual(
        await emails(rest(manifestFor(HOME, keyed(HOME, { next_page_from: 'next' })), gateway(peer))),
        addresses(1, 2, 3),
      );
      assert.deepEqual([peer.requests[2]?.url, secretsIn(peer, 2)], ['/p?2', ALL]);
    }
  });

  test('redirects are at home, with its origin and with the gateway’s', async () => {
    for (const at of [HOME, 'GATEWAY', '']) {
      await using peer = await startPeer(({ count }, response) =>
        say(response, count === 1 ? to(`${at.replace('GATEWAY', peer.origin)}/b`) : list),
      );
      assert.deepEqual(await emails(rest(manifestFor(HOME, keyed(HOME)), gateway(peer))), addresses(1));
      assert.deepEqual(secretsIn(peer, 1), ALL);
    }
  });

  test('a path that looks like a host is a path', async () => {
    await using other = await stranger();
    for (const path of [`//127.0.0.1:${other.port}/p`, `/\\127.0.0.1:${other.port}/p`]) {
      await using peer = await startPeer(({ count }, response) =>
        say(response, {
          json: {
            people: people(count),
            next: count === 1 ? `${HOME}${path}` : count === 2 ? `${peer.origin}${path}?2` : null,
          },
        }),
      );
      assert.deepEqual(
        await emails(rest(manifestFor(HOME, keyed(HOME, { next_page_from: 'next' })), gateway(peer))),
        addresses(1, 2, 3),
      );
    }
    assert.equal(other.requests.length, 0);
  });

  test('errors name the service, not the gateway', async () => {
    await using peer = await startPeer(inTurn({ status: 403, text: 'no' }));
    await assert.rejects(readAll(rest(manifestFor(HOME, keyed(HOME)), gateway(peer))), {
      message: `source hr: GET ${HOME}/people (page 1): expected a success, and got status 403: no`,
    });
  });
});
