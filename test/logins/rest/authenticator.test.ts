import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { requestFor } from '../../../src/logins/rest/request.ts';
import { makeCertificates } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { type Peer, type PeerRequest, startPeer } from '../../support/http-peer.ts';
import { ask, opened, restConfig, why } from '../configured.ts';
import { silentServer } from '../listening.ts';

const basic = { auth: 'basic' };
const json = { json: { user: '{username}', in: [{ secret: '{password}' }, 7, null, true] } };
const form = { form: { user: '{username}', secret: '{password}', always: 'a&b' } };
const headers = { headers: { 'X-User': '{username}', 'X-Password': '<{password}>' } };
const byValue = {
  accepted: { status: 200, field: 'data.result', equals: 'ok' },
  refused: { status: [401, 403] },
  unknown: { status: 200, field: 'data.result', equals: 'who?' },
};

interface Said {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function say(response: ServerResponse, { status = 200, body = '', headers = {} }: Said): void {
  response.writeHead(status, { ...headers }).end(body);
}

/** What an authenticator with this block makes of one answer, and the request that it was an answer to. */
async function asked(block: object, said: Said, login = 'ada', password = 'ada-secret') {
  await using peer = await startPeer((_, response) => say(response, said));
  const verdict = await ask(restConfig({ url: `${peer.url}/api/login?key=k3y`, ...block }), login, password);
  return { verdict, request: peer.requests[0] };
}

const verdictOn = async (block: object, said: Said) => (await asked(block, said)).verdict;
const accepted = { status: 'accepted' };
const refused = (why: string) => ({ status: 'refused', weighed: true, why });
const unknown = (why: string) => ({ status: 'unknown', why });
const unavailable = (why: string) => ({ status: 'unavailable', why });

suite('a service that answers by status', () => {
  const block = { ...basic, unknown: { status: 404 } };
  const described = 'which accepted, refused and unknown do not describe';
  const redirect = 'a redirect, which is never followed; is url where it leads to?';
  const answers: [said: Said, verdict: object][] = [
    [{ status: 200, body: '<p>Welcome, ada' }, accepted],
    [{ status: 204 }, accepted],
    [{ status: 401, body: '{"status":"ok"}' }, refused('answered 401')],
    [{ status: 403 }, refused('answered 403')],
    [{ status: 404 }, unknown('answered 404')],
    [{ status: 400 }, unavailable(`answered 400, ${described}`)],
    [{ status: 429 }, unavailable(`answered 429, ${described}`)],
    [{ status: 500 }, unavailable(`answered 500, ${described}`)],
    [{ status: 503 }, unavailable(`answered 503, ${described}`)],
    [{ status: 302, headers: { location: '/welcome' } }, unavailable(`answered 302, ${redirect}`)],
    [{ status: 307, headers: { location: '/welcome' } }, unavailable(`answered 307, ${redirect}`)],
  ];
  for (const [said, verdict] of answers) {
    test(`${said.status}`, async () => assert.deepEqual(await verdictOn(block, said), verdict));
  }

  test('without a word for strangers knows everybody', async () => {
    assert.deepEqual(await verdictOn(basic, { status: 404 }), unavailable(`answered 404, ${described}`));
  });
});

suite('a service that answers by a value', () => {
  const block = { ...json, ...byValue };
  const other = 'answered 200 with another value at "data.result" than accepted has';
  const none = unavailable('answered 200 without a value at "data.result"');
  const noJson = unavailable('answered 200 without JSON to find "data.result" in');
  const answers: [what: string, said: Said, verdict: object][] = [
    ['the one of accepted', { body: '{"data":{"result":"ok"}}' }, accepted],
    ['the one of unknown', { body: '{"data":{"result":"who?"}}' }, unknown('answered 200')],
    ['another one', { body: '{"data":{"result":"no"}}' }, refused(other)],
    ['another case', { body: '{"data":{"result":"OK"}}' }, refused(other)],
    ['none at all', { body: '{"data":{"ok":true}}' }, none],
    ['nothing', { body: '{"data":{"result":null}}' }, none],
    ['a list', { body: '{"data":{"result":["ok"]}}' }, none],
    ['an object', { body: '{"data":{"result":{"ok":"ok"}}}' }, none],
    ['a place of another kind', { body: '{"data":"ok"}' }, none],
    ['no object', { body: '"ok"' }, none],
    ['no JSON', { body: '<html>ok</html>' }, noJson],
    ['no body', { body: '' }, noJson],
    ['another status', { status: 401, body: '{"data":{"result":"ok"}}' }, refused('answered 401')],
    [
      'an outage in the words of success',
      { status: 500, body: '{"data":{"result":"ok"}}' },
      unavailable('answered 500, which accepted, refused and unknown do not describe'),
    ],
  ];
  for (const [what, said, verdict] of answers) {
    test(what, async () => assert.deepEqual(await verdictOn(block, said), verdict));
  }

  test('which may be a number, true, or an element of a list', async () => {
    const at = (field: string, equals: unknown, body: string) =>
      verdictOn({ ...json, accepted: { status: 200, field, equals } }, { body });
    assert.deepEqual(await at('code', 0, '{"code":0}'), accepted);
    assert.deepEqual(await at('ok', true, '{"ok":true}'), accepted);
    assert.deepEqual(await at('ok', 'true', '{"ok":true}'), accepted);
    assert.deepEqual(await at('1.ok', true, '[{"ok":false},{"ok":true}]'), accepted);
    assert.equal((await at('ok', true, '{"ok":false}')).status, 'refused');
    assert.equal((await at('code', 0, '{"code":false}')).status, 'refused');
    for (const field of ['constructor.name', '__proto__.x', 'toString']) {
      assert.equal(why(await at(field, 'Object', '{}')), `answered 200 without a value at "${field}"`);
    }
  });

  test('is no refusal by another one where refused has a value of its own', async () => {
    const block = { ...json, ...byValue, refused: { status: 200, field: 'data.result', equals: 'no' } };
    assert.deepEqual(await verdictOn(block, { body: '{"data":{"result":"no"}}' }), refused('answered 200'));
    const verdict = await verdictOn(block, { body: '{"data":{"result":"busy"}}' });
    assert.deepEqual(verdict, unavailable(`${other}, or refused`));
  });

  test('accepts nobody whom it refuses in the same breath', async () => {
    const block = { ...json, ...byValue, refused: { status: 200, field: 'error', equals: 'locked' } };
    const verdict = await verdictOn(block, { body: '{"data":{"result":"ok"},"error":"locked"}' });
    assert.deepEqual(verdict, unavailable('answered 200, which means accepted and refused at once'));
  });
});

/** What the service reads of a request: who, and with which password. */
type Reading = (request: PeerRequest) => readonly [username: unknown, password: unknown];

const fromJson: Reading = ({ body }) => {
  const { user, in: inside } = JSON.parse(body) as { user: string; in: [{ secret: string }] };
  return [user, inside[0].secret];
};
const fromForm: Reading = ({ body }) => {
  const fields = new URLSearchParams(body);
  return [fields.get('user'), fields.get('secret')];
};
const fromBasic: Reading = ({ headers }) => {
  const [, token = ''] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? [];
  const text = Buffer.from(token, 'base64').toString();
  return [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)];
};

