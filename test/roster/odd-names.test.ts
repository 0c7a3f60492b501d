import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alice, bob, carol, judge, tell } from './cases.ts';
import { answerOf, extract, row, type Told } from './shelf.ts';

/** People and departments called like what every object has, and texts that few expect. */

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
const unicode = { usernames: 'unicode' } as const;

/** Username, key, department and extra, all by that name. */
const called = (name: string, told: Told = {}) => {
  const extra = Object.fromEntries([[name, name]]);
  return row(name, { ...carol, username: name, email: `${name}@acme.example`, departments: [name], extra, ...told });
};

describe('a person called like what every object has', () => {
  const all = (told: Told = {}) => [
    extract(
      'hr',
      NAMES.map(name => called(name, told)),
    ),
  ];
  const people = Object.fromEntries(
    NAMES.map(name => [
      name,
      { key: `hr/${name}` as never, departments: [name] as never, extra: [[name, name]] as never },
    ]),
  );

  test('is a person: comes, changes, is renamed, is protected and goes', () => {
    const { candidate } = judge({ name: '', rules: unicode, now: all(), people });
    const { user_info_list, group_info_list } = answerOf(candidate);
    assert.deepEqual(user_info_list.map(one => one['username']).sort(), NAMES.toSorted());
    assert.deepEqual(
      group_info_list.map(one => [one.group_no, one.user_list]),
      NAMES.toSorted().map(name => [name, [name]]),
    );
    judge({
      name: '',
      rules: unicode,
      before: [all()],
      now: all({ company: 'C' }),
      people: Object.fromEntries(NAMES.map(name => [name, { company: 'C' }])),
    });
    judge({
      name: '',
      rules: unicode,
      before: [all()],
      now: all({ email: undefined }),
      people: Object.fromEntries(NAMES.map(name => [name, { email: `${name}@acme.example` }])),
      problems: NAMES.map(name => `kept email_broken ${name}`),
    });
    judge({
      name: '',
      rules: unicode,
      before: [all()],
      now: [
        extract(
          'hr',
          NAMES.map(name => called(name, { username: `${name}2` })),
        ),
      ],
      people: Object.fromEntries(NAMES.map(name => [name, { login: `${name}2` }])),
    });
    judge({
      name: '',
      rules: unicode,
      before: [all()],
      now: [extract('hr', [row('1', alice)])],
      people: { alice: {} },
      changes: { people_removed: NAMES.length, departments_removed: NAMES.length },
    });
  });

  test('without a key too, and by the memberships of a source', () => {
    judge({
      name: '',
      rules: unicode,
      now: [
        extract(
          'hr',
          NAMES.map(name => row('', { ...carol, username: name, email: `${name}@x` })),
          { memberships: NAMES.map(name => [name, name] as const) },
        ),
      ],
      people: Object.fromEntries(NAMES.map(name => [name, { departments: [name] as never }])),
    });
  });

  test('nothing of it reaches other objects', () => {
    assert.deepEqual(Object.keys(Object.prototype), []);
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  });
});

tell([
  {
    name: 'emoji in what may have them',
    now: [
      extract('hr', [row('🔑', { ...alice, nick_name: 'Alice 🙂', departments: ['🏢'], extra: { '🎈': '👨‍👩‍👧' } })]),
    ],
    people: {
      alice: { key: 'hr/🔑' as never, nick_name: 'Alice 🙂', departments: ['🏢'] as never, extra: [['🎈', '👨‍👩‍👧']] },
    },
    departments: { '🏢': '' },
  },
  {
    name: 'half a character in a key is an unreadable key: a newcomer waits',
    now: [extract('hr', [row('\ud800', alice), row('\udc00', bob), row('3', carol)])],
    people: { carol: {} },
    problems: ['quarantined newcomer alice', 'quarantined newcomer bob'],
  },
  {
    name: 'and an incumbent stays',
    before: [[extract('hr', [row('1', alice), row('2', bob)])]],
    now: [extract('hr', [row('\ud800', { ...alice, company: 'C' }), row('\udc00', bob)])],
    people: { alice: { key: 'hr/1' as never, company: 'C' }, bob: { key: 'hr/2' as never } },
    problems: ['kept key_broken alice', 'kept key_broken bob'],
    removed: {},
  },
  {
    name: 'half a character everywhere else',
    now: [
      extract(
        'hr',
        [
          row('1', {
            ...alice,
            nick_name: '\ud800',
            company: 'a\udc00',
            phone1: '\ud800',
            departments: ['\ud800', 'D'],
            extra: { '\ud800': '\udc00' },
          }),
        ],
        { departments: [['D', '\ud800']] },
      ),
    ],
    people: { alice: { nick_name: '\ufffd', company: 'a\ufffd', phone1: '\ufffd', departments: ['D'] as never } },
    problems: ['dropped department_unknown alice'],
  },
  {
    name: 'NUL everywhere',
    now: [
      extract(
        'hr',
        [
          row('1\0', {
            ...alice,
            nick_name: '\0A\0',
            company: '\0',
            phone1: '1\0',
            ad_no: '\0',
            departments: ['\0', 'D'],
            extra: { a: '\0' },
          }),
        ],
        { departments: [['D', 'D\0'], ['\0']] },
      ),
    ],
    people: {
      alice: {
        key: 'hr/1\0' as never,
        nick_name: 'A',
        company: '',
        phone1: '1',
        ad_no: '',
        departments: ['D'] as never,
        extra: [['a', '\0']],
      },
    },
    problems: ['fixed nick_name_control alice', 'dropped department_unknown alice', 'quarantined department_code \0'],
  },
]);
