import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ConfigError } from '../../src/config/error.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ManifestConfig } from '../../src/config/manifest.ts';
import { extended, parseManifest, readManifest } from '../../src/config/manifest-file.ts';
import { readConfiguration } from '../../src/configuration.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeConfig } from '../support/rosterd.ts';

const REQUEST = { url: 'https://api.example/people', method: 'GET' };
const base = { execute: [REQUEST], data_from: 'people', data_structure: { email: 'mail' } };
const departments = { execute: [REQUEST], data_structure: { group_no: 'code' } };

function parsed(document: unknown): ManifestConfig {
  const { manifest, problems } = parseManifest(document);
  assert.deepEqual(problems, []);
  assert(manifest);
  return manifest;
}

const request = (parts: Record<string, unknown>) => ({ ...base, execute: [{ ...REQUEST, ...parts }] });

/** BambooHR's, as it is published. */
const BAMBOO =
  JSON.parse(`{ "execute": [{ "url": "https://api.bamboohr.com/api/gateway.php/{{COMPANY_ID}}/v1/reports/{{REPORT_ID}}", "method": "GET" }],
  "headers": { "Accept": "application/json", "Content-Type": "application/json", "Authorization": "Basic {{KEY}}:x" },
  "action": "create", "data_from": "employees",
  "data_structure": { "email": "workEmail", "last_name": "lastName", "first_name": "firstName" },
  "initial_data_form": [
    { "id": "KEY", "name": "The BambooHR api key", "description": "Made under API keys in your BambooHR account" },
    { "id": "REPORT_ID", "name": "The id of the report", "description": "The number at the end of the report's URL" },
    { "id": "COMPANY_ID", "name": "The id of the company", "description": "The first part of your BambooHR address" } ] }`);
const BAMBOO_UPDATE = { ...BAMBOO, data_structure: { bamboohr_id: 'id' }, action: 'update', schedule: '0 * * * *' };

suite('a manifest', () => {
  test('that says little gets the defaults', () => {
    const manifest = parsed({ execute: [{ url: 'https://api.example' }], data_structure: { email: 'mail' } });
    const { action, data_from, single_page, headers, initial_data_form, schedule } = manifest;
    assert.deepEqual(
      [action, data_from, single_page, headers, initial_data_form, schedule],
      ['create', '', false, {}, [], undefined],
    );
    const { method, cast_data_to_json, status_code, empty_status } = manifest.execute[0] ?? {};
    assert.deepEqual([method, cast_data_to_json, status_code, empty_status], ['POST', true, undefined, []]);
  });

  test('published for ChiefOnboarding is taken as it is', () => {
    assert.equal(parsed(BAMBOO).action, 'create');
    assert.equal(parsed(BAMBOO_UPDATE).schedule, '0 * * * *');
    assert.equal(parsed(BAMBOO).initial_data_form[0]?.secret, true);
  });

  test('may have what forms in a browser save: null, "" and numbers as text', () => {
    const blank = {
      data_from: null,
      next_page_from: '',
      next_page_token_from: null,
      next_page: '',
      amount_pages_to_fetch: null,
      schedule: null,
    };
    const manifest = parsed({
      ...request({ polling: { interval: '30', amount: '3' }, continue_if: { response_notation: 'a', value: 1 } }),
      ...blank,
    });
    assert.deepEqual(
      [manifest.data_from, manifest.next_page_from, manifest.next_page, manifest.amount_pages_to_fetch],
      ['', undefined, undefined, undefined],
    );
    assert.deepEqual(manifest.execute[0]?.polling, { interval: 30, amount: 3 });
    assert.equal(parsed({ ...base, amount_pages_to_fetch: '5' }).amount_pages_to_fetch, 5);
    for (const none of [0, -1, '0'])
      assert.equal(parsed({ ...base, amount_pages_to_fetch: none }).amount_pages_to_fetch, undefined);
  });

  test('ignored with a warning: what a sync has no use for', () => {
    const ignored = {
      form: [],
      exists: {},
      revoke: [1],
      extra_user_info: {},
      post_execute_notification: [],
      type: 'import_users',
      name: 'x',
      description: 'y',
    };
    const { warnings } = parseManifest({ ...base, ...ignored });
    assert.deepEqual(
      warnings,
      Object.keys(ignored).map(key => `${key}: is ignored in a sync manifest`),
    );
    assert.deepEqual(parseManifest(base).warnings, []);
  });

  for (const key of ['store_data', 'save_as_file', 'files', 'extra_headers']) {
    test(`refused: ${key}, unless it is empty`, () => {
      const text = 'is not available in a sync manifest';
      assert.deepEqual(parseManifest(request({ [key]: { a: 1 } })).problems, [`execute[0].${key}: ${text}`]);
      assert.deepEqual(parseManifest({ ...base, [key]: ['x'] }).problems, [`${key}: ${text}`]);
      for (const none of [{}, [], null, '']) assert.deepEqual(parseManifest(request({ [key]: none })).problems, []);
    });
  }
});

