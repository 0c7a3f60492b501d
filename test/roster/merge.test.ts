import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { merge } from '../../src/roster/merge.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { alice, bob, type Case, carol, judge, tell } from './cases.ts';
import { extract, plan, row, type Settings, Shelf, type Told } from './shelf.ts';

/** Several sources in the order of precedence. */

const one = (source: string, key: string, told: Told) => extract(source, [row(key, told)]);
const some = ({ username, email, nick_name, gender }: Told): Told => ({ username, email, nick_name, gender });

describe('each field comes from the first source that has it', () => {
  test('field by field, with where each came from', () => {
    const plans = [plan('hr'), plan('ad', { action: 'update' }), plan('phones', { action: 'update' })];
    const trip = judge({
      name: '',
      plans,
      now: [
        one('hr', '1', { ...some(alice), company: 'Acme', extra: { cost: '7' } }),
        one('ad', 'x', {
          email: 'ALICE@acme.example',
          company: 'Other',
          phone1: '1',
          ad_no: 'E1',
          extra: { cost: '8', room: '9' },
          departments: ['D'],
        }),
        one('phones', 'y', { email: alice.email, phone1: '2', phone2: '3', ad_no: 'E2', departments: ['E'] }),
      ],
      people: {
        alice: {
          company: 'Acme',
          phone1: '1',
          phone2: '3',
          ad_no: 'E1',
          email: alice.email ?? '',
          departments: ['D'] as never,
          extra: [
            ['cost', '7'],
            ['room', '9'],
          ],
        },
      },
    });
    assert.deepEqual(trip.candidate.people.get('hr/1' as never)?.from, {
      phone1: 'ad',
      phone2: 'phones',
      ad_no: 'ad',
      departments: 'ad',
      'extra.room': 'ad',
    });
  });
  tell([
    {
      name: 'an earlier source in the configuration goes first, whatever order the answers came in',
      plans: [plan('b'), plan('a')],
      now: [one('a', '1', { ...alice, company: 'A' }), one('b', '1', { ...alice, company: 'B' })],
      people: { alice: { key: 'b/1' as never, company: 'B' } },
    },
    {
      name: 'a source may set only its fields',
      plans: [plan('hr'), plan('ad', { action: 'update', fields: new Set(['email', 'phone1', 'extra.room']) })],
      now: [
        one('hr', '1', alice),
        extract(
          'ad',
          [
            row('x', {
              email: alice.email,
              phone1: '1',
              company: 'no',
              departments: ['D'],
              extra: { cost: '8', room: '9' },
              broken: [{ field: 'phone2', why: 'odd' }],
            }),
          ],
          { memberships: [['x', 'D']] },
        ),
      ],
      people: { alice: { phone1: '1', company: '', departments: [], extra: [['room', '9']] } },
    },
  ]);
});

