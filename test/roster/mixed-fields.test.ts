import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isUnchanged } from '../../src/roster/compare.ts';
import { merge } from '../../src/roster/merge.ts';
import type { Extract, PersonRecord } from '../../src/roster/model.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { alice, bob, judge, tell } from './cases.ts';
import { extract, plan, row, type Settings, Shelf, type Told } from './shelf.ts';

/** What each of several sources may give to a person, and what of it counts. */

const one = (source: string, key: string, told: Told) => extract(source, [row(key, told)]);
const only = (...fields: string[]) => new Set(fields);
const bare: Told = { username: 'alice', email: alice.email, nick_name: 'Alice Ames', gender: 'female' };

describe('a source that may set some fields only', () => {
  const matches = [
    ['key', '1', {}],
    ['email', 'x', { email: ' ALICE@acme.example' }],
    ['ad_no', 'x', { ad_no: 'e1' }],
    ['username', 'x', { username: 'Alice' }],
  ] as const;
  tell([
    ...matches.map(([match, key, told]) => ({
      name: `is matched by ${match}, which it may not set`,
      plans: [plan('hr'), plan('ad', { action: 'update', match, fields: only('phone1') })],
      now: [one('hr', '1', alice), one('ad', key, { ...told, phone1: '1', company: 'no' })],
      people: { alice: { phone1: '1', company: '', email: alice.email ?? '' } },
    })),
    ...matches.map(([match, key, told]) => ({
      name: `joins by ${match} where it brings people into being`,
      plans: [plan('hr'), plan('ext', { match, fields: only('phone1') })],
      now: [one('hr', '1', alice), one('ext', key, { ...told, phone1: '1', company: 'no' })],
      people: { alice: { phone1: '1', company: '' } },
    })),
    {
      name: 'does not fill what it is matched by',
      plans: [plan('hr'), plan('ad', { action: 'update', match: 'ad_no', fields: only('phone1') })],
      now: [one('hr', '1', { ...alice, ad_no: 'E1', email: 'a@x.y' }), one('ad', 'x', { ad_no: 'E1', email: 'b@x.y' })],
      people: { alice: { email: 'a@x.y' } },
    },
    {
      name: 'knows its people by a key that is no field',
      plans: [plan('hr', { fields: only('username', 'email', 'nick_name', 'gender') })],
      before: [[one('hr', '1', { ...bare, company: 'no' })]],
      now: [one('hr', '1', { ...bare, email: 'new@acme.example', company: 'no' })],
      people: { alice: { key: 'hr/1' as never, email: 'new@acme.example', company: '' } },
    },
    {
      name: 'keeps newcomers out who lack what it may not set',
      plans: [plan('hr', { fields: only('email', 'nick_name', 'gender') })],
      now: [one('hr', '', bare)],
      people: {},
      problems: ['quarantined newcomer alice@acme.example'],
    },
    {
      name: 'has no say in departments either, unless it may',
      plans: [plan('hr'), plan('ad', { action: 'update', fields: only('phone1') })],
      now: [
        one('hr', '1', alice),
        extract('ad', [row('x', { email: alice.email, phone1: '1', departments: ['D'] })], {
          memberships: [
            ['x', 'E'],
            ['nobody', 'E'],
          ],
        }),
      ],
      people: { alice: { phone1: '1', departments: [] } },
      departments: {},
    },
    {
      name: 'names an extra with or without extra., but a field is no extra',
      plans: [plan('hr'), plan('ad', { action: 'update', fields: only('room', 'extra.cost', 'company') })],
      now: [
        one('hr', '1', alice),
        one('ad', 'x', {
          email: alice.email,
          extra: { room: '9', cost: '7', company: 'no', desk: 'no' },
          company: 'C',
        }),
      ],
      people: {
        alice: {
          company: 'C',
          extra: [
            ['cost', '7'],
            ['room', '9'],
          ],
        },
      },
    },
    {
      name: 'is not told to be wrong about what it may not set',
      plans: [plan('hr'), plan('ad', { action: 'update', match: 'username', fields: only('phone1') })],
      now: [
        one('hr', '1', alice),
        one('ad', 'x', { username: 'alice', phone1: '1', broken: [{ field: 'phone2', why: 'odd' }] }),
      ],
      people: { alice: { phone1: '1' } },
    },
  ]);
  test('somebody served under a username that their source may not set any more stays', () => {
    const shelf = new Shelf();
    shelf.publish(shelf.trip([one('hr', '', bare)], { plans: [plan('hr')] }));
    const trip = shelf.trip([one('hr', '', { ...bare, nick_name: 'A. Ames' })], {
      plans: [plan('hr', { fields: only('email', 'nick_name', 'gender') })],
    });
    assert.deepEqual([...trip.candidate.removedPeople], []);
    assert.equal(trip.candidate.people.get('hr/alice' as never)?.value.nick_name, 'A. Ames');
  });
});