suite('`schedule`: 5 fields, macros, or 6: there the last field is seconds', () => {
  const taken: [pattern: string, croner: string][] = [
    ['0 * * * *', '0 * * * *'],
    [' */15  8-18 * * 1-5 ', '*/15  8-18 * * 1-5'],
    ['@daily', '@daily'],
    ['@hourly', '@hourly'],
    ['5 4 * * * 30', '30 5 4 * * *'],
    ['*/5 * * * 1 0', '0 */5 * * * 1'],
  ];
  for (const [pattern, croner] of taken)
    test(pattern, () => assert.equal(parsed({ ...base, schedule: pattern }).schedule, croner));

  const wrong: [pattern: string, text: RegExp][] = [
    [
      '* * * * * *',
      /^schedule: "\* \* \* \* \* \*" comes more often than once a minute; its last field, the seconds, must be one number$/,
    ],
    ['* * * * * */30', /comes more often than once a minute/],
    ['* * * * * 0,30', /comes more often than once a minute/],
    ['*/10 * * * * *', /comes more often than once a minute/],
    [
      '* * * * * * *',
      /^schedule: "\* \* \* \* \* \* \*" is not a schedule \(it has 7 fields\); write it like "\*\/15 \* \* \* \*"$/,
    ],
    ['61 * * * *', /^schedule: "61 \* \* \* \*" is not a schedule \(.*61\)/],
    ['0 0 * * * 75', /^schedule: "0 0 \* \* \* 75" is not a schedule \(.*75\)/],
    ['0 0 31 2 *', /^schedule: "0 0 31 2 \*" never comes$/],
    ['often', /^schedule: "often" is not a schedule/],
  ];
  for (const [pattern, text] of wrong) {
    test(`not ${pattern}`, () => {
      const { problems } = parseManifest({ ...base, schedule: pattern });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', text);
    });
  }
});

const NESTED =
  'is nested, and a form is flat; set "cast_data_to_json": false, or "body_format": "json", to send it as JSON';
const paging = (parts: Record<string, unknown>) => ({ ...base, paginate: parts });
const field = (value: unknown) => ({ ...base, data_structure: { email: value } });
const OPERATORS = 'needs exactly one of equals, in, empty, before_today, after_today';

