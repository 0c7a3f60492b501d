import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { start } from '../../src/sources/rest/failure.ts';
import { startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { addresses, emails, inTurn, manifestFor, people, rest, type Said, say, why } from './rest-service.ts';

/** What is said of a manifest whose server gives this answer. */
async function told(said: Said, parts: Record<string, unknown> = {}): Promise<string> {
  await using peer = await startPeer(inTurn(said));
  return await why(peer, parts);
}

suite('`data_from`: notation of the list', () => {
  const places: [what: string, body: unknown, data_from: string | null | undefined][] = [
    ['absent = the whole body', people(1, 2), undefined],
    ['null = the whole body', people(1, 2), null],
    ['`""` = the whole body', people(1, 2), ''],
    ['a key', { people: people(1, 2) }, 'people'],
    ['a path', { a: [{ 'b.c': people(1, 2) }] }, 'a.0.b.c'],
    ['every value of an object', { people: { x: people(1)[0], y: people(2)[0] } }, 'people.*'],
    ['records that are wrapped', { edges: people(1, 2).map(node => ({ node })) }, 'edges.*.node'],
  ];
  for (const [what, json, data_from] of places) {
    test(what, async () => {
      await using peer = await startPeer(inTurn({ json }));
      assert.deepEqual(await emails(rest(manifestFor(peer.origin, { data_from }))), addresses(1, 2));
    });
  }

  test('an empty list is one, and the end', async () => {
    await using peer = await startPeer(inTurn({ json: { people: [] } }));
    assert.deepEqual(await emails(rest(manifestFor(peer.origin))), []);
  });

  const wrong: [what: string, said: Said, parts: Record<string, unknown>, text: string][] = [
    ['not there', { json: { error: 'x' } }, {}, `Notation 'people' not in {"error":"x"}`],
    [
      'null',
      { json: { people: null } },
      {},
      `Notation 'people' not in {"people":null}; what is there is null, and no list`,
    ],
    [
      'an object',
      { json: { people: {} } },
      {},
      `Notation 'people' not in {"people":{}}; what is there is an object, and no list`,
    ],
    [
      'a text',
      { json: { people: 'no' } },
      {},
      `Notation 'people' not in {"people":"no"}; what is there is "no", and no list`,
    ],
    ['a number', { json: { people: 0 } }, {}, `Notation 'people' not in {"people":0}; what is there is 0, and no list`],
    [
      'the whole body, which is an object',
      { json: { error: 'x' } },
      { data_from: '' },
      `Notation '' not in {"error":"x"}; what is there is an object, and no list`,
    ],
    [
      'the whole body, which is null',
      { json: null },
      { data_from: '' },
      `Notation '' not in null; what is there is null, and no list`,
    ],
    ['what every object has', { json: {} }, { data_from: 'constructor' }, `Notation 'constructor' not in {}`],
  ];
  for (const [what, said, parts, text] of wrong) {
    test(`not a list: ${what}`, async () =>
      assert.equal(await told(said, parts), `GET ORIGIN/people (page 1): ${text}`));
  }
});

const HTML = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>';
const LOGIN =
  'a page for people to read, as a login page is: <!DOCTYPE html> <html><head><title>Sign in</title></head></html>';

suite('Not JSON, 200 with a login page, 204', () => {
  const cases: [what: string, said: Said, text: string][] = [
    [
      'a login page',
      { text: HTML, headers: { 'content-type': 'text/html; charset=utf-8' } },
      `expected JSON, and got text/html; charset=utf-8, ${LOGIN}`,
    ],
    [
      'a login page that says it is JSON',
      { text: HTML, headers: { 'content-type': 'application/json' } },
      `expected JSON, and got application/json, ${LOGIN}`,
    ],
    ['a login page that says nothing', { text: HTML }, `expected JSON, and got no content type, ${LOGIN}`],
    ['CSV', { text: 'a;b\n1;2', headers: { 'content-type': 'text/csv' } }, 'expected JSON, and got text/csv: a;b 1;2'],
    [
      'JSON that ends too early',
      { text: '{"people":[{"email":"a@b', headers: { 'content-type': 'application/json' } },
      'expected JSON, and got application/json: {"people":[{"email":"a@b',
    ],
    [
      'one JSON a line',
      { text: '{"a":1}\n{"a":2}', headers: { 'content-type': 'application/x-ndjson' } },
      'expected JSON, and got application/x-ndjson: {"a":1} {"a":2}',
    ],
    ['204', { status: 204 }, 'expected JSON, and got nothing (status 204): (an empty body)'],
    ['200 with nothing', { text: '' }, 'expected JSON, and got nothing (status 200): (an empty body)'],
    ['200 with blanks', { text: ' \n' }, 'expected JSON, and got nothing (status 200): (an empty body)'],
  ];
  for (const [what, said, text] of cases) {
    test(`on page 1: ${what}`, async () => assert.equal(await told(said), `GET ORIGIN/people (page 1): ${text}`));

    const ways: [string, Record<string, unknown>][] = [
      ['next_page_from', { next_page_from: 'next' }],
      ['next_page', { next_page_token_from: 'next', next_page: 'ORIGIN/people?t={{ NEXT_PAGE_TOKEN }}' }],
      ['link', { paginate: { type: 'link' } }],
      ['cursor', { paginate: { type: 'cursor', param: 'c', cursor_from: 'next' } }],
      ['page', { paginate: { type: 'page', param: 'p' } }],
      ['offset', { paginate: { type: 'offset', param: 'o' } }],
    ];
    test(`in the middle, with every kind of paging: ${what}`, async () => {
      for (const [way, parts] of ways) {
        await using peer = await startPeer(({ count }, response) => {
          if (count === 2) return say(response, said);
          say(response, {
            json: { people: people(count), next: `/people?n=${count}` },
            headers: { link: `</people?n=${count}>; rel="next"` },
          });
        });
        const filled = JSON.parse(JSON.stringify(parts).replace('ORIGIN', peer.origin));
        assert.equal(await why(peer, filled), `GET ORIGIN/people (page 2): ${text}`, way);
      }
    });
  }

  test('a page that is no JSON is an end nowhere, and is not asked for again', async () => {
    await using peer = await startPeer(inTurn({ text: HTML }));
    await why(peer);
    assert.equal(peer.requests.length, 1);
  });
});

suite('JSON integers beyond 2⁵³ stay exact (as strings)', () => {
  test('as keys, extras and in templates', async () => {
    const records = [
      '9007199254740993',
      '9007199254740994',
      '-12345678901234567890',
      '9007199254740991',
      '1e3',
      '12345678901234567.5',
    ];
    const list = records.map((id, place) => `{"id":${id},"n":{"m":${id}},"email":"p${place}@acme.example"}`);
    await using peer = await startPeer(({ path }, response) =>
      say(response, path === '/id' ? { text: '{"id": 90071992547409931}' } : { text: `{"people":[${list}]}` }),
    );
    const execute = [
      { url: `${peer.origin}/id` },
      {
        url: `${peer.origin}/people?id={{ responses.0.id }}`,
        data: { id: '{{ responses.0.id }}' },
        body_format: 'json',
      },
    ];
    const data_structure = { key: 'id', email: 'email', m: 'n.m' };
    const read = await readAll(rest(manifestFor(peer.origin, { execute, data_structure })));
    const keys = [
      '9007199254740993',
      '9007199254740994',
      '-12345678901234567890',
      '9007199254740991',
      '1000',
      '12345678901234568',
    ];
    assert.deepEqual(
      read.people.map(({ key }) => key),
      keys,
    );
    assert.deepEqual(
      read.people.map(({ extra }) => extra),
      keys.map(key => [['m', key]]),
    );
    assert.equal(peer.requests[1]?.url, '/people?id=90071992547409931');
    assert.equal(peer.requests[1]?.body, '{"id":"90071992547409931"}');
  });

  test('as a cursor', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, {
        text: `{"people":[{"email":"p${count}@a.example"}],"c":${count < 3 ? 90071992547409930n + BigInt(count) : null}}`,
      }),
    );
    const execute = [{ url: `${peer.origin}/people`, data: { q: 1 }, body_format: 'json' }];
    await readAll(
      rest(
        manifestFor(peer.origin, {
          execute,
          paginate: { type: 'cursor', in: 'body', param: 'after', cursor_from: 'c' },
        }),
      ),
    );
    assert.deepEqual(
      peer.requests.map(({ body }) => JSON.parse(body).after),
      [undefined, '90071992547409931', '90071992547409932'],
    );
  });
});

