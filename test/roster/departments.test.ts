import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alice, bob, type Case, carol, judge, tell } from './cases.ts';
import { type Code, extract, plan, row } from './shelf.ts';

/** Departments that are not clean: before, now, and what the tree is then. */

const tree = (...departments: Code[]) => [extract('hr', [row('1', alice)], { departments })];
const child = (code: string, parent: string): Code => [code, code, parent];
/** Alice is in a department that may not be listed. */
const inside = (code: string, ...departments: Code[]) => [
  extract('hr', [row('1', { ...alice, departments: [code] })], { departments }),
];

describe('parents that cannot be', () => {
  const good = tree(['A'], ['B'], child('C', 'A'));
  const story = (
    name: string,
    before: Case['before'],
    now: Case['now'],
    departments: Case['departments'],
    ...problems: string[]
  ): Case => ({
    name,
    now,
    people: { alice: {} },
    problems,
    ...(before && { before }),
    ...(departments && { departments }),
  });
  const { A, B } = { A: '', B: '' };
  tell([
    story(
      'an unknown parent: the last good one',
      [good],
      tree(['A'], ['B'], child('C', 'X')),
      { A, B, C: 'A' },
      'kept department_parent C',
    ),
    story(
      'a self-parent: the last good one',
      [good],
      tree(['A'], ['B'], child('C', 'C')),
      { A, B, C: 'A' },
      'kept department_parent C',
    ),
    story(
      'an unknown parent of a new one: a root',
      [],
      tree(['A'], child('C', 'X')),
      { A, C: '' },
      'kept department_parent C',
    ),
    story(
      'the last good parent is not listed any more, but served: it stays',
      [good],
      tree(['B'], child('C', 'X')),
      { A, B, C: 'A' },
      'kept department_parent C',
      'kept department_kept A',
    ),
    story(
      'a parent that is quarantined is unknown',
      [],
      tree(['D1'], ['d1'], child('C', 'd1')),
      { D1: '', C: '' },
      'quarantined department_code d1',
      'kept department_parent C',
    ),
    story('a good parent is taken', [good], tree(['A'], ['B'], child('C', 'B')), { A, B, C: 'B' }),
    story(
      'an unreadable parent: the last good one',
      [good],
      tree(['A'], ['B'], ['C', 'C', '', [{ field: 'parent_group_no', why: 'odd' }]]),
      { A, B, C: 'A' },
      'kept parent_group_no_broken C',
    ),
    story(
      'two rows, two parents: the last good one',
      [good],
      tree(['A'], ['B'], child('C', 'B'), child('C', 'A')),
      { A, B, C: 'A' },
      'kept parent_group_no_broken C',
    ),
    story(
      'two rows, two parents of a new one: the first of them',
      [],
      tree(['A'], ['B'], child('C', 'B'), child('C', 'A')),
      { A, B, C: 'A' },
      'fixed parent_group_no_broken C',
    ),
    story(
      'two rows, one of them without a parent',
      [],
      tree(['A'], ['C'], child('C', 'A')),
      { A, C: 'A' },
      'fixed parent_group_no_broken C',
    ),
    story('a child before its parent in the source is nothing', [], tree(child('C', 'B'), child('B', 'A'), ['A']), {
      A,
      B: 'A',
      C: 'B',
    }),
    story(
      'a department called like what every object has',
      [],
      tree(['__proto__'], child('constructor', '__proto__'), child('toString', 'constructor')),
      undefined,
    ),
  ]);
});

