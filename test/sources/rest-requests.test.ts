import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Peer, type PeerRequest, startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { addresses, byPath, emails, inTurn, manifestFor, people, rest, type Said, say, why } from './rest-service.ts';

const list = (...ids: number[]): Said => ({ json: { people: people(...ids) } });
const anything = () => startPeer((_request, response) => say(response, list(1)));

/** What a server gets when a manifest with these parts is read. */
async function asked(parts: (peer: Peer) => Record<string, unknown>, settings = {}): Promise<readonly PeerRequest[]> {
  await using peer = await anything();
  await readAll(rest(manifestFor(peer.origin, parts(peer)), settings));
  return peer.requests;
}

const one = async (request: Record<string, unknown>, parts: Record<string, unknown> = {}, settings = {}) => {
  const [first] = await asked(
    ({ origin }) => ({ execute: [{ url: `${origin}/people`, ...request }], ...parts }),
    settings,
  );
  assert(first);
  return first;
};

suite('`execute`: a list of requests, in order', () => {
  test('the last response is page 1; earlier ones are `{{ responses.0.path }}`', async () => {
    await using peer = await startPeer(
      byPath({ '/login': { json: { t: { k: ['s1'] } } }, '/begin': { json: { id: 7 } }, '/people': list(1, 2) }),
    );
    const execute = [
      { url: `${peer.origin}/login` },
      { url: `${peer.origin}/begin?k={{ responses.0.t.k.0 }}`, method: 'GET' },
      { url: `${peer.origin}/people?id={{ responses.1.id }}`, headers: { 'X-K': '{{ responses.0.t.k.0 }}' } },
    ];
    assert.deepEqual(await emails(rest(manifestFor(peer.origin, { execute }))), addresses(1, 2));
    assert.deepEqual(
      peer.requests.map(({ method, url }) => `${method} ${url}`),
      ['POST /login', 'GET /begin?k=s1', 'POST /people?id=7'],
    );
    assert.equal(peer.requests[2]?.headers['x-k'], 's1');
  });

  test('an earlier response may be a text, which is then all of it', async () => {
    await using peer = await startPeer(byPath({ '/login': { text: 'abc' }, '/people': list(1) }));
    const execute = [{ url: `${peer.origin}/login` }, { url: `${peer.origin}/people?t={{ responses.0 }}` }];
    await readAll(rest(manifestFor(peer.origin, { execute })));
    assert.equal(peer.requests[1]?.url, '/people?t=abc');
  });

  test('an earlier response that lacks what is asked of it is an error', async () => {
    await using peer = await startPeer(byPath({ '/login': { json: { error: 'no' } }, '/people': list(1) }));
    const execute = [{ url: `${peer.origin}/login` }, { url: `${peer.origin}/people?t={{ responses.0.token }}` }];
    assert.equal(await why(peer, { execute }), 'a request cannot be made: {{ responses.0.token }} has no value');
  });

  test('an earlier request that fails fails all', async () => {
    await using peer = await startPeer(byPath({ '/people': list(1) }));
    const execute = [{ url: `${peer.origin}/login` }, { url: `${peer.origin}/people` }];
    const text = 'POST ORIGIN/login: expected a success, and got status 404: {"error":"no such thing"}';
    assert.equal(await why(peer, { execute }), text);
    assert.equal(peer.requests.length, 1);
  });

  test('an earlier request is made once, however many pages there are', async () => {
    await using peer = await startPeer(({ path, query }, response) =>
      say(
        response,
        path === '/login'
          ? { json: {} }
          : { json: { people: query.get('page') === '3' ? [] : people(Number(query.get('page'))) } },
      ),
    );
    const execute = [{ url: `${peer.origin}/login` }, { url: `${peer.origin}/people` }];
    assert.deepEqual(
      await emails(rest(manifestFor(peer.origin, { execute, paginate: { type: 'page', param: 'page' } }))),
      addresses(1, 2),
    );
    assert.equal(peer.requests.filter(({ path }) => path === '/login').length, 1);
  });
});

