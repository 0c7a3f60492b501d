import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Handler, type Peer, startPeer } from '../support/http-peer.ts';
import { type Everything, readAll } from './configured.ts';
import { byPath, inTurn, manifestFor, rest, type Said, say, why } from './rest-service.ts';

interface Company {
  readonly people: readonly unknown[];
  readonly units: readonly unknown[];
}

/** What a manifest with a block of departments makes of a company. */
async function read(
  { people, units }: Company,
  block: Record<string, unknown>,
  parts: Record<string, unknown> = {},
): Promise<Everything> {
  await using peer = await startPeer(byPath({ '/people': { json: { people } }, '/units': { json: { units } } }));
  return await readAll(rest(manifestFor(peer.origin, { departments: blockFor(peer, block), ...parts })));
}

const blockFor = (peer: Peer, block: Record<string, unknown>) => ({
  execute: [{ url: `${peer.origin}/units`, method: 'GET' }],
  data_from: 'units',
  data_structure: { group_no: 'code', display_name: 'name', parent_group_no: 'up' },
  ...block,
});

const placesOf = ({ people }: Everything) =>
  Object.fromEntries(people.map(({ fields, departments }) => [(fields.email ?? '').split('@')[0], departments]));
const person = (name: string, d?: unknown) => ({ email: `${name}@x.example`, d });
const withDepartments = { data_structure: { email: 'email', departments: 'd' } };

suite('`departments`: a block of the same grammar', () => {
  const units = [
    { code: 'RD', name: '研發', up: null },
    { code: 7, name: ' Lab ', up: 'RD' },
    { code: 'IT', up: '' },
  ];

  test('gives departments, before the people who are in them', async () => {
    const { departments, rows } = await read({ people: [person('ann', 'RD')], units }, {});
    assert.deepEqual(departments, [
      { group_no: 'RD', display_name: '研發', parent_group_no: '', broken: [] },
      { group_no: '7', display_name: 'Lab', parent_group_no: 'RD', broken: [] },
      { group_no: 'IT', display_name: '', parent_group_no: '', broken: [] },
    ]);
    assert.equal(rows.departments, 3);
  });

  test('without it a source lists none: those of people become departments elsewhere', async () => {
    await using peer = await startPeer(inTurn({ json: { people: [person('ann', ['RD', 'IT'])] } }));
    const found = await readAll(rest(manifestFor(peer.origin, withDepartments)));
    assert.equal(found.departments, undefined);
    assert.deepEqual(placesOf(found), { ann: ['RD', 'IT'] });
  });

  test('there may be none of them', async () => {
    const { departments } = await read({ people: [], units: [] }, {});
    assert.deepEqual(departments, []);
  });

  test('has requests, pages, filters, totals and guards of its own', async () => {
    await using peer = await startPeer(({ path, query }, response) => {
      const page = Number(query.get('page') ?? 1);
      const unit = { in: { code: `D${page}`, on: page !== 2 } };
      if (path === '/token') say(response, { json: { t: 'x' } });
      else if (path === '/people') say(response, { json: { people: [person('ann', 'D1')] } });
      else say(response, { json: { d: page < 4 ? [unit] : [], n: 3 } });
    });
    const departments = {
      execute: [{ url: `${peer.origin}/token` }, { url: `${peer.origin}/units?t={{ responses.0.t }}`, method: 'GET' }],
      data_from: 'd',
      record_from: 'in',
      expect_total_from: 'n',
      paginate: { type: 'page', param: 'page' },
      filter: { field: 'on', equals: true },
      data_structure: { group_no: 'code', display_name: { template: 'Dept {{ code }}' } },
    };
    const found = await readAll(rest(manifestFor(peer.origin, { departments, ...withDepartments })));
    assert.deepEqual(
      found.departments?.map(({ display_name }) => display_name),
      ['Dept D1', 'Dept D3'],
    );
    assert.equal(peer.requests.at(-1)?.path, '/people');
    assert.match(
      await why(peer, { departments: { ...departments, amount_pages_to_fetch: 2 } }),
      /^GET ORIGIN\/units \(page 2\): there is more behind page 2/,
    );
    const { paginate: _, expect_total_from: __, ...lone } = departments;
    assert.deepEqual((await readAll(rest(manifestFor(peer.origin, { departments: lone })))).departments?.length, 1);
  });

  test('that fails fails all', async () => {
    await using peer = await startPeer(byPath({ '/people': { json: { people: [] } } }));
    assert.match(
      await why(peer, { departments: blockFor(peer, {}) }),
      /^GET ORIGIN\/units \(page 1\): expected a success, and got status 404/,
    );
  });
});