const FORMS: readonly [what: string, block: object, read: Reading][] = [
  ['JSON', json, fromJson],
  ['a form', form, fromForm],
  ['Basic auth', basic, fromBasic],
];

/** Every awkward password of the issue, and what looks like something of ours. */
const AWKWARD = [
  ' blanks at the ends ',
  'colon:and:colon',
  '"quotes" \'and\' `more`',
  '100%25 %s %00',
  'back\\slash\\n\\u0041',
  '&a=b;c+d#e?f',
  'emoji 🔑👩‍👩‍👧‍👦',
  'é e\u0301 密碼 ﬁ',
  'line\r\nbreak\ttab\u0001\u007f\u2028',
  '{username}{password}{"a":1}',
  '$& $1 $` $$',
  '__proto__',
  'x'.repeat(1000),
  '🔑'.repeat(1024),
];

suite('what was typed arrives byte for byte', () => {
  for (const [what, block, read] of FORMS) {
    test(`in ${what}`, async () => {
      await using peer = await startPeer((_, response) => say(response, {}));
      await using authenticator = await opened(restConfig({ url: peer.url, ...block }));
      const arrives = async (username: string, password: string) => {
        const { signal } = new AbortController();
        assert.deepEqual(await authenticator.check(username, password, { signal }), accepted);
        assert.deepEqual(read(peer.requests.at(-1) as PeerRequest), [username, password]);
      };
      for (const password of AWKWARD) await arrives('{password} 王 $&', password);
      const text = fc.string({ unit: 'grapheme', minLength: 1 });
      const login = text.filter(one => !one.includes(':'));
      await fc.assert(fc.asyncProperty(login, text, arrives), { numRuns: 50 });
      assert.equal(peer.opened, 1);
    });
  }

  test('with what the configuration says besides', async () => {
    const { request } = await asked({ ...json, headers: { 'X-Key': 'abc' } }, {});
    assert.deepEqual(
      [request?.method, request?.url, request?.headers['content-type'], request?.headers['x-key'], request?.body],
      [
        'POST',
        '/api/login?key=k3y',
        'application/json',
        'abc',
        '{"user":"ada","in":[{"secret":"ada-secret"},7,null,true]}',
      ],
    );
    const put = await asked({ ...form, method: 'PUT' }, {});
    assert.deepEqual(
      [put.request?.method, put.request?.headers['content-type'], put.request?.body],
      ['PUT', 'application/x-www-form-urlencoded', 'user=ada&secret=ada-secret&always=a%26b'],
    );
    const typed = restConfig({ url: 'https://sso.example', ...form, headers: { 'content-type': 'x/y' } });
    assert.deepEqual(requestFor(typed, { username: 'ada', password: 'x' }).headers, [['content-type', 'x/y']]);
    const get = await asked({ ...basic, method: 'GET' }, {});
    assert.deepEqual([get.request?.method, get.request?.body], ['GET', '']);
  });

  test('in headers, as far as they can carry it', async () => {
    const { verdict, request } = await asked(headers, {}, 'ada', ' pä:ss"{username}" ');
    assert.deepEqual(verdict, accepted);
    assert.deepEqual([request?.headers['x-user'], request?.headers['x-password']], ['ada', '< pä:ss"{username}" >']);
  });

  test('in the address, as a part of it', async () => {
    for (const login of ['a/b?c#d', '%2e%2e', '王 小明', '...', 'a&b=c', '{password}']) {
      await using peer = await startPeer((_, response) => say(response, {}));
      const config = restConfig({ url: `${peer.url}/users/{username}/check?u={username}`, ...basic });
      assert.deepEqual(await ask(config, login, 'ada-secret'), accepted);
      const { path, query } = peer.requests[0] as PeerRequest;
      assert.equal(path, `/users/${encodeURIComponent(login)}/check`);
      assert.equal(query.get('u'), login);
    }
  });
});

