import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { PersonRecord } from '../../src/roster/model.ts';
import { readAll, whyNot } from '../sources/configured.ts';
import { COMPANY, DOCUMENT, REPORT, SEARCH } from './people-api.ts';
import { FIVE } from './people-schemas.ts';
import { type Prism, startPrism } from './prism.ts';
import { rest, TurnedClock } from './reading.ts';

let prism: Prism;
before(async () => {
  prism = await startPrism(DOCUMENT);
});
after(() => prism[Symbol.asyncDispose]());

const KEY = 'key-0c5b7a1d';

const COMMON = {
  data_from: 'people',
  data_structure: {
    key: 'id',
    username: { from: 'mail', transform: ['before_at'] },
    email: 'mail',
    nick_name: { template: '{{ name.family }} {{ name.given }}' },
    departments: 'unit',
    hired: { from: 'hired', transform: ['date'] },
  },
  active: { field: 'employed', equals: true },
  headers: { 'X-Api-Key': '{{ KEY }}', 'X-Tenant': 'ABC12' },
  initial_data_form: [{ id: 'KEY' }],
};

const LIST = { url: 'https://people.example/v1/people?fields=id,mail&size=2', method: 'GET' };

/** The service as a source, by its real address; `more` is laid over the manifest. */
function source(more: Readonly<Record<string, unknown>>, values = {}, clock = new TurnedClock()) {
  return rest(
    {
      manifest: { ...COMMON, ...more },
      values: { KEY, ...values },
      hosts: { 'https://people.example': prism.origin },
      max_pages: 6,
    },
    clock,
  );
}

/** The list of people, asked for with these headers besides. */
function list(headers = {}, more = {}, clock = new TurnedClock()) {
  return source({ execute: [LIST], single_page: true, headers: { ...COMMON.headers, ...headers }, ...more }, {}, clock);
}

type Person = (typeof FIVE)[number];

/** Somebody as rosterd should see them, written without the manifest. */
const seen = ({ id, mail, name, unit, hired, employed }: Person): PersonRecord => ({
  key: String(id),
  fields: {
    username: mail.slice(0, mail.indexOf('@')),
    email: mail,
    nick_name: `${name.family} ${name.given}`.trim(),
  },
  departments: unit === null ? [] : [unit],
  extra: [['hired', hired]],
  active: employed,
  broken: [],
  ...(unit === null ? { blanks: ['departments'] } : {}),
});

suite('what an OpenAPI document asks for, and what it answers', () => {
  test('pages by links in the body, each asked for with key and tenant', async () => {
    const { people } = await readAll(source({ execute: [LIST], next_page_from: 'next' }));
    assert.deepEqual(people, FIVE.map(seen));
  });

  test('pages by a token in the body, filled into next_page', async () => {
    const next_page = `${LIST.url}&__example={{ NEXT_PAGE_TOKEN }}`;
    const { people } = await readAll(source({ execute: [LIST], next_page_token_from: 'following', next_page }));
    assert.deepEqual(people, FIVE.map(seen));
  });

  test('pages by a cursor in the query, beside what stands in it', async () => {
    const paginate = { type: 'cursor', param: '__example', cursor_from: 'following' };
    const { people } = await readAll(source({ execute: [LIST], paginate }));
    assert.deepEqual(people, FIVE.map(seen));
  });

  test('a JSON body is typed and escaped as its schema says, whatever is filled in', async () => {
    const request = searchFor('{{ NAME }}');
    // Given as an object, each text of which is filled in by itself, and as a text that is JSON once it is filled in.
    for (const data of [request.data, JSON.stringify(request.data)]) {
      const manifest = {
        execute: [{ ...request, data }],
        expect_total_from: 'total',
        initial_data_form: [...COMMON.initial_data_form, { id: 'NAME' }],
      };
      const { people } = await readAll(source(manifest, { NAME: SEARCH.name }));
      assert.deepEqual(people, FIVE.slice(0, 2).map(seen));
    }
  });

  test('a form is encoded as its schema says, a boolean as Python writes it', async () => {
    const data = { title: '{{ TITLE }}', note: REPORT.note, active: true, size: 2, absent: null };
    const manifest = {
      execute: [{ url: 'https://people.example/v1/report', data }],
      expect_total_from: 'total',
      initial_data_form: [{ id: 'KEY' }, { id: 'TITLE' }],
    };
    const { people } = await readAll(source(manifest, { TITLE: REPORT.title }));
    assert.deepEqual(people, FIVE.slice(0, 2).map(seen));
  });

  test('what a login answers goes into a header and a query as it is', async () => {
    const login = {
      url: 'https://people.example/v1/login',
      data: { user: 'rosterd', password: '{{ KEY }}' },
      cast_data_to_json: false,
      status_code: [201],
    };
    const then = {
      url: 'https://people.example/v1/colleagues?session={{ responses.0.session }}',
      method: 'GET',
      headers: { 'X-Session': '{{ responses.0.session }}' },
    };
    const { people } = await readAll(source({ execute: [login, then], expect_total_from: 'total' }));
    assert.deepEqual(people, FIVE.slice(0, 2).map(seen));
  });

  test('client credentials by Basic authentication and a form, and the token they give', async () => {
    const manifest = {
      execute: [{ url: 'https://people.example/v1/employees', method: 'GET' }],
      headers: { Authorization: 'Bearer {{ oauth.access_token }}' },
      oauth: {
        access_token: {
          url: 'https://people.example/v1/token',
          headers: { Authorization: 'Basic rosterd:{{ KEY }}' },
          data: { grant_type: 'client_credentials', scope: 'https://graph.example/.default people:read' },
        },
      },
      expect_total_from: 'total',
    };
    const { people } = await readAll(source(manifest));
    assert.deepEqual(people, FIVE.slice(0, 2).map(seen));
  });

  test('a value in a path is encoded, and departments are a bare list', async () => {
    const departments = {
      execute: [{ url: 'https://people.example/v1/companies/{{ COMPANY }}/units', method: 'GET' }],
      data_structure: { group_no: 'code', display_name: 'title', parent_group_no: 'above' },
    };
    const manifest = {
      execute: [LIST],
      next_page_from: 'next',
      departments,
      initial_data_form: [{ id: 'KEY' }, { id: 'COMPANY' }],
    };
    const read = await readAll(source(manifest, { COMPANY }));
    assert.deepEqual(read.departments, [
      { group_no: 'RD', display_name: '研發', parent_group_no: '', broken: [] },
      { group_no: 'HR', display_name: '人資', parent_group_no: 'RD', broken: [] },
    ]);
    assert.deepEqual(read.people, FIVE.map(seen));
  });
});

