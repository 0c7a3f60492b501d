import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { PersonRecord } from '../../src/roster/model.ts';
import { startPeer } from '../support/http-peer.ts';
import { readAll, TODAY } from './configured.ts';
import { inTurn, manifestFor, rest, say } from './rest-service.ts';

/** What a manifest makes of these records. */
async function read(
  records: readonly unknown[],
  parts: Record<string, unknown>,
  settings = {},
): Promise<readonly PersonRecord[]> {
  await using peer = await startPeer((_request, response) =>
    say(response, { text: JSON.stringify({ people: records }) }),
  );
  return (await readAll(rest(manifestFor(peer.origin, parts), settings))).people;
}

async function person(record: unknown, data_structure: Record<string, unknown>, parts = {}): Promise<PersonRecord> {
  const [found, other] = await read([record], { data_structure, ...parts });
  assert(found && !other);
  return found;
}

const base = { departments: [], extra: [], active: true, broken: [] };

suite('`action`: create rows make people', () => {
  test('create is the default', async () => {
    const fields = { email: 'ann@acme.example', username: 'ann@acme.example' };
    const expected = { ...base, key: 'ann@acme.example', fields };
    for (const parts of [{}, { action: 'create' }])
      assert.deepEqual(await person({ mail: 'ann@acme.example' }, { email: 'mail' }, parts), expected);
  });

  test('their key is the lower-cased trimmed email', async () => {
    const { key, fields } = await person({ mail: '  Ann.Lin@ACME.example ' }, { email: 'mail' });
    assert.deepEqual(
      [key, fields.email, fields.username],
      ['ann.lin@acme.example', 'Ann.Lin@ACME.example', 'Ann.Lin@ACME.example'],
    );
  });

  test('their key is the email, also where that is a list of one', async () => {
    const { key, fields } = await person({ mails: ['Ann@acme.example'] }, { email: 'mails' });
    assert.deepEqual([key, fields.email], ['ann@acme.example', 'Ann@acme.example']);
  });

  test('unless `data_structure.key` is given', async () => {
    const { key, extra } = await person({ id: 7, mail: 'a@b.example' }, { email: 'mail', key: 'id' });
    assert.deepEqual([key, extra], ['7', []]);
    assert.equal((await person({ id: ' E 1 ', mail: 'a@b.example' }, { email: 'mail', key: 'id' })).key, 'E 1');
    assert.equal((await person({ id: null, mail: 'a@b.example' }, { email: 'mail', key: 'id' })).key, '');
  });

  test('rows without a valid email reach the checks like any other', async () => {
    const found = await read([{ mail: 'no address' }, {}, { mail: null }, { mail: '' }], {
      data_structure: { email: 'mail' },
    });
    assert.deepEqual(
      found.map(({ key, fields }) => [key, fields]),
      [
        // Nobody is known by what is no address; without a username nothing tells who it is.
        ['', { email: 'no address' }],
        ['', {}],
        ['', {}],
        ['', {}],
      ],
    );
  });

  test('equal duplicates, and conflicting ones, are left to the checks', async () => {
    const found = await read([{ mail: 'a@b.example' }, { mail: 'A@b.example' }], { data_structure: { email: 'mail' } });
    assert.deepEqual(
      found.map(({ key }) => key),
      ['a@b.example', 'a@b.example'],
    );
  });

  test('`username` defaults to the email', async () => {
    const structure = { email: 'mail', username: 'account' };
    assert.equal((await person({ mail: 'a@b.example', account: 'ann' }, structure)).fields.username, 'ann');
    for (const account of ['', ' ', null, undefined, []])
      assert.equal((await person({ mail: 'a@b.example', account }, structure)).fields.username, 'a@b.example');
  });

  test('`nick_name` defaults to `first_name last_name`', async () => {
    const structure = { email: 'mail', first_name: 'f', last_name: 'l', nick_name: 'n' };
    const named = async (record: Record<string, unknown>) => (await person(record, structure)).fields.nick_name;
    assert.equal(await named({ f: 'Ann', l: 'Lin' }), 'Ann Lin');
    assert.equal(await named({ f: 'Ann' }), 'Ann');
    assert.equal(await named({ l: 'Lin' }), 'Lin');
    assert.equal(await named({ f: 'Ann', l: 'Lin', n: 'Annie' }), 'Annie');
    assert.equal(await named({ f: ' ', l: null }), undefined);
  });

  test('names that are no field of a person are extras, sorted', async () => {
    const record = { id: 'i', a: 1, b: true, c: ['x', 'y'], d: null, e: '', f: ['one'], g: 'Ann' };
    const { extra, fields } = await person(record, {
      email: 'id',
      z_id: 'a',
      Is: 'b',
      langs: 'c',
      no: 'd',
      none: 'e',
      one: 'f',
      first_name: 'g',
    });
    assert.deepEqual(extra, [
      ['Is', 'true'],
      ['first_name', 'Ann'],
      ['langs', 'x, y'],
      ['one', 'one'],
      ['z_id', '1'],
    ]);
    assert.deepEqual(Object.keys(fields).sort(), ['email', 'nick_name']);
  });

  test('`departments` is a text, or a list of them', async () => {
    const of = async (d: unknown) =>
      (await person({ m: 'a@b.example', d }, { email: 'm', departments: 'd' })).departments;
    assert.deepEqual(await of(['RD', ' IT ', '', null, 7]), ['RD', 'IT', '7']);
    assert.deepEqual(await of('RD'), ['RD']);
    for (const none of [null, undefined, '', []]) assert.deepEqual(await of(none), []);
    for (const d of [{}, [{ id: 'RD' }], [['RD']]]) {
      const { departments, broken } = await person({ m: 'a@b.example', d }, { email: 'm', departments: 'd' });
      assert.deepEqual([departments, broken], [[], [{ field: 'departments', why: 'is no list of names or codes' }]]);
    }
    const { departments } = await person(
      { m: 'a@b.example', d: [{ n: 'A' }, { n: 'B' }] },
      { email: 'm', departments: 'd.*.n' },
    );
    assert.deepEqual(departments, ['A', 'B']);
  });
});

