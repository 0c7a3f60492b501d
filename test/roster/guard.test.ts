import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { allowed, DEFAULT_LIMITS, guard, type Limit } from '../../src/roster/guard.ts';
import {
  type ChangeCounts,
  type RosterCounts,
  type RowCounts,
  snapshotNumber,
  sourceName,
} from '../../src/roster/model.ts';

const NOTHING = { people: 0, departments: 0, memberships: 0 };

function findings({
  changes = {},
  before = {},
  rows = {},
  now = {},
  limits = DEFAULT_LIMITS,
}: {
  changes?: Partial<ChangeCounts>;
  before?: Partial<RosterCounts>;
  rows?: Record<string, Partial<RowCounts>>;
  now?: Record<string, Partial<RowCounts>>;
  limits?: typeof DEFAULT_LIMITS;
}) {
  const bySource = (given: Record<string, Partial<RowCounts>>) =>
    new Map(Object.entries(given).map(([name, counts]) => [sourceName(name), { ...NOTHING, ...counts }]));
  return guard(
    { changes: { ...NO_CHANGES, ...changes }, rows: bySource(now) },
    { number: snapshotNumber(7), counts: { ...NOTHING, ...before }, rows: bySource(rows) },
    limits,
  );
}

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
    const limit = fc.record({
      floor: fc.nat(50),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      ceiling: fc.option(fc.nat(500), { nil: undefined }),
    });
    fc.assert(
      fc.property(limit, fc.nat(1_000_000), (one, size) => {
        const most = allowed(one, size);
        assert(Number.isInteger(most) && most >= one.floor);
        assert(most <= Math.max(one.floor, one.share * size + 1e-6));
        assert(most <= Math.max(one.floor, one.ceiling ?? size));
        assert(allowed(one, size + 1) >= most);
      }),
    );
  });
});

describe('people and departments that go', () => {
  for (const [name, count, size, limit] of [
    ['people_removed', 'people', 10, 3],
    ['people_removed', 'people', 100, 5],
    ['people_removed', 'people', 9999, 200],
    ['people_removed', 'people', 100_000, 2000],
    ['departments_removed', 'departments', 10, 2],
    ['departments_removed', 'departments', 100, 5],
  ] as const) {
    test(`${name}: ${limit} of ${size} may go, one more may not`, () => {
      assert.deepEqual(findings({ changes: { [name]: limit }, before: { [count]: size } }), []);
      const [finding, ...others] = findings({ changes: { [name]: limit + 1 }, before: { [count]: size } });
      assert.deepEqual(others, []);
      const text = `${limit + 1} of ${size} ${count} would be removed, and at most ${limit} may be at once`;
      assert.deepEqual(finding, { guard: name, count: limit + 1, limit, of: size, baseline: 7, text });
    });
  }
  test('other changes are none of theirs', () => {
    const changes = {
      people_added: 99,
      people_modified: 99,
      people_renamed: 99,
      departments_added: 99,
      departments_modified: 99,
      memberships_added: 99,
      memberships_removed: 99,
    };
    assert.deepEqual(findings({ changes, before: { people: 10, departments: 10 } }), []);
  });
  test('all that are passed are found', () => {
    const all = findings({
      changes: { people_removed: 9, departments_removed: 9 },
      before: { people: 10, departments: 10 },
      rows: { hr: { people: 10 } },
      now: { hr: { people: 1 } },
    });
    assert.deepEqual(all.map(one => one.guard).sort(), ['departments_removed', 'people_removed', 'source_rows']);
  });
});

describe('source_rows', () => {
  for (const kind of ['people', 'departments', 'memberships'] as const) {
    const given = (before: number, now: number) =>
      findings({ rows: { hr: { [kind]: before } }, now: { hr: { [kind]: now } } });
    test(`${kind}: 3, then 20 %, fewer are believed, and one more is not`, () => {
      assert.deepEqual(given(4, 1), []);
      assert.deepEqual(given(100, 80), []);
      assert.deepEqual(given(100, 200), []);
      const [few] = given(5, 1);
      assert.deepEqual([few?.guard, few?.count, few?.limit, few?.of, few?.baseline], ['source_rows', 4, 3, 5, 7]);
      const [more] = given(100, 79);
      assert.deepEqual([more?.count, more?.limit, more?.of], [21, 20, 100]);
      assert.match(more?.text ?? '', /source hr gives 79 rows of \w+, 21 fewer than the 100/);
    });
    test(`${kind}: none at all where there were some, always`, () => {
      const [finding] = given(1, 0);
      assert.deepEqual([finding?.guard, finding?.count, finding?.limit, finding?.of], ['source_rows', 1, 0, 1]);
      assert.match(finding?.text ?? '', new RegExp(`source hr gives no ${kind} any more`));
      assert.deepEqual(given(0, 0), []);
      const generous = { ...DEFAULT_LIMITS, source_rows: { floor: 1000, share: 1 } };
      assert.equal(findings({ rows: { hr: { [kind]: 5 } }, now: { hr: {} }, limits: generous }).length, 1);
    });
  }
  test('each source by itself; one that is new or not configured any more is none of it', () => {
    const rows = { hr: { people: 100 }, ad: { people: 100 }, old: { people: 100 } };
    const now = { hr: { people: 100 }, ad: { people: 10 }, fresh: { people: 1 } };
    assert.deepEqual(
      findings({ rows, now }).map(one => one.text.split(' ')[1]),
      ['ad'],
    );
  });
});