/** A search by name, with the number of the page in its body. */
function searchFor(name: string) {
  const data = {
    query: { name, units: ['RD', 'HR'], since: SEARCH.since, left: false },
    page: { number: 1, size: SEARCH.size },
  };
  return { url: 'https://people.example/v1/search', data, cast_data_to_json: false };
}

suite('what is not asked as an OpenAPI document says', () => {
  /** Prism's own error, of which 200 characters do not say what is wrong; its log does. */
  const refused = (method: string, path: string) =>
    new RegExp(
      `^${RegExp.escape(`${method} https://people.example${path} (page 1)`)}: expected a success, and got status 422: ` +
        '\\{"type":"https://stoplight\\.io/prism/errors#UNPROCESSABLE_ENTITY","title":"Invalid request"',
    );

  test('without the key: 401, once', async () => {
    const clock = new TurnedClock();
    const manifest = { execute: [LIST], headers: { 'X-Tenant': 'ABC12' } };
    assert.match(
      await whyNot(source(manifest, {}, clock)),
      /^GET https:\/\/people\.example\/v1\/people \(page 1\): expected a success, and got status 401: \{.*"Invalid security scheme used"/,
    );
    assert.deepEqual(clock.waits, []);
  });

  test('without a parameter in the query', async () => {
    const url = 'https://people.example/v1/people?fields=id,mail';
    assert.match(await whyNot(source({ execute: [{ url, method: 'GET' }] })), refused('GET', '/v1/people'));
    await prism.complained("Request query must have required property 'size'");
  });

  test('with a header that is not of its form', async () => {
    assert.match(await whyNot(list({ 'X-Tenant': 'abc' })), refused('GET', '/v1/people'));
    await prism.complained('Request header parameter x-tenant must match pattern');
  });

  test('as a form, where JSON is wanted', async () => {
    const { url } = searchFor(SEARCH.name);
    assert.match(
      await whyNot(source({ execute: [{ url, data: { query: SEARCH.name } }] })),
      /^POST \S+ \(page 1\): expected a success, and got status 415: .*"Supported content types: application\/json"/,
    );
  });

  test('with another text in its JSON', async () => {
    assert.match(await whyNot(source({ execute: [searchFor('O"Neil')] })), refused('POST', '/v1/search'));
    await prism.complained('Request body property query.name must be equal to one of the allowed values');
  });

  test('beyond the last page that there is', async () => {
    // Its static answers are the same for every page; the engine must notice that before the fourth is refused.
    const paginate = { type: 'page', param: 'page' };
    assert.match(
      await whyNot(list({}, { paginate })),
      /^GET https:\/\/people\.example\/v1\/people \(page 2\): pagination loops: it begins with the same record/,
    );
    const from = { type: 'page', param: 'page', start: 4 };
    assert.match(await whyNot(list({}, { paginate: from })), refused('GET', '/v1/people'));
    await prism.complained('Request query parameter page must be <= 3');
  });

  test('the number of a page in a body is a number, in its place', async () => {
    const paginate = { type: 'page', in: 'body', param: 'page.number' };
    const manifest = { execute: [searchFor(SEARCH.name)], paginate, expect_total_from: 'total' };
    const more = { ...manifest, headers: { ...COMMON.headers, Prefer: 'example=more' } };
    // The second page is the first again: what was asked passed.
    assert.match(
      await whyNot(source(more)),
      /^POST https:\/\/people\.example\/v1\/search \(page 2\): pagination loops: it begins with the same record/,
    );
  });
});

suite('errors that an OpenAPI document has', () => {
  const failing = (code: number) => whyNot(list({ Prefer: `code=${code}` }));
  const gotten = (what: string) => `GET https://people.example/v1/people (page 1): expected a success, and got ${what}`;

  test('500 is tried 5 times, ever more seldom', async () => {
    const clock = new TurnedClock();
    assert.equal(
      await whyNot(list({ Prefer: 'code=500' }, {}, clock)),
      gotten('status 500, 5 times: {"title":"something broke"}'),
    );
    assert.deepEqual(clock.waits, [2000, 4000, 8000, 16_000]);
  });

  test('503 and 429 are tried 5 times, as seldom as they ask', async () => {
    for (const [code, title, wait] of [
      [503, 'be back soon', 30_000],
      [429, 'too often', 7000],
    ] as const) {
      const clock = new TurnedClock();
      assert.equal(
        await whyNot(list({ Prefer: `code=${code}` }, {}, clock)),
        gotten(`status ${code}, 5 times: {"title":"${title}"}`),
      );
      assert.deepEqual(clock.waits, Array(4).fill(wait));
    }
  });

  test('404 is tried once, and is nobody where the manifest says so', async () => {
    assert.equal(await failing(404), gotten('status 404: {"title":"no such company"}'));
    const execute = [{ ...LIST, empty_status: [404] }];
    const { people } = await readAll(list({ Prefer: 'code=404' }, { execute }));
    assert.deepEqual(people, []);
  });

  test('204 is not the end of a list', async () => {
    assert.equal(
      await failing(204),
      'GET https://people.example/v1/people (page 1): expected JSON, and got nothing (status 204): (an empty body)',
    );
  });

  test('a login page in place of JSON', async () => {
    assert.equal(
      await whyNot(list({ Accept: 'text/html' })),
      'GET https://people.example/v1/people (page 1): expected JSON, and got text/html, ' +
        'a page for people to read, as a login page is: <!doctype html><h1>Log in</h1>',
    );
  });

  test('a code that it does not have', async () => {
    assert.match(
      await failing(418),
      /^GET \S+ \(page 1\): expected a success, and got status 404: .*Requested status code 418 is not defined/,
    );
  });
});

suite('answers that are made up from a schema', () => {
  /** What Prism makes up for this path and seed, read without rosterd. */
  async function madeUp(path: string, seed: string): Promise<readonly Person[]> {
    const answer = await fetch(`${prism.origin}${path}`, { headers: { Prefer: `dynamic=true, seed=${seed}` } });
    return ((await answer.json()) as { people: readonly Person[] }).people;
  }

  const made = (path: string, seed: string, more = {}) =>
    source({
      execute: [{ url: `https://people.example${path}`, method: 'GET' }],
      headers: { Prefer: `dynamic=true, seed=${seed}` },
      ...more,
    });

  test('are read as they are, five seeds over', async () => {
    for (const seed of Array.from({ length: 5 }, (_, place) => `seed-${place}`)) {
      const expected = (await madeUp('/v1/live', seed)).map(seen);
      assert.equal(expected.length, 5);
      assert.deepEqual((await readAll(made('/v1/live', seed))).people, expected, seed);
    }
  });

  test('one that says that there is more is not all', async () => {
    assert.match(
      await whyNot(made('/v1/endless', 'x')),
      /^GET \S+\/v1\/endless \(page 1\): the server has more pages than this manifest reads \("more" is true\)/,
    );
  });

  test('a list without an end ends as a failure, at max_pages', async () => {
    const paginate = { type: 'page', param: 'page', more_from: 'more' };
    const headers = { Prefer: 'dynamic=true' };
    assert.match(
      await whyNot(made('/v1/endless', '', { paginate, headers })),
      /^GET \S+\/v1\/endless \(page 6\): there is more behind page 6, where max_pages ends it: the list is not complete/,
    );
  });
});