describe('a record joins an earlier person', () => {
  const base = { ...alice, username: 'alice', ad_no: 'E1' };
  const match = (by: 'key' | 'email' | 'ad_no' | 'username', key: string, told: Told): Case => ({
    name: `by ${by}`,
    plans: [plan('hr'), plan('ad', { action: 'update', match: by })],
    now: [extract('hr', [row('1', base), row('2', bob)]), one('ad', key, { ...told, company: 'Joined' })],
    people: { alice: { company: 'Joined' }, bob: { company: '' } },
  });
  const none = (by: 'key' | 'email' | 'ad_no' | 'username', key: string, told: Told, shown: string): Case => ({
    ...match(by, key, told),
    name: `not by ${by} where it is another`,
    people: { alice: { company: '' }, bob: { company: '' } },
    problems: [`dropped update_unmatched ${shown}`],
  });
  tell([
    match('key', '1', { email: bob.email, username: 'bob', ad_no: 'E2' }),
    match('email', '2', { email: ' ALICE@acme.example', username: 'bob', ad_no: 'E2' }),
    match('ad_no', '2', { email: bob.email, username: 'bob', ad_no: 'e1' }),
    match('username', '2', { email: bob.email, username: 'ＡLICE', ad_no: 'E2' }),
    none('key', '9', { ...alice }, 'alice'),
    none('email', '1', { ...alice, email: 'x@y' }, 'alice'),
    none('ad_no', '1', { ...alice, ad_no: 'E9' }, 'alice'),
    none('username', '1', { ...alice, username: 'nobody' }, 'nobody'),
    none('email', '1', { ...alice, email: undefined }, 'alice'),
    {
      name: 'an update source brings nobody into being, and takes nobody away',
      plans: [plan('hr'), plan('ad', { action: 'update' })],
      before: [[one('hr', '1', alice), one('ad', '1', alice)]],
      now: [
        one('hr', '1', alice),
        extract('ad', [row('1', { ...alice, active: false }), row('2', bob), row('3', { ...carol, active: false })]),
      ],
      people: { alice: {} },
      problems: ['dropped update_unmatched bob', 'dropped update_unmatched carol'],
    },
    {
      name: 'two people with the same mark: an update is dropped',
      plans: [plan('hr'), plan('ad', { action: 'update', match: 'ad_no' })],
      now: [
        extract('hr', [row('1', alice), row('2', { ...bob, ad_no: alice.ad_no })]),
        one('ad', '1', { ...carol, ad_no: alice.ad_no }),
      ],
      people: { alice: {}, bob: {} },
      problems: ['dropped match_ambiguous carol'],
    },
    {
      name: 'and a new person of a create source is quarantined',
      plans: [plan('hr'), plan('more', { match: 'ad_no' })],
      now: [
        extract('hr', [row('1', alice), row('2', { ...bob, ad_no: alice.ad_no })]),
        one('more', '1', { ...carol, ad_no: alice.ad_no }),
      ],
      people: { alice: {}, bob: {} },
      problems: ['quarantined newcomer carol'],
    },
    {
      name: 'but one who is served stays',
      plans: [plan('hr'), plan('more', { match: 'ad_no' })],
      before: [[one('hr', '1', alice), one('more', '1', carol)]],
      now: [
        extract('hr', [row('1', { ...alice, ad_no: carol.ad_no }), row('2', { ...bob, ad_no: carol.ad_no })]),
        one('more', '1', { ...carol, company: 'C' }),
      ],
      people: { alice: {}, bob: {}, carol: { company: 'C' } },
      problems: ['fixed company_broken bob', 'kept company_broken alice', 'kept key_broken carol'],
      removed: {},
    },
    {
      name: 'an old row of somebody who is back under a new key is no second person',
      plans: [plan('hr'), plan('ad', { action: 'update' })],
      now: [
        extract('hr', [row('1', { ...alice, active: false }), row('2', alice)]),
        one('ad', '1', { email: alice.email, company: 'Joined' }),
      ],
      people: { alice: { key: 'hr/2' as never, company: 'Joined' } },
    },
    {
      name: 'of two records that join one person, what both tell otherwise is not believed',
      plans: [plan('hr'), plan('ad', { action: 'update' })],
      now: [
        one('hr', '1', alice),
        extract('ad', [
          row('9', { email: alice.email, company: 'nine', phone1: '9' }),
          row('10', { email: alice.email, company: 'ten' }),
        ]),
      ],
      people: { alice: { company: '', phone1: '9' } },
      problems: ['fixed company_broken alice', 'warned match_twice alice'],
    },
  ]);
});

describe('what an update source cannot read', () => {
  const plans = [plan('hr'), plan('ad', { action: 'update' })];
  const ad = (told: Told) => one('ad', '1', { email: alice.email, ...told });
  const broken = [{ field: 'phone1', why: 'odd' }];
  tell([
    {
      name: 'keeps its last good value',
      plans,
      before: [[one('hr', '1', alice), ad({ phone1: '1' })]],
      now: [one('hr', '1', alice), ad({ broken })],
      people: { alice: { phone1: '1' } },
      problems: ['kept phone1_broken alice'],
    },
    {
      name: 'is nothing where an earlier source has the field',
      plans,
      now: [
        one('hr', '1', { ...alice, phone1: '1' }),
        ad({ broken: [...broken, { field: 'key', why: 'odd' }, { field: 'active', why: 'odd' }] }),
      ],
      people: { alice: { phone1: '1' } },
    },
    {
      name: 'neither of two rows is believed',
      plans,
      before: [[one('hr', '1', alice), ad({ phone1: '1' })]],
      now: [
        one('hr', '1', alice),
        extract('ad', [row('1', { email: alice.email, phone1: '2' }), row('1', { email: alice.email, phone1: '3' })]),
      ],
      people: { alice: { phone1: '1' } },
      problems: ['kept phone1_broken alice'],
    },
  ]);
});