suite('`match`: which column a person’s `departments` name', () => {
  const units = [
    { code: 'RD', name: 'Research', id: 1, up: 2 },
    { code: 'IT', name: 'Computers', id: 2 },
  ];
  const block = (match?: string) => ({
    data_structure: { group_no: 'code', display_name: 'name', parent_group_no: 'up', id: 'id' },
    ...(match ? { match } : {}),
  });
  const placed = async (people: readonly unknown[], more: readonly unknown[] = [], match?: string) =>
    placesOf(await read({ people, units: [...units, ...more] }, block(match), withDepartments));

  test('default `group_no`', async () => {
    assert.deepEqual(await placed([person('ann', 'RD'), person('bo', ['IT', 'RD', 'RD']), person('cy')]), {
      ann: ['RD'],
      bo: ['IT', 'RD'],
      cy: [],
    });
  });

  test('another one; what matches nothing stays, for the checks to tell', async () => {
    assert.deepEqual(await placed([person('ann', ['Research', 'Sales']), person('bo', 'IT')], [], 'display_name'), {
      ann: ['RD', 'Sales'],
      bo: ['IT'],
    });
    assert.deepEqual(await placed([person('ann', [2, 1])], [], 'id'), { ann: ['IT', 'RD'] });
  });

  test('a name that several have is that of none: rather in no department than in a wrong one', async () => {
    const twin = { code: 'RD2', name: 'Research' };
    assert.deepEqual(await placed([person('ann', ['Research', 'Computers'])], [twin], 'display_name'), {
      ann: ['Research', 'IT'],
    });
    assert.deepEqual(await placed([person('ann', 'Research')], [units[0]], 'display_name'), { ann: ['RD'] });
  });

  test('one without a code is none', async () => {
    assert.deepEqual(await placed([person('ann', ['Ghosts', 'Computers'])], [{ name: 'Ghosts' }], 'display_name'), {
      ann: ['Ghosts', 'IT'],
    });
  });

  test('parents may be named so, too; a code is a code', async () => {
    const { departments } = await read(
      { people: [], units: [...units, { code: 'QA', name: 'Quality', id: 3, up: 'IT' }] },
      block('id'),
    );
    assert.deepEqual(
      departments?.map(one => one.parent_group_no),
      ['IT', '', 'IT'],
    );
  });

  test('names that every object has are names', async () => {
    const odd = JSON.parse('[{"code":"__proto__","name":"constructor"}]');
    assert.deepEqual(await placed([person('ann', ['constructor', 'toString'])], odd, 'display_name'), {
      ann: ['__proto__', 'toString'],
    });
  });
});

