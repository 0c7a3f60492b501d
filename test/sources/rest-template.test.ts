import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isObject, type Json } from '../../src/sources/rest/json.ts';
import { lookupIn } from '../../src/sources/rest/scope.ts';
import { MissingValue, parseTemplate, TemplateError } from '../../src/sources/rest/template.ts';
import { startPeer } from '../support/http-peer.ts';
import { readAll } from './configured.ts';
import { manifestFor, people, rest, say } from './rest-service.ts';

const rendered = (text: string, scope: Record<string, Json>) => parseTemplate(text).render(name => lookup(scope, name));
const lookup = (scope: Record<string, Json>, name: string) =>
  Object.hasOwn(scope, name) ? scope[name] : lookupIn({ values: new Map() })(name);

suite('Templates', () => {
  const cases: [what: string, text: string, scope: Record<string, Json>, result: string][] = [
    ['`{{ NAME }}`', 'a {{ X }} b', { X: '1' }, 'a 1 b'],
    ['`{{NAME}}` without spaces', '{{X}}{{X}}', { X: '1' }, '11'],
    ['a text without names is itself', 'a { b } c', {}, 'a { b } c'],
    ['never HTML-escaped', '{{ X }}', { X: `<a href="b">&'` }, `<a href="b">&'`],
    [
      'one pass: a value with {{ }} in it is not rendered',
      '{{ X }}',
      { X: '{{ Y }}{{ X }}', Y: 'no' },
      '{{ Y }}{{ X }}',
    ],
    ['one pass: two values do not make a name', '{{ X }}{{ Y }}', { X: '{{ Z', Y: ' }}', Z: 'no' }, '{{ Z }}'],
    ['numbers and booleans', '{{ X }} {{ Y }}', { X: 7, Y: false }, '7 false'],
    ['`default:"x"` where there is none', '{{ X|default:"a b" }}', {}, 'a b'],
    ["`default:'x'` in single quotes", "{{ X|default:'a|b' }}", {}, 'a|b'],
    ['`default:""` is nothing', '<{{ X|default:"" }}>', {}, '<>'],
    ['`default:"x"` where it is empty', '{{ X|default:"a" }}', { X: '' }, 'a'],
    ['`default:"x"` where there is one', '{{ X|default:"a" }}', { X: 'b' }, 'b'],
    ['`default:"x"` is no template', '{{ X|default:"{ Y }" }}', { Y: 'no' }, '{ Y }'],
    ['`urlencode` leaves slashes, as Django does', '{{ X | urlencode }}', { X: 'a b/ü?&' }, 'a%20b/%C3%BC%3F%26'],
    ['`lower`', '{{ X|lower }}', { X: 'ÄB' }, 'äb'],
    ['`upper`', '{{ X|upper }}', { X: 'äb' }, 'ÄB'],
    ['filters one after the other', '{{ X|lower|urlencode }}', { X: 'A B' }, 'a%20b'],
    ['filters after a default are of the default', '{{ X|default:"a"|upper }}', {}, 'A'],
    ['filters before a default are not', '{{ X|upper|default:"a" }}', {}, 'a'],
    ['JSON that ends in braces', '{"a":{"b":{"c":"{{ X }}"}}}', { X: '1' }, '{"a":{"b":{"c":"1"}}}'],
    ['GraphQL', '{"query":"{users(id:{{ X }}){nodes{id}}}"}', { X: '1' }, '{"query":"{users(id:1){nodes{id}}}"}'],
  ];
  for (const [what, text, scope, result] of cases) test(what, () => assert.equal(rendered(text, scope), result));

  test('`{{ a.b.0 }}` is a notation into what answers were', () => {
    const scope = { values: new Map<string, string>(), responses: [{ a: [{ b: 'x' }] }], item: { 'c.d': 'y' } };
    assert.equal(parseTemplate('{{ responses.0.a.0.b }}{{ item.c.d }}').render(lookupIn(scope)), 'xy');
  });

  test('own properties only', () => {
    const scope = { values: new Map<string, string>(), responses: [{}], oauth: {}, item: {}, more: {} };
    for (const name of [
      'constructor',
      'toString',
      '__proto__',
      'responses.0.constructor',
      'oauth.toString',
      'item.__proto__',
    ])
      assert.equal(lookupIn(scope)(name), undefined, name);
  });

  const wrong: [what: string, text: string, message: string][] = [
    [
      'an unknown filter',
      '{{ X|reverse }}',
      'filter "reverse" is not available; there are default:"x", urlencode, lower and upper',
    ],
    [
      'a filter that every object has',
      '{{ X|constructor }}',
      'filter "constructor" is not available; there are default:"x", urlencode, lower and upper',
    ],
    [
      'default without a value',
      '{{ X|default }}',
      'filter "default" is not available; there are default:"x", urlencode, lower and upper',
    ],
    [
      'lower with a value',
      '{{ X|lower:"x" }}',
      'filter "lower" is not available; there are default:"x", urlencode, lower and upper',
    ],
    ['a tag', '{% if X %}a{% endif %}', '"{%" is not available; there are {{ NAME }} and its filters'],
    ['a comment', 'a{# b #}', '"{#" is not available; there are {{ NAME }} and its filters'],
    ['an expression', '{{ 1 + 1 }}', '"{{ 1 + 1 }}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}'],
    ['a call', '{{ X() }}', '"{{ X() }}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}'],
    ['no name', '{{ }}', '"{{ }}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}'],
    ['two names', '{{ X Y }}', '"{{ X Y }}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}'],
    ['braces that do not close', 'a {{ X', '"a {{ X" has {{ without }}, or the other way round'],
    ['braces that do not open', 'a X }} b', '"a X }} b" has {{ without }}, or the other way round'],
    ['one brace too few', '{ X }}', '"{ X }}" has {{ without }}, or the other way round'],
  ];
  for (const [what, text, message] of wrong) {
    test(`anything else is an error: ${what}`, () => {
      assert.throws(
        () => parseTemplate(text),
        (error: Error) => error instanceof TemplateError && error.message === message,
      );
    });
  }

  test('a name without a value is an error', () => {
    assert.throws(() => rendered('{{ X }}', {}), new MissingValue('{{ X }} has no value'));
    assert.throws(() => rendered('{{ X|upper }}', {}), new MissingValue('{{ X }} has no value'));
  });

  test('however long and however wrong, a template is taken apart at once', () => {
    const began = performance.now();
    for (const text of [
      `{{ a${'.b'.repeat(5000)} ! }}`,
      `{{ a${'|lower'.repeat(5000)} ! }}`,
      '{{'.repeat(20_000),
      '{{ '.repeat(9000),
    ])
      assert.throws(() => parseTemplate(text), TemplateError);
    assert.ok(performance.now() - began < 2000);
  });

  test('rendering never renders twice, whatever the values are', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{',
      '}',
      ' X ',
      'X',
      '|',
      '"',
      '{{ X }}',
      '{{ Y }}',
      'a',
      '{%',
      '$&',
      '$1',
    );
    const value = fc.array(piece, { maxLength: 5 }).map(parts => parts.join(''));
    fc.assert(
      fc.property(value, value, fc.constantFrom('', '-', ' '), (X, Y, between) => {
        assert.equal(rendered(`<{{ X }}${between}{{ Y }}${between}{{X}}>`, { X, Y }), `<${[X, Y, X].join(between)}>`);
      }),
    );
  });
});

