import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type SnapshotNumber, snapshotNumber } from '../../src/roster/model.ts';
import { type Circumstances, outdated, type Retention } from '../../src/roster/retention.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date('2026-11-22T12:00:00Z');

const DEFAULTS: Retention = { last: 50, daily: 90 * DAY, monthly: 24 };

const inUtc = (moment: Date) => moment.toISOString().slice(0, 10);
const nobodySpared = new Set<SnapshotNumber>();
const circumstances = (more: Partial<Circumstances> = {}): Circumstances => ({
  now: NOW,
  spare: nobodySpared,
  dayOf: inUtc,
  ...more,
});

interface Dated {
  readonly number: SnapshotNumber;
  readonly at: Date;
}

/** Snapshots so many milliseconds before now, oldest first, numbered from 1. */
const agesAgo = (ages: readonly number[]): Dated[] =>
  ages
    .toSorted((a, b) => b - a)
    .map((age, place) => ({ number: snapshotNumber(place + 1), at: new Date(NOW.getTime() - age) }));

const kept = (snapshots: readonly Dated[], retention: Retention, more: Partial<Circumstances> = {}) => {
  const gone = new Set(outdated(snapshots, retention, circumstances(more)));
  return snapshots.filter(one => !gone.has(one.number));
};

const anyHistory = fc
  .array(fc.integer({ min: 0, max: 900 * 24 }), { minLength: 1, maxLength: 60 })
  .map(hours => agesAgo(hours.map(count => count * HOUR)));

const anyRetention: fc.Arbitrary<Retention> = fc.record({
  last: fc.integer({ min: 1, max: 5 }),
  daily: fc.integer({ min: 0, max: 400 }).map(days => days * DAY),
  monthly: fc.integer({ min: 0, max: 30 }),
});

describe('retention', () => {
  test('keeps the last 50, those of each day for 90 days and of each month for 24 months', () => {
    // Two a day for three years, an hour before noon and one before midnight.
    const history = agesAgo(Array.from({ length: 2 * 3 * 365 }, (_, place) => place * 12 * HOUR + HOUR));
    const hours = kept(history, DEFAULTS).map(one => one.at.toISOString().slice(0, 13));
    const recent = hours.slice(-50);
    const daily = hours.filter(hour => hour >= '2026-08-24' && hour < '2026-10-28T23');
    const monthly = hours.slice(0, -50 - daily.length);
    assert.deepEqual([recent[0], recent.at(-1)], ['2026-10-28T23', '2026-11-22T11']);
    assert.deepEqual([daily.length, daily[0], daily.at(-1)], [65, '2026-08-24T23', '2026-10-27T23']);
    assert.ok(daily.every(hour => hour.endsWith('T23')));
    const ends = Array.from({ length: 21 }, (_, month) => new Date(Date.UTC(2024, 11 + month, 0, 23)));
    assert.deepEqual(
      monthly,
      ends.map(end => end.toISOString().slice(0, 13)),
    );
  });

  test('tells days by the time zone: the last of a day there', () => {
    const history = [
      { number: snapshotNumber(1), at: new Date('2026-11-20T15:00:00Z') },
      { number: snapshotNumber(2), at: new Date('2026-11-20T17:00:00Z') },
      { number: snapshotNumber(3), at: NOW },
    ];
    const retention = { last: 1, daily: 30 * DAY, monthly: 0 };
    const inTaipei = (moment: Date) => inUtc(new Date(moment.getTime() + 8 * HOUR));
    assert.deepEqual(outdated(history, retention, circumstances()), [1]);
    assert.deepEqual(outdated(history, retention, circumstances({ dayOf: inTaipei })), []);
  });

  test('goes by numbers where the clock was put back', () => {
    const history = [
      { number: snapshotNumber(1), at: new Date('2026-11-20T15:00:00Z') },
      { number: snapshotNumber(2), at: new Date('2026-11-20T14:00:00Z') },
      { number: snapshotNumber(3), at: NOW },
    ];
    assert.deepEqual(outdated(history, { last: 1, daily: 30 * DAY, monthly: 0 }, circumstances()), [1]);
  });

  test('never takes the newest, nor what is spared, and is the same whatever order snapshots come in', () => {
    fc.assert(
      fc.property(anyHistory, anyRetention, fc.array(fc.integer({ min: 1, max: 60 })), (history, retention, spared) => {
        const spare = new Set(spared.map(snapshotNumber));
        const gone = outdated(history, retention, circumstances({ spare }));
        assert.ok(!gone.includes(snapshotNumber(history.length)));
        assert.ok(gone.every(number => !spare.has(number)));
        assert.ok(gone.every(number => number <= history.length - retention.last));
        assert.deepEqual(outdated(history.toReversed(), retention, circumstances({ spare })), gone);
        assert.deepEqual(
          gone,
          gone.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  test('leaves the last of every day and month in their time, and besides them and the last few nothing', () => {
    fc.assert(
      fc.property(anyHistory, anyRetention, (history, retention) => {
        const left = kept(history, retention);
        const month = (moment: Date) => inUtc(moment).slice(0, 7);
        const isLast = (one: Dated, span: (moment: Date) => string) =>
          history.every(other => other.number <= one.number || span(other.at) !== span(one.at));
        for (const one of history) {
          const age = NOW.getTime() - one.at.getTime();
          const isDaily = age <= retention.daily && isLast(one, inUtc);
          const first = new Date(Date.UTC(NOW.getUTCFullYear(), NOW.getUTCMonth() - retention.monthly, 1));
          const isMonthly = one.at >= first && isLast(one, month);
          const isOfTheLast = one.number > history.length - retention.last;
          assert.equal(left.includes(one), isDaily || isMonthly || isOfTheLast, one.at.toISOString());
        }
      }),
    );
  });

  test('comes to the same, however often it was applied on the way', () => {
    fc.assert(
      fc.property(
        anyHistory,
        anyRetention,
        fc.array(fc.nat({ max: 900 * 24 }), { maxLength: 5 }),
        (history, retention, hours) => {
          const moments = hours.map(count => new Date(NOW.getTime() - count * HOUR)).sort((a, b) => +a - +b);
          let left: Dated[] = [];
          let from = Number.NEGATIVE_INFINITY;
          for (const now of [...moments, NOW]) {
            left.push(...history.filter(one => one.at.getTime() > from && one.at <= now));
            left = kept(left, retention, { now });
            from = now.getTime();
          }
          assert.deepEqual(left, kept(history, retention));
        },
      ),
    );
  });
});