describe('what a source never sets', () => {
  const withheld = only('email', 'username', 'extra.first_name', 'extra.last_name');
  const rest = (told: Told) => one('rest', 'x', { email: alice.email, username: 'al', ...told });
  const given = { first_name: 'A', last_name: 'Ames', email: 'extra', room: '9' };
  tell([
    {
      name: 'is not filled, although nobody else has it and the record is matched by it',
      plans: [plan('hr'), plan('rest', { action: 'update', withheld })],
      before: [[one('hr', '1', { ...alice, username: 'alice' })]],
      now: [one('hr', '1', alice), rest({ phone1: '1', extra: given })],
      people: {
        alice: {
          username: 'alice' as never,
          phone1: '1',
          extra: [
            ['email', 'extra'],
            ['room', '9'],
          ],
        },
      },
    },
    {
      name: 'where the person has none, they have none',
      plans: [plan('hr'), plan('rest', { action: 'update', match: 'ad_no', withheld })],
      now: [one('hr', '1', { ...alice, email: undefined }), rest({ ad_no: alice.ad_no })],
      people: {},
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'not even if it is in the list of its fields',
      plans: [
        plan('hr'),
        plan('rest', { action: 'update', match: 'ad_no', fields: only('email', 'phone1'), withheld }),
      ],
      now: [one('hr', '1', { ...alice, email: undefined }), rest({ ad_no: alice.ad_no, phone1: '1' })],
      people: {},
      problems: ['quarantined newcomer alice'],
    },
    {
      name: 'others fill it: a missing email comes from the first update source that has one',
      plans: [
        plan('hr'),
        plan('rest', { action: 'update', match: 'ad_no', withheld }),
        plan('none', { action: 'update', match: 'ad_no' }),
        plan('ad', { action: 'update', match: 'ad_no' }),
        plan('late', { action: 'update', match: 'ad_no' }),
      ],
      now: [
        one('hr', '1', { ...alice, email: undefined }),
        rest({ ad_no: alice.ad_no }),
        one('none', 'x', { ad_no: alice.ad_no, email: ' ' }),
        one('ad', 'x', { ad_no: alice.ad_no, email: 'ad@acme.example' }),
        one('late', 'x', { ad_no: alice.ad_no, email: 'late@acme.example' }),
      ],
      people: { alice: { email: 'ad@acme.example' } },
    },
  ]);
});

/** A row that says of some fields that there is nothing. */
const without = (source: string, told: Told, ...blanks: string[]): Extract => {
  const record: PersonRecord = { ...row('x', { email: alice.email, ...told }), blanks };
  return extract(source, [record]);
};