suite('request: `url`, `method`', () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    test(`${method} is one`, async () => assert.equal((await one({ method })).method, method));
  }
  test('HEAD is one: it has no records, and says so', async () => {
    await using peer = await anything();
    const execute = [{ url: `${peer.origin}/people`, method: 'HEAD' }];
    assert.equal(
      await why(peer, { execute }),
      'HEAD ORIGIN/people (page 1): expected JSON, and got nothing (status 200): (an empty body)',
    );
  });
  test('absent = POST', async () => assert.equal((await one({})).method, 'POST'));
  test('HEAD may come first', async () => {
    const execute = (origin: string) => [{ url: `${origin}/a`, method: 'HEAD' }, { url: `${origin}/people` }];
    const requests = await asked(({ origin }) => ({ execute: execute(origin) }));
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['HEAD', 'POST'],
    );
  });
});

suite('`headers`: for every request; when a request has its own, they replace them', () => {
  const headers = { 'X-A': 'a', 'X-B': 'b' };
  test('of the manifest', async () => {
    const received = await one({}, { headers });
    assert.deepEqual([received.headers['x-a'], received.headers['x-b']], ['a', 'b']);
  });
  test('of the request: those of the manifest are not sent', async () => {
    const received = await one({ headers: { 'X-C': 'c' } }, { headers });
    assert.deepEqual([received.headers['x-a'], received.headers['x-c']], [undefined, 'c']);
  });
  test('of the request, empty: those of the manifest are', async () => {
    assert.equal((await one({ headers: {} }, { headers })).headers['x-a'], 'a');
  });
  test('of the manifest, with an answer in it: not before there is one', async () => {
    const headers = { 'X-T': '{{ responses.0.people.0.email }}', 'X-A': 'a' };
    const execute = (origin: string) => [{ url: `${origin}/login` }, { url: `${origin}/people` }];
    const requests = await asked(({ origin }) => ({ headers, execute: execute(origin) }));
    assert.deepEqual(
      requests.map(({ headers }) => [headers['x-a'], headers['x-t']]),
      [
        ['a', undefined],
        ['a', addresses(1)[0]],
      ],
    );
  });
  test('on every page', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: people(count), next: count < 3 && `/p?${count}` } }),
    );
    await readAll(rest(manifestFor(peer.origin, { headers, next_page_from: 'next' })));
    assert.deepEqual(
      peer.requests.map(({ headers }) => headers['x-a']),
      ['a', 'a', 'a'],
    );
  });
  test('a server is told that JSON is wanted, unless the manifest says otherwise', async () => {
    assert.match((await one({})).headers.accept ?? '', /^application\/json/);
    assert.equal((await one({ headers: { accept: 'text/csv' } })).headers.accept, 'text/csv');
  });
});

suite('`Authorization: Basic a:b` is rendered, then base64-encoded as UTF-8', () => {
  const values = { KEY: 'k:e y', USER: '王', PASS: 'pä:ß' };
  const basic = async (name: string, text: string) =>
    (await one({ headers: { [name]: text } }, {}, { values: { ...values } })).headers.authorization;
  const encoded = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const all = ' {{KEY}}{{USER}}{{PASS}}';
  const cases: [string, string, string][] = [
    ['Authorization', `Basic {{ USER }}:{{ PASS }}{{KEY|default:"" }}`, '王:pä:ßk:e y'],
    ['authorization', `basic {{ KEY }}:x${all}`, 'k:e y:x k:e y王pä:ß'],
    ['AUTHORIZATION', `BASIC {{ KEY }}:${all}`, 'k:e y: k:e y王pä:ß'],
  ];
  for (const [name, text, plain] of cases) {
    test(`${name}: ${text}`, async () => assert.equal(await basic(name, text), encoded(plain)));
  }
  test('another scheme is left as it is', async () => {
    assert.equal(
      await basic('Authorization', `Bearer {{ KEY }}{{USER|default:""|lower|urlencode}}{{PASS|urlencode}}`),
      'Bearer k:e y%E7%8E%8Bp%C3%A4%3A%C3%9F',
    );
    assert.equal((await one({ headers: { 'X-Basic': 'Basic a:b' } })).headers['x-basic'], 'Basic a:b');
  });
});