suite('`members`, and `member_key`, which joins them', () => {
  const block = (members: unknown, more = {}) => ({ data_structure: { group_no: 'code', members }, ...more });
  test('by the key, which is the email, whatever its case', async () => {
    const units = [
      { code: 'RD', m: ['Ann@X.example', 'bo@x.example'] },
      { code: 'IT', m: 'ANN@x.example' },
      { code: 'QA', m: [] },
    ];
    const found = await read({ people: [person('ann'), person('bo'), person('cy')], units }, block('m'));
    assert.deepEqual(placesOf(found), { ann: ['RD', 'IT'], bo: ['RD'], cy: [] });
    assert.deepEqual(found.memberships, []);
  });

  test('by another field of the people', async () => {
    const people = [
      { ...person('ann'), no: 7 },
      { ...person('bo'), no: '8' },
    ];
    const units = [{ code: 'RD', m: [{ id: 7 }, { id: 8 }, { id: 9 }] }];
    const found = await read({ people, units }, block('m.*.id', { member_key: 'ad_no' }), {
      data_structure: { email: 'email', ad_no: 'no' },
    });
    assert.deepEqual(placesOf(found), { ann: ['RD'], bo: ['RD'] });
  });

  test('by the key of data_structure, to the letter', async () => {
    const people = [
      { ...person('ann'), no: 'a1' },
      { ...person('bo'), no: 'A1' },
    ];
    const found = await read({ people, units: [{ code: 'RD', m: ['A1'] }] }, block('m'), {
      data_structure: { key: 'no', email: 'email' },
    });
    assert.deepEqual(placesOf(found), { ann: [], bo: ['RD'] });
  });

  test('besides what people name themselves', async () => {
    const found = await read(
      { people: [person('ann', ['IT', 'RD'])], units: [{ code: 'RD', m: ['ann@x.example'] }] },
      block('m'),
      withDepartments,
    );
    assert.deepEqual(placesOf(found), { ann: ['IT', 'RD'] });
  });

  test('who is nobody is told to the checks', async () => {
    const { memberships } = await read(
      { people: [person('ann')], units: [{ code: 'RD', m: ['zed@x.example', 'ann@x.example'] }] },
      block('m'),
    );
    assert.deepEqual(memberships, [{ person: 'zed@x.example', group_no: 'RD' }]);
  });
});

/** A server that holds its answers back until four are asked for at once, and then a little longer; tells how many there were. */
function counting(first: string, answer: (path: string) => Said) {
  let open = 0;
  const seen = { most: 0 };
  const handler: Handler = async ({ path }, response) => {
    if (path !== first) {
      open += 1;
      seen.most = Math.max(seen.most, open);
      for (let turn = 0; turn < 20 || (seen.most < 4 && turn < 10_000); turn += 1) await setImmediate();
      open -= 1;
    }
    say(response, answer(path));
  };
  return { seen, handler };
}