suite('`data_structure`: field → notation', () => {
  test('missing → the field is left out; null is kept, as a blank', async () => {
    const found = await person(
      { m: 'a@b.example', p: null, x: null },
      { email: 'm', phone1: 'p', phone2: 'q', extra1: 'x', extra2: 'y' },
    );
    assert.deepEqual(found, {
      ...base,
      key: 'a@b.example',
      fields: { email: 'a@b.example', username: 'a@b.example' },
      blanks: ['phone1', 'extra.extra1'],
    });
  });

  test('what is no text is broken, and says what the manifest should name', async () => {
    const { broken, fields } = await person(
      { m: 'a@b.example', o: { n: 1 }, l: ['1', '2'], x: [{}, {}] },
      { email: 'm', nick_name: 'o', phone1: 'l', other: 'x' },
    );
    assert.deepEqual(broken, [
      { field: 'nick_name', why: 'is an object; the manifest must name one value in it' },
      { field: 'phone1', why: 'is a list of 2; the manifest must name one of them, as with .0' },
      { field: 'extra.other', why: 'is a list of 2; the manifest must name one of them, as with .0' },
    ]);
    assert.deepEqual(fields, { email: 'a@b.example', username: 'a@b.example' });
  });

  test('`__proto__` and `constructor` in records are data like any other', async () => {
    const record = JSON.parse(
      '{"m":"a@b.example","__proto__":{"gender":"polluted","n":"N"},"constructor":{"name":"C"}}',
    );
    const structure = {
      email: 'm',
      gender: 'gender',
      nick_name: '__proto__.n',
      constructor: 'constructor.name',
      toString: 'toString',
      valueOf: 'm',
    };
    const { fields, extra } = await person(record, structure);
    assert.deepEqual(fields, { email: 'a@b.example', username: 'a@b.example', nick_name: 'N' });
    assert.deepEqual(extra, [
      ['constructor', 'C'],
      ['valueOf', 'a@b.example'],
    ]);
    assert.equal(({} as Record<string, unknown>)['gender'], undefined);
  });

  test('records that are no objects have nothing, and are told as such', async () => {
    const found = await read(['a@b.example', 7, {}], { data_structure: { email: 'email' } });
    assert.deepEqual(
      found.map(({ key, fields }) => [key, fields]),
      Array.from({ length: 3 }, () => ['', {}]),
    );
    for (const strange of [null, [], ['x']]) {
      await assert.rejects(
        read([{ email: 'a@b.example' }, strange], { data_structure: { email: 'email' } }),
        /\(page 1\): expected a list of records, and one of them is null or a list: /,
      );
    }
    assert.equal((await person('a@b.example', { email: '' })).key, 'a@b.example');
  });
});