suite('what cannot be sent as it was typed is not sent', () => {
  const cases: [what: string, block: object, login: string, password: string, why: RegExp][] = [
    ['a colon in a Basic login', basic, 'a:b', 'x', /^cannot be asked: in Basic auth a login ends at its first colon/],
    [
      'letters beyond Latin-1 in a header',
      headers,
      'ada',
      '密碼密碼',
      /^cannot be asked: header "X-Password" would have/,
    ],
    ['a line break in a header', headers, 'ada', 'a\r\nX-Admin: 1', /^cannot be asked: header "X-Password" would have/],
    [
      'a blank at an end of a header',
      headers,
      'ada ',
      'x',
      /^cannot be asked: header "X-User" would have .* in json or form$/,
    ],
    ...['.', '..'].map((login): [string, object, string, string, RegExp] => [
      `"${login}" in an address`,
      { ...basic, url: 'https://127.0.0.1:1/users/{username}/check' },
      login,
      'x',
      /^cannot be asked: a login of dots alone/,
    ]),
  ];
  for (const [what, block, login, password, reason] of cases) {
    test(what, async () => {
      const { verdict, request } = await asked(block, {}, login, password);
      assert.equal(verdict.status, 'unavailable');
      assert.match(why(verdict), reason);
      assert.equal(request, undefined);
    });
  }
});

test('a redirect is not followed, wherever it leads', async () => {
  await using elsewhere = await startPeer((_, response) => say(response, {}));
  for (const status of [301, 302, 303, 307, 308]) {
    const verdict = await verdictOn(form, { status, headers: { location: `${elsewhere.url}/` } });
    assert.match(why(verdict), new RegExp(`^answered ${status}, a redirect`));
  }
  assert.equal(elsewhere.opened, 0);
});

suite('a service that sends back what it was sent', () => {
  const SECRET = 'Zu9geheim';
  const { auth } = basic;
  const echoes: [what: string, said: Said][] = [
    ['as its answer', { body: JSON.stringify({ data: { result: SECRET } }) }],
    ['as a key', { body: JSON.stringify({ [SECRET]: SECRET }) }],
    ['as an error', { status: 500, body: SECRET }],
    ['as no JSON', { body: SECRET }],
    ['as the place to go on', { status: 302, headers: { location: `/?${SECRET}` } }],
    ['as the name of a charset', { headers: { 'content-type': `text/plain; charset=${SECRET}` }, body: 'x' }],
    ['as the name of an encoding', { headers: { 'content-encoding': `"${SECRET}"` }, body: 'x' }],
    ['as an answer without an end', { body: SECRET.repeat(10_000) }],
  ];
  for (const [what, said] of echoes) {
    test(`${what}: is not repeated`, async () => {
      await using peer = await startPeer((_, response) => say(response, said));
      const config = restConfig({ url: `${peer.url}/?key=${SECRET}`, auth, ...byValue });
      await using authenticator = await opened(config);
      const steps: string[] = [];
      const { signal } = new AbortController();
      const verdict = await authenticator.check('ada', SECRET, { signal, note: step => steps.push(step) });
      assert.notEqual(verdict.status, 'accepted');
      assert.ok(steps.length > 0);
      assert.doesNotMatch([JSON.stringify(verdict), authenticator.name, ...steps].join('\n'), new RegExp(SECRET));
    });
  }
});

