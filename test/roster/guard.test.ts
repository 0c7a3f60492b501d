import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import {
  allowed,
  type Baseline,
  DEFAULT_LIMITS,
  type GuardRules,
  guard,
  LIMITED,
  type Limit,
  type Limits,
  type Measured,
  type Toll,
} from '../../src/roster/guard.ts';
import {
  type ChangeCounts,
  GUARDS,
  type GuardFinding,
  type GuardName,
  type RosterCounts,
  type RowCounts,
  snapshotNumber,
  sourceName,
} from '../../src/roster/model.ts';
import { person } from '../store/rosters.ts';

const NOTHING = { people: 0, departments: 0, memberships: 0 };
const NO_TOLL: Toll = {
  people_removed: 0,
  departments_removed: 0,
  no_department: 0,
  emails_changed: 0,
  people_added: 0,
};

const baseline = (number: number, counts: Partial<RosterCounts> = {}, toll: Partial<Toll> = {}): Baseline => ({
  number: snapshotNumber(number),
  counts: { ...NOTHING, ...counts },
  toll: { ...NO_TOLL, ...toll },
});

/** A candidate after which nobody would miss anything, but for what is said of it. */
const measured = (some: Partial<Measured> = {}): Measured => ({
  counts: { people: 100, departments: 10, memberships: 100 },
  changes: NO_CHANGES,
  newest: baseline(7),
  older: undefined,
  rows: new Map(),
  rowsBefore: new Map(),
  quarantined: 0,
  leaving: [],
  proved: true,
  hadRuns: true,
  ...some,
});

const RULES: GuardRules = { limits: DEFAULT_LIMITS, protect: [], first: 'accept' };

const findings = (some: Partial<Measured>, rules: Partial<GuardRules> = {}) =>
  guard(measured(some), { ...RULES, ...rules });

const limitsWith = (name: keyof Limits, limit: Limit): Limits => ({ ...DEFAULT_LIMITS, [name]: limit });

describe('a limit is max(floor, min(share, ceiling))', () => {
  const table: readonly [name: string, limit: Limit, size: number, allowed: number][] = [
    ['floor', { floor: 3, share: 0.05 }, 0, 3],
    ['floor over share', { floor: 3, share: 0.05 }, 79, 3],
    ['share over floor', { floor: 3, share: 0.05 }, 80, 4],
    ['share, rounded down', { floor: 3, share: 0.05 }, 99, 4],
    ['share without a ceiling', { floor: 3, share: 0.05 }, 1_000_000, 50_000],
    ['ceiling', { floor: 3, share: 0.05, ceiling: 10 }, 1000, 10],
    ['share below the ceiling', { floor: 3, share: 0.05, ceiling: 10 }, 199, 9],
    ['floor over ceiling', { floor: 30, share: 0.05, ceiling: 10 }, 1000, 30],
    ['ceiling of nothing', { floor: 0, share: 0.05, ceiling: 0 }, 1000, 0],
    ['nothing at all', { floor: 0, share: 0 }, 1000, 0],
    ['all of them', { floor: 0, share: 1 }, 1000, 1000],
    ['a ceiling that grows, below', { floor: 3, share: 0.05, ceiling: 200, ceilingShare: 0.02 }, 3999, 199],
    ['a ceiling that grows, at its least', { floor: 3, share: 0.05, ceiling: 200, ceilingShare: 0.02 }, 10_000, 200],
    ['a ceiling that grows, grown', { floor: 3, share: 0.05, ceiling: 200, ceilingShare: 0.02 }, 10_050, 201],
    ['29 of 100 are 29 %', { floor: 0, share: 0.29 }, 100, 29],
    ['57 of 100 are 57 %', { floor: 0, share: 0.57 }, 100, 57],
    ['7 of 1000 are 0.7 %', { floor: 0, share: 0.007 }, 1000, 7],
  ];
  for (const [name, limit, size, expected] of table) test(name, () => assert.equal(allowed(limit, size), expected));

  test('so many per cent of a hundred are so many', () => {
    for (let count = 0; count <= 100; count += 1) assert.equal(allowed({ floor: 0, share: count / 100 }, 100), count);
  });

  test('never fewer than the floor, never more than floor or share allow', () => {
    fc.assert(
      fc.property(anyLimit, fc.nat(1_000_000), (one, size) => {
        const most = allowed(one, size);
        assert(Number.isInteger(most) && most >= one.floor);
        assert(most <= Math.max(one.floor, one.share * size + 1e-6));
        assert(most <= Math.max(one.floor, one.ceiling ?? size));
        assert(allowed(one, size + 1) >= most);
      }),
    );
  });
});