suite('what is wrong with a manifest is told with its path: ', () => {
  const cases: [what: string, document: unknown, ...problems: string[]][] = [
    [
      'an unknown key',
      { ...base, data_strcture: 1 },
      'data_strcture: there is no such key; did you mean data_structure?',
    ],
    ['an unknown key that is like none', { ...base, frobnicate: 1 }, 'frobnicate: there is no such key'],
    ['an unknown key that every object has', { ...base, constructor: 1 }, 'constructor: there is no such key'],
    [
      'an unknown key of a request',
      request({ metod: 'GET' }),
      'execute[0].metod: there is no such key; did you mean method?',
    ],
    [
      'an unknown key of paginate',
      paging({ type: 'page', param: 'p', sise: 1 }),
      'paginate.sise: there is no such key; did you mean size?',
    ],
    [
      'an unknown key of departments',
      { ...base, departments: { ...departments, memberkey: 'x' } },
      'departments.memberkey: there is no such key; did you mean member_key?',
    ],
    [
      'an unknown key of oauth',
      { ...base, oauth: { access_token: REQUEST, refesh: REQUEST } },
      'oauth.refesh: there is no such key; did you mean refresh?',
    ],
    [
      'a key that would vanish',
      JSON.parse(
        '{"__proto__":{},"execute":[{"url":"x","data":{"a":[{"__proto__":1}]}}],"data_structure":{"email":"e"}}',
      ),
      '__proto__: cannot be the name of anything',
      'execute[0].data.a[0].__proto__: cannot be the name of anything',
    ],
    [
      'several things',
      { ...base, acton: 'create', execute: [{ ...REQUEST, method: 'FETCH' }] },
      'execute[0].method: "FETCH" is none of HEAD, GET, POST, PUT, PATCH, DELETE; did you mean PATCH?',
      'acton: there is no such key; did you mean action?',
    ],
    ['no requests', { ...base, execute: [] }, 'execute: is empty: there is no request to make'],
    ['execute is missing', { data_structure: { email: 'e' } }, 'execute: is missing'],
    ['execute is no list', { ...base, execute: REQUEST }, 'execute: is a block of keys, and must be a list'],
    ['no data_structure', { execute: [REQUEST] }, 'data_structure: is missing'],
    ['nothing in data_structure', { ...base, data_structure: {} }, 'data_structure: is empty'],
    ['a request without url', { ...base, execute: [{ method: 'GET' }] }, 'execute[0].url: is missing'],
    ['an empty url', request({ url: '' }), 'execute[0].url: is empty'],
    [
      'a method in lower case',
      request({ method: 'get' }),
      'execute[0].method: "get" is none of HEAD, GET, POST, PUT, PATCH, DELETE; did you mean GET?',
    ],
    ['`action: other`', { ...base, action: 'other' }, 'action: "other" is none of create, update'],
    ['nested data under the form cast', request({ data: { a: 1, b: { c: 1 } } }), `execute[0].data.b: ${NESTED}`],
    [
      'nested data in a list under the form cast',
      request({ data: { b: ['x', { c: 1 }] } }),
      `execute[0].data.b: ${NESTED}`,
    ],
    ['a list under the form cast', request({ data: [1] }), `execute[0].data: ${NESTED}`],
    [
      'nested data under body_format form',
      request({ data: { b: {} }, cast_data_to_json: false, body_format: 'form' }),
      `execute[0].data.b: ${NESTED}`,
    ],
    [
      'nested data of an earlier request',
      { ...base, execute: [{ url: 'x', data: { b: [[]] } }, REQUEST] },
      `execute[0].data.b: ${NESTED}`,
    ],
    ['body_format', request({ body_format: 'xml' }), 'execute[0].body_format: "xml" is none of json, form'],
    [
      'status_code',
      request({ status_code: [200, 'abc', 999] }),
      'execute[0].status_code[1]: "abc" is no HTTP status',
      'execute[0].status_code[2]: is no HTTP status',
    ],
    [
      'status_code is no list',
      request({ status_code: 200 }),
      'execute[0].status_code: is a number, and must be a list',
    ],
    ['empty_status', request({ empty_status: ['x'] }), 'execute[0].empty_status[0]: "x" is no HTTP status'],
    [
      'retry_if without values',
      request({ retry_if: { response_notation: 'a', values: [] } }),
      'execute[0].retry_if.values: is empty',
    ],
    [
      'polling beyond its bounds',
      request({ polling: { interval: 0, amount: 101 }, continue_if: { response_notation: 'a', value: 'b' } }),
      'execute[0].polling.interval: must be from 1 to 3600',
      'execute[0].polling.amount: must be from 1 to 100',
    ],
    [
      'polling beyond its other bounds',
      request({ polling: { interval: 3601, amount: '0' }, continue_if: { response_notation: 'a', value: 'b' } }),
      'execute[0].polling.interval: must be from 1 to 3600',
      'execute[0].polling.amount: must be from 1 to 100',
    ],
    [
      'polling that is no number',
      request({ polling: { interval: 'x', amount: 1.5 }, continue_if: { response_notation: 'a', value: 'b' } }),
      'execute[0].polling.interval: "x" is not a whole number',
      'execute[0].polling.amount: 1.5 is not a whole number',
    ],
    [
      'polling without continue_if',
      request({ polling: { interval: 1, amount: 2 } }),
      'execute[0].polling: needs continue_if, which says when to go on',
    ],
    [
      'continue_if',
      request({ continue_if: { notation: 'a', value: 'b' } }),
      'execute[0].continue_if.response_notation: is missing',
      'execute[0].continue_if.notation: there is no such key; there are response_notation, value',
    ],
    ['headers', { ...base, headers: { A: 1 } }, 'headers.A: is a number, and must be text'],
    [
      'amount_pages_to_fetch',
      { ...base, amount_pages_to_fetch: 'many' },
      'amount_pages_to_fetch: "many" is not a whole number',
    ],
    [
      'paginate with next_page_from',
      { ...paging({ type: 'link' }), next_page_from: 'x' },
      'paginate: does not go together with next_page…',
    ],
    [
      'paginate with next_page',
      { ...paging({ type: 'link' }), next_page_token_from: 'x', next_page: 'https://x' },
      'paginate: does not go together with next_page…',
    ],
    [
      'next_page_token_from alone',
      { ...base, next_page_token_from: 'x' },
      'next_page: is missing: the URL with {{ NEXT_PAGE_TOKEN }} that next_page_token_from is for',
    ],
    [
      'next_page alone',
      { ...base, next_page: 'https://x' },
      'next_page_token_from: is missing: where the token for next_page stands',
    ],
    [
      'both ways to a next page',
      { ...base, next_page_from: 'x', next_page_token_from: 'x', next_page: 'y' },
      'next_page_from: does not go together with next_page_token_from',
    ],
    [
      'paginate without param',
      paging({ type: 'page' }),
      'paginate.param: is missing: which parameter chooses the page',
    ],
    [
      'a cursor without cursor_from',
      paging({ type: 'cursor', param: 'c' }),
      'paginate.cursor_from: is missing: where the cursor stands',
    ],
    [
      'a step of size without size',
      paging({ type: 'offset', param: 'c', step: 'size' }),
      'paginate.size: is missing, and the offset should grow by it',
    ],
    [
      'a type of paginate',
      paging({ type: 'pages', param: 'c' }),
      'paginate.type: "pages" is none of link, page, offset, cursor; did you mean page?',
    ],
    ['single_page', { ...base, single_page: 'yes' }, 'single_page: is text, and must be true or false'],
    ['expect_total_from', { ...base, expect_total_from: '' }, 'expect_total_from: is empty'],
    ['a filter without operator', { ...base, filter: { field: 'x' } }, `filter: ${OPERATORS}`],
    [
      'a filter with two operators',
      { ...base, filter: { field: 'x', equals: 1, empty: true } },
      `filter: ${OPERATORS}`,
    ],
    ['a filter of nothing', { ...base, filter: { all: [] } }, 'filter.all: is empty'],
    [
      'a filter with a key of its own',
      { ...base, filter: { any: [{ feild: 'x', equals: 1 }] } },
      'filter.any[0].field: is missing',
      'filter.any[0].feild: there is no such key; did you mean field?',
    ],
    [
      'a value object with two origins',
      field({ from: 'a', const: 'b' }),
      'data_structure.email: needs exactly one of from, template and const',
    ],
    [
      'a value object without origin',
      field({ default: 'x' }),
      'data_structure.email: needs exactly one of from, template and const',
    ],
    [
      'a transform',
      field({ from: 'a', transform: 'reverse' }),
      'data_structure.email.transform: "reverse" is none of trim, lower, upper, before_at, digits, date',
    ],
    ['a field that is a number', field(7), 'data_structure.email: is a number, and must be text'],
    ['a field of no paths', field([]), 'data_structure.email: is empty'],
    [
      'departments without group_no',
      { ...base, departments: { ...departments, data_structure: { display_name: 'a' } } },
      'departments.data_structure.group_no: is missing: the code that a department is known by',
    ],
    [
      'departments with a match that they have not',
      { ...base, departments: { ...departments, match: 'constructor' } },
      'departments.match: "constructor" is not in data_structure',
    ],
    [
      'departments without requests',
      { ...base, departments: { ...departments, execute: [] } },
      'departments.execute: is empty: there is no request to make',
    ],
    [
      'departments with two ways to a next page',
      { ...base, departments: { ...departments, paginate: { type: 'link' }, next_page_from: 'x' } },
      'departments.paginate: does not go together with next_page…',
    ],
    ['for_each departments without any', { ...base, for_each: 'departments' }, 'for_each: needs a departments block'],
    ['for_each people of people', { ...base, for_each: 'people' }, 'for_each: "people" is none of departments, self'],
    [
      'for_each self with one request',
      { ...base, for_each: 'self' },
      'execute: needs two requests with for_each "self": one that lists the records, then one for each of them',
    ],
    [
      'for_each in a circle',
      { ...base, for_each: 'departments', departments: { ...departments, for_each: 'people' } },
      'for_each: waits for departments, which wait for people themselves',
    ],
    ['oauth of nothing', { ...base, oauth: {} }, 'oauth.access_token: is missing: the request that gives the token'],
    [
      'oauth of a browser alone',
      { ...base, oauth: { authenticate_url: 'https://x' } },
      'oauth.access_token: is missing: the request that gives the token',
    ],
    [
      'jwt without signature',
      { ...base, oauth: { jwt: { alg: 'none', key: 'x', claims: {} } } },
      'oauth.jwt.alg: "none" is none of RS256, RS384, RS512, ES256, ES384, PS256, HS256, HS384, HS512',
    ],
    [
      'jwt without key',
      { ...base, oauth: { jwt: { alg: 'HS256', claims: {}, ttl: 0 } } },
      'oauth.jwt.key: is missing',
      'oauth.jwt.ttl: must be from 1 to 86400',
    ],
    [
      'a variable that no template could name',
      { ...base, initial_data_form: [{ id: 'a b' }, { name: 'x' }] },
      'initial_data_form[0].id: "a b" is no name that {{ }} could hold',
      'initial_data_form[1].id: is missing',
    ],
    [
      'a variable twice',
      { ...base, initial_data_form: [{ id: 'A' }, { id: 'B' }, { id: 'A' }] },
      'initial_data_form[2].id: "A" is there twice',
    ],
    ['another type', { ...base, type: 'sync' }, 'type: "sync" is none of import_users'],
    ['a list', [], 'the manifest: is a list, and must be a block of keys'],
    ['null', null, 'the manifest: is empty, and must be a block of keys'],
  ];
  for (const [what, document, ...problems] of cases) {
    test(what, () => assert.deepEqual(parseManifest(document).problems, problems));
  }
});