suite('request: `data`, `cast_data_to_json`, `body_format`', () => {
  const data = { a: 'x y', list: ['1', 2], none: null, yes: true, no: false, n: 1.5, empty: '', l0: [] };
  const form = 'a=x+y&list=1&list=2&yes=True&no=False&n=1.5&empty=';
  test('`true` (default) and an object → form: lists repeat the key, null is dropped, booleans print True/False', async () => {
    for (const cast of [{}, { cast_data_to_json: true }]) {
      const { body, headers } = await one({ data, ...cast });
      assert.equal(body, form);
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
    }
  });
  test('`false` → the JSON text is the body', async () => {
    const nested = { ...data, deep: { er: [{ x: 1 }] } };
    const { body, headers } = await one({ data: nested, cast_data_to_json: false });
    assert.deepEqual(JSON.parse(body), nested);
    assert.equal(headers['content-type'], 'application/json');
  });
  test('`body_format: json` overrides the cast rule', async () => {
    assert.deepEqual(JSON.parse((await one({ data: { a: { b: 1 } }, body_format: 'json' })).body), { a: { b: 1 } });
  });
  test('`body_format: form` overrides the cast rule', async () => {
    assert.equal((await one({ data, cast_data_to_json: false, body_format: 'form' })).body, form);
  });
  test('the type that the manifest says counts', async () => {
    const headers = { 'Content-Type': 'application/vnd.api+json' };
    assert.equal(
      (await one({ data: { a: 1 }, body_format: 'json', headers })).headers['content-type'],
      'application/vnd.api+json',
    );
  });
  test('text is rendered, whatever the cast', async () => {
    for (const cast_data_to_json of [true, false]) {
      const { body } = await one({ data: '<{{ X }}>', cast_data_to_json }, {}, { values: { X: '1' } });
      assert.equal(body, '<1>');
    }
  });
  test('nothing is no body', async () => {
    for (const data of [null, {}, '', undefined]) {
      const { body, headers } = await one(data === undefined ? {} : { data });
      assert.deepEqual([body, headers['content-type']], ['', undefined]);
    }
  });
  test('a GET may have one', async () => assert.equal((await one({ method: 'GET', data: { a: 1 } })).body, 'a=1'));
  test('keys that every object has are keys', async () => {
    const odd = { constructor: 'c', toString: 't' };
    assert.equal((await one({ data: odd })).body, 'constructor=c&toString=t');
    assert.equal((await one({ data: odd, body_format: 'json' })).body, '{"constructor":"c","toString":"t"}');
  });
});

suite('request: `status_code`', () => {
  const got = async (status: number, parts: Record<string, unknown>) => {
    await using peer = await startPeer(inTurn({ status, json: { people: people(1) } }));
    const execute = [{ url: `${peer.origin}/people`, ...parts }];
    return await emails(rest(manifestFor(peer.origin, { execute }))).catch((error: Error) =>
      error.message.replace(peer.origin, ''),
    );
  };
  const wrong = (what: string) =>
    `source hr: POST /people (page 1): expected ${what}: {"people":[{"id":1,"email":"p1@acme.example"}]}`;
  test('absent: any status ≥ 400, or a left-over 3xx, fails', async () => {
    for (const status of [200, 201, 203, 206, 299]) assert.deepEqual(await got(status, {}), addresses(1), `${status}`);
    for (const status of [300, 304, 307, 399, 400, 401, 403, 404, 422, 501, 599]) {
      const expected = status === 304 ? /status 304: \(an empty body\)$/ : wrong(`a success, and got status ${status}`);
      if (typeof expected === 'string') assert.equal(await got(status, {}), expected);
      else assert.match(String(await got(status, {})), expected);
    }
  });
  test('a list, numbers and strings alike; only these pass', async () => {
    assert.deepEqual(await got(404, { status_code: ['404', 200] }), addresses(1));
    assert.deepEqual(await got(200, { status_code: ['404', 200] }), addresses(1));
    assert.equal(await got(201, { status_code: ['404', 200] }), wrong('status 404 or 200, and got status 201'));
  });
  test('one that the manifest takes is not tried again', async () => {
    assert.deepEqual(await got(503, { status_code: [503] }), addresses(1));
  });
});