const anyLimit = fc.record({
  floor: fc.nat(50),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  ceiling: fc.option(fc.nat(500), { nil: undefined }),
});

/** How many of what, out of how many, are too many by one; and what is said of them, but for the end. */
const TOLLS: readonly [guard: keyof Toll, of: keyof RosterCounts, size: number, limit: number, text: string][] = [
  ['people_removed', 'people', 10, 3, '4 of 10 people would be removed'],
  ['people_removed', 'people', 100, 5, '6 of 100 people would be removed'],
  ['people_removed', 'people', 9999, 200, '201 of 9999 people would be removed'],
  ['people_removed', 'people', 100_000, 2000, '2001 of 100000 people would be removed'],
  ['departments_removed', 'departments', 10, 2, '3 of 10 departments would be removed'],
  ['departments_removed', 'departments', 100, 5, '6 of 100 departments would be removed'],
  ['departments_removed', 'departments', 100_000, 5000, '5001 of 100000 departments would be removed'],
  ['no_department', 'people', 10, 3, '4 of 10 people would lose their last department'],
  ['no_department', 'people', 100, 5, '6 of 100 people would lose their last department'],
  ['emails_changed', 'people', 10, 3, 'the email of 4 of 10 people would change'],
  ['emails_changed', 'people', 100, 10, 'the email of 11 of 100 people would change'],
  ['people_added', 'people', 10, 20, '21 people would be added to 10'],
  ['people_added', 'people', 100, 25, '26 people would be added to 100'],
];

for (const [name, kind, size, limit, says] of TOLLS) {
  describe(`${name}: ${limit} of ${size} may be, one more may not`, () => {
    const of = { [kind]: size };
    test('at once', () => {
      assert.deepEqual(findings({ newest: baseline(7, of, { [name]: limit }) }), []);
      const text = `${says}, and at most ${limit} may be at once`;
      assert.deepEqual(findings({ newest: baseline(7, of, { [name]: limit + 1 }) }), [
        { guard: name, count: limit + 1, limit, of: size, baseline: 7, text },
      ]);
    });

    test('in seven days', () => {
      const newest = baseline(7, { [kind]: size + 1 }, { [name]: 1 });
      assert.deepEqual(findings({ newest, older: baseline(3, of, { [name]: limit }) }), []);
      const text = `${says}, and at most ${limit} may be since snapshot 3, the newest of seven days ago`;
      assert.deepEqual(findings({ newest, older: baseline(3, of, { [name]: limit + 1 }) }), [
        { guard: name, count: limit + 1, limit, of: size, baseline: 3, text },
      ]);
    });
  });
}

describe('what counts between two rosters', () => {
  test('is measured against each of the two by its own size', () => {
    const toll = { people_removed: 5 };
    const told = (newest: number, older: number) =>
      findings({ newest: baseline(7, { people: newest }, toll), older: baseline(3, { people: older }, toll) }).map(
        one => one.baseline,
      );
    assert.deepEqual([told(100, 100), told(99, 100), told(100, 99), told(99, 99)], [[], [7], [3], [7, 3]]);
  });

  test('is as much as the configuration allows, the ceiling too', () => {
    const limits = limitsWith('emails_changed', { floor: 0, share: 1, ceiling: 10 });
    const changed = (count: number) =>
      findings({ newest: baseline(7, { people: 100 }, { emails_changed: count }) }, { limits });
    assert.deepEqual([changed(10).length, changed(11)[0]?.limit], [0, 10]);
  });

  test('is no matter of a candidate that adds nothing to it', () => {
    const all = Object.fromEntries(Object.keys(NO_TOLL).map(name => [name, 1000]));
    assert.deepEqual(findings({ older: baseline(3, { people: 10 }, all) }), []);
    const newest = baseline(7, { people: 10, departments: 10 }, { emails_changed: 1 });
    const [finding, ...others] = findings({ newest, older: baseline(3, { people: 10 }, all) });
    assert.deepEqual([finding?.guard, finding?.baseline, others], ['emails_changed', 3, []]);
  });

  test('is nothing for the first candidate of all', () => {
    const counts = { people: 1_000_000, departments: 1000, memberships: 0 };
    assert.deepEqual(findings({ counts, newest: undefined, hadRuns: false }), []);
  });

  test('is found by the guard that counts it, and by no other', () => {
    const changes: ChangeCounts = {
      people_added: 99,
      people_modified: 99,
      people_removed: 99,
      people_renamed: 99,
      departments_added: 99,
      departments_modified: 99,
      departments_removed: 99,
      memberships_added: 99,
      memberships_removed: 99,
    };
    assert.deepEqual(findings({ changes, newest: baseline(7, { people: 10, departments: 10 }) }), []);
  });
});