/** The last request that a server got, with what a manifest made of these values. */
async function sent(request: Record<string, unknown>, values: Record<string, string> = {}) {
  await using peer = await startPeer((_request, response) => say(response, { json: { people: people(1) } }));
  const execute = [{ method: 'POST', ...request, url: `${peer.origin}${request['url'] ?? '/people'}` }];
  await readAll(rest(manifestFor(peer.origin, { execute }), { values }));
  const [received] = peer.requests;
  assert(received);
  return received;
}

const AWKWARD = `a b&c=d/e?f#g"h\\i%j+k\nl'm{{ X }}ü𝄞`;

suite('A value is encoded for the place where it lands', () => {
  test('URL: a part of the path, or a parameter', async () => {
    const { path, url, query } = await sent({ url: '/{{ X }}/p?q={{ X }}&r=1' }, { X: AWKWARD });
    assert.equal(path, `/${encodeURIComponent(AWKWARD).replaceAll("'", "'")}/p`);
    assert.equal(query.get('q'), AWKWARD);
    assert.equal(query.get('r'), '1');
    assert.ok(!url.includes('+'));
  });

  test('URL: urlencode in the template is not encoded again', async () => {
    assert.equal((await sent({ url: '/p?q={{ X|urlencode }}' }, { X: 'a b/c' })).url, '/p?q=a%20b/c');
  });

  test('URL: no value leads out of its part of the path', async () => {
    for (const X of ['..', '.']) {
      const manifest = manifestFor('', { execute: [{ url: 'http://127.0.0.1:9/a/{{ X }}/b' }] });
      const problem = `execute[0].url: has "${X}" for a part of its path`;
      assert.throws(
        () => rest(manifest, { values: { X } }),
        (error: Error) => error.message.includes(problem),
      );
      assert.equal((await sent({ url: '/a?b={{ X }}' }, { X })).url, `/a?b=${X}`);
    }
  });

  test('URL: no value leads to another host', async () => {
    for (const X of ['x@evil.example/', '/evil', '?', '#', '\\', '.evil.example/']) {
      const manifest = manifestFor('', { execute: [{ url: 'http://127.0.0.1:9{{ X }}' }] });
      assert.throws(
        () => rest(manifest, { values: { X } }),
        /execute\[0\]\.url: has a value in its host name that is none/,
        X,
      );
    }
  });

  test('header: as it is', async () => {
    const { headers } = await sent({ headers: { 'X-A': 'a {{ X }}' } }, { X: `b"c\\d&e%20é` });
    assert.equal(headers['x-a'], 'a b"c\\d&e%20é');
  });

  test('header: what it cannot carry is an error that keeps the value to itself', async () => {
    for (const X of ['se-cret\r\nX-Evil: 1', 'se-cret\u0000', 'se-cret-李']) {
      await assert.rejects(sent({ headers: { 'X-A': '{{ X }}' } }, { X }), (error: Error) => {
        assert.match(error.message, /cannot be asked: header "X-A" holds a line break, another control character or/);
        assert.doesNotMatch(error.message, /se-cret/);
        return true;
      });
    }
  });

  test('JSON: one text stays one text', async () => {
    const data = { a: ['{{ X }}', 1, null, true], b: { c: 'x{{ X }}' } };
    const { body, headers } = await sent({ data, cast_data_to_json: false }, { X: AWKWARD });
    assert.deepEqual(JSON.parse(body), { a: [AWKWARD, 1, null, true], b: { c: `x${AWKWARD}` } });
    assert.equal(headers['content-type'], 'application/json');
  });

  test('JSON that is written as text', async () => {
    const { body, headers } = await sent({ data: '{"a": {"b": "{{ X }}", "c": {{ N }}}}' }, { X: AWKWARD, N: '7' });
    assert.deepEqual(JSON.parse(body), { a: { b: AWKWARD, c: 7 } });
    assert.equal(headers['content-type'], 'application/json');
  });

  test('form', async () => {
    const { body, headers } = await sent({ data: { 'a&b': '{{ X }}', c: 'd={{ X }}' } }, { X: AWKWARD });
    assert.deepEqual(
      [...new URLSearchParams(body)],
      [
        ['a&b', AWKWARD],
        ['c', `d=${AWKWARD}`],
      ],
    );
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
  });

  test('form that is written as text', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const { body } = await sent({ data: 'a={{ X }}&b={{ X|urlencode }}', headers }, { X: AWKWARD });
    assert.deepEqual([...new URLSearchParams(body).values()], [AWKWARD, AWKWARD]);
  });

  test('text: as it is', async () => {
    assert.equal(
      (await sent({ data: '<a>{{ X }}</a>', headers: { 'Content-Type': 'text/xml' } }, { X: AWKWARD })).body,
      `<a>${AWKWARD}</a>`,
    );
  });
});