suite('value objects in `data_structure`', () => {
  const record = {
    m: 'Ann@acme.example',
    a: '',
    b: null,
    c: ' C ',
    n: 7,
    t: '(02) 12-34',
    s: 'F',
    d: '2026/1/5',
    l: ['a', 'B'],
  };
  const cases: [what: string, value: unknown, found: string | undefined][] = [
    ['from a path', { from: 'c' }, 'C'],
    ['from the first of several that is not empty', { from: ['a', 'b', 'zz', 'c', 'm'] }, 'C'],
    ['a list of paths alone', ['a', 'b', 'c'], 'C'],
    ['template', { template: '{{ n }}-{{ c|lower }}' }, '7- c'],
    ['template whose every name is empty is empty', { template: '{{ a }}@{{ b }}' }, undefined],
    ['template with some that are empty', { template: '{{ a }}x{{ n }}' }, 'x7'],
    ['template without names', { template: 'x' }, 'x'],
    ['const', { const: 'k' }, 'k'],
    ['transform, one', { from: 'c', transform: 'lower' }, 'c'],
    ['transform, several', { from: 'c', transform: ['trim', 'lower'] }, 'c'],
    ['transform upper', { from: 's', transform: 'upper' }, 'F'],
    ['transform before_at', { from: 'm', transform: 'before_at' }, 'Ann'],
    ['transform digits', { from: 't', transform: 'digits' }, '021234'],
    ['transform date', { from: 'd', transform: 'date' }, '2026-01-05'],
    ['map', { from: 's', map: { F: 'female', M: 'male' } }, 'female'],
    ['map, other', { from: 's', map: { M: 'male', '*': 'other' } }, 'other'],
    ['map, no other', { from: 's', map: { M: 'male' } }, 'F'],
    ['map of what every object has', { from: 's', map: { x: 'y' } }, 'F'],
    ['default', { from: 'zz', default: 'd' }, 'd'],
    ['default of an empty text', { from: 'a', default: 'd' }, 'd'],
    ['default of null', { from: 'b', default: 'd' }, 'd'],
    [
      'first transform, then map, then default',
      { from: 'm', transform: ['before_at', 'lower'], map: { ann: '' }, default: 'D' },
      'D',
    ],
  ];
  for (const [what, value, found] of cases) {
    test(what, async () => {
      const { fields } = await person(record, { email: 'm', nick_name: value });
      assert.equal(fields.nick_name, found);
    });
  }
  test('of a list: each by itself', async () => {
    const { departments } = await person(record, {
      email: 'm',
      departments: { from: 'l', transform: 'upper', map: { A: 'RD' } },
    });
    assert.deepEqual(departments, ['RD', 'B']);
  });
  test('a date that is none is broken', async () => {
    const { broken } = await person(record, { email: 'm', hired: { from: 't', transform: 'date' } });
    assert.deepEqual(broken, [{ field: 'extra.hired', why: '"(02) 12-34" is not a date' }]);
  });
});

suite('`record_from` unwraps each record', () => {
  test('to what people are made of', async () => {
    const records = [{ data: { attributes: { m: 'a@b.example' } } }, { data: { attributes: { m: 'c@d.example' } } }];
    const found = await read(records, { record_from: 'data.attributes', data_structure: { email: 'm' } });
    assert.deepEqual(
      found.map(({ key }) => key),
      ['a@b.example', 'c@d.example'],
    );
  });
  test('before the filter', async () => {
    const records = [{ user: { m: 'a@b.example', on: 1 } }, { user: { m: 'c@d.example', on: 0 } }];
    const parts = { record_from: 'user', data_structure: { email: 'm' }, filter: { field: 'on', equals: 1 } };
    assert.deepEqual(
      (await read(records, parts)).map(({ key }) => key),
      ['a@b.example'],
    );
  });
});

