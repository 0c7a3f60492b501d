import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrokenField } from '../../src/roster/model.ts';
import { alice, bob, carol, judge, tell } from './cases.ts';
import { extract, plan, row, Shelf } from './shelf.ts';

/** The departments of several sources. */

const update = (name: string, other: Parameters<typeof plan>[1] = {}) => plan(name, { action: 'update', ...other });

describe('departments that no source lists', () => {
  const hr = extract('hr', [row('1', { ...alice, departments: ['A'] }), row('2', bob)]);
  tell([
    {
      name: 'are those that somebody is in, whoever says so',
      plans: [plan('hr'), plan('ext'), update('ad')],
      now: [
        hr,
        extract('ext', [row('9', carol)], { memberships: [['9', 'C']] }),
        extract('ad', [row('x', { email: bob.email, departments: ['B'] })]),
      ],
      people: { alice: {}, bob: { departments: ['B'] as never }, carol: { departments: ['C'] as never } },
      departments: { A: '', B: '', C: '' },
    },
    {
      name: 'and no others: not of people who have one from before, who are not there, or whose source has no say',
      plans: [plan('hr'), update('ad'), update('phones', { fields: new Set(['phone1']) })],
      now: [
        hr,
        extract(
          'ad',
          [
            row('x', { email: alice.email, departments: ['X'] }),
            row('y', { email: carol.email, departments: ['Y'] }),
            row('z', { email: bob.email, departments: ['Z'], active: false }),
          ],
          { memberships: [['nobody', 'N']] },
        ),
        extract('phones', [row('p', { email: bob.email, departments: ['P'] })]),
      ],
      people: { alice: { departments: ['A'] as never }, bob: { departments: [] } },
      departments: { A: '' },
      problems: ['dropped member_unknown nobody', 'dropped update_unmatched carol@acme.example'],
    },
    {
      name: 'one whose last people an update source takes out of it is gone',
      plans: [plan('hr'), update('ad'), update('rest')],
      before: [[hr, extract('ad', [row('x', { email: bob.email, departments: ['B'] })]), extract('rest', [])]],
      now: [
        hr,
        extract('ad', [row('x', { email: bob.email, departments: ['B'] })]),
        extract('rest', [{ ...row('r', { email: bob.email }), blanks: ['departments'] }]),
      ],
      people: { alice: {}, bob: { departments: [] } },
      departments: { A: '' },
      removed: { B: 'missing ad' },
    },
  ]);
  test('come from the first source that puts anybody into them', () => {
    const { candidate } = judge({
      name: '',
      plans: [plan('b'), plan('a'), update('ad')],
      now: [
        extract('b', [row('2', bob), row('3', { ...carol, departments: ['D'] })]),
        extract('a', [row('1', { ...alice, departments: ['D', 'E'] })]),
        extract('ad', [row('x', { email: bob.email, departments: ['E', 'F'] })]),
      ],
      people: { alice: {}, bob: {}, carol: {} },
    });
    const sources = ['D', 'E', 'F'].map(code => candidate.departments.get(code as never)?.from['group_no']);
    assert.deepEqual(sources, ['b', 'a', 'ad']);
  });
});

describe('departments that some source lists', () => {
  const hr = extract('hr', [row('1', { ...alice, departments: ['A', 'B'] })]);
  tell([
    {
      name: 'are all there are, even where only an update source lists them',
      plans: [plan('hr'), update('ad')],
      now: [
        hr,
        extract('ad', [], {
          departments: [
            ['A', 'Sales', 'T'],
            ['T', 'Top'],
          ],
        }),
      ],
      people: { alice: { departments: ['A'] as never } },
      departments: { A: 'T', T: '' },
      problems: ['dropped department_unknown alice'],
    },
    {
      name: 'an update source says nothing about those of an earlier source that it calls otherwise',
      plans: [plan('hr'), update('ad')],
      now: [
        extract('hr', [row('1', alice), row('2', { ...bob, departments: ['A'] })], { departments: [['A', 'Sales']] }),
        extract('ad', [row('x', { email: alice.email, departments: ['A', 'B'] })], {
          departments: [['A', 'Support'], ['B']],
        }),
      ],
      people: { alice: { departments: ['B'] as never }, bob: { departments: ['A'] as never } },
      departments: { A: '', B: '' },
      problems: ['quarantined department_other_name A'],
    },
  ]);
});

