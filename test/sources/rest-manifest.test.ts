import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { manifestProblems } from '../../src/sources/rest/problems.ts';
import { sourceConfig } from '../support/config.ts';

const REQUEST = { url: 'https://api.example/people', method: 'GET' };
const form = [
  { id: 'KEY', description: 'the key of the account.' },
  { id: 'NONCE', name: 'generate' },
];

/** What only shows once a manifest and its values are together. */
function problems(parts: Record<string, unknown>, settings: Record<string, unknown> = {}): string[] {
  const manifest = { execute: [REQUEST], data_structure: { email: 'mail' }, initial_data_form: form, ...parts };
  const config = sourceConfig({ name: 'hr', type: 'rest', manifest, values: { KEY: 'k' }, ...settings });
  assert(config.type === 'rest');
  return manifestProblems(config);
}

const request = (parts: Record<string, unknown>) => ({ execute: [{ ...REQUEST, ...parts }] });
const url = (text: string) => request({ url: text });
const FILTERS = 'there are default:"x", urlencode, lower and upper';

suite('Templates of a manifest: anything else is a load error, with its path', () => {
  const cases: [what: string, parts: Record<string, unknown>, ...problems: string[]][] = [
    [
      'a filter',
      url('https://a.example/{{ KEY|reverse }}'),
      `execute[0].url: filter "reverse" is not available; ${FILTERS}`,
    ],
    [
      'a tag',
      request({ headers: { 'X-A': '{% now %}' } }),
      'execute[0].headers.X-A: "{%" is not available; there are {{ NAME }} and its filters',
    ],
    [
      'an expression',
      request({ data: { a: ['{{ KEY + 1 }}'] } }),
      'execute[0].data.a[0]: "{{ KEY + 1 }}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}',
    ],
    ['in a text', request({ data: '{{ KEY' }), 'execute[0].data: "{{ KEY" has {{ without }}, or the other way round'],
    [
      'in the headers',
      { headers: { B: '{{}}' } },
      'headers.B: "{{}}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}',
    ],
    [
      'in continue_if',
      request({ continue_if: { response_notation: 'a', value: '{{ A B }}' } }),
      'execute[0].continue_if.value: "{{ A B }}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}',
    ],
    [
      'in a value object',
      { data_structure: { email: { template: '{{ a }' } } },
      'data_structure.email.template: "{{ a }" has {{ without }}, or the other way round',
    ],
    [
      'in a value object of departments',
      { departments: { execute: [REQUEST], data_structure: { group_no: { template: '{% a %}' } } } },
      'departments.data_structure.group_no.template: "{%" is not available; there are {{ NAME }} and its filters',
    ],
    [
      'in oauth',
      { oauth: { access_token: { url: 'https://a.example', data: { k: '{{ KEY|x }}' } } } },
      `oauth.access_token.data.k: filter "x" is not available; ${FILTERS}`,
    ],
    [
      'in a claim',
      { oauth: { jwt: { alg: 'HS256', key: '{{ KEY', claims: { a: [{ b: '{{ . }}' }] } } } },
      'oauth.jwt.key: "{{ KEY" has {{ without }}, or the other way round',
      'oauth.jwt.claims.a[0].b: "{{ . }}" cannot be understood; write {{ NAME }} or {{ NAME|filter }}',
    ],
    [
      'in next_page',
      { next_page_token_from: 't', next_page: 'https://a.example/{{ NEXT_PAGE_TOKEN|x }}' },
      `next_page: filter "x" is not available; ${FILTERS}`,
    ],
  ];
  for (const [what, parts, ...expected] of cases) test(what, () => assert.deepEqual(problems(parts), expected));

  test('not rendered: data_from, data_structure, next_page_from, next_page_token_from', () => {
    const odd = '{{ nobody|nothing }}{%';
    assert.deepEqual(problems({ data_from: odd, data_structure: { email: odd, x: [odd] }, next_page_from: odd }), []);
    assert.deepEqual(problems({ next_page_token_from: odd, next_page: 'https://a.example/{{ NEXT_PAGE_TOKEN }}' }), []);
  });
});