suite('`filter`', () => {
  const records = [
    '1',
    1,
    true,
    null,
    '',
    '0000-00-00',
    '2026-11-21',
    '2026-11-22',
    '2026-11-23T08:00:00Z',
    undefined,
  ].map((v, place) => ({ m: `p${place}@x.example`, v, s: { t: place } }));
  const kept = async (filter: unknown) =>
    (await read(records, { data_structure: { email: 'm' }, filter }))
      .map(({ key }) => Number(key.slice(1, 2)))
      .join('');
  const cases: [what: string, filter: unknown, found: string][] = [
    ['equals, compared as strings', { field: 'v', equals: 1 }, '01'],
    ['equals true', { field: 'v', equals: true }, '2'],
    ['equals nothing', { field: 'v', equals: '' }, '349'],
    ['in', { field: 'v', in: ['true', 1] }, '012'],
    ['empty; 0000-00-00 is', { field: 'v', empty: true }, '3459'],
    ['not empty', { field: 'v', empty: false }, '012678'],
    [
      'all',
      {
        all: [
          { field: 'v', empty: false },
          { field: 'v', in: ['1'] },
        ],
      },
      '01',
    ],
    [
      'any',
      {
        any: [
          { field: 'v', equals: true },
          { field: 's.t', equals: 9 },
        ],
      },
      '29',
    ],
    ['not', { not: { field: 's.t', in: [1, 2, 3, 4, 5, 6, 7, 8] } }, '09'],
    ['a notation', { field: 's.t', equals: 4 }, '4'],
  ];
  for (const [what, filter, found] of cases) test(what, async () => assert.equal(await kept(filter), found));

  test(`before_today, after_today: it is ${TODAY}`, async () => {
    const dates = ['2026-11-21', '2026-11-22', '2026-11-23', '0000-00-00', '', null].map((v, place) => ({
      m: `p${place}@x.example`,
      v,
    }));
    const of = async (filter: unknown) =>
      (await read(dates, { data_structure: { email: 'm' }, filter })).map(({ key }) => key[1]).join('');
    assert.equal(await of({ field: 'v', before_today: true }), '0');
    assert.equal(await of({ field: 'v', before_today: false }), '12');
    assert.equal(await of({ field: 'v', after_today: true }), '2');
    assert.equal(await of({ not: { field: 'v', before_today: true } }), '12345');
  });

  test('whose date cannot be read leaves nobody out: it is broken', async () => {
    const found = await read([{ m: 'a@b.example', v: 'next week' }], {
      data_structure: { email: 'm' },
      filter: { field: 'v', after_today: true },
    });
    assert.deepEqual(
      found.map(({ key, active, broken }) => [key, active, broken]),
      [['a@b.example', true, [{ field: 'active', why: '"next week" is not a date' }]]],
    );
  });

  test('counts what it leaves out as read', async () => {
    await using peer = await startPeer(inTurn({ json: { people: records } }));
    const { rows, people } = await readAll(
      rest(manifestFor(peer.origin, { data_structure: { email: 'm' }, filter: { field: 'v', equals: 1 } })),
    );
    assert.deepEqual([rows.people, people.length], [10, 2]);
  });
});

suite('`active`: who has not left', () => {
  test('says who did; whose date cannot be read did not', async () => {
    const records = ['2020-01-01', '', '2030-01-01', 'soon'].map((left, place) => ({ m: `p${place}@x.example`, left }));
    const active = {
      any: [
        { field: 'left', empty: true },
        { field: 'left', before_today: false },
      ],
    };
    const found = await read(records, { data_structure: { email: 'm' }, active });
    assert.deepEqual(
      found.map(one => one.active),
      [false, true, true, true],
    );
    assert.deepEqual(
      found.map(one => one.broken),
      [[], [], [], [{ field: 'active', why: '"soon" is not a date' }]],
    );
  });
});

suite('`expect {fields, max_missing}`', () => {
  const records = (count: number, without: number) =>
    Array.from({ length: count }, (_, place) => ({
      email: `p${place}@x.example`,
      t: place < without ? [undefined, null, '', ' '][place % 4] : '1',
    }));
  const structure = { email: 'email', phone1: 't' };
  const settings = { expect: { fields: ['email', 'phone1'], max_missing: '2%' } };
  test('more than 2 % without: the read fails', async () => {
    assert.equal((await read(records(1000, 20), { data_structure: structure }, settings)).length, 1000);
    await assert.rejects(read(records(1000, 21), { data_structure: structure }, settings), {
      message:
        'source hr: "phone1" is missing in 21 of 1000 rows, and may be in 20; has its account lost a permission?',
    });
  });
  test('3 may always be', async () => {
    assert.equal((await read(records(10, 3), { data_structure: structure }, settings)).length, 10);
    await assert.rejects(read(records(10, 4), { data_structure: structure }, settings), {
      message: /"phone1" is missing in 4 of 10 rows, and may be in 3;/,
    });
  });
  test('2 % is the default; several fields are told together', async () => {
    await assert.rejects(
      read([{}, {}, {}, {}], { data_structure: structure }, { expect: { fields: ['email', 'phone1'] } }),
      {
        message:
          'source hr: "email" is missing in 4 of 4 rows, "phone1" is missing in 4 of 4 rows, and may be in 3; has its account lost a permission?',
      },
    );
  });
  test('counts all pages together', async () => {
    await using peer = await startPeer(({ count }, response) =>
      say(response, { json: { people: [{ email: `p${count}@x.example` }], next: count < 4 && `/p?${count}` } }),
    );
    const source = rest(manifestFor(peer.origin, { data_structure: structure, next_page_from: 'next' }), settings);
    await assert.rejects(readAll(source), { message: /"phone1" is missing in 4 of 4 rows/ });
  });
});