/** Text around so many MiB of x, as gzip has it: in members of 1 MiB each. */
function zipped(before: string, size: number, after: string): Buffer {
  const member = gzipSync(Buffer.alloc(1024 * 1024, 120));
  return Buffer.concat([gzipSync(before), ...Array.from({ length: size }, () => member), gzipSync(after)]);
}

suite('Bodies', () => {
  test('64 MiB inflated at most; the same request is not made again', async () => {
    const big = zipped('{"people":["', 64, '"]}');
    await using peer = await startPeer((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(big),
    );
    assert.equal(await why(peer), 'GET ORIGIN/people (page 1): sends more than 64 MiB');
    assert.equal(peer.requests.length, 1);
  });

  test('a big one that is not what was expected is told by its beginning', async () => {
    const big = zipped('{"nobody":"', 20, '"}');
    await using peer = await startPeer((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(big),
    );
    assert.equal(
      await why(peer),
      `GET ORIGIN/people (page 1): Notation 'people' not in {"nobody":"${'x'.repeat(189)} …`,
    );
    // As a list of its characters this one would be larger than any list can be.
    assert.equal(start('x'.repeat(140_000_000), 5), 'xxxxx …');
  });

  test('that nest without end are no reason to fall over', async () => {
    const deep = `{"people":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    await using peer = await startPeer((_request, response) => response.end(deep));
    await assert.rejects(readAll(rest(manifestFor(peer.origin))), { name: 'SourceError' });
  });

  test('in Big5 are read where they say so', async () => {
    const body = Buffer.concat([
      Buffer.from('{"people":[{"email":"a@b.example","n":"'),
      Buffer.from([0xaa, 0x4c]),
      Buffer.from('"}]}'),
    ]);
    await using peer = await startPeer((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json; charset=big5' }).end(body),
    );
    const {
      people: [person],
    } = await readAll(rest(manifestFor(peer.origin, { data_structure: { email: 'email', nick_name: 'n' } })));
    assert.equal(person?.fields.nick_name, '林');
  });
});

suite('Every error', () => {
  test('has source, method, URL without its query, page number, what was expected, the first 200 characters', async () => {
    const text = `  {\n "error":  "${'y'.repeat(300)}" }`;
    await using peer = await startPeer(({ count }, response) =>
      say(response, count === 1 ? { json: { people: people(1), next: '/more?secret=1#x' } } : { status: 400, text }),
    );
    const source = rest(
      manifestFor(peer.origin, {
        next_page_from: 'next',
        execute: [{ url: `${peer.origin}/people?token=1`, method: 'PUT' }],
      }),
    );
    await assert.rejects(readAll(source), {
      message: `source hr: GET ${peer.origin}/more (page 2): expected a success, and got status 400: { "error": "${'y'.repeat(188)} …`,
    });
  });

  test('counts characters, not their halves', async () => {
    const text = await told({ status: 400, text: '𝄞'.repeat(300) });
    assert.equal(text, `GET ORIGIN/people (page 1): expected a success, and got status 400: ${'𝄞'.repeat(200)} …`);
  });

  test('of a request that is no page has none', async () => {
    await using peer = await startPeer(inTurn({ status: 403, text: 'no' }));
    const execute = [{ url: `${peer.origin}/login` }, { url: `${peer.origin}/people` }];
    assert.equal(await why(peer, { execute }), 'POST ORIGIN/login: expected a success, and got status 403: no');
  });
});
