import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import type { PersonRecord } from '../../src/roster/model.ts';
import { readAll, whyNot } from '../sources/configured.ts';
import { type Company, type Person, type ServedCompany, startJsonServer } from './json-server.ts';
import { rest } from './reading.ts';
import type { Asked } from './serving.ts';

let server: ServedCompany;
/** What is served; a test may change it in the middle of a read. */
let stock: Company;
before(async () => {
  server = await startJsonServer();
});
after(() => server.served[Symbol.asyncDispose]());
beforeEach(() => {
  stock = server.restock();
  server.served.afresh();
});

const COMMON = {
  data_structure: { key: 'id', email: 'mail', nick_name: 'name', phone1: 'phone', departments: 'departmentId' },
};

/** The people at this path and query, with `more` laid over the manifest and `block` over the source. */
function list(path: string, more = {}, block = {}) {
  const execute = [{ url: `${server.served.origin}${path}`, method: 'GET' }];
  return rest({ manifest: { ...COMMON, execute, ...more }, ...block });
}

/** Somebody as rosterd should see them, written without the manifest. */
const seen = ({ id, mail, name, phone, departmentId }: Person): PersonRecord => ({
  key: String(id),
  fields: { username: mail, email: mail, nick_name: name, ...(phone === null ? {} : { phone1: phone }) },
  departments: [departmentId],
  extra: [],
  active: true,
  broken: [],
  ...(phone === null ? { blanks: ['phone1'] } : {}),
});

const everybody = () => stock.people.map(seen);
const ids = (people: readonly PersonRecord[]) => people.map(({ key }) => key).join(' ');
const urls = () => server.served.asked.map(({ url }) => url);

/** Before the request whose query asks for this place in the list, as often as it comes. */
function whenAsked(query: string, happens: (asked: Asked) => void): void {
  server.served.afresh(asked => {
    if (new RegExp(`[?&]${query}(&|$)`).test(asked.url)) happens(asked);
  });
}

const LINK = { paginate: { type: 'link' } };
const PAGE = { paginate: { type: 'page', param: '_page' } };
const OFFSET = { paginate: { type: 'offset', param: '_start' } };
const COUNTED = { expect_total_from: 'header:X-Total-Count' };

suite('250 people in pages', () => {
  test('by the Link header', async () => {
    const { people, rows } = await readAll(list('/people?_page=1&_limit=70', LINK));
    assert.deepEqual(people, everybody());
    assert.equal(rows.people, 250);
    assert.deepEqual(
      urls(),
      [1, 2, 3, 4].map(page => `/people?_page=${page}&_limit=70`),
    );
  });

  test('by the Link header, whose URLs hold commas and quotes', async () => {
    const sorted = '/people?_sort=departmentId,id&_order=desc,asc&mail_like=%22%7C@,%3B%7Ccorp&_page=1&_limit=70';
    const { people } = await readAll(list(sorted, LINK));
    assert.deepEqual(
      people,
      stock.people.toSorted((a, b) => (a.departmentId === b.departmentId ? a.id - b.id : order(a, b))).map(seen),
    );
    assert.equal(urls().length, 4);
  });

  test('by the Link header, through a gateway whose address the links hold', async () => {
    const execute = [{ url: 'https://hr.corp.example/people?_page=1&_limit=70', method: 'GET' }];
    const hosts = { 'https://hr.corp.example': server.served.origin };
    const { people } = await readAll(list('', { ...LINK, execute }, { hosts }));
    assert.deepEqual(people, everybody());
  });

  test('by the number of the page, up to the total', async () => {
    const { people } = await readAll(list('/people?_limit=70', { ...PAGE, ...COUNTED }));
    assert.deepEqual(people, everybody());
    assert.deepEqual(
      urls(),
      [1, 2, 3, 4].map(page => `/people?_limit=70&_page=${page}`),
    );
  });

  test('by the number of the page, up to one without records', async () => {
    const { people } = await readAll(list('/people?_limit=50', PAGE));
    assert.deepEqual(people, everybody());
    assert.deepEqual(
      urls(),
      [1, 2, 3, 4, 5, 6].map(page => `/people?_limit=50&_page=${page}`),
    );
  });

  test('by the number of records so far', async () => {
    const { people } = await readAll(list('/people?_limit=70', { ...OFFSET, ...COUNTED }));
    assert.deepEqual(people, everybody());
    assert.deepEqual(
      urls(),
      [0, 70, 140, 210].map(start => `/people?_limit=70&_start=${start}`),
    );
  });

  test('by an offset that grows by the size of a page, up to one without records', async () => {
    const paginate = { ...OFFSET.paginate, size: 125, step: 'size' };
    const { people } = await readAll(list('/people?_limit=125', { paginate }));
    assert.deepEqual(people, everybody());
    assert.deepEqual(
      urls(),
      [0, 125, 250].map(start => `/people?_limit=125&_start=${start}`),
    );
  });

  test('of exactly the last, where the server names no further page', async () => {
    const { people } = await readAll(list('/people?_page=1&_limit=125', LINK));
    assert.deepEqual(people, everybody());
    assert.equal(urls().length, 2);
  });

  for (const [by, path, paging] of [
    ['the Link header', '/people?_page=1&_limit=50', LINK],
    ['the number of the page', '/people?_limit=50', PAGE],
    ['the number of records', '/people?_limit=50', OFFSET],
    ['the number of the page, up to the total', '/people?_limit=50', { ...PAGE, ...COUNTED }],
    ['the number of records, up to the total', '/people?_limit=50', { ...OFFSET, ...COUNTED }],
  ] as const) {
    test(`by ${by}: max_pages of as many as there are is enough, and one less is a failure`, async () => {
      assert.deepEqual((await readAll(list(path, paging, { max_pages: 5 }))).people, everybody());
      assert.match(
        await whyNot(list(path, paging, { max_pages: 4 })),
        /^GET \S+\/people \(page [45]\): there is more behind page 4, where max_pages ends it: the list is not complete/,
      );
    });
  }
});