suite('A name without a value is a load error', () => {
  const KEY = '{{ KEY }} has no value; set values.KEY (the key of the account)';
  test('says what it is, wherever it stands', () => {
    const parts = { ...request({ url: 'https://a.example/{{ KEY }}', data: '{{ KEY }}' }), headers: { A: '{{KEY}}' } };
    assert.deepEqual(problems(parts, { values: {} }), [
      `headers.A: ${KEY}`,
      `execute[0].url: ${KEY}`,
      `execute[0].data: ${KEY}`,
    ]);
  });
  test('one with a default needs none, nor does one that is made up', () => {
    assert.deepEqual(
      problems(url('https://a.example/{{ KEY|default:"x" }}{{ NONCE }}{{ OTHER|default:"" }}'), { values: {} }),
      [],
    );
  });
  test('one that no form declares may be given all the same', () => {
    assert.deepEqual(problems(url('https://a.example/{{ OTHER }}'), { values: { KEY: 'k', OTHER: 'o' } }), []);
  });
  test('a value that nobody asks for is told', () => {
    assert.deepEqual(problems({}, { values: { KYE: 'k' } }), [
      'values.KYE: the manifest has no such variable; there are KEY, NONCE',
    ]);
    assert.deepEqual(problems({ initial_data_form: [] }, { values: { KYE: 'k' } }), [
      'values.KYE: the manifest has no such variable; it has none',
    ]);
  });

  const NOT_YET = 'is the answer to a request that is made later, or never';
  const unknown: [what: string, parts: Record<string, unknown>, ...problems: string[]][] = [
    [
      'another name',
      url('https://a.example/{{ KYE }}'),
      'execute[0].url: {{ KYE }} is not known here; there are KEY, NONCE',
    ],
    [
      'what every object has',
      url('https://a.example/{{ constructor }}'),
      'execute[0].url: {{ constructor }} is not known here; there are KEY, NONCE',
    ],
    ['its own answer', url('https://a.example/{{ responses.0.a }}'), `execute[0].url: {{ responses.0.a }} ${NOT_YET}`],
    [
      'a later answer',
      { execute: [REQUEST, { ...REQUEST, data: { a: '{{ responses.1.a }}' } }] },
      `execute[1].data.a: {{ responses.1.a }} ${NOT_YET}`,
    ],
    [
      'item without for_each',
      url('https://a.example/{{ item.id }}'),
      'execute[0].url: {{ item.id }} is only there in what for_each asks for',
    ],
    [
      'item in the list of for_each self',
      {
        for_each: 'self',
        execute: [{ url: 'https://a.example/{{ item.id }}' }, { url: 'https://a.example/{{ item.id }}' }],
      },
      'execute[0].url: {{ item.id }} is only there in what for_each asks for',
    ],
    [
      'oauth without oauth',
      url('https://a.example/{{ oauth.x }}'),
      'execute[0].url: {{ oauth.x }} is not known here; there are KEY, NONCE',
    ],
    [
      'JWT without jwt',
      url('https://a.example/{{ JWT }}'),
      'execute[0].url: {{ JWT }} is not known here; there are KEY, NONCE',
    ],
    [
      'a token outside next_page',
      url('https://a.example/{{ NEXT_PAGE_TOKEN }}'),
      'execute[0].url: {{ NEXT_PAGE_TOKEN }} is not known here; there are KEY, NONCE',
    ],
    [
      'a code outside access_token',
      {
        oauth: {
          access_token: { url: 'https://a.example/{{ code }}' },
          refresh: { url: 'https://a.example/{{ code }}' },
        },
      },
      'oauth.refresh.url: {{ code }} is not known here; there are KEY, NONCE, oauth',
    ],
  ];
  for (const [what, parts, ...expected] of unknown) test(what, () => assert.deepEqual(problems(parts), expected));

  test('what is there may be named', () => {
    const oauth = {
      access_token: { url: 'https://a.example/{{ code }}{{ redirect_url }}{{ JWT }}' },
      refresh: { url: 'https://a.example/{{ oauth.r }}' },
      jwt: { alg: 'HS256', key: '{{ KEY }}', claims: { a: '{{ KEY }}' } },
    };
    const execute = [
      { url: 'https://a.example/{{ oauth.x }}{{ JWT }}' },
      { url: 'https://a.example/{{ responses.0.x.y }}{{ responses.0 }}' },
    ];
    assert.deepEqual(problems({ oauth, execute, headers: { A: '{{ responses.0.x }}{{ oauth.y }}' } }), []);
    assert.deepEqual(
      problems({ for_each: 'self', execute: [REQUEST, { url: 'https://a.example/{{ item.id }}' }] }),
      [],
    );
  });
});

suite('An address that cannot be asked is a load error', () => {
  const NONE = 'has no address that could be asked; a URL begins with https:// or http://';
  for (const text of [
    '/v1/people',
    'api.example/people',
    'ftp://a.example',
    'https://',
    'file:///etc/passwd',
    '{{ KEY }}/people',
    'https://a b/',
  ]) {
    test(text, () => assert.deepEqual(problems(url(text)), [`execute[0].url: ${NONE}`]));
  }
  test('of a next page, and of the requests for tokens', () => {
    const parts = {
      next_page_token_from: 't',
      next_page: '/p?t={{ NEXT_PAGE_TOKEN }}',
      oauth: { access_token: { url: 'token' } },
    };
    assert.deepEqual(problems(parts), [`next_page: ${NONE}`, `oauth.access_token.url: ${NONE}`]);
  });
  test('but not one that a server completes, nor data that is called url', () => {
    assert.deepEqual(
      problems({ execute: [REQUEST, { url: '{{ responses.0.base }}/p', data: { url: 'x', next_page: 'y' } }] }),
      [],
    );
  });
});

suite('Other things that do not go together', () => {
  test('an update without what it finds people by', () => {
    const way = (field: string) => `add it there, or with the source's extend: { data_structure: { ${field}: … } }`;
    const lacks = (field: string) => [
      `data_structure.${field}: is missing: an update finds the people whom it is about by their ${field}; ${way(field)}`,
    ];
    assert.deepEqual(problems({ action: 'update', data_structure: { x: 'y' } }), lacks('email'));
    assert.deepEqual(problems({ action: 'update' }, { match: 'ad_no' }), lacks('ad_no'));
    assert.deepEqual(problems({}, { action: 'update', match: 'key' }), lacks('key'));
    assert.deepEqual(problems({ action: 'update' }), []);
  });
  test('an expected field that no row can have', () => {
    assert.deepEqual(problems({}, { expect: { fields: ['email', 'emial'] } }), [
      'expect.fields: "emial" is not in data_structure; there are email',
    ]);
  });
});
