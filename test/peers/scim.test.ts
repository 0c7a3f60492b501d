import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PersonRecord } from '../../src/roster/model.ts';
import { readAll, whyNot } from '../sources/configured.ts';
import { rest, TurnedClock } from './reading.ts';
import { company, ENTERPRISE, settle, startScim, TOKEN, type User } from './scim.ts';
import type { Served } from './serving.ts';

let scim: Served;
before(async () => {
  scim = await startScim();
});
after(() => scim[Symbol.asyncDispose]());
beforeEach(() => {
  settle();
  scim.afresh();
});

/** The manifest that everybody is given for services of this kind. */
const FILE = fileURLToPath(new URL('../../config/manifests/scim.json', import.meta.url));
const { departments: GROUPS, ...PEOPLE } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  readonly departments: object;
  readonly paginate: object;
  readonly initial_data_form: readonly object[];
};

/** Both in pages so small that there are several. */
const users = { execute: [{ url: '{{ BASE_URL }}/Users?count=10', method: 'GET' }] };
const departments = { ...GROUPS, execute: [{ url: '{{ BASE_URL }}/Groups?count=2', method: 'GET' }] };

/** The service as a source, without groups; `values` are laid over the right ones, and `more` over the manifest. */
function source(more: object = {}, values = {}, clock = new TurnedClock()) {
  const given = { BASE_URL: `${scim.origin}/scim`, TOKEN, ...values };
  return rest({ manifest: { ...PEOPLE, ...users, ...more }, values: given }, clock);
}

/** Somebody of the company as rosterd should see them, written without the manifest. */
function seen({
  id,
  userName,
  displayName,
  name,
  emails,
  phoneNumbers,
  active,
  [ENTERPRISE]: more,
}: User): PersonRecord {
  const [work, mobile] = phoneNumbers ?? [];
  return {
    key: id,
    fields: {
      username: userName.toLowerCase(),
      email: emails[1]?.value.toLowerCase() ?? '',
      nick_name: displayName,
      ad_no: more.employeeNumber,
      company: more.organization,
      ...(work && mobile ? { phone1: work.value, phone2: mobile.value } : {}),
    },
    departments: company.groups.filter(one => one.members.some(({ value }) => value === id)).map(one => one.id),
    extra: [
      ['first_name', name.givenName],
      ['last_name', name.familyName],
    ],
    active,
    broken: [],
  };
}

const ids = (people: readonly PersonRecord[]) => people.map(({ key }) => key).sort();
const everybody = () => company.users.map(({ id }) => id).sort();
const usersAsked = () => scim.asked.filter(({ url }) => url.includes('/Users'));

/** Before so many requests for users: from 1, counted from now on. */
function beforeUsers(happens: (request: number) => void): void {
  let count = 0;
  scim.afresh(({ url }) => {
    if (!url.includes('/Users')) return;
    count += 1;
    happens(count);
  });
}

suite('people and groups of a SCIM 2.0 service', () => {
  test('are read to their end, with the enterprise extension and memberships', async () => {
    const read = await readAll(source({ departments }));
    assert.deepEqual(read, await readAll(rest({ manifest: FILE, values: { BASE_URL: `${scim.origin}/scim`, TOKEN } })));
    assert.deepEqual(read.people, company.users.map(seen));
    const units = company.groups.map(({ id, displayName }) => ({ group_no: id, display_name: displayName }));
    assert.deepEqual(
      read.departments,
      units.map(unit => ({ ...unit, parent_group_no: '', broken: [] })),
    );
    assert.deepEqual(read.rows, { people: 33, departments: 5, memberships: 0 });
  });

  test('a group in a group is nobody whom the service lists', async () => {
    const { memberships } = await readAll(source({ departments }));
    assert.deepEqual(memberships, [{ person: 'g-5', group_no: 'g-4' }]);
  });

  test('pages are asked for from startIndex 1, and none beyond the total', async () => {
    await readAll(source({ departments }));
    const page = (path: string, count: number, start: number) => ({
      method: 'GET',
      url: `/scim/${path}?count=${count}&startIndex=${start}`,
    });
    const groups = [1, 3, 5].map(start => page('Groups', 2, start));
    assert.deepEqual(scim.asked, [...groups, ...[1, 11, 21, 31].map(start => page('Users', 10, start))]);
  });

  test('a user who was deactivated has left, and nobody else', async () => {
    const { people } = await readAll(source());
    assert.deepEqual(ids(people.filter(({ active }) => !active)), ['u-27']);
  });

  test('pages shorter than asked for skip nobody: the next begins after what came', async () => {
    // SCIMMY gives 20 where nobody says how many.
    const { people } = await readAll(source({ execute: [{ url: '{{ BASE_URL }}/Users', method: 'GET' }] }));
    assert.deepEqual(ids(people), everybody());
    assert.equal(scim.asked.length, 2);
  });

  test('nobody at all is an answer, too', async () => {
    company.users = [];
    assert.deepEqual(await readAll(source()), {
      people: [],
      departments: undefined,
      memberships: [],
      problems: [],
      rows: { people: 0, departments: 0, memberships: 0 },
    });
  });
});