describe('one code in several sources', () => {
  const first = (name: string, broken: readonly BrokenField[] = []) =>
    extract('first', [row('1', { ...alice, departments: ['D'] })], { departments: [['D', name, '', broken]] });
  const second = (name: string, broken: readonly BrokenField[] = []) =>
    extract('second', [row('2', { ...bob, departments: ['D'] })], {
      departments: [
        ['D', name, 'E', broken],
        ['E', 'Elsewhere'],
      ],
    });
  const third = (name: string) =>
    extract('third', [row('3', carol), row('4', { ...carol, username: 'left', active: false, departments: ['D'] })], {
      departments: [['D', name]],
      memberships: [['3', 'D']],
    });
  const nameOf = (...now: Parameters<Shelf['trip']>[0][number][]) => {
    const { candidate, problems } = new Shelf().trip(now);
    const told = problems.listed.filter(one => one.kind === 'department').map(one => one.text);
    const members = [...candidate.people.values()].filter(one => one.value.departments.length > 0);
    return [
      candidate.departments.get('D' as never)?.value.display_name,
      members.map(one => one.value.username).sort(),
      told,
    ];
  };
  const otherName = (name: string, known: string, source: string) =>
    `is called "${name}" here and "${known}" in source ${source}; this one and its memberships are left out`;

  test('people of a later source that calls it otherwise are not in it, by field or membership', () => {
    assert.deepEqual(nameOf(first('Sales'), second('Support'), third('Night')), [
      'Sales',
      ['alice'],
      [otherName('Support', 'Sales', 'first'), otherName('Night', 'Sales', 'first')],
    ]);
  });
  test('those of one that agrees are', () => {
    assert.deepEqual(nameOf(first('Sales'), second('Support'), third('Sales')), [
      'Sales',
      ['alice', 'carol'],
      [otherName('Support', 'Sales', 'first')],
    ]);
  });
  test('no name is no other name, and the first name counts', () => {
    assert.deepEqual(nameOf(first(''), second('Support'), third('')), ['Support', ['alice', 'bob', 'carol'], []]);
    assert.deepEqual(nameOf(first('Sales'), second(''), third('Night')), [
      'Sales',
      ['alice', 'bob'],
      [otherName('Night', 'Sales', 'first')],
    ]);
  });
  test('a name that cannot be read is no other name', () => {
    const odd = [{ field: 'display_name', why: 'is odd' }];
    const warned = 'display_name: is odd; one of them is taken';
    assert.deepEqual(nameOf(first('Sales'), second('Support', odd)), ['Sales', ['alice', 'bob'], []]);
    assert.deepEqual(nameOf(first('Sales', odd), second('Support')), ['Sales', ['alice', 'bob'], [warned]]);
    assert.deepEqual(nameOf(first(''), second('Support', odd)), ['Support', ['alice', 'bob'], [warned]]);
  });
  tell([
    {
      name: 'whoever was in the one that is left out goes on without it',
      plans: [plan('first'), plan('second')],
      before: [[first('Sales'), second('Sales')]],
      now: [first('Sales'), second('Support')],
      people: { alice: { departments: ['D'] as never }, bob: { departments: [] } },
      problems: ['quarantined department_other_name D'],
      changes: { memberships_removed: 1 },
    },
    {
      name: 'a person of two sources is in what the first of them says, where the later calls it otherwise',
      plans: [plan('first'), plan('second')],
      now: [
        first('Sales'),
        extract('second', [row('9', { ...alice, departments: ['E'] }), row('2', { ...bob, departments: ['D', 'E'] })], {
          departments: [
            ['D', 'Support'],
            ['E', 'Elsewhere'],
          ],
        }),
      ],
      people: { alice: { departments: ['D'] as never }, bob: { departments: ['E'] as never } },
      problems: ['quarantined department_other_name D'],
    },
  ]);
});