describe('cycles', () => {
  const chain = tree(['A'], child('B', 'A'), child('C', 'B'));
  const cycle = ['kept department_cycle A'];
  /** A is at the end of all of them: as soon as C is below A it goes round. */
  const atTheEnd = [child('A', 'B'), child('B', 'Q'), child('Q', 'D'), child('D', 'C'), ['C']] as const;
  const story = (
    name: string,
    before: Case['before'],
    now: Case['now'],
    departments: Record<string, string>,
    ...problems: string[]
  ): Case => ({
    name,
    now,
    people: { alice: {} },
    problems,
    departments,
    ...(before && { before }),
  });
  tell([
    story(
      'never served: cut at the lowest code',
      [],
      tree(child('C', 'A'), child('A', 'B'), child('B', 'C')),
      { A: '', B: 'C', C: 'A' },
      ...cycle,
    ),
    story(
      'with last good parents: those',
      [chain],
      tree(child('A', 'C'), child('B', 'A'), child('C', 'B')),
      { A: '', B: 'A', C: 'B' },
      ...cycle,
    ),
    story(
      'turned around: those',
      [chain],
      tree(child('A', 'B'), child('B', 'C'), child('C', 'A')),
      { A: '', B: 'A', C: 'B' },
      ...cycle,
      'kept department_cycle B',
      'kept department_cycle C',
    ),
    story(
      'the last good parent is not listed any more: it stays',
      [tree(['P'], child('B', 'P'), child('C', 'B'))],
      tree(child('B', 'C'), child('C', 'B')),
      { P: '', B: 'P', C: 'B' },
      'kept department_cycle B',
      'kept department_kept P',
    ),
    story(
      'a new one among them: the old one goes back',
      [chain],
      tree(child('A', 'N'), child('N', 'C'), child('B', 'A'), child('C', 'B')),
      { A: '', N: 'C', B: 'A', C: 'B' },
      ...cycle,
    ),
    story(
      'the last good parents make a cycle with a new one: cut',
      [tree(['A'], child('B', 'A'))],
      tree(child('B', 'N'), child('N', 'A'), child('A', 'B')),
      { A: '', B: 'A', N: 'A' },
      ...cycle,
      'kept department_cycle B',
    ),
    story(
      'cut below what is not listed any more: that goes with all that was only above it, as it would once more',
      [tree(...atTheEnd)],
      tree(child('C', 'A'), child('D', 'A')),
      { A: '', C: 'A', D: 'A' },
      'kept department_kept A',
      ...cycle,
    ),
    story(
      'but not what somebody else is below',
      [tree(...atTheEnd, child('E', 'Q'))],
      tree(child('C', 'A'), child('D', 'A'), child('E', 'X')),
      { A: '', C: 'A', D: 'A', E: 'Q', Q: 'D' },
      'kept department_kept A',
      'kept department_kept Q',
      'kept department_parent E',
      ...cycle,
    ),
    story(
      'nor what a source names as the parent of whatever was cut: it would come back',
      [tree(...atTheEnd)],
      tree(child('A', 'B'), child('C', 'A'), child('D', 'A')),
      { A: '', B: 'Q', C: 'A', D: 'A', Q: 'D' },
      'kept department_kept B',
      'kept department_kept Q',
      ...cycle,
    ),
    story(
      'two at once',
      [],
      tree(child('A', 'B'), child('B', 'A'), child('X', 'Y'), child('Y', 'X'), child('Z', 'Y')),
      { A: '', B: 'A', X: '', Y: 'X', Z: 'Y' },
      ...cycle,
      'kept department_cycle X',
    ),
    story(
      'a long one',
      [],
      tree(...Array.from({ length: 300 }, (_, n) => child(`${n + 100}`, `${((n + 1) % 300) + 100}`))),
      Object.fromEntries(
        Array.from({ length: 300 }, (_, n) => [`${n + 100}`, n === 0 ? '' : `${((n + 1) % 300) + 100}`]),
      ),
      'kept department_cycle 100',
    ),
  ]);
});