const rowsOf = (given: Record<string, Partial<RowCounts>>) =>
  new Map(Object.entries(given).map(([name, counts]) => [sourceName(name), { ...NOTHING, ...counts }]));

describe('source_rows', () => {
  for (const kind of ['people', 'departments', 'memberships'] as const) {
    const given = (before: number, now: number, rules: Partial<GuardRules> = {}) =>
      findings({ rowsBefore: rowsOf({ hr: { [kind]: before } }), rows: rowsOf({ hr: { [kind]: now } }) }, rules);
    test(`${kind}: 3, then 20 %, fewer are believed, and one more is not`, () => {
      assert.deepEqual([given(4, 1), given(100, 80), given(100, 200)], [[], [], []]);
      const [few] = given(5, 1);
      assert.deepEqual([few?.guard, few?.count, few?.limit, few?.of, few?.baseline], ['source_rows', 4, 3, 5, 7]);
      assert.deepEqual(given(100, 79), [
        {
          guard: 'source_rows',
          count: 21,
          limit: 20,
          of: 100,
          baseline: 7,
          text: `source hr gives 79 rows of ${kind}, 21 fewer than the 100 of its last good read; at most 20 fewer are believed`,
        },
      ]);
    });

    test(`${kind}: none at all where there were some, always`, () => {
      const text = `source hr gives no ${kind} any more; its last good read gave 1 row`;
      assert.deepEqual(given(1, 0), [{ guard: 'source_rows', count: 1, limit: 0, of: 1, baseline: 7, text }]);
      assert.deepEqual(given(0, 0), []);
      const limits = limitsWith('source_rows', { floor: 1000, share: 1 });
      assert.deepEqual([given(5, 1, { limits }).length, given(5, 0, { limits }).length], [0, 1]);
    });
  }

  test('each source by itself; one that is new or not configured any more is none of it', () => {
    const rowsBefore = rowsOf({ hr: { people: 100 }, ad: { people: 100 }, old: { people: 100 } });
    const rows = rowsOf({ hr: { people: 100 }, ad: { people: 10 }, fresh: { people: 1 } });
    assert.deepEqual(
      findings({ rowsBefore, rows }).map(one => one.text.split(' ')[1]),
      ['ad'],
    );
  });
});

describe('quarantined', () => {
  const first = (served: number, quarantined: number) =>
    findings({ newest: undefined, hadRuns: false, counts: { ...NOTHING, people: served }, quarantined });
  for (const [all, limit] of [
    [10, 3],
    [100, 5],
    [100_000, 5000],
  ] as const) {
    test(`${limit} of the first ${all} people may be, one more may not`, () => {
      assert.deepEqual(first(all - limit, limit), []);
      const count = limit + 1;
      const text = `${count} of ${all} people are quarantined, and at most ${limit} may be in the first roster`;
      assert.deepEqual(first(all - count, count), [{ guard: 'quarantined', count, limit, of: all, text }]);
    });
  }

  test('later they harm nobody who is served', () => assert.deepEqual(findings({ quarantined: 1000 }), []));
});

describe('protect', () => {
  const ceo = person('hr/1', { username: 'a.lin', login: 'a.lin-chen', email: 'Lin@Corp.example' });
  const other = person('hr/2', { username: 'b' });
  const going = (protect: readonly string[], leaving = [ceo, other]) => findings({ leaving }, { protect });

  for (const name of ['a.lin', 'A.LIN', ' a.lin ', 'a.lin-chen', 'lin@corp.example', 'ＬＩＮ@corp.example']) {
    test(`by ${JSON.stringify(name)}`, () => {
      const text = '"a.lin" would be removed, and guards.protect says that this person stays';
      assert.deepEqual(going([name, 'somebody else']), [
        { guard: 'protect', count: 1, limit: 0, of: 2, baseline: 7, text },
      ]);
    });
  }

  test('each of them is named, once', () => {
    const text = '"a.lin", "b" would be removed, and guards.protect says that they stay';
    assert.deepEqual(going(['a.lin', 'lin@corp.example', 'b', 'c']), [
      { guard: 'protect', count: 2, limit: 0, of: 4, baseline: 7, text },
    ]);
  });

  test('nobody else, and nobody who stays', () => {
    assert.deepEqual([going([]), going(['1', 'hr/1', 'lin', 'corp.example']), going(['a.lin'], [])], [[], [], []]);
  });
});