const order = (a: Person, b: Person) => (a.departmentId < b.departmentId ? 1 : -1);

suite('departments of the same service', () => {
  const departments = {
    execute: [{ url: '{{ BASE }}/departments?_page=1&_limit=2', method: 'GET' }],
    ...LINK,
    data_structure: { group_no: 'id', display_name: 'title', parent_group_no: 'above' },
  };
  const values = () => ({ values: { BASE: server.served.origin } });
  const initial_data_form = [{ id: 'BASE', secret: false }];
  const expected = () =>
    stock.departments.map(({ id, title, above }) => ({
      group_no: id,
      display_name: title,
      parent_group_no: above ?? '',
      broken: [],
    }));

  test('are a list of their own', async () => {
    const read = await readAll(
      list('/people?_limit=70', { ...PAGE, ...COUNTED, departments, initial_data_form }, values()),
    );
    assert.deepEqual(read.departments, expected());
    assert.deepEqual(read.people, everybody());
  });

  test('each asked for its people, all pages of them', async () => {
    const { departments: _, ...others } = COMMON.data_structure;
    const url = '{{ BASE }}/departments/{{ item.id }}/people?_page=1&_limit=30';
    const more = {
      execute: [{ url, method: 'GET' }],
      ...LINK,
      for_each: 'departments',
      data_structure: others,
      departments,
      initial_data_form,
    };
    const read = await readAll(list('', more, values()));
    const inTurn = stock.departments.flatMap(({ id }) => stock.people.filter(one => one.departmentId === id));
    assert.deepEqual(read.people, inTurn.map(seen));
    assert.deepEqual(read.departments, expected());
  });

  test('and each person asked for by themselves', async () => {
    const people = { url: '{{ BASE }}/people?_limit=30', method: 'GET' };
    const detail = { url: '{{ BASE }}/people/{{ item.id }}?_expand=department', method: 'GET' };
    const data_structure = { ...COMMON.data_structure, company: 'department.title' };
    stock.people.length = 60;
    const more = { execute: [people, detail], ...OFFSET, ...COUNTED, for_each: 'self', data_structure };
    const read = await readAll(list('', { ...more, initial_data_form }, values()));
    const title = (one: Person) => stock.departments.find(({ id }) => id === one.departmentId)?.title ?? '';
    assert.deepEqual(
      read.people,
      stock.people.map(one => ({ ...seen(one), fields: { ...seen(one).fields, company: title(one) } })),
    );
    assert.equal(urls().length, 2 + 60);
  });

  test('one who is gone when asked for fails', async () => {
    const people = { url: '{{ BASE }}/people?_limit=30', method: 'GET' };
    const detail = { url: '{{ BASE }}/people/{{ item.id }}', method: 'GET' };
    server.served.afresh(({ url }) => {
      if (url === '/people/3') stock.people = [];
    });
    const more = { execute: [people, detail], for_each: 'self', single_page: true, initial_data_form };
    assert.match(
      await whyNot(list('', more, values())),
      /^GET \S+\/people\/\d+: expected a success, and got status 404: \{\}$/,
    );
  });
});