test('`initial_data_form`: `generate` is 10 fresh alphanumerics each run', async () => {
  await using peer = await anything();
  const manifest = manifestFor(peer.origin, {
    execute: [{ url: `${peer.origin}/a/{{ NONCE }}` }, { url: `${peer.origin}/b/{{ NONCE }}/{{ N2 }}` }],
    initial_data_form: [
      { id: 'NONCE', name: 'generate' },
      { id: 'N2', type: 'generate' },
    ],
  });
  const source = rest(manifest);
  await readAll(source);
  await readAll(source);
  const [a, b, c, d] = peer.requests.map(({ path }) => path.split('/').slice(2));
  assert.match(a?.[0] ?? '', /^[A-Za-z0-9]{10}$/);
  assert.equal(a?.[0], b?.[0]);
  assert.equal(c?.[0], d?.[0]);
  assert.notEqual(a?.[0], c?.[0]);
  assert.notEqual(b?.[1], b?.[0]);
});

/** As they are published; the second one lacks the email that an update needs, which `extend` gives. */
const BAMBOO = `{ "execute": [{ "url": "https://api.bamboohr.com/api/gateway.php/{{COMPANY_ID}}/v1/reports/{{REPORT_ID}}", "method": "GET" }],
  "headers": { "Accept": "application/json", "Content-Type": "application/json", "Authorization": "Basic {{KEY}}:x" },
  "action": "create", "data_from": "employees",
  "data_structure": { "email": "workEmail", "last_name": "lastName", "first_name": "firstName" },
  "initial_data_form": [{ "id": "KEY", "name": "The BambooHR api key" }, { "id": "REPORT_ID", "name": "The id of the report" },
    { "id": "COMPANY_ID", "name": "The id of the company" }] }`;

suite('The published manifests run as they are, URLs included', () => {
  const employees = [{ id: '17', workEmail: 'Ann@acme.example', firstName: 'Ann', lastName: 'Lin' }];
  const read = async (manifest: Record<string, unknown>) => {
    await using peer = await startPeer(inTurn({ json: { title: 'Report', fields: [], employees } }));
    const values = { KEY: 'k-1', REPORT_ID: '7', COMPANY_ID: 'acme' };
    const hosts = { 'https://api.bamboohr.com': peer.origin };
    const { people: found } = await readAll(rest(manifest, { values, hosts }));
    const [request] = peer.requests;
    assert.equal(request?.url, '/api/gateway.php/acme/v1/reports/7');
    assert.equal(request?.headers.authorization, `Basic ${Buffer.from('k-1:x').toString('base64')}`);
    return found.map(({ key, fields, extra }) => ({ key, fields, extra }));
  };

  test('BambooHR, create', async () => {
    const fields = { email: 'Ann@acme.example', username: 'Ann@acme.example', nick_name: 'Ann Lin' };
    const extra = [
      ['first_name', 'Ann'],
      ['last_name', 'Lin'],
    ];
    assert.deepEqual(await read(JSON.parse(BAMBOO)), [{ key: 'ann@acme.example', fields, extra }]);
  });

  test('BambooHR, update', async () => {
    const update = {
      action: 'update',
      data_structure: { bamboohr_id: 'id', email: 'workEmail' },
      schedule: '0 * * * *',
    };
    const expected = { key: 'ann@acme.example', fields: { email: 'Ann@acme.example' }, extra: [['bamboohr_id', '17']] };
    assert.deepEqual(await read({ ...JSON.parse(BAMBOO), ...update }), [expected]);
  });
});
