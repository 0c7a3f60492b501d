import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { merge } from '../../src/roster/merge.ts';
import type { Extract } from '../../src/roster/model.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { alice, bob, carol, dave, judge, tell } from './cases.ts';
import { extract, plan, row, type Settings, Shelf, type Told } from './shelf.ts';

/** Whom the records of several sources are about, and who is there. */

const one = (source: string, key: string, told: Told) => extract(source, [row(key, told)]);
const update = (name: string, other: Parameters<typeof plan>[1] = {}) => plan(name, { action: 'update', ...other });
const marks = ['key', 'email', 'ad_no', 'username'] as const;
/** Somebody else in everything but the mark. */
const like = (by: (typeof marks)[number], told: Told): Told => (by === 'key' ? carol : { ...carol, [by]: told[by] });

describe('several later records that match one person', () => {
  const two = (told: Told) =>
    extract('ext', [row('9', { ...told, company: 'nine' }), row('10', { ...told, phone1: '1' })]);
  for (const by of ['email', 'ad_no', 'username'] as const) {
    const plans = [plan('hr'), plan('ext', { match: by })];
    tell([
      {
        name: `by ${by}: of newcomers it is open who they are`,
        plans,
        now: [one('hr', '1', alice), two(like(by, alice))],
        people: { alice: { company: '' } },
        problems: [
          'fixed company_broken alice',
          'fixed phone1_broken alice',
          `quarantined newcomer ${by === 'username' ? 'alice' : 'carol'}`,
          `quarantined newcomer ${by === 'username' ? 'alice' : 'carol'}`,
        ],
      },
      {
        name: `by ${by}: somebody who was joined keeps what was filled`,
        plans,
        before: [[one('hr', '1', alice), one('ext', '9', { ...like(by, alice), company: 'nine' })]],
        now: [one('hr', '1', alice), two(like(by, alice))],
        people: { alice: { company: 'nine' } },
        problems: [
          'kept company_broken alice',
          'kept phone1_broken alice',
          `quarantined newcomer ${by === 'username' ? 'alice' : 'carol'}`,
          `quarantined newcomer ${by === 'username' ? 'alice' : 'carol'}`,
        ],
        removed: {},
      },
      {
        name: `by ${by}: an old row beside the new one is no rival`,
        plans,
        now: [
          one('hr', '1', alice),
          extract('ext', [row('9', { ...alice, active: false }), row('10', { ...alice, phone1: '1' })]),
        ],
        people: { alice: { phone1: '1' } },
      },
      {
        name: `by ${by}: whoever has left has left, however often others list them`,
        plans,
        before: [[extract('hr', [row('1', alice), row('2', dave)]), one('ext', '9', alice)]],
        now: [extract('hr', [row('1', { ...alice, active: false }), row('2', dave)]), two(alice)],
        people: { dave: {} },
        removed: { 'hr/1': 'left hr' },
      },
    ]);
  }
  tell([
    {
      name: 'whoever is served under such a key stays, and keeps their name and email',
      plans: [plan('hr'), plan('ext', { match: 'ad_no' })],
      before: [[one('hr', '1', alice), extract('ext', [row('8', bob), row('9', carol)])]],
      now: [
        one('hr', '1', { ...alice, ad_no: '0000' }),
        extract('ext', [row('8', { ...bob, ad_no: '0000' }), row('9', { ...carol, ad_no: '0000' })]),
      ],
      people: { alice: {}, bob: { key: 'ext/8' as never }, carol: { key: 'ext/9' as never } },
      problems: ['kept key_broken bob', 'kept key_broken carol'],
      removed: {},
    },
    {
      name: 'they are no rivals of the person for what comes after',
      plans: [plan('hr'), plan('ext'), update('ad')],
      now: [one('hr', '1', alice), two(alice), one('ad', 'x', { email: alice.email, phone2: '2' })],
      people: { alice: { phone2: '2' } },
      problems: [
        'fixed company_broken alice',
        'fixed phone1_broken alice',
        'quarantined newcomer alice',
        'quarantined newcomer alice',
      ],
    },
    {
      name: 'and are found where nobody else is meant',
      plans: [plan('hr'), plan('ext', { match: 'ad_no' }), update('ad', { match: 'username' })],
      before: [[one('hr', '1', alice), one('ext', '8', bob)]],
      now: [
        one('hr', '1', alice),
        extract('ext', [row('8', { ...bob, ad_no: 'E1' }), row('9', { ...carol, ad_no: 'E1' })]),
        one('ad', 'x', { username: 'BOB', phone2: '2' }),
      ],
      people: { alice: {}, bob: { phone2: '2' } },
      problems: ['kept key_broken bob', 'quarantined newcomer carol'],
    },
  ]);
});