describe('config', () => {
  const leaver = person('hr/1', { departments: ['RD', 'S'] });
  const under = (changes: Partial<ChangeCounts>, some: Partial<Measured> = {}) =>
    findings({
      proved: false,
      newest: baseline(7, { people: 40 }),
      changes: { ...NO_CHANGES, ...changes },
      ...some,
    });
  const says = (what: string) =>
    `the configuration of the sources is another than in every good run so far, and it would remove ${what}`;

  for (const [changes, leaving, what] of [
    [{ people_removed: 1 }, 0, '1 person'],
    [{ departments_removed: 2 }, 0, '2 departments'],
    [{ memberships_removed: 3 }, 0, '3 memberships of people who stay'],
    [{ people_removed: 1, memberships_removed: 2 }, 1, '1 person'],
    [
      { people_removed: 1, departments_removed: 1, memberships_removed: 5 },
      1,
      '1 person, 1 department, 3 memberships of people who stay',
    ],
  ] as const) {
    test(`removes ${what}`, () => {
      const count = Object.values(changes).reduce((sum, one) => sum + one, 0);
      assert.deepEqual(under(changes, { leaving: Array(leaving).fill(leaver) }), [
        { guard: 'config', count, limit: 0, of: 40, baseline: 7, text: says(what) },
      ]);
    });
  }

  test('what only comes or changes is none of it', () => {
    const changes = { people_added: 9, people_modified: 9, people_renamed: 9, departments_added: 9 };
    assert.deepEqual(under({ ...changes, departments_modified: 9, memberships_added: 9 }), []);
  });

  test('once it is proved it may remove what the other guards let it', () => {
    assert.deepEqual(under({ people_removed: 1 }, { proved: true }), []);
    assert.deepEqual(under({ people_removed: 1 }, { newest: undefined, hadRuns: false }), []);
  });
});

describe('first', () => {
  const first = (rules: Partial<GuardRules>, some: Partial<Measured>) =>
    findings({ newest: undefined, ...some }, rules);
  const finding = (why: string): GuardFinding => ({
    guard: 'first',
    count: 100,
    limit: 0,
    of: 0,
    text: `it is the first roster, ${why}: 100 people`,
  });
  const asked = finding('which sync.first says is to be looked at');
  const late = finding('and runs before it came to nothing, so nobody can tell what it should be like');
  for (const [name, rule, hadRuns, expected] of [
    ['is published', 'accept', false, []],
    ['waits where it is to be looked at', 'hold', false, [asked]],
    ['waits where runs came to nothing before it', 'accept', true, [late]],
    ['waits where both are so', 'hold', true, [asked]],
  ] as const) {
    test(`the first roster ${name}`, () => assert.deepEqual(first({ first: rule }, { hadRuns }), expected));
  }

  test('no later roster is the first', () => assert.deepEqual(findings({ hadRuns: true }, { first: 'hold' }), []));
});

test('every limit that is passed is found, in the order of the guards', () => {
  const over = { people: 10, departments: 10 };
  const toll = Object.fromEntries(Object.keys(NO_TOLL).map(name => [name, 99]));
  const later = findings(
    {
      newest: baseline(7, over, toll),
      older: baseline(3, over, toll),
      rowsBefore: rowsOf({ hr: { people: 10 } }),
      rows: rowsOf({ hr: {} }),
      leaving: [person('hr/1')],
      changes: { ...NO_CHANGES, people_removed: 1 },
      proved: false,
    },
    { protect: ['1'] },
  );
  const first = findings({ newest: undefined, quarantined: 99 });
  const names = [...later, ...first].map(one => one.guard);
  assert.deepEqual([...new Set(names)].toSorted(inOrder), GUARDS);
  for (const found of [later, first])
    assert.deepEqual(
      found,
      found.toSorted((a, b) => inOrder(a.guard, b.guard)),
    );
});

const inOrder = (a: GuardName, b: GuardName) => GUARDS.indexOf(a) - GUARDS.indexOf(b);

const changesIn = (counts: Record<string, number>): ChangeCounts => ({ ...NO_CHANGES, ...counts });

const countsOf = (found: readonly GuardFinding[]): Partial<Record<GuardName, number>> =>
  Object.fromEntries([...Map.groupBy(found, one => one.guard)].map(([name, list]) => [name, list.length]));