suite('the file of a manifest', () => {
  test('that cannot be read is told as such', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'm.json');
    const problem = (text: string) => ({ manifest: undefined, problems: [text], warnings: [] });
    assert.deepEqual(extended(readManifest(file)), problem('no such file'));
    assert.deepEqual(extended(readManifest(folder.path)), problem('is a folder, not a file'));
    await writeFile(file, '{ "execute": [ }');
    assert.match(extended(readManifest(file)).problems[0] ?? '', /^is not JSON: /);
    await writeFile(file, `\ufeff${JSON.stringify(base)}`);
    assert.deepEqual(extended(readManifest(file)).problems, []);
  });

  test('may have `extend` laid over it: blocks key by key, anything else in its place', () => {
    const more = {
      data_structure: { ad_no: 'no' },
      headers: { B: '2' },
      execute: [{ url: 'https://other.example' }],
      initial_data_form: [],
    };
    const { manifest } = extended({ document: { ...base, headers: { A: '1', B: '1' } } }, more);
    assert.deepEqual(manifest?.data_structure, { email: 'mail', ad_no: 'no' });
    assert.deepEqual(manifest?.headers, { A: '1', B: '2' });
    assert.deepEqual(
      manifest?.execute.map(({ url, method }) => [url, method]),
      [['https://other.example', 'POST']],
    );
    assert.deepEqual(extended({ document: base }, { data_structre: {} }).problems, [
      'data_structre: there is no such key; did you mean data_structure?',
    ]);
    assert.deepEqual(extended({ document: base }, JSON.parse('{"__proto__":{"x":1}}')).problems, [
      '__proto__: cannot be the name of anything',
    ]);
  });
});