describe('earlier people with the same mark', () => {
  const pair = extract('hr', [row('1', { ...alice, phone1: '1' }), row('2', { ...bob, ad_no: 'E1' })]);
  const told = { ad_no: 'E1', phone1: '3', departments: ['D'], extra: { room: '9' } };
  tell([
    {
      name: 'an update that is open takes nothing from whoever had it',
      plans: [plan('hr'), update('ad', { match: 'ad_no' })],
      before: [[extract('hr', [row('1', alice), row('2', bob)]), one('ad', 'x', told)]],
      now: [extract('hr', [row('1', alice), row('2', { ...bob, ad_no: 'E1' })]), one('ad', 'x', told)],
      people: {
        alice: { phone1: '3', departments: ['D'] as never, extra: [['room', '9']] },
        bob: { phone1: '', departments: [], extra: [] },
      },
      problems: [
        'dropped match_ambiguous ',
        ...['departments', 'extra.room', 'phone1'].flatMap(field => [
          `kept ${field}_broken alice`,
          `kept ${field}_broken bob`,
        ]),
        'kept department_kept D',
      ],
    },
    {
      name: 'and gives newcomers nothing',
      plans: [plan('hr'), update('ad', { match: 'ad_no' })],
      now: [pair, one('ad', 'x', { ad_no: 'E1', phone1: '3' })],
      people: { alice: { phone1: '1' }, bob: { phone1: '' } },
      problems: ['dropped match_ambiguous ', 'fixed phone1_broken bob'],
    },
    {
      name: 'one who has left is none of them',
      plans: [plan('hr'), update('ad', { match: 'ad_no' })],
      now: [extract('hr', [row('1', alice), row('2', { ...bob, ad_no: 'E1', active: false })]), one('ad', 'x', told)],
      people: { alice: { phone1: '3' } },
    },
    {
      name: 'one of whom two rows say two things gives way to one who has it for sure',
      plans: [plan('hr'), update('ad', { match: 'ad_no' })],
      now: [
        extract('hr', [
          row('1', alice),
          row('2', bob),
          row('2', { ...bob, ad_no: 'E1' }),
          row('2', { ...bob, ad_no: 'E0' }),
        ]),
        extract('ad', [row('x', { ad_no: 'E2', phone1: '2' }), row('y', { ad_no: 'E1', phone1: '1' })]),
      ],
      people: { alice: { phone1: '1' }, bob: { phone1: '2', ad_no: '' } },
      problems: ['fixed ad_no_broken bob'],
    },
    {
      name: 'whatever the order of their keys',
      plans: [plan('hr'), update('ad', { match: 'ad_no' })],
      now: [
        extract('hr', [
          row('1', alice),
          row('2', bob),
          row('2', { ...bob, ad_no: 'E1' }),
          row('3', { ...carol, ad_no: 'E2' }),
        ]),
        one('ad', 'x', { ad_no: 'E2', phone1: '2' }),
      ],
      people: { alice: {}, bob: { ad_no: '' }, carol: { phone1: '2' } },
      problems: ['fixed ad_no_broken bob'],
    },
    {
      name: 'several updates of one who has left are nothing to tell of',
      plans: [plan('hr'), update('ad')],
      now: [
        extract('hr', [row('1', { ...alice, active: false }), row('2', bob)]),
        extract('ad', [row('x', { email: alice.email, phone1: '1' }), row('y', { email: alice.email, phone1: '2' })]),
      ],
      people: { bob: {} },
    },
    {
      name: 'if all have left, so has whom a later source lists',
      plans: [plan('hr'), plan('ext', { match: 'ad_no' })],
      now: [
        extract('hr', [row('1', { ...alice, active: false }), row('2', { ...alice, active: false }), row('3', bob)]),
        one('ext', '9', alice),
      ],
      people: { bob: {} },
    },
    {
      name: 'an inactive record that is open is about itself',
      plans: [plan('hr'), plan('ext', { match: 'ad_no' })],
      before: [[extract('hr', [row('1', alice), row('2', bob)]), one('ext', '9', carol)]],
      now: [
        extract('hr', [row('1', alice), row('2', { ...bob, ad_no: 'E1' })]),
        one('ext', '9', { ...carol, ad_no: 'E1', active: false }),
      ],
      people: { alice: {}, bob: {} },
      removed: { 'ext/9': 'left ext' },
    },
  ]);
});