describe('who is there', () => {
  const staff = one('hr', '1', alice);
  const external = one('ext', '9', { ...alice, company: 'Ext' });
  const left = one('hr', '1', { ...alice, active: false });
  tell([
    {
      name: 'the first create source that has somebody decides: active',
      now: [staff, one('ext', '9', { ...alice, active: false })],
      people: { alice: { key: 'hr/1' as never } },
    },
    { name: 'or left', now: [left, extract('ext', [row('9', alice), row('8', bob)])], people: { bob: {} } },
    {
      name: 'and whoever is served goes then',
      before: [[staff, one('ext', '8', bob)]],
      now: [left, extract('ext', [row('9', alice), row('8', bob)])],
      people: { bob: {} },
      removed: { 'hr/1': 'left hr' },
    },
    {
      name: 'also if they are served under the key of the later one',
      before: [[one('hr', '2', bob), external]],
      now: [extract('hr', [row('2', bob), row('1', { ...alice, active: false })]), external],
      people: { bob: {} },
      removed: { 'ext/9': 'left hr' },
    },
    {
      name: 'nobody goes while a later create source still has them',
      before: [[staff, external]],
      now: [one('hr', '2', bob), external],
      people: { alice: { key: 'hr/1' as never, company: 'Ext' }, bob: {} },
      removed: {},
    },
    ...(['key', 'ad_no', 'username'] as const).map(by => ({
      name: `also where they are joined by ${by} and have another email there`,
      plans: [plan('hr'), plan('ext', { match: by })],
      before: [[staff, one('ext', '1', { ...alice, email: 'alice@ext.example' })]],
      now: [one('hr', '2', bob), one('ext', '1', { ...alice, email: 'alice@ext.example' })],
      people: { alice: { key: 'hr/1' as never, email: 'alice@ext.example' }, bob: {} },
      removed: {},
    })),
    {
      name: 'somebody else with that key in the later source is a newcomer',
      plans: [plan('hr'), plan('ext', { match: 'key' })],
      before: [[extract('hr', [row('1', alice), row('2', bob)]), extract('ext', [])]],
      now: [one('hr', '2', bob), one('ext', '1', carol)],
      people: { bob: {}, carol: { key: 'ext/1' as never } },
      removed: { 'hr/1': 'missing hr' },
    },
    {
      name: 'somebody whom an earlier source starts to list stays who they are',
      plans: [plan('hr', { match: 'key' }), plan('ext', { match: 'ad_no' })],
      before: [[one('hr', '2', bob), external]],
      now: [extract('hr', [row('2', bob), row('1', { ...alice, email: 'ames@acme.example' })]), external],
      people: { alice: { key: 'ext/9' as never, email: 'ames@acme.example', company: 'Ext' }, bob: {} },
      removed: {},
    },
    {
      name: 'also when they come back',
      before: [
        [one('hr', '2', bob), external],
        [one('hr', '2', bob), extract('ext', [])],
      ],
      now: [extract('hr', [row('1', alice), row('2', bob)]), external],
      people: { alice: { key: 'ext/9' as never, company: 'Ext' }, bob: {} },
    },
    {
      name: 'and with their source goes the last who has them',
      before: [[staff, external, one('more', '5', bob)]],
      now: [extract('hr', []), extract('ext', []), one('more', '5', bob)],
      people: { bob: {} },
      removed: { 'hr/1': 'missing hr' },
    },
  ]);
  test('where their fields come from then', () => {
    const plans = [plan('hr'), plan('ext'), plan('ad', { action: 'update' })];
    const ad = one('ad', 'x', { email: alice.email, phone1: '1' });
    const ext = one('ext', '9', { ...alice, departments: ['D'], extra: { cost: '7' } });
    const trip = judge({
      name: '',
      plans,
      before: [[staff, ext, ad]],
      now: [one('hr', '2', bob), ext, ad],
      people: { alice: {}, bob: {} },
    });
    const { from } = trip.candidate.people.get('hr/1' as never) ?? {};
    assert.deepEqual(
      [from?.['email'], from?.['departments'], from?.['extra.cost'], from?.['phone1']],
      ['ext', 'ext', 'ext', 'ad'],
    );
  });
});