suite('a service that cannot be asked', () => {
  test('is an outage, in words that name it', async () => {
    const peer = await startPeer((_, response) => response.destroy());
    const config = restConfig({ url: peer.url, ...basic });
    assert.deepEqual(
      await ask(config, 'ada', 'ada-secret'),
      unavailable('closed the connection before the answer was complete'),
    );
    await peer[Symbol.asyncDispose]();
    assert.match(why(await ask(config, 'ada', 'ada-secret')), /^refuses connections/);
    assert.deepEqual(await verdictOn(basic, { body: 'x'.repeat(65_537) }), unavailable('sends more than 64 KiB'));
  });

  test('or is slow, is given up in time, with its connection', async () => {
    await using silent = await silentServer();
    await using peer = await startPeer((_, response) => response.writeHead(200).write('{'));
    const late = (port: number) =>
      ask(restConfig({ url: `http://127.0.0.1:${port}`, ...basic, timeout: '50ms' }), 'ada', 'ada-secret');
    assert.deepEqual(await late(silent.port), unavailable('did not answer within 0.05 s'));
    assert.deepEqual(await late(peer.port), unavailable('did not finish its answer within 0.05 s'));
    await closed(() => silent.open + peer.connections());
  });

  test('is not waited for when nobody waits for us', async () => {
    const arrived = Promise.withResolvers<void>();
    await using peer = await startPeer(() => arrived.resolve());
    await using authenticator = await opened(restConfig({ url: peer.url, ...basic }));
    const giveUp = new AbortController();
    const asking = authenticator.check('ada', 'ada-secret', giveUp);
    await arrived.promise;
    giveUp.abort();
    const givenUp = unavailable('was given up, by who asked, before it answered');
    assert.deepEqual(await asking, givenUp);
    assert.deepEqual(await authenticator.check('ada', 'ada-secret', giveUp), givenUp);
    await closed(() => peer.connections());
    assert.equal(peer.requests.length, 1);
  });

  test('any more, once it was disposed of, keeps nothing open', async () => {
    await using peer = await startPeer((_, response) => say(response, {}));
    const authenticator = await opened(restConfig({ url: peer.url, ...basic }));
    const { signal } = new AbortController();
    assert.deepEqual(await authenticator.check('ada', 'ada-secret', { signal }), accepted);
    assert.equal(peer.connections(), 1);
    await authenticator[Symbol.asyncDispose]();
    await closed(() => peer.connections());
    assert.equal((await authenticator.check('ada', 'ada-secret', { signal })).status, 'unavailable');
  });
});

/** Waits until none is open, which the other side learns a moment later. */
async function closed(open: () => number): Promise<void> {
  for (let turns = 0; open() > 0; turns += 1) {
    assert.ok(turns < 10_000, 'a connection stays open');
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('a service is asked over TLS only with a certificate that can be trusted', async () => {
  await using folder = await temporaryFolder();
  const files = await makeCertificates(folder.path);
  const [key, cert] = await Promise.all([readFile(files.keyFile), readFile(files.certFile)]);
  await using peer: Peer = await startPeer((_, response) => say(response, {}), { tls: { key, cert } });
  const asking = (tls: object) => ask(restConfig({ url: peer.url, ...basic, tls }), 'ada', 'ada-secret');
  assert.match(why(await asking({})), /^its certificate is signed by nobody we trust; set tls.ca_file/);
  const other = await asking({ ca_file: files.caFile, server_name: 'sso.example' });
  assert.match(why(other), /^its certificate is for another name/);
  assert.equal(peer.requests.length, 0);
  assert.deepEqual(await asking({ ca_file: files.caFile }), accepted);
});

test('who looks on is told each step, and no secret', async () => {
  await using peer = await startPeer(({ count }, response) => say(response, { status: count === 1 ? 200 : 401 }));
  const url = `${peer.url}/users/{username}?key=k3y`;
  await using authenticator = await opened(restConfig({ url, ...json }));
  const steps: string[] = [];
  const asking = { signal: new AbortController().signal, note: (step: string) => steps.push(step) };
  await authenticator.check('王', 'ada-secret', asking);
  await authenticator.check('ada', 'ada-secret', asking);
  await authenticator.check('..', 'ada-secret', asking);
  assert.deepEqual(steps, [
    `asks POST ${peer.url}/users/%E7%8E%8B`,
    'answered 200: the password is right',
    `asks POST ${peer.url}/users/ada`,
    'answered 401: the password is wrong',
    'cannot be asked: a login of dots alone has a meaning of its own in url; send it in json or form',
  ]);
});