describe('a record whose mark cannot be read', () => {
  const odd = [{ field: 'ad_no', why: 'has bytes that are not big5' }];
  tell([
    {
      name: 'enriches nobody',
      plans: [plan('hr'), update('ad', { match: 'ad_no' })],
      now: [one('hr', '1', alice), one('ad', 'x', { broken: odd, phone1: '1' })],
      people: { alice: { phone1: '' } },
      problems: ['dropped update_unmatched '],
    },
    {
      name: 'nor where two rows of it say two things',
      plans: [plan('hr'), update('ad')],
      now: [
        extract('hr', [row('1', alice), row('2', bob)]),
        extract('ad', [row('x', { email: alice.email, phone1: '1' }), row('x', { email: bob.email, phone1: '1' })]),
      ],
      people: { alice: { phone1: '' }, bob: { phone1: '' } },
      problems: ['dropped update_unmatched bob@acme.example'],
    },
    {
      name: 'brings nobody into being',
      plans: [plan('hr'), plan('ext', { match: 'ad_no' })],
      now: [one('hr', '1', alice), one('ext', '9', { ...bob, ad_no: undefined, broken: odd })],
      people: { alice: {} },
      problems: ['fixed ad_no_broken bob', 'quarantined newcomer bob'],
    },
    {
      name: 'and takes nobody away',
      plans: [plan('hr'), plan('ext', { match: 'ad_no' })],
      before: [[one('hr', '1', alice), one('ext', '9', bob)]],
      now: [one('hr', '1', alice), one('ext', '9', { ...bob, ad_no: undefined, broken: odd })],
      people: { alice: {}, bob: { ad_no: 'E2' } },
      problems: ['kept ad_no_broken bob', 'kept key_broken bob'],
      removed: {},
    },
    {
      name: 'an email that two rows tell otherwise is told once',
      plans: [plan('hr'), plan('ext')],
      before: [[one('hr', '1', alice), one('ext', '9', bob)]],
      now: [one('hr', '1', alice), extract('ext', [row('9', bob), row('9', { ...bob, email: 'b@x.y' })])],
      people: { alice: {}, bob: { email: bob.email ?? '' } },
      problems: ['kept email_broken bob'],
      removed: {},
    },
    {
      name: 'a source before all others has nobody to join, so it does not matter',
      plans: [plan('hr', { match: 'ad_no' })],
      now: [one('hr', '1', { ...alice, ad_no: undefined, broken: odd })],
      people: { alice: { ad_no: '' } },
      problems: ['fixed ad_no_broken alice'],
    },
  ]);
});

describe('an update source needs no more than what it is matched by', () => {
  tell([
    {
      name: 'rows with neither key nor username',
      plans: [plan('hr'), update('phones')],
      now: [
        extract('hr', [row('1', alice), row('2', bob)]),
        extract('phones', [
          row('', { email: alice.email, phone1: '1' }),
          row('', { email: bob.email, phone1: '2' }),
          row('', { phone1: '3' }),
          row('', { email: 'nobody@x.y', phone1: '4' }),
        ]),
      ],
      people: { alice: { phone1: '1' }, bob: { phone1: '2' } },
      problems: ['dropped update_unmatched ', 'dropped update_unmatched nobody@x.y'],
    },
    {
      name: 'but one that brings people into being needs a key or username, whatever else it has',
      plans: [plan('hr'), plan('ext')],
      now: [one('hr', '1', alice), one('ext', '', { email: alice.email, phone1: '1' })],
      people: { alice: { phone1: '' } },
      problems: ['quarantined username_missing alice@acme.example'],
    },
    {
      name: 'two such rows with one mark are rows with one key',
      plans: [plan('hr'), update('phones')],
      now: [
        one('hr', '1', alice),
        extract('phones', [
          row('', { email: alice.email, phone1: '1', phone2: '3' }),
          row('', { email: alice.email, phone1: '2', phone2: '3' }),
        ]),
      ],
      people: { alice: { phone1: '', phone2: '3' } },
      problems: ['fixed phone1_broken alice'],
    },
  ]);
});

