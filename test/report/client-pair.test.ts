import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  diffInPage,
  isKnownPair,
  orderedPair,
  pairUpTo,
  readAddress,
  reportCommand,
  summedChanges,
  writeAddress,
} from '../../src/report/client/pair.ts';
import type { ReportData } from '../../src/report/data.ts';
import { calmReport, smallReport } from './fixtures.ts';

suite('a pair of snapshots', () => {
  test('has the earlier one first, and the held candidate last', () => {
    assert.deepEqual(orderedPair(42, 41), { before: 41, after: 42 });
    assert.deepEqual(orderedPair(41, 42), { before: 41, after: 42 });
    assert.deepEqual(orderedPair(42, 'held'), { before: 42, after: 'held' });
  });

  test('goes through the address of a page and comes back', () => {
    const state = { pair: { before: 41, after: 'held' as const }, person: "o'neil & søns <b>#1" };
    assert.deepEqual(readAddress(writeAddress(state)), state);
    assert.equal(writeAddress({ pair: { before: 0, after: 1 } }), '#a=0&b=1');
    assert.equal(writeAddress({ person: 'half \ud800' }), '#person=half%20%EF%BF%BD');
  });

  test('is none where an address has something else', () => {
    for (const hash of [
      '',
      '#',
      '#diff-section',
      '#a=1',
      '#a=held&b=2',
      '#a=-1&b=2',
      '#a=1e3&b=2',
      '#a=1&b=2x',
      '#b=2',
    ]) {
      assert.deepEqual(readAddress(hash), { pair: undefined, person: undefined }, hash);
    }
    assert.deepEqual(readAddress('#a=9&b=3').pair, { before: 9, after: 3 });
  });

  test('is known as long as both are there', () => {
    const held = smallReport();
    assert(isKnownPair({ before: 3, after: 7 }, held));
    assert(isKnownPair({ before: 0, after: 1 }, held));
    assert(isKnownPair({ before: 12, after: 'held' }, held));
    assert(!isKnownPair({ before: 3, after: 99 }, held));
    assert(!isKnownPair({ before: 99, after: 3 }, held));
    assert(!isKnownPair({ before: 12, after: 'held' }, calmReport()));
  });

  test('up to a snapshot begins at the one before that is kept, or at nothing', () => {
    const { snapshots } = smallReport();
    assert.deepEqual(pairUpTo(5, snapshots), { before: 4, after: 5 });
    assert.deepEqual(pairUpTo(1, snapshots), { before: 0, after: 1 });
    const pruned = snapshots.filter(one => one.number !== 4);
    assert.deepEqual(pairUpTo(5, pruned), { before: 3, after: 5 });
  });

  test('has its changes in the page, or of the hold, or none when it is one and the same', () => {
    const data = smallReport();
    const [first] = data.diffs;
    assert(first && data.hold);
    assert.equal(diffInPage({ before: first.before, after: first.after }, data), first);
    assert.equal(diffInPage({ before: data.hold.diff.before, after: 'held' }, data), data.hold.diff);
    assert.equal(diffInPage({ before: 1, after: 9 }, data), undefined);
    assert.equal(diffInPage({ before: 9, after: 9 }, data)?.counts.people_added, 0);
  });

  test('is seen whole by a command', () => {
    assert.equal(reportCommand({ before: 41, after: 57 }), 'rosterd report 41 57');
    assert.equal(reportCommand({ before: 41, after: 'held' }), 'rosterd report 41 held');
    assert.equal(reportCommand({ before: 0, after: 57 }), 'rosterd show 57');
  });
});

suite('changes that are added up', () => {
  const data = smallReport();
  const added = (first: number, last: number, of: ReportData = data) =>
    of.snapshots
      .filter(({ number }) => number >= first && number <= last)
      .reduce((sum, { changes }) => sum + changes.people_added, 0);

  test('are those of all snapshots after the one and up to the other', () => {
    const { counts, count, isWhole } = summedChanges({ before: 1, after: 12 }, data);
    assert(added(2, 12) > 0);
    assert.equal(counts.people_added, added(2, 12));
    assert.deepEqual([count, isWhole], [11, true]);
  });

  test('from nothing on are all that there is', () => {
    const newest = data.snapshots.at(-1);
    assert(newest);
    const { counts } = summedChanges({ before: 0, after: newest.number }, data);
    assert.deepEqual(
      [counts.people_added, counts.departments_added, counts.memberships_added, counts.people_removed],
      [newest.people, newest.departments, newest.memberships, 0],
    );
  });

  test('up to the held candidate have its own besides', () => {
    assert(data.hold);
    const { counts } = summedChanges({ before: 10, after: 'held' }, data);
    const removed = data.snapshots.slice(-2).reduce((sum, { changes }) => sum + changes.people_removed, 0);
    assert.equal(counts.people_removed, removed + data.hold.counts.people_removed);
  });

  test('say so when some of the snapshots in between are gone', () => {
    const pruned = { ...data, snapshots: data.snapshots.filter(({ number }) => number < 5 || number > 7) };
    assert.equal(summedChanges({ before: 3, after: 9 }, pruned).isWhole, false);
    assert.equal(summedChanges({ before: 8, after: 9 }, pruned).isWhole, true);
  });
});