describe('departments that somebody needs', () => {
  tell([
    {
      name: 'not listed and not needed: it goes',
      before: [tree(['A'], ['B'])],
      now: tree(['A']),
      people: { alice: {} },
      departments: { A: '' },
      removed: { B: 'missing hr' },
    },
    {
      name: 'not listed, with people: it stays with all its ancestors',
      before: [inside('C', ['A'], child('B', 'A'), child('C', 'B'), ['Z'])],
      now: inside('C', ['Z']),
      people: { alice: { departments: ['C'] as never } },
      departments: { A: '', B: 'A', C: 'B', Z: '' },
      problems: ['kept department_kept A', 'kept department_kept B', 'kept department_kept C'],
      removed: {},
    },
    {
      name: 'not listed, with a listed child: it stays',
      before: [tree(['A'], child('B', 'A'), child('C', 'B'))],
      now: tree(child('C', 'B')),
      people: { alice: {} },
      departments: { A: '', B: 'A', C: 'B' },
      problems: ['kept department_kept A', 'kept department_kept B'],
    },
    {
      name: 'not listed, with a child that goes too: both go',
      before: [tree(['A'], child('B', 'A'), ['Z'])],
      now: tree(['Z']),
      people: { alice: {} },
      departments: { Z: '' },
      removed: { A: 'missing hr', B: 'missing hr' },
    },
    {
      name: 'a whole list that is suddenly empty',
      before: [inside('C', ['A'], child('B', 'A'), child('C', 'B'), ['Z'])],
      now: inside('C'),
      people: { alice: { departments: ['C'] as never } },
      departments: { A: '', B: 'A', C: 'B' },
      problems: ['kept department_kept A', 'kept department_kept B', 'kept department_kept C'],
      removed: { Z: 'missing hr' },
    },
    {
      name: 'without a list, those that people name are departments',
      now: [
        extract('hr', [
          row('1', { ...alice, departments: ['B', 'A'] }),
          row('2', { ...bob, departments: ['C'], active: false }),
        ]),
      ],
      people: { alice: { departments: ['A', 'B'] as never } },
      departments: { A: '', B: '' },
    },
    {
      name: 'the last person in one leaves',
      before: [[extract('hr', [row('1', { ...alice, departments: ['A'] }), row('2', { ...bob, departments: ['B'] })])]],
      now: [extract('hr', [row('1', { ...alice, departments: ['A'] })])],
      people: { alice: {} },
      departments: { A: '' },
      removed: { 'hr/2': 'missing hr', B: 'missing hr' },
    },
    {
      name: 'a person who is kept keeps their department',
      before: [inside('A', ['A'], ['B'])],
      now: [extract('hr', [row('1', { ...carol, departments: ['B'] })], { departments: [['B']] })],
      people: { alice: { departments: ['A'] as never } },
      departments: { A: '', B: '' },
      problems: ['quarantined newcomer carol', 'kept department_kept A'],
    },
  ]);
});

describe('an unknown department of a person', () => {
  const before = [inside('A', ['A'], ['B'])];
  const told = (...departments: string[]) => [
    extract('hr', [row('1', { ...alice, departments })], { departments: [['A'], ['B']] }),
  ];
  tell([
    {
      name: 'the last good one stays',
      before,
      now: told('X'),
      people: { alice: { departments: ['A'] as never } },
      problems: ['kept department_unknown alice'],
      changes: { memberships_removed: 0 },
    },
    {
      name: 'not beside one that there is',
      before,
      now: told('X', 'B'),
      people: { alice: { departments: ['B'] as never } },
      problems: ['dropped department_unknown alice'],
    },
    { name: 'in none is no unknown one', before, now: told(), people: { alice: { departments: [] } } },
    {
      name: 'of a newcomer: none',
      now: told('X'),
      people: { alice: { departments: [] } },
      problems: ['dropped department_unknown alice'],
    },
    {
      name: 'the last good one stays though it is not listed any more',
      before,
      now: inside('X', ['B']),
      people: { alice: { departments: ['A'] as never } },
      departments: { A: '', B: '' },
      problems: ['kept department_unknown alice', 'kept department_kept A'],
    },
  ]);
});