describe('several updates of one person', () => {
  const plans = [plan('hr'), update('ad'), update('late')];
  const ad = extract('ad', [
    row('x', { email: alice.email, phone1: '1', phone2: '3', departments: ['D'], extra: { cost: '7', room: '8' } }),
    row('y', { email: alice.email, phone1: '2', departments: ['E'], extra: { cost: '7', room: '9', desk: '5' } }),
  ]);
  test('are one, and what they tell otherwise is no value', () => {
    const { people } = merge([one('hr', '1', alice), ad], plans, new ProblemList());
    const { fields, departments, extra, broken } = people.get('hr/1' as never) ?? {};
    assert.deepEqual([fields?.phone1, fields?.phone2, departments], [undefined, '3', ['D', 'E']]);
    assert.deepEqual(extra, [
      ['cost', '7'],
      ['desk', '5'],
    ]);
    assert.deepEqual(broken?.map(told => told.field).sort(), ['extra.room', 'phone1']);
  });
  tell([
    {
      name: 'keep the last good value of somebody who is served',
      plans,
      before: [[one('hr', '1', alice), one('ad', 'x', { email: alice.email, phone1: '2', extra: { room: '9' } })]],
      now: [one('hr', '1', alice), ad],
      people: {
        alice: {
          phone1: '2',
          departments: ['D', 'E'] as never,
          extra: [
            ['cost', '7'],
            ['desk', '5'],
            ['room', '9'],
          ],
        },
      },
      problems: ['kept extra.room_broken alice', 'kept phone1_broken alice', 'warned match_twice alice'],
    },
  ]);
});

describe('three sources', () => {
  const plans = [plan('a'), plan('b'), plan('c')];
  const others = one('a', '5', bob);
  const a = (told: Told = {}) => extract('a', [row('1', { ...alice, ...told }), row('5', bob)]);
  const b = one('b', '2', { ...alice, company: 'B' });
  const c = one('c', '3', { ...alice, company: 'C', phone1: '3' });
  const off = { ...alice, active: false };
  tell([
    {
      name: 'each gives what those before it have not',
      plans,
      now: [a(), b, c],
      people: { alice: { key: 'a/1' as never, company: 'B', phone1: '3' }, bob: {} },
    },
    {
      name: 'the first says that they left: the others do not count',
      plans,
      before: [[a(), b, c]],
      now: [a({ active: false }), b, c],
      people: { bob: {} },
      removed: { 'a/1': 'left a' },
    },
    {
      name: 'the first does not list them any more: they stay who they are',
      plans,
      before: [[a(), b, c]],
      now: [others, b, c],
      people: { alice: { key: 'a/1' as never, company: 'B', phone1: '3' }, bob: {} },
      removed: {},
    },
    {
      name: 'the second neither',
      plans,
      before: [[a(), b, c]],
      now: [others, extract('b', []), c],
      people: { alice: { key: 'a/1' as never, company: 'C' }, bob: {} },
      removed: {},
    },
    {
      name: 'the first that still has them says that they left',
      plans,
      before: [[a(), b, c]],
      now: [others, one('b', '2', off), c],
      people: { bob: {} },
      removed: { 'a/1': 'missing a' },
    },
    {
      name: 'a later one says that they left, which does not count',
      plans,
      before: [[a(), b, c]],
      now: [a(), one('b', '2', off), one('c', '3', off)],
      people: { alice: { company: '' }, bob: {} },
      removed: {},
    },
    {
      name: 'back in the first under another key, they are the same person',
      plans,
      before: [
        [a(), b, c],
        [others, b, c],
      ],
      now: [extract('a', [row('7', alice), row('5', bob)]), b, c],
      people: { alice: { key: 'a/1' as never }, bob: {} },
      removed: {},
    },
    {
      name: 'the third joins by what the second has filled',
      plans: [plan('a'), plan('b'), plan('c', { match: 'ad_no' })],
      now: [
        one('a', '1', { ...alice, ad_no: undefined }),
        one('b', '2', { email: alice.email, ad_no: 'E7' }),
        one('c', '3', { ...carol, ad_no: 'E7', company: 'C' }),
      ],
      people: { alice: { ad_no: 'E7', company: 'C' } },
    },
    {
      name: 'by key, the third joins the person whom the second brought into being',
      plans: [plan('a'), plan('b', { match: 'key' }), plan('c', { match: 'key' })],
      now: [others, one('b', '1', alice), one('c', '1', { ...carol, company: 'C' })],
      people: { alice: { key: 'b/1' as never, company: 'C' }, bob: {} },
    },
  ]);
});