suite('a list that is longer than the manifest reads', () => {
  const beyond = 'the server has more pages than this manifest reads';

  test('the Link header tells', async () => {
    assert.match(
      await whyNot(list('/people?_page=1&_limit=70')),
      new RegExp(`^GET \\S+/people \\(page 1\\): ${beyond} \\(its Link header names a next page\\b`),
    );
  });

  test('the total tells', async () => {
    assert.match(
      await whyNot(list('/people?_limit=70')),
      new RegExp(`^GET \\S+/people \\(page 1\\): ${beyond} \\(x-total-count is "?250"?\\)`),
    );
  });

  test('single_page says that it is known', async () => {
    const { people } = await readAll(list('/people?_page=1&_limit=70', { single_page: true }));
    assert.deepEqual(people, everybody().slice(0, 70));
  });

  test('without paging, or with a page that holds them all, nothing tells', async () => {
    for (const path of ['/people', '/people?_page=1&_limit=250', '/people?_limit=250']) {
      assert.deepEqual((await readAll(list(path))).people, everybody(), path);
    }
  });

  test('the total is expected without paging', async () => {
    assert.equal(
      await whyNot(list('/people?_limit=70', COUNTED)),
      `GET ${server.served.origin}/people (page 1): the server counts 250 records, and gave 70`,
    );
    // Once more, for it may only have been true a moment before or after.
    assert.equal(urls().length, 2);
  });

  test('a total that the server does not tell is a failure', async () => {
    assert.equal(
      (await whyNot(list('/people', COUNTED))).split(': [')[0],
      `GET ${server.served.origin}/people (page 1): expected the number of records in header:X-Total-Count, and got nothing there`,
    );
  });
});

suite('a list that changes while it is read', () => {
  for (const [by, paging, second] of [
    ['the number of the page', PAGE, '_page=2'],
    ['the number of records', OFFSET, '_start=50'],
  ] as const) {
    test(`by ${by}: somebody is deleted, it is read once more, and nobody is missed`, async () => {
      let first = true;
      whenAsked(second, () => {
        if (first) stock.people.splice(9, 1);
        first = false;
      });
      const { people } = await readAll(list('/people?_limit=50', { ...paging, ...COUNTED }));
      assert.deepEqual(ids(people), ids(everybody()));
      assert.equal(people.length, 249);
    });

    test(`by ${by}: somebody is deleted in every read, and there is no success`, async () => {
      whenAsked(second, () => void stock.people.splice(9, 1));
      assert.match(
        await whyNot(list('/people?_limit=50', { ...paging, ...COUNTED })),
        /^GET \S+\/people \(page \d\): the server count.*\b24\d records/,
      );
    });

    test(`by ${by}: the last page is gone when it is asked for, and nobody is missed`, async () => {
      stock.people.length = 151;
      whenAsked(second.replace(/\d+/, by.includes('page') ? '4' : '150'), () => {
        if (stock.people.length === 151) stock.people.splice(9, 1);
      });
      const { people } = await readAll(list('/people?_limit=50', { ...paging, ...COUNTED }));
      assert.deepEqual(ids(people), ids(everybody()));
    });
  }

  test('by the Link header, with the total: the same', async () => {
    let first = true;
    whenAsked('_page=3', () => {
      if (first) stock.people.splice(9, 1);
      first = false;
    });
    const { people } = await readAll(list('/people?_page=1&_limit=50', { ...LINK, ...COUNTED }));
    assert.deepEqual(ids(people), ids(everybody()));
  });
});

suite('what is sent', () => {
  test('answers come compressed, and are read', async () => {
    const answer = await fetch(`${server.served.origin}/people`, { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    assert.deepEqual((await readAll(list('/people'))).people, everybody());
  });

  const created = { mail: 'new@corp.example', name: 'O"Neil & 林\n+', list: ['a b', 'c&d'], phone: null };

  /** What stands in the list once this was sent to it, and was found there by the id that it was answered with. */
  async function createdBy(request: Readonly<Record<string, unknown>>): Promise<unknown> {
    const create = { url: `${server.served.origin}/people`, method: 'POST', ...request };
    const find = { url: `${server.served.origin}/people?id={{ responses.0.id }}`, method: 'GET' };
    const { people } = await readAll(list('', { execute: [create, find] }));
    assert.deepEqual(ids(people), '999');
    return { ...stock.people.at(-1) };
  }

  test('JSON keeps its types', async () => {
    const data = { ...created, id: 999, flag: true };
    assert.deepEqual(await createdBy({ data, cast_data_to_json: false }), data);
  });

  test('a form is text, a list repeats its key, and null is left out', async () => {
    const { phone: _, ...sent } = created;
    const data = { ...created, id: 999, flag: true };
    assert.deepEqual(await createdBy({ data }), { ...sent, id: '999', flag: 'True' });
  });
});