/** More of each thing that somebody could miss, or not have wanted. */
const MORE: Readonly<Record<string, (one: Measured) => Measured>> = {
  ...Object.fromEntries(
    (Object.keys(NO_TOLL) as (keyof Toll)[]).map(name => [
      name,
      (one: Measured) => ({ ...one, newest: dearer(one.newest, name), older: dearer(one.older, name) }),
    ]),
  ),
  quarantined: one => ({ ...one, quarantined: one.quarantined + 1 }),
  leaving: one => ({
    ...one,
    changes: { ...one.changes, people_removed: one.changes.people_removed + 1 },
    leaving: [...one.leaving, person('hr/2', { departments: ['RD'] })],
  }),
  memberships: one => ({
    ...one,
    changes: { ...one.changes, memberships_removed: one.changes.memberships_removed + 1 },
  }),
  rows: one => ({
    ...one,
    rows: new Map([...one.rows].map(([source, rows]) => [source, { ...rows, people: Math.max(0, rows.people - 1) }])),
  }),
};

const dearer = (one: Baseline | undefined, name: keyof Toll): Baseline | undefined =>
  one && { ...one, toll: { ...one.toll, [name]: one.toll[name] + 1 } };

describe('whatever is measured', () => {
  const anyCounts = fc.record({ people: fc.nat(300), departments: fc.nat(300), memberships: fc.nat(300) });
  const few = fc.nat(30);
  const anyToll = fc.record({
    people_removed: few,
    departments_removed: few,
    no_department: few,
    emails_changed: few,
    people_added: few,
  });
  const anyBaseline = fc.option(
    fc.record({ number: fc.nat(9).map(snapshotNumber), counts: anyCounts, toll: anyToll }),
    { nil: undefined },
  );
  const anyRows = fc
    .dictionary(fc.constantFrom('hr', 'ad'), anyCounts)
    .map(rows => rowsOf(rows as Record<string, RowCounts>));
  const anyMeasured: fc.Arbitrary<Measured> = fc.record({
    counts: anyCounts,
    changes: fc.record(Object.fromEntries(Object.keys(NO_CHANGES).map(name => [name, few]))).map(changesIn),
    newest: anyBaseline,
    older: anyBaseline,
    rows: anyRows,
    rowsBefore: anyRows,
    quarantined: few,
    leaving: fc.subarray(['1', '2', '3'].map(own => person(`hr/${own}`, { departments: ['RD'] }))),
    proved: fc.boolean(),
    hadRuns: fc.boolean(),
  });
  const anyRules: fc.Arbitrary<GuardRules> = fc.record({
    limits: fc.record(
      Object.fromEntries(LIMITED.map(name => [name, anyLimit])) as Record<keyof Limits, typeof anyLimit>,
    ),
    protect: fc.subarray(['1', '2', '3']),
    first: fc.constantFrom('accept', 'hold'),
  });

  test('more of something makes no finding go away', () => {
    fc.assert(
      fc.property(anyMeasured, anyRules, fc.constantFrom(...Object.values(MORE)), (one, rules, more) => {
        const [before, after] = [guard(one, rules), guard(more(one), rules)].map(countsOf);
        for (const name of GUARDS) assert.ok((after?.[name] ?? 0) >= (before?.[name] ?? 0), name);
      }),
      { numRuns: 1000 },
    );
  });

  test('a higher limit makes no finding come up', () => {
    const raised = fc.constantFrom<(limit: Limit) => Limit>(
      limit => ({ ...limit, floor: limit.floor + 1 }),
      limit => ({ ...limit, share: Math.min(1, limit.share + 0.01) }),
      limit => ({ ...limit, ceiling: limit.ceiling === undefined ? undefined : limit.ceiling + 1 }),
      limit => ({ ...limit, ceiling: undefined }),
    );
    fc.assert(
      fc.property(anyMeasured, anyRules, fc.constantFrom(...LIMITED), raised, (one, rules, name, higher) => {
        const limits = { ...rules.limits, [name]: higher(rules.limits[name]) };
        const [before, after] = [guard(one, rules), guard(one, { ...rules, limits })].map(countsOf);
        for (const each of GUARDS) assert.ok((after?.[each] ?? 0) <= (before?.[each] ?? 0), each);
      }),
      { numRuns: 1000 },
    );
  });

  test('a finding says by how much the limit is passed', () => {
    fc.assert(
      fc.property(anyMeasured, anyRules, (one, rules) => {
        for (const { guard: name, count, limit, text } of guard(one, rules)) {
          assert.ok(name === 'first' || count > limit, `${name}: ${text}`);
          assert.ok(
            text.includes(String(name === 'protect' ? 'guards.protect' : name === 'config' ? 'remove' : count)),
          );
        }
      }),
    );
  });
});