describe('what a source says that there is none of', () => {
  const update = (name: string, other: Parameters<typeof plan>[1] = {}) => plan(name, { action: 'update', ...other });
  const plans = [plan('hr'), update('ad'), update('rest'), update('late')];
  const ad = one('ad', 'x', { email: alice.email, phone1: '1', departments: ['D'], extra: { cost: '7', room: '9' } });
  tell([
    {
      name: 'is blank again, if an earlier update source gave it',
      plans,
      now: [one('hr', '1', alice), ad, without('rest', {}, 'phone1', 'departments', 'extra.cost')],
      people: { alice: { phone1: '', departments: [], extra: [['room', '9']] } },
      departments: {},
    },
    {
      name: 'and a later source may fill it',
      plans,
      now: [
        one('hr', '1', alice),
        ad,
        without('rest', {}, 'phone1', 'departments', 'extra.cost'),
        one('late', 'y', { email: alice.email, phone1: '2', departments: ['E'], extra: { cost: '8' } }),
      ],
      people: {
        alice: {
          phone1: '2',
          departments: ['E'] as never,
          extra: [
            ['cost', '8'],
            ['room', '9'],
          ],
        },
      },
    },
    {
      name: 'stays, if a create source gave it, the first one or another',
      plans: [plan('hr'), plan('ext'), update('rest')],
      now: [
        one('hr', '1', { ...alice, phone1: '1' }),
        one('ext', '9', { email: alice.email, phone2: '2', departments: ['D'], extra: { cost: '7' } }),
        without('rest', {}, 'phone1', 'phone2', 'departments', 'extra.cost', 'email', 'username'),
      ],
      people: {
        alice: {
          phone1: '1',
          phone2: '2',
          departments: ['D'] as never,
          extra: [['cost', '7']],
          email: alice.email ?? '',
        },
      },
    },
    {
      name: 'stays, if a later source gives it',
      plans: [plan('hr'), update('rest'), update('ad')],
      now: [one('hr', '1', alice), ad, without('rest', {}, 'phone1')],
      people: { alice: { phone1: '1' } },
    },
    {
      name: 'stays, if the source may not set it',
      plans: [
        plan('hr'),
        update('ad'),
        update('rest', { fields: only('phone2') }),
        update('late', { withheld: only('phone1') }),
      ],
      now: [one('hr', '1', alice), ad, without('rest', {}, 'phone1'), without('late', {}, 'phone1')],
      people: { alice: { phone1: '1' } },
    },
    {
      name: 'says nothing in a record that brings somebody into being, or of somebody who is not there',
      plans: [plan('hr'), update('ad'), plan('ext')],
      now: [one('hr', '1', alice), ad, without('ext', {}, 'phone1')],
      people: { alice: { phone1: '1' } },
    },
    {
      name: 'is open, if another record of the source has it',
      plans,
      before: [[one('hr', '1', alice), ad]],
      now: [
        one('hr', '1', alice),
        ad,
        extract('rest', [
          { ...row('x', { email: alice.email }), blanks: ['phone1'] },
          row('y', { email: alice.email, phone1: '5' }),
        ]),
      ],
      people: { alice: { phone1: '1' } },
      problems: ['warned match_twice alice'],
    },
  ]);
  test('its provenance goes with it, and comes back with whoever fills it', () => {
    const from = (...extracts: Extract[]) => {
      const { candidate } = judge({
        name: '',
        plans,
        now: [one('hr', '1', alice), ...extracts],
        people: { alice: {} },
      });
      return candidate.people.get('hr/1' as never)?.from;
    };
    const rest = without('rest', {}, 'phone1', 'departments', 'extra.cost', 'extra.room');
    assert.deepEqual(from(ad, rest), {});
    assert.deepEqual(from(ad, rest, one('late', 'y', { email: alice.email, phone1: '2' })), { phone1: 'late' });
  });
});

describe('where each field came from', () => {
  const plans = [plan('hr'), plan('ext'), plan('ad', { action: 'update' })];
  test('is told of fields, departments and extras, of sources that join and of those that only enrich', () => {
    const { candidate } = judge({
      name: '',
      plans,
      now: [
        one('hr', '1', { ...bare, extra: { cost: '7' } }),
        one('ext', '9', { ...bare, ad_no: 'E1', departments: ['D'], extra: { cost: '8', room: '9' } }),
        one('ad', 'x', { ...bare, ad_no: 'E2', phone1: '1', departments: ['E'], extra: { room: '8', desk: '5' } }),
      ],
      people: { alice: {} },
    });
    assert.deepEqual(candidate.people.get('hr/1' as never)?.from, {
      ad_no: 'ext',
      departments: 'ext',
      'extra.room': 'ext',
      phone1: 'ad',
      'extra.desk': 'ad',
    });
    assert.deepEqual(candidate.departments.get('D' as never)?.from, { group_no: 'ext' });
  });
  test('is no change of its own', () => {
    const settings: Settings = { plans };
    const shelf = new Shelf();
    const told = { email: alice.email, phone1: '1', departments: ['D'], extra: { room: '9' } };
    const staff = one('hr', '1', bare);
    shelf.publish(shelf.trip([staff, one('ext', '9', { email: alice.email }), one('ad', 'x', told)], settings));
    const trip = shelf.trip([staff, one('ext', '9', told), one('ad', 'x', told)], settings);
    // As the store has it: where a field came from is written when something changes.
    assert.equal(trip.candidate.people.get('hr/1' as never)?.from['phone1'], 'ad');
    assert(isUnchanged(trip.changes));
    assert.deepEqual([trip.people, trip.digest], [[], shelf.digest]);
  });
  test('a value of blanks is none', () => {
    const merged = merge(
      [
        one('hr', '1', { ...bob, phone1: ' ', extra: { room: '' } }),
        one('ad', 'x', { ...bob, phone1: '1', extra: { room: '9' } }),
      ],
      plans,
      new ProblemList(),
    );
    const { fields, extra, from } = merged.people.get('hr/1' as never) ?? {};
    assert.deepEqual([fields?.phone1, extra, from], ['1', [['room', '9']], { phone1: 'ad', 'extra.room': 'ad' }]);
  });
});