describe('rows of one person', () => {
  tell([
    {
      name: 'that are equal are one',
      now: [
        extract('hr', [
          row('1', { ...alice, departments: ['B'] }),
          row('1', { ...alice, departments: ['A'] }),
          row('1', { ...alice, departments: ['B'] }),
        ]),
      ],
      people: { alice: { departments: ['A', 'B'] as never } },
    },
    {
      name: 'of which one has less are two opinions',
      now: [extract('hr', [row('1', alice), row('1', { ...alice, ad_no: undefined })])],
      people: { alice: { ad_no: '' } },
      problems: ['fixed ad_no_broken alice'],
    },
    {
      name: 'that differ in what is required keep a newcomer out',
      now: [extract('hr', [row('1', alice), row('1', { ...alice, email: 'x@y' }), row('2', bob)])],
      people: { bob: {} },
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'that are all unreadable are unreadable once',
      before: [[one('hr', '1', { ...alice, phone1: '1' })]],
      now: [
        extract(
          'hr',
          ['A', 'B', 'C'].map(code =>
            row('1', { ...alice, departments: [code], broken: [{ field: 'phone1', why: 'odd' }] }),
          ),
        ),
      ],
      people: { alice: { phone1: '1' } },
      problems: ['kept phone1_broken alice'],
    },
    {
      name: 'whose key is broken in two ways are told so once',
      before: [[one('hr', '', alice)]],
      now: [
        extract('hr', [row('\udc00', alice), row('\udc00', { ...alice, broken: [{ field: 'key', why: 'is odd' }] })]),
      ],
      people: { alice: {} },
      problems: ['kept key_broken alice'],
    },
    {
      name: 'that differ in an extra have the lower one',
      now: [
        extract('hr', [row('1', { ...alice, extra: { cost: '8' } }), row('1', { ...alice, extra: { cost: '7' } })]),
      ],
      people: { alice: { extra: [['cost', '7']] } },
      problems: ['fixed extra.cost_broken alice'],
    },
  ]);
});

test('row order and the order of answers never matter', () => {
  const people = [
    row('1', alice),
    row('1', { ...alice, departments: ['A'] }),
    row('2', { ...bob, email: 'x@y' }),
    row('2', bob),
    row('2', { ...bob, email: 'a@y' }),
    row('', carol),
    row('3', { ...carol, username: 'carol3' }),
    row('4', { ...alice, username: 'alice4' }),
    row('carol', { ...alice, username: 'alice5', email: 'z@y' }),
  ];
  const settings: Settings = { plans: [plan('hr'), plan('ext')] };
  const other = extract('ext', [row('7', { ...bob, email: 'A@y' }), row('8', { email: alice.email, company: 'C' })]);
  const outcomes = new Set<string>();
  for (let turn = 0; turn < people.length; turn += 1) {
    const turned = [...people.slice(turn), ...people.slice(0, turn)];
    for (const rows of [turned, turned.toReversed()]) {
      for (const extracts of [
        [extract('hr', rows), other],
        [other, extract('hr', rows)],
      ]) {
        const { digest, problems } = new Shelf().trip(extracts, settings);
        outcomes.add(JSON.stringify([digest, problems.counts.map(one => JSON.stringify(one)).sort()]));
      }
    }
  }
  assert.equal(outcomes.size, 1);
});

test('what sources hand over is left as it is', () => {
  const freeze = <Value>(value: Value): Value => {
    if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  const rows = [
    row('1', { ...alice, departments: ['A'] }),
    row('1', { ...alice, email: 'x@y', departments: ['B'], extra: { a: '1' } }),
  ];
  const extracts = freeze([
    extract('hr', rows, { memberships: [['1', 'C']] }),
    extract('ad', [row('9', { ...alice, phone1: '1', extra: { b: '2' } })]),
  ]);
  const merged = merge(extracts, [plan('hr'), plan('ad')], new ProblemList());
  assert.deepEqual([...new Set(merged.people.get('hr/1' as never)?.departments)].sort(), ['A', 'B', 'C']);
});