suite('what is asked of a SCIM 2.0 service', () => {
  test('a filter in the URL arrives as it was meant', async () => {
    const filter = 'displayName eq "林 7 O’Neil & Söhne 50%" or userName eq "account.9&count=1#+%41"';
    const manifest = { execute: [{ url: '{{ BASE_URL }}/Users?filter={{ FILTER }}', method: 'GET' }] };
    const form = [...PEOPLE.initial_data_form, { id: 'FILTER' }];
    const hostile = { ...company.users[0], id: 'u-hostile', userName: 'account.9&count=1#+%41' } as User;
    company.users.push(hostile);
    const { people } = await readAll(source({ ...manifest, initial_data_form: form }, { FILTER: filter }));
    assert.deepEqual(ids(people), ['u-7', 'u-hostile']);
  });

  test('POST /.search with numbers in its JSON body, page by page', async () => {
    const data = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: 'userName sw "{{ START }}"',
      count: 10,
    };
    const manifest = {
      execute: [{ url: '{{ BASE_URL }}/Users/.search', method: 'POST', data, cast_data_to_json: false }],
      paginate: { ...PEOPLE.paginate, in: 'body' },
      initial_data_form: [...PEOPLE.initial_data_form, { id: 'START' }],
    };
    const { people } = await readAll(source(manifest, { START: 'Account.1' }));
    assert.deepEqual(
      ids(people),
      everybody().filter(id => id.startsWith('u-1')),
    );
    assert.deepEqual(
      scim.asked.map(({ method, url }) => `${method} ${url}`),
      ['POST /scim/Users/.search', 'POST /scim/Users/.search'],
    );
  });

  test('a token that it does not know is told, without the token', async () => {
    assert.equal(
      await whyNot(source({}, { TOKEN: 'tkn-of-somebody-else' })),
      `GET ${scim.origin}/scim/Users (page 1): expected a success, and got status 401: ` +
        '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401",' +
        '"detail":"\\"Bearer ***\\" is no token of ours"}',
    );
    assert.equal(scim.asked.length, 1);
  });

  test('a filter that it does not understand is told in its words', async () => {
    const url = '{{ BASE_URL }}/Users?filter=userName%20is%20odd';
    assert.match(
      await whyNot(source({ execute: [{ url, method: 'GET' }] })),
      /^GET \S+\/scim\/Users \(page 1\): expected a success, and got status 400: \{.*"scimType":"invalidFilter"/,
    );
  });
});

suite('a SCIM 2.0 service that changes while it is read', () => {
  test('a user deleted between two pages: it is read once more, and nobody is missed', async () => {
    beforeUsers(request => {
      if (request === 2) company.users.splice(4, 1);
    });
    const { people } = await readAll(source());
    assert.deepEqual(ids(people), everybody());
    assert.equal(company.users.length, 32);
    assert.equal(usersAsked().at(-1)?.url, '/scim/Users?count=10&startIndex=31');
  });

  test('a user created between two pages: it is read once more, and is there', async () => {
    beforeUsers(request => {
      if (request === 3) company.users.unshift({ ...(company.users[0] as User), id: 'u-new', userName: 'new' });
    });
    const { people } = await readAll(source());
    assert.deepEqual(ids(people), everybody());
    assert.equal(people.length, 34);
  });

  test('a user deleted during both reads: there is no success', async () => {
    beforeUsers(request => {
      if (request % 2 === 0) company.users.splice(4, 1);
    });
    assert.match(await whyNot(source()), /^GET \S+\/scim\/Users \(page \d\): the server count.*\b3[0-3] records/);
  });

  test('a group deleted between two pages: the same', async () => {
    let pages = 0;
    scim.afresh(({ url }) => {
      if (url.includes('/Groups') && ++pages === 2) company.groups.splice(0, 1);
    });
    const { departments: units, people } = await readAll(source({ departments }));
    assert.deepEqual(
      units?.map(one => one.group_no),
      ['g-2', 'g-3', 'g-4', 'g-5'],
    );
    assert.deepEqual(people, company.users.map(seen));
  });

  test('the last page gone between two pages: the server begins again, and that is noticed', async () => {
    company.users.length = 21;
    beforeUsers(request => {
      if (request === 3) company.users.splice(0, 1);
    });
    const { people } = await readAll(source());
    assert.deepEqual(ids(people), everybody());
  });
});

suite('a SCIM 2.0 service that is not as it should be', () => {
  test('one that looks at neither startIndex nor count gives the first page for ever', async () => {
    assert.equal(
      (await whyNot(source({}, { BASE_URL: `${scim.origin}/deaf` }))).split(': {"schemas"')[0],
      `GET ${scim.origin}/deaf/Users (page 2): pagination loops: it begins with the same record as a page before`,
    );
  });

  test('paging that its manifest leaves out is noticed', async () => {
    assert.match(
      await whyNot(source({ paginate: undefined, expect_total_from: undefined })),
      /^GET \S+\/scim\/Users \(page 1\): the server has more pages than this manifest reads \("totalResults" is 33\)/,
    );
  });

  test('an outage on page 3 is waited out', async () => {
    const clock = new TurnedClock();
    beforeUsers(request => {
      company.isDown = request === 3;
    });
    const { people } = await readAll(source({}, {}, clock));
    assert.deepEqual(ids(people), everybody());
    assert.deepEqual(clock.waits, [2000]);
  });

  test('an outage that does not end fails, in its words', async () => {
    const clock = new TurnedClock();
    beforeUsers(request => {
      company.isDown = request >= 3;
    });
    assert.equal(
      await whyNot(source({}, {}, clock)),
      `GET ${scim.origin}/scim/Users (page 3): expected a success, and got status 500, 5 times: ` +
        '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"500","detail":"the directory is out of reach"}',
    );
    assert.deepEqual(clock.waits, [2000, 4000, 8000, 16_000]);
  });
});