describe('an update source does not change who is there', () => {
  const lent = one('ad', 'x', { username: 'alice', email: bob.email, ad_no: 'E2' });
  const hr = one('hr', '1', { ...alice, email: undefined, ad_no: undefined });
  for (const by of ['email', 'ad_no'] as const) {
    test(`no record of a create source joins by the ${by} that it gave`, () => {
      const plans = [plan('hr'), update('ad', { match: 'username' }), plan('ext', { match: by })];
      const merged = merge([hr, lent, one('ext', '2', bob)], plans, new ProblemList());
      assert.deepEqual([...merged.people.keys()], ['hr/1', 'ext/2']);
    });
  }
  tell([
    {
      name: 'somebody whose email it gave to another stays',
      plans: [plan('hr'), update('ad', { match: 'username' }), plan('ext')],
      before: [[hr, extract('ad', []), one('ext', '2', bob)]],
      now: [hr, lent, one('ext', '2', bob)],
      people: { bob: { key: 'ext/2' as never } },
      problems: ['quarantined newcomer alice'],
      removed: {},
    },
    {
      name: 'a later create source has the say on what people are joined by',
      plans: [
        plan('hr'),
        update('ad', { match: 'username' }),
        plan('ext', { match: 'username' }),
        plan('more', { match: 'ad_no' }),
      ],
      now: [
        hr,
        lent,
        one('ext', '9', { username: 'alice', ad_no: 'E9' }),
        one('more', '8', { ...dave, ad_no: 'E9', company: 'More' }),
      ],
      people: { alice: { ad_no: 'E2', company: 'More' } },
    },
  ]);
  test('and of those the first', () => {
    const by = { match: 'username' } as const;
    const plans = [plan('hr'), update('ad', by), plan('b', by), plan('c', by), plan('d', { match: 'ad_no' })];
    const extracts = [
      hr,
      lent,
      one('b', '1', { username: 'alice', ad_no: 'E8' }),
      one('c', '1', { username: 'alice', ad_no: 'E9' }),
      extract('d', [row('8', { ...dave, ad_no: 'E8' }), row('9', { ...carol, ad_no: 'E9' })]),
    ];
    assert.deepEqual([...merge(extracts, plans, new ProblemList()).people.keys()], ['hr/1', 'd/9']);
  });
  test('nor does it matter what it cannot read', () => {
    const extracts = [
      extract('hr', [row('1', { ...alice, ad_no: undefined }), row('2', bob)]),
      one('ad', 'x', { username: 'alice', broken: [{ field: 'ad_no', why: 'is odd' }] }),
      one('ext', '9', { username: 'alice', ad_no: bob.ad_no }),
      one('more', '8', { ...carol, ad_no: bob.ad_no }),
    ];
    const by = { match: 'username' } as const;
    const plans = [plan('hr'), update('ad', by), plan('ext', by), plan('more', { match: 'ad_no' })];
    const keys = (some: typeof plans) => [...merge(extracts, some, new ProblemList()).people.keys()];
    assert.deepEqual(keys(plans), ['hr/1', 'hr/2', 'more/8']);
    assert.deepEqual(keys(plans.filter(other => other.action === 'create')), ['hr/1', 'hr/2', 'more/8']);
  });
  test('another update source is matched by what it gave', () => {
    judge({
      name: '',
      plans: [plan('hr'), update('ad', { match: 'ad_no' }), update('phones')],
      now: [
        one('hr', '1', { ...alice, email: undefined }),
        one('ad', 'x', { ad_no: alice.ad_no, email: 'ames@acme.example' }),
        one('phones', 'y', { email: 'Ames@acme.example', phone1: '1' }),
      ],
      people: { alice: { email: 'ames@acme.example', phone1: '1' } },
    });
  });
});