suite('`for_each`', () => {
  const TEN = Array.from({ length: 10 }, (_, place) => ({ id: place + 1, code: `D${place + 1}` }));
  const units: Said = { json: { units: TEN } };
  const ofDepartments = (peer: Peer) => ({
    for_each: 'departments',
    execute: [{ url: `${peer.origin}/units/{{ item.id }}/people`, method: 'GET' }],
    departments: blockFor(peer, {}),
  });
  const ofUnit = (path: string): Said => {
    const id = /\d+/.exec(path)?.[0];
    return path === '/units' ? units : { json: { people: [person(`p${id}`), person('boss')] } };
  };

  test('departments: one call per fetched record as `{{ item.x }}`; its people are in it', async () => {
    await using peer = await startPeer(({ path }, response) => say(response, ofUnit(path)));
    const found = await readAll(rest(manifestFor(peer.origin, ofDepartments(peer))));
    assert.equal(peer.requests.length, 11);
    assert.deepEqual(found.people.map(({ key, departments }) => [key, departments]).slice(0, 4), [
      ['p1@x.example', ['D1']],
      ['boss@x.example', ['D1']],
      ['p2@x.example', ['D2']],
      ['boss@x.example', ['D2']],
    ]);
  });

  test('departments: `item` has the record, and what data_structure makes of it', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(
        response,
        path === '/units'
          ? { json: { units: [{ id: 'a b', group_no: 'other', n: { m: 'x' } }] } }
          : { json: { people: [person('ann')] } },
      ),
    );
    const parts = {
      for_each: 'departments',
      execute: [
        {
          url: `${peer.origin}/{{ item.id }}/{{ item.n.m }}/{{ item.display_name }}/{{ item.group_no }}`,
          method: 'GET',
        },
      ],
      departments: blockFor(peer, {
        data_structure: { group_no: { from: 'id', transform: 'upper' }, display_name: { const: 'D' } },
      }),
      data_structure: { email: 'email', unit: 'item.id' },
    };
    const found = await readAll(rest(manifestFor(peer.origin, parts)));
    assert.equal(peer.requests[1]?.path, '/a%20b/x/D/other');
    assert.deepEqual(
      found.people.map(({ departments, extra }) => [departments, extra]),
      [[['A B'], [['unit', 'a b']]]],
    );
  });

  test('departments: the code of the department is that, whatever else is called so', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(
        response,
        path === '/units'
          ? {
              json: {
                units: [
                  { code: 'RD', name: 'IT' },
                  { code: 'IT', name: 'RD' },
                ],
              },
            }
          : { json: { people: [person(path.slice(1))] } },
      ),
    );
    const parts = {
      for_each: 'departments',
      execute: [{ url: `${peer.origin}/{{ item.code }}`, method: 'GET' }],
      departments: blockFor(peer, { match: 'display_name' }),
    };
    assert.deepEqual(placesOf(await readAll(rest(manifestFor(peer.origin, parts)))), { RD: ['RD'], IT: ['IT'] });
  });

  test('at most 4 at once', async () => {
    const { seen, handler } = counting('/units', ofUnit);
    await using peer = await startPeer(handler);
    await readAll(rest(manifestFor(peer.origin, ofDepartments(peer))));
    assert.equal(seen.most, 4);
  });

  test('any failure fails the run: the third of ten calls', async () => {
    for (const slow of ['/units/1/people', '/units/4/people']) {
      await using peer = await startPeer(async ({ path }, response) => {
        if (path === slow) await new Promise(resolve => setTimeout(resolve, 100));
        say(response, path === '/units/3/people' ? { status: 403, text: 'no' } : ofUnit(path));
      });
      assert.equal(
        await why(peer, ofDepartments(peer)),
        'GET ORIGIN/units/3/people (page 1): expected a success, and got status 403: no',
      );
      assert.ok(peer.requests.length <= 8, `${peer.requests.length} requests were made`);
    }
  });

  test('with nothing to ask for there is nothing', async () => {
    await using peer = await startPeer(byPath({ '/units': { json: { units: [] } } }));
    const { people, departments } = await readAll(rest(manifestFor(peer.origin, ofDepartments(peer))));
    assert.deepEqual([people, departments], [[], []]);
  });

  test('departments: each with pages of its own', async () => {
    await using peer = await startPeer(({ path, query }, response) => {
      if (path === '/units') return say(response, { json: { units: TEN.slice(0, 3) } });
      const page = Number(query.get('p') ?? 1);
      say(response, {
        json: { people: [person(`${path.split('/')[2]}-${page}`)], next: page < 3 ? `?p=${page + 1}` : null },
      });
    });
    const found = await readAll(rest(manifestFor(peer.origin, { ...ofDepartments(peer), next_page_from: 'next' })));
    assert.deepEqual(
      placesOf(found),
      Object.fromEntries([1, 2, 3].flatMap(unit => [1, 2, 3].map(page => [`${unit}-${page}`, [`D${unit}`]]))),
    );
  });

  test('people: departments that are asked for each of them, and come before them all the same', async () => {
    await using peer = await startPeer(({ path }, response) => {
      if (path === '/people')
        return say(response, {
          json: {
            people: [
              { ...person('ann'), id: 1 },
              { ...person('bo'), id: 2 },
            ],
          },
        });
      const id = path.split('/')[2];
      say(response, {
        json: { units: [{ code: `T${id}`, name: 'x', who: `${id === '1' ? 'ann' : 'bo'}@x.example` }] },
      });
    });
    const departments = {
      ...blockFor(peer, { data_structure: { group_no: 'code', members: 'who' } }),
      for_each: 'people',
      execute: [{ url: `${peer.origin}/people/{{ item.id }}/teams`, method: 'GET' }],
    };
    const source = rest(manifestFor(peer.origin, { departments }));
    assert.deepEqual(placesOf(await readAll(source)), { ann: ['T1'], bo: ['T2'] });
    const kinds: string[] = [];
    for await (const { kind } of source.read({ signal: new AbortController().signal, today: '2026-11-22' }))
      kinds.push(kind);
    assert.deepEqual(kinds, ['departments', 'people']);
  });

  const self = (peer: Peer) => ({
    for_each: 'self',
    execute: [
      { url: `${peer.origin}/list`, method: 'GET' },
      { url: `${peer.origin}/detail/{{ item.id }}?n={{ item.n }}`, method: 'GET' },
    ],
    data_structure: { key: 'id', email: 'email', n: 'n', phone1: 'phone' },
  });
  const listed = { json: { people: TEN.map(({ id }) => ({ id, n: `n${id}` })) } };
  const detail = (path: string): Said =>
    path === '/list' ? listed : { json: { email: `p${path.split('/')[2]}@x.example`, phone: '1' } };

  test('self: what each one’s own request tells, laid over what the list told', async () => {
    const { seen, handler } = counting('/list', detail);
    await using peer = await startPeer(handler);
    const { people, rows } = await readAll(rest(manifestFor(peer.origin, self(peer))));
    assert.deepEqual(
      people.map(({ key, fields, extra }) => [key, fields.email, fields.phone1, extra]),
      TEN.map(({ id }) => [`${id}`, `p${id}@x.example`, '1', [['n', `n${id}`]]]),
    );
    assert.equal(peer.requests[1]?.url, '/detail/1?n=n1');
    assert.deepEqual([seen.most, rows.people], [4, 10]);
  });

  test('self: any failure fails the run', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(response, path === '/detail/3' ? { status: 404, text: 'gone' } : detail(path)),
    );
    assert.equal(await why(peer, self(peer)), 'GET ORIGIN/detail/3: expected a success, and got status 404: gone');
  });

  test('self: what is no record is an error', async () => {
    for (const [said, text] of [
      [{ text: 'x' }, 'expected JSON: x'],
      [{ json: [] }, 'expected a record: []'],
      [{ json: null }, 'expected a record: null'],
    ] as const) {
      await using peer = await startPeer(({ path }, response) =>
        say(response, path === '/detail/2' ? said : detail(path)),
      );
      assert.equal(await why(peer, self(peer)), `GET ORIGIN/detail/2: ${text}`);
    }
  });

  test('self: `empty_status` means that there is no such record any more', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(response, path === '/detail/3' ? { status: 404 } : detail(path)),
    );
    const {
      execute: [list, each],
      ...more
    } = self(peer);
    const { people } = await readAll(
      rest(manifestFor(peer.origin, { ...more, execute: [list, { ...each, empty_status: [404] }] })),
    );
    assert.equal(people.length, 9);
  });

  test('self: an id leads nowhere else', async () => {
    await using peer = await startPeer(({ path }, response) =>
      say(
        response,
        path === '/list'
          ? {
              json: {
                people: [
                  { id: '../list?', n: 1 },
                  { id: '..', n: 1 },
                ],
              },
            }
          : { json: { email: 'a@x.example' } },
      ),
    );
    assert.equal(await why(peer, self(peer)), 'a request cannot be made: has ".." for a part of its path');
    assert.deepEqual(
      peer.requests.map(({ path }) => path),
      ['/list', '/detail/..%2Flist%3F'],
    );
  });
});
