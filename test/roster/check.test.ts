import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PersonField } from '../../src/roster/model.ts';
import { alice, bob, type Case, carol, judge, tell } from './cases.ts';
import { answerOf, type Code, extract, row } from './shelf.ts';

/** The check table of the OMFLOW contract, row by row, for newcomers; what it does to people already served is elsewhere. */

const only = (told: Parameters<typeof row>[1]) => [extract('hr', [row('1', { ...alice, ...told }), row('2', bob)])];
const out = (name: string) => [`quarantined newcomer ${name}`];

interface Sample {
  readonly value: string | undefined;
  /** As it is served; absent when its person is not. */
  readonly served?: string;
  readonly problems?: readonly string[];
  readonly rules?: Case['rules'];
}

/** One field of one newcomer, in all the forms of a row of the table. */
function samples(rule: number, field: PersonField, list: readonly Sample[]): void {
  for (const { value, served, problems, rules } of list) {
    const shown =
      value === undefined ? 'nothing' : JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}…` : value);
    const name = `row ${rule}: ${field} ${shown} is ${served === undefined ? 'not served' : 'served'}`;
    test(name, () => {
      const told = { ...alice, [field]: value };
      const known = served === undefined ? {} : { [told.username ?? '']: { [field]: served } };
      const people = field === 'username' && served !== undefined ? { [served]: {} } : known;
      judge({ name, now: only({ [field]: value }), people: { ...people, bob: {} }, problems: problems ?? [], rules });
    });
  }
}

const taken = (field: PersonField, value: string, name: string): Sample => ({
  value,
  problems: out(field === 'username' ? value : name),
});

describe('row 1: username 1–150, A-Za-z0-9_.@+-', () => {
  const unicode = { usernames: 'unicode' } as const;
  const ok = (value: string, rules?: Case['rules']): Sample => ({ value, served: value, rules });
  samples(1, 'username', [
    ok('a'),
    ok('Z9_.+-'),
    ok('a'.repeat(150)),
    { value: ' alice ', served: 'alice' },
    ok('王小明', unicode),
    ok('é\u0301ä', unicode),
    ok('१२', unicode),
    ok('𠮷'.repeat(150), unicode),
    { value: undefined, problems: out('alice@acme.example') },
    ...[
      'a'.repeat(151),
      'a b',
      'a\tb',
      'a\0',
      'a/b',
      'a\\b',
      'ä',
      '王',
      'a🙂',
      '\ud800',
      'a:b',
      "a'b",
      'a\nb',
      'alice\u200b',
    ].map(value => taken('username', value, 'alice')),
    ...['𠮷'.repeat(151), 'a b', '🙂', 'a\u200b', '\udc00a', 'a/b'].map(value => ({
      ...taken('username', value, 'alice'),
      rules: unicode,
    })),
  ]);
});

describe('row 2: username unique, also after trim, NFKC and case folding', () => {
  const pairs = [
    ['alice', 'alice'],
    ['alice', 'ALICE'],
    ['alice', ' alice'],
    ['a', 'ａ'],
    ['straße', 'STRASSE'],
    ['straße', 'STRAẞE'],
    ['ﬁnn', 'finn'],
    ['σοφοσ', 'ΣΟΦΟΣ'],
    ['σοφος', 'ΣΟΦΟΣ'],
    ['e\u0301', 'É'],
    ['ǆ', 'ǅ'],
    ['①', '1'],
  ] as const;
  tell(
    pairs.map(([first, second]) => ({
      name: `row 2: "${first}" and "${second}" are the same`,
      rules: { usernames: 'unicode' },
      now: [extract('hr', [row('1', { ...alice, username: first }), row('2', { ...bob, username: second })])],
      people: { [first]: { key: 'hr/1' as never } },
      problems: out(second.trim()),
    })),
  );
  tell([
    {
      name: 'row 2: names that only look alike are two names',
      rules: { usernames: 'unicode' },
      now: [
        extract('hr', [row('1', { ...alice, username: 'а' }), row('2', { ...bob, username: 'a' }), row('3', carol)]),
      ],
      people: { а: {}, a: {}, carol: {} },
    },
  ]);
});

describe('row 3: a username with @ that is not the email', () => {
  const warned = (value: string): Sample => ({
    value,
    served: value,
    problems: [`warned username_not_email ${value}`],
  });
  samples(3, 'username', [
    { value: 'alice@acme.example', served: 'alice@acme.example' },
    warned('alice@other.example'),
    warned('@'),
  ]);
});

describe('row 4: email present, at most 254, one @, ASCII local part, unique', () => {
  const domain = (length: number) => `a@${'b'.repeat(length - 2)}`;
  const ok = (value: string): Sample => ({ value, served: value });
  samples(4, 'email', [
    ok('a@b'),
    ok(domain(254)),
    ok("o'hara+x@acme.example"),
    ok('a@büro.example'),
    { value: ' a@b ', served: 'a@b' },
    { value: undefined, problems: out('alice') },
    ...[
      '',
      ' ',
      domain(255),
      'alice',
      '@acme.example',
      'alice@',
      'a@b@c',
      'älice@acme.example',
      'a b@acme.example',
      'a@acme example',
      'a@acme\u00a0example',
      'a@ac\0me',
      'a@ac\u0085me',
      'a\0@acme',
      'a@\ud800.example',
    ].map(value => taken('email', value, 'alice')),
  ]);
  tell(
    [
      ['Alice@Acme.example', 'aLICE@aCME.EXAMPLE'],
      ['a@straße.example', 'A@STRASSE.example'],
      ['a@ａcme.example', 'a@acme.example'],
    ].map(([first = '', second = '']) => ({
      name: `row 4: <${first}> and <${second}> are the same`,
      now: [extract('hr', [row('1', { ...alice, email: first }), row('2', { ...bob, email: second })])],
      people: { alice: { email: first } },
      problems: out('bob'),
    })),
  );
});

describe('row 5: email published before under another username', () => {
  const moved = { ...alice, email: 'ames@acme.example' };
  const newcomer = { ...bob, email: 'ALICE@acme.example' };
  const before = [[extract('hr', [row('1', alice)])], [extract('hr', [row('1', moved)])]];
  const now = [extract('hr', [row('1', moved), row('2', newcomer)])];
  tell([
    { name: 'row 5: a newcomer with it is quarantined', before, now, people: { alice: {} }, problems: out('bob') },
    {
      name: 'row 5: a newcomer with it is served where the configuration allows it',
      before,
      now,
      rules: { reused_email: 'allow' },
      people: { alice: { email: 'ames@acme.example' }, bob: { email: 'ALICE@acme.example' } },
    },
    {
      name: 'row 5: whoever had it themselves may have it again',
      before,
      now: [extract('hr', [row('1', alice)])],
      people: { alice: { email: 'alice@acme.example' } },
    },
    {
      name: 'row 5: an email of somebody who left stays theirs',
      before: [[extract('hr', [row('1', alice), row('3', carol)])], [extract('hr', [row('3', carol)])]],
      now: [extract('hr', [row('2', { ...newcomer, email: alice.email }), row('3', carol)])],
      people: { carol: {} },
      problems: out('bob'),
    },
  ]);
});

describe('row 6: reserved names', () => {
  const rules = { reserved: ['Admin', 'boss@acme.example'], usernames: 'unicode' } as const;
  samples(
    6,
    'username',
    ['system', 'SYSTEM', 'admin', 'ADMIN', 'boss@acme.example', 'ｓｙｓｔｅｍ'].map(value => ({
      ...taken('username', value, ''),
      problems: value.includes('@') ? [...out(value), `warned username_not_email ${value}`] : out(value),
      rules,
    })),
  );
  samples(6, 'username', [
    { value: 'systems', served: 'systems', rules },
    { value: 'admin', served: 'admin' },
  ]);
  samples(
    6,
    'email',
    ['system@system.com', 'System@SYSTEM.com', 'Boss@acme.example', 'system@ｓystem.com'].map(value => ({
      ...taken('email', value, 'alice'),
      rules,
    })),
  );
});

const family = '👨‍👩‍👧‍👦';
const flag = '🇹🇼';

describe('row 7: nick_name present, at most 50, no control characters', () => {
  const long = (value: string, served: string): Sample => ({ value, served, problems: ['fixed nick_name_long alice'] });
  samples(7, 'nick_name', [
    { value: undefined, served: 'alice', problems: ['fixed nick_name_missing alice'] },
    { value: ' \t\0 ', served: 'alice', problems: ['fixed nick_name_missing alice'] },
    { value: 'n'.repeat(50), served: 'n'.repeat(50) },
    { value: '王'.repeat(50), served: '王'.repeat(50) },
    { value: '𠮷'.repeat(50), served: '𠮷'.repeat(50) },
    { value: ' Alice ', served: 'Alice' },
    long('n'.repeat(51), 'n'.repeat(50)),
    long('𠮷'.repeat(200), '𠮷'.repeat(50)),
    long(`${'n'.repeat(49)} n`, 'n'.repeat(49)),
    long('e\u0301'.repeat(100), 'e\u0301'.repeat(25)),
    long(`n${'e\u0301'.repeat(100)}`, `n${'e\u0301'.repeat(24)}`),
    long(family.repeat(28), family.repeat(7)),
    long(`n${flag.repeat(99)}`, `n${flag.repeat(24)}`),
    long(`${'n'.repeat(49)}\r\nn`.replace('\r\n', '👍🏽'), 'n'.repeat(49)),
    // One visible character that is too long by itself: rather half of it than nothing.
    long(`a${'\u0301'.repeat(199)}`, `a${'\u0301'.repeat(49)}`),
    { value: 'A\tB', served: 'A B', problems: ['fixed nick_name_control alice'] },
    { value: 'A\0B\u0085C\u007f', served: 'ABC', problems: ['fixed nick_name_control alice'] },
    { value: 'A\ud800', served: 'A\ufffd' },
    ...['<b>', 'a > b', 'the "boss"', "O'Hara"].map(value => ({
      value,
      served: value,
      problems: ['warned nick_name_markup alice'],
    })),
  ]);
  tell([
    {
      name: 'row 7: a username that stands for a name is cut too',
      now: [extract('hr', [row('1', { ...alice, username: 'a'.repeat(150), nick_name: undefined })])],
      people: { ['a'.repeat(150)]: { nick_name: 'a'.repeat(50) } },
      problems: [`fixed nick_name_missing ${'a'.repeat(150)}`],
    },
    {
      name: 'row 7: so it is where the name could not be read',
      now: [
        extract('hr', [
          row('1', {
            ...alice,
            username: 'a'.repeat(150),
            nick_name: undefined,
            broken: [{ field: 'nick_name', why: 'has bytes that are not big5' }],
          }),
        ]),
      ],
      people: { ['a'.repeat(150)]: { nick_name: 'a'.repeat(50) } },
      problems: [`fixed nick_name_missing ${'a'.repeat(150)}`, `fixed nick_name_broken ${'a'.repeat(150)}`],
    },
  ]);
});

describe('row 8: gender exactly male or female', () => {
  const fixed = ['fixed gender_default alice'];
  samples(8, 'gender', [
    { value: 'male', served: 'male' },
    { value: 'female', served: 'female' },
    { value: undefined, served: 'male', problems: fixed },
    ...['M', 'Female', ' male', '男'].map(value => ({ value, served: 'male', problems: fixed })),
    { value: 'x', served: 'female', problems: fixed, rules: { gender: 'female' } },
  ]);
});

describe('row 9: phone1 and phone2 at most 20', () => {
  for (const field of ['phone1', 'phone2'] as const) {
    const problems = [`fixed ${field}_long alice`];
    samples(9, field, [
      { value: undefined, served: '' },
      { value: '+886 (2) 1234-567890', served: '+886 (2) 1234-567890' },
      { value: '+886 (2) 1234-5678901', served: '+886212345678901', problems },
      { value: '02/1234.5678 - 9012 3456', served: '0212345678' + '90123456', problems },
      { value: '1'.repeat(20), served: '1'.repeat(20) },
      { value: '1'.repeat(21), served: '', problems },
      { value: '(1) 2345 678 901 234 567 890 12', served: '', problems },
    ]);
  }
});

describe('row 10: company at most 200, extension_no 20, ad_no 100', () => {
  samples(10, 'company', [
    { value: undefined, served: '' },
    { value: 'c'.repeat(200), served: 'c'.repeat(200) },
    { value: 'c'.repeat(201), served: 'c'.repeat(200), problems: ['fixed company_long alice'] },
    { value: family.repeat(29), served: family.repeat(28), problems: ['fixed company_long alice'] },
  ]);
  samples(10, 'extension_no', [
    { value: '1'.repeat(20), served: '1'.repeat(20) },
    { value: '1'.repeat(21), served: '', problems: ['fixed extension_no_long alice'] },
  ]);
  samples(10, 'ad_no', [
    { value: '𠮷'.repeat(100), served: '𠮷'.repeat(100) },
    { value: '1'.repeat(101), served: '', problems: ['fixed ad_no_long alice'] },
    { value: 'A\0 1\ud800', served: 'A 1\ufffd' },
  ]);
});

test('row 11: all nine and all four keys, always strings', () => {
  const bare = { username: 'alice', email: 'a@b' };
  const { candidate } = judge({
    name: '',
    now: [extract('hr', [row('1', { ...bare, departments: ['D'] })])],
    people: { alice: {} },
    problems: ['fixed nick_name_missing alice', 'fixed gender_default alice'],
  });
  assert.deepEqual(answerOf(candidate), {
    status: 'success',
    user_info_list: [
      {
        username: 'alice',
        email: 'a@b',
        nick_name: 'alice',
        ad_no: '',
        company: '',
        phone1: '',
        phone2: '',
        extension_no: '',
        gender: 'male',
      },
    ],
    group_info_list: [{ display_name: 'D', group_no: 'D', parent_group_no: '', user_list: ['alice'] }],
  });
});

describe('rows 12 and 13: group_no and display_name', () => {
  const people = [row('1', alice)];
  const listed = (...departments: Code[]) => [extract('hr', people, { departments })];
  const none = (code: string) => ({
    name: `row 12: the code ${JSON.stringify(code.slice(0, 10))} is not served`,
    now: listed([code, 'Name'], ['OK']),
    people: { alice: {} },
    departments: { OK: '' },
    problems: [`quarantined department_code ${code}`],
  });
  tell([
    none(''),
    none('  '),
    none('1'.repeat(151)),
    none('a\0'),
    none('a\nb'),
    none('\ud800'),
    {
      name: 'row 12: a code of 150 characters is served',
      now: listed(['𠮷'.repeat(150), 'Name']),
      people: { alice: {} },
      departments: { ['𠮷'.repeat(150)]: '' },
    },
    ...(
      [
        ['D1', 'd1'],
        ['a', 'ａ'],
        ['SS', 'ß'],
        [' D1', 'D1'],
      ] as const
    ).map(([first, second]) => ({
      name: `row 12: "${first}" and "${second}" are the same`,
      now: listed([second, 'Second'], [first, 'First']),
      people: { alice: {} },
      departments: { [first]: '' },
      problems: [`quarantined department_code ${second}`],
    })),
    {
      name: 'row 13: a name is cut at 200, and the code stands for a missing one',
      now: listed(['A', 'n'.repeat(201)], ['B', ''], ['C', ' \0\t'], ['D', `a${'\u0301'.repeat(300)}`]),
      people: { alice: {} },
      problems: [
        'fixed display_name_long A',
        'fixed display_name_missing B',
        'fixed display_name_missing C',
        'fixed display_name_long D',
      ],
    },
    {
      name: 'row 13: the same name twice under one parent is only said',
      now: listed(['A', 'Sales'], ['B', 'Sales'], ['C', 'Sales', 'A'], ['D', 'Sales', 'A']),
      people: { alice: {} },
      departments: { A: '', B: '', C: 'A', D: 'A' },
      problems: ['warned department_twin B', 'warned department_twin D'],
    },
  ]);
});

describe('row 14: parent exists, no self-parent, no cycle; parents first', () => {
  const now = [
    extract('hr', [row('1', alice)], {
      departments: [
        ['A', 'A', 'Z'],
        ['B', 'B', 'A'],
        ['C', 'C', 'nowhere'],
        ['S', 'S', 'S'],
        ['X', 'X', 'Y'],
        ['Y', 'Y', 'X'],
        ['Z', 'Z', ''],
      ],
    }),
  ];
  const parents = { A: 'Z', B: 'A', C: '', S: '', X: '', Y: 'X', Z: '' };
  const problems = ['kept department_parent C', 'kept department_parent S', 'kept department_cycle X'];
  test('row 14: all of it', () => {
    const { candidate } = judge({ name: '', now, people: { alice: {} }, departments: parents, problems });
    const order = answerOf(candidate).group_info_list.map(one => one.group_no);
    assert.deepEqual(order, ['C', 'S', 'X', 'Z', 'A', 'Y', 'B']);
  });
});

test('row 15: user_list only served usernames, no duplicates, sorted by bytes', () => {
  const { candidate } = judge({
    name: '',
    rules: { usernames: 'unicode' },
    now: [
      extract(
        'hr',
        [
          row('1', { ...alice, username: '𠮷', departments: ['D', 'D'] }),
          row('2', { ...bob, username: 'ﾊ', departments: ['D'] }),
          row('3', { ...carol, departments: ['D'] }),
          row('4', { username: 'broken', departments: ['D'], gender: 'male', nick_name: 'B' }),
        ],
        {
          memberships: [
            ['3', 'D'],
            ['9', 'D'],
            ['9', 'E'],
          ],
        },
      ),
    ],
    people: { 𠮷: {}, ﾊ: {}, carol: {} },
    problems: ['quarantined newcomer broken', 'dropped member_unknown 9'],
  });
  const [d] = answerOf(candidate).group_info_list;
  assert.deepEqual(d?.user_list, ['carol', 'ﾊ', '𠮷']);
});

test('row 16: the same bytes, whatever order the sources answered in', () => {
  const hr = extract('hr', [row('1', alice), row('2', { ...bob, departments: ['D'] })], { departments: [['D']] });
  const ad = extract('ad', [
    row('7', { ...carol, departments: ['D'] }),
    row('8', { email: bob.email ?? '', company: 'Acme' }),
  ]);
  const plans = [hr, ad].map(
    one => ({ name: one.source, action: 'create', match: 'email', fields: undefined }) as const,
  );
  const people = { alice: {}, bob: { company: 'Acme' }, carol: {} };
  const first = judge({ name: '', plans, now: [hr, ad], people });
  const second = judge({ name: '', plans, now: [ad, hr], people });
  assert.equal(JSON.stringify(answerOf(first.candidate)), JSON.stringify(answerOf(second.candidate)));
  assert.equal(first.digest, second.digest);
});