describe('the words', () => {
  const texts = (plans: Settings['plans'], ...extracts: Extract[]) =>
    new Shelf().trip(extracts, { plans }).problems.listed.map(({ code, key, text }) => `${code} ${key}: ${text}`);
  const twins = extract('hr', [row('1', alice), row('2', { ...bob, ad_no: 'E1' })]);
  const byNo = { match: 'ad_no' } as const;
  const said = (name: string, plans: Settings['plans'], extracts: Extract[], ...expected: string[]) =>
    test(name, () => assert.deepEqual(texts(plans, ...extracts), expected));

  said(
    'of an update that nobody is found for',
    [plan('hr'), update('ad', byNo)],
    [
      one('hr', '1', alice),
      extract('ad', [
        row('a', { ad_no: 'E9' }),
        row('b', { username: 'b' }),
        row('c', { broken: [{ field: 'ad_no', why: 'is odd' }] }),
        row('', { email: 'x@y' }),
      ]),
    ],
    'update_unmatched : a row has no key, no username and no ad_no to be matched by (email "x@y")',
    'update_unmatched ad/a: nobody of an earlier source has its ad_no; an update source brings nobody into being',
    'update_unmatched ad/b: it has no ad_no, so it is about nobody',
    'update_unmatched ad/c: its ad_no is odd, so it is about nobody',
  );
  said(
    'of an update row without a key that is matched by key',
    [plan('hr'), update('ad', { match: 'key' })],
    [one('hr', '1', alice), one('ad', '', { phone1: '1' })],
    'update_unmatched : a row has neither key nor username',
  );
  said(
    'of an update that several people are found for',
    [plan('hr'), update('ad', byNo)],
    [twins, one('ad', 'x', { ad_no: 'E1', phone1: '1' })],
    'match_ambiguous ad/x: several people of earlier sources have the same ad_no, so it is open which of them this record is about',
    'phone1_broken hr/1: phone1 is open: source ad has it, and several people of earlier sources have the same ad_no; nothing of it is taken',
    'phone1_broken hr/2: phone1 is open: source ad has it, and several people of earlier sources have the same ad_no; nothing of it is taken',
  );
  said(
    'of several updates that are about one person',
    [plan('hr'), update('ad', byNo)],
    [
      one('hr', '1', alice),
      extract(
        'ad',
        ['a', 'b', 'c', 'd'].map((key, place) =>
          row(key, { ad_no: 'E1', phone1: `${place % 3}`, extra: { room: key === 'd' ? '2' : '1' } }),
        ),
      ),
    ],
    'match_twice hr/1: records "a", "b", "c" and 1 more have the same ad_no and are all taken for this person; where they differ, none is believed',
    'phone1_broken hr/1: phone1 is "0" in "a" and "1" in "b", records of source ad about the same person; nothing of it is taken',
    'extra.room_broken hr/1: extra.room is "1" in "a" and "2" in "d", records of source ad about the same person; nothing of it is taken',
  );
  said(
    'of newcomers of whom it is open who they are',
    [plan('hr'), plan('ext', byNo)],
    [
      one('hr', '1', alice),
      extract('ext', [
        row('8', { ...bob, ad_no: 'E1' }),
        row('9', { ...carol, ad_no: 'E1' }),
        row('7', { ...dave, broken: [{ field: 'ad_no', why: 'is odd' }] }),
      ]),
    ],
    'ad_no_broken ext/7: ad_no is odd; nothing of it is taken',
    'newcomer ext/7: key is open: its ad_no is odd',
    'newcomer ext/8: key is open: records "8", "9" have the ad_no of "alice"',
    'newcomer ext/9: key is open: records "8", "9" have the ad_no of "alice"',
  );
  said(
    'of a newcomer who may be one of several',
    [plan('hr'), plan('ext', byNo)],
    [twins, one('ext', '9', { ...carol, ad_no: 'E1' })],
    'newcomer ext/9: key is open: several people of earlier sources have the same ad_no',
  );
});

test('a mark that everybody has costs no more than any other', () => {
  const many = (source: string, count: number) =>
    extract(
      source,
      Array.from({ length: count }, (_, n) => row(`${n}`, { username: `${source}${n}`, ad_no: '-', phone1: `${n}` })),
    );
  const plans = [plan('hr'), plan('ext', { match: 'ad_no' }), update('ad', { match: 'ad_no' })];
  const problems = new ProblemList();
  const merged = merge([many('hr', 20_000), many('ext', 20_000), many('ad', 20_000)], plans, problems);
  assert.equal(merged.people.size, 40_000);
  assert.equal(problems.count('dropped'), 20_000);
  const alone = merge([many('hr', 1), many('ext', 20_000), many('ad', 20_000)], plans, new ProblemList());
  assert.equal(alone.people.size, 20_001);
  assert.equal(alone.people.get('hr/0' as never)?.fields.phone1, '0');
});