suite('Server-sent values and next URLs are never rendered as templates', () => {
  test('neither in a request that they are put into, nor in a link, nor in a field', async () => {
    const record = { id: '{{ KEY }}', email: '{{ KEY }}@acme.example', name: '{{ responses.0.id }}' };
    await using peer = await startPeer(({ path, query }, response) => {
      const next = query.has('next') ? null : '/people?next={{ KEY }}';
      say(response, { json: path === '/one' ? { id: '{{ KEY }}', KEY: '{{ KEY }}' } : { people: [record], next } });
    });
    const manifest = manifestFor(peer.origin, {
      execute: [
        { url: `${peer.origin}/one`, method: 'GET' },
        {
          url: `${peer.origin}/people`,
          data: { id: '{{ responses.0.id }}', k: '{{ KEY }}' },
          headers: { 'X-Id': '{{ responses.0.id }}' },
        },
      ],
      next_page_from: 'next',
      data_structure: { email: 'email', nick_name: { template: '{{ name }}-{{ id }}' }, note: 'id' },
    });
    const source = rest({ ...manifest, initial_data_form: [{ id: 'KEY' }] }, { values: { KEY: 'se-cret' } });
    await assert.rejects(readAll(source), /pagination loops: it begins with the same record/);
    assert.deepEqual(
      peer.requests.map(({ url, headers, body }) => [url, headers['x-id'] ?? '', body]),
      [
        ['/one', '', ''],
        ['/people', '{{ KEY }}', 'id=%7B%7B+KEY+%7D%7D&k=se-cret'],
        ['/people?next={{%20KEY%20}}', '{{ KEY }}', ''],
      ],
    );
  });

  test('what they are in a row is what they are', async () => {
    const record = { email: '{{ KEY }}@acme.example', name: '{{ KEY }}' };
    await using peer = await startPeer((_request, response) => say(response, { json: { people: [record] } }));
    const data_structure = { email: 'email', nick_name: { template: '<{{ name }}>' }, note: 'name' };
    const source = rest(manifestFor(peer.origin, { data_structure, initial_data_form: [{ id: 'KEY' }] }), {
      values: { KEY: 'k' },
    });
    const [person] = (await readAll(source)).people;
    assert(isObject(person?.fields));
    assert.equal(person?.fields.email, '{{ KEY }}@acme.example');
    assert.equal(person?.fields.nick_name, '<{{ KEY }}>');
    assert.deepEqual(person?.extra, [['note', '{{ KEY }}']]);
  });
});