describe('one code in two letter cases', () => {
  tell([
    {
      name: 'both listed: the one that is served',
      before: [tree(['d1'])],
      now: tree(['D1'], ['d1']),
      people: { alice: {} },
      departments: { d1: '' },
      problems: ['quarantined department_code D1'],
    },
    {
      name: 'nobody in it: the new one takes its place',
      before: [tree(['d1'])],
      now: tree(['D1']),
      people: { alice: {} },
      departments: { D1: '' },
      removed: { d1: 'missing hr' },
    },
    {
      name: 'its people move along',
      before: [inside('d1', ['d1'])],
      now: inside('D1', ['D1']),
      people: { alice: { departments: ['D1'] as never } },
      departments: { D1: '' },
      removed: { d1: 'missing hr' },
    },
    {
      name: 'its people do not: it stays, and the new one is quarantined',
      before: [inside('d1', ['d1'])],
      now: inside('d1', ['D1']),
      people: { alice: { departments: ['d1'] as never } },
      departments: { d1: '' },
      problems: ['quarantined department_code D1', 'kept department_kept d1'],
    },
    {
      name: 'its children do not',
      before: [tree(['d1'], child('C', 'd1'))],
      now: tree(['D1'], child('C', 'd1')),
      people: { alice: {} },
      departments: { d1: '', C: 'd1' },
      problems: ['quarantined department_code D1', 'kept department_kept d1'],
    },
    {
      name: 'somebody in it names an unknown one: both cannot be',
      before: [inside('d1', ['d1'])],
      now: inside('X', ['D1']),
      people: { alice: { departments: [] } },
      departments: { D1: '' },
      problems: ['dropped department_unknown alice'],
    },
    {
      name: 'a child that is not listed and stays for its people goes under the new one',
      before: [inside('C', ['d1'], child('C', 'd1'))],
      now: inside('C', ['D1']),
      people: { alice: { departments: ['C'] as never } },
      departments: { D1: '', C: 'D1' },
      problems: ['kept department_kept C'],
      removed: { d1: 'missing hr' },
    },
  ]);
});

describe('two sources and one code', () => {
  const first = (name: string) =>
    extract('first', [row('1', { ...alice, departments: ['D'] })], { departments: [['D', name]] });
  const second = (name: string, parent = '') =>
    extract('second', [row('2', { ...bob, departments: ['D', 'E'] })], { departments: [['D', name, parent], ['E']] });
  tell([
    {
      name: 'one name, one department',
      now: [first('Sales'), second('Sales')],
      people: { alice: { departments: ['D'] as never }, bob: { departments: ['D', 'E'] as never } },
      departments: { D: '', E: '' },
    },
    {
      name: 'another name: the later is quarantined with its memberships',
      now: [first('Sales'), second('Support')],
      people: { alice: { departments: ['D'] as never }, bob: { departments: ['E'] as never } },
      departments: { D: '', E: '' },
      problems: ['quarantined department_other_name D'],
    },
    {
      name: 'the parent is that of the first',
      now: [first('Sales'), second('Sales', 'E')],
      people: { alice: {}, bob: {} },
      departments: { D: '', E: '' },
    },
  ]);
  test('the name is that of the first, and so is the provenance', () => {
    const { candidate } = judge({
      name: '',
      plans: [plan('second'), plan('first')],
      now: [first('Sales'), second('Support')],
      people: { alice: { departments: [] }, bob: {} },
      problems: ['quarantined department_other_name D'],
    });
    const member = candidate.departments.get('D' as never);
    assert.equal(member?.value.display_name, 'Support');
    assert.deepEqual(member?.from, { group_no: 'second' });
  });
});

describe('unknown members', () => {
  const now = (count: number) => [
    extract('hr', [row('1', alice), row('2', { ...bob, active: false })], {
      departments: [['A']],
      memberships: [
        ['1', 'A'],
        ['1', 'A'],
        ['2', 'A'],
        ...Array.from({ length: count }, (_, n) => [`x${n}`, 'A'] as const),
      ],
    }),
  ];
  tell([
    {
      name: 'they are dropped, and members who left are not unknown',
      now: now(2),
      people: { alice: { departments: ['A'] as never } },
      problems: ['dropped member_unknown x0', 'dropped member_unknown x1'],
    },
  ]);
  test('all are counted and the first are listed', () => {
    const { problems } = judge({
      name: '',
      now: now(250),
      people: { alice: {} },
      problems: Array.from({ length: 250 }, (_, n) => `dropped member_unknown x${n}`)
        .sort()
        .slice(0, 100),
    });
    assert.equal(problems.count('dropped'), 250);
    assert.equal(problems.listed.length, 100);
  });
});