/** A configuration with a source that has this manifest. */
async function configured(
  document: unknown,
  source: Record<string, unknown> = {},
  settings: Record<string, unknown> = {},
) {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, 'manifests'));
  await writeFile(join(folder.path, 'manifests', 'm.json'), JSON.stringify(document));
  const config = await writeConfig(folder.path, {
    store: 'sqlite:roster.db',
    server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
    sources: [{ name: 'hr', type: 'rest', manifest: 'manifests/m.json', ...source }],
    ...settings,
  });
  const where = `sources[0].manifest: ${join(folder.path, 'manifests', 'm.json')}: `;
  return { folder, config, where, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function problemsOf(read: () => unknown): Promise<readonly string[]> {
  try {
    await read();
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return assert.fail('the configuration was taken');
}

suite('a configuration with a manifest', () => {
  test('has it with its values; its folder is that of the configuration, its tokens are beside the store', async () => {
    await using files = await configured(BAMBOO, {
      values: { KEY: '${file:key}', REPORT_ID: 7, COMPANY_ID: 'acme' },
      extend: { data_structure: { ad_no: 'employeeNumber' } },
    });
    await writeFile(join(files.folder.path, 'key'), 'k-1\n');
    await chmod(join(files.folder.path, 'key'), 0o600);
    const {
      sources: [source],
    } = (await readConfiguration(files.config, {})).config;
    assert(source?.type === 'rest');
    assert.deepEqual(source.values, { KEY: 'k-1', REPORT_ID: '7', COMPANY_ID: 'acme' });
    assert.equal(source.manifest.data_structure['ad_no'], 'employeeNumber');
    assert.deepEqual(
      [source.action, source.match, source.tokens],
      ['create', 'email', join(files.folder.path, 'hr.tokens')],
    );
    assert.deepEqual([source.timeout, source.max_pages], [120_000, 1000]);
  });

  test('that is wrong names the file and the path in it', async () => {
    await using files = await configured({ ...BAMBOO, acton: 'x' });
    assert.deepEqual(await problemsOf(() => loadConfig(files.config, {})), [
      `${files.where}acton: there is no such key; did you mean action?`,
    ]);
  });

  test('that it cannot find says so', async () => {
    await using files = await configured(BAMBOO, { manifest: 'other.json' });
    assert.deepEqual(await problemsOf(() => loadConfig(files.config, {})), [
      `sources[0].manifest: ${join(files.folder.path, 'other.json')}: no such file`,
    ]);
  });

  test('without values says which, and what they are', async () => {
    await using files = await configured(BAMBOO, { values: { KEY: 'k', REPORTID: '7' } });
    assert.deepEqual(await problemsOf(() => readConfiguration(files.config, {})), [
      `${files.where}execute[0].url: {{ COMPANY_ID }} has no value; set values.COMPANY_ID (The first part of your BambooHR address)`,
      `${files.where}execute[0].url: {{ REPORT_ID }} has no value; set values.REPORT_ID (The number at the end of the report's URL)`,
      `${files.where}values.REPORTID: the manifest has no such variable; there are KEY, REPORT_ID, COMPANY_ID`,
    ]);
  });

  test('tells what of it is ignored', async () => {
    await using files = await configured({ ...base, name: 'x' });
    assert.deepEqual(loadConfig(files.config, {}).warnings, [`${files.where}name: is ignored in a sync manifest`]);
  });

  test('that updates needs somebody to update', async () => {
    await using files = await configured({ ...base, action: 'update' });
    assert.deepEqual(await problemsOf(() => loadConfig(files.config, {})), [
      'sources[0].action: update enriches people of earlier sources, and there is none',
    ]);
  });

  test('that updates without email is refused with the way out, which helps', async () => {
    const first = { name: 'first', type: 'rest', manifest: 'manifests/first.json' };
    const values = { KEY: 'k', REPORT_ID: '7', COMPANY_ID: 'acme' };
    for (const extend of [undefined, { data_structure: { email: 'workEmail' } }]) {
      const second = {
        name: 'second',
        type: 'rest',
        manifest: 'manifests/m.json',
        values,
        ...(extend ? { extend } : {}),
      };
      await using files = await configured(BAMBOO_UPDATE, {}, { sources: [first, second] });
      await writeFile(join(files.folder.path, 'manifests', 'first.json'), JSON.stringify(base));
      const way = "add it there, or with the source's extend: { data_structure: { email: … } }";
      if (extend) assert.equal((await readConfiguration(files.config, {})).config.sources[1]?.schedule, '0 * * * *');
      else
        assert.deepEqual(await problemsOf(() => readConfiguration(files.config, {})), [
          `${files.where.replace('[0]', '[1]')}data_structure.email: is missing: an update finds the people whom it is about by their email; ${way}`,
        ]);
    }
  });

  test('whose tokens need a browser needs a place for them', async () => {
    const oauth = { authenticate_url: 'https://login.example', access_token: REQUEST };
    await using files = await configured({ ...base, oauth }, {}, { store: 'mysql://u@db/roster' });
    assert.deepEqual(await problemsOf(() => loadConfig(files.config, {})), [
      `${files.where}needs a place for its tokens: set tokens to a file that rosterd may write`,
    ]);
  });
});
