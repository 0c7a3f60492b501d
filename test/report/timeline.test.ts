import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReportData, SnapshotData } from '../../src/report/data.ts';
import { html } from '../../src/report/html.ts';
import { readerOf } from '../../src/report/reader.ts';
import { bars } from '../../src/report/timeline/bars.ts';
import { placesOf, spread } from '../../src/report/timeline/places.ts';
import { timeline } from '../../src/report/timeline.ts';
import { emptyReport, smallReport } from './fixtures.ts';

const DAY = 24 * 60 * 60 * 1000;
const START = Date.parse('2025-01-01T02:00:00Z');

const [example] = smallReport().snapshots;
assert(example);
const NONE = Object.fromEntries(
  Object.keys(example.changes).map(name => [name, 0]),
) as unknown as SnapshotData['changes'];

/** One snapshot for each time. */
const snapshots = (times: readonly number[], changes: Partial<SnapshotData['changes']> = {}): SnapshotData[] =>
  times.map((time, at) => ({
    number: at + 1,
    at: new Date(time).toISOString(),
    people: 100,
    departments: 10,
    memberships: 100,
    changes: { ...NONE, ...changes },
    hold: undefined,
  }));

const placed = (times: readonly number[]) => placesOf({ snapshots: snapshots(times), runs: [], deliveries: [] });

const drawn = (data: ReportData) => `${html`${timeline(data, readerOf(data))}`}`;

const gaps = (columns: readonly number[]) => columns.slice(1).map((column, at) => column - (columns[at] ?? 0));

suite('the places of snapshots', () => {
  test('are by time where there is room', () => {
    const { columns, left, right } = placed([0, 1, 2, 10].map(days => START + days * DAY));
    const [first = 0, second = 0, third = 0, last = 0] = columns;
    assert(Math.abs(third - second - (second - first)) < 0.01);
    assert(Math.abs(last - third - 8 * (third - second)) < 0.01);
    assert(first >= left && last <= right);
  });

  test('are moved apart where many are at once, without going past an end', () => {
    const crowd = Array.from({ length: 60 }, (_, minutes) => START + 100 * DAY + minutes * 60_000);
    const { columns, bar, left, right } = placed([START, ...crowd]);
    assert(Math.min(...gaps(columns)) >= bar);
    assert(columns.every(column => column - bar / 2 >= left && column + bar / 2 <= right));
    assert((columns[1] ?? 0) - (columns[0] ?? 0) > 100);
  });

  test('have bars of three pixels at least, in a picture that grows from some 400 on', () => {
    const days = (count: number) => placed(Array.from({ length: count }, (_, at) => START + at * DAY));
    const year = days(365);
    assert(year.width < 1200 && year.bar >= 3 && Math.min(...gaps(year.columns)) >= 3 - 1e-6);
    const many = days(2000);
    assert(many.width >= 6000 && many.bar >= 3 && Math.min(...gaps(many.columns)) >= 3 - 1e-6);
  });

  test('of one snapshot, and of several at the same time or with a clock put back, are places all the same', () => {
    for (const times of [
      [START],
      [START, START],
      [START, START - DAY, START + DAY],
      [START + DAY, START, START - DAY],
      [],
    ]) {
      const { columns, left, right, at } = placed(times);
      assert(columns.every(column => column >= left && column <= right));
      assert(gaps(columns).every(gap => gap > 0));
      const through = [-2, -1, -0.4, 0, 0.4, 1, 2].map(days => at(new Date(START + days * DAY)));
      assert(
        gaps(through).every(gap => gap >= 0),
        `${through}`,
      );
    }
  });

  test('take along what happened in between', () => {
    const times = [0, 1, 2, 3].map(minutes => START + minutes * 60_000);
    const { columns, at } = placed([...times, START + 300 * DAY]);
    times.forEach((time, index) => {
      assert(Math.abs(at(new Date(time)) - (columns[index] ?? 0)) < 1e-6);
    });
    const between = at(new Date(START + 90_000));
    assert(between > (columns[1] ?? 0) && between < (columns[2] ?? 0));
  });

  test('are right for what was before a clock was put back', () => {
    const { columns, at } = placed([START, START - DAY, START + DAY]);
    assert.equal(at(new Date(START)), columns[0]);
    assert.equal(at(new Date(START + DAY)), columns[2]);
  });

  test('are spread no more than it takes', () => {
    assert.deepEqual(spread([0, 1, 50], { apart: 10, left: 0, right: 100 }), [0, 10, 50]);
    assert.deepEqual(spread([98, 99, 100], { apart: 10, left: 0, right: 100 }), [80, 90, 100]);
  });
});

suite('bars', () => {
  const places = placed([START, START + DAY, START + 2 * DAY]);
  const panel = { top: 0, bottom: 100 };
  const none = { added: 0, modified: 0, removed: 0, renamed: 0 };
  const rects = (text: string) =>
    [...text.matchAll(/class="bar (\w+)" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g)].map(
      ([, kind, y, height]) => ({ kind, y: Number(y), height: Number(height) }),
    );

  test('go up for what came and changed, down for what went, and stand on one another', () => {
    const stack = { added: 3, modified: 2, removed: 5, renamed: 1 };
    const { draw, zero } = bars([none, stack], panel, places);
    const [added, renamed, modified, removed] = rects(`${draw(stack, 50)}`);
    assert(added && renamed && modified && removed);
    assert.deepEqual(
      [added.kind, renamed.kind, modified.kind, removed.kind],
      ['added', 'renamed', 'modified', 'removed'],
    );
    assert.equal(added.y + added.height, zero);
    assert(
      Math.abs(renamed.y + renamed.height - added.y) < 0.2 && Math.abs(modified.y + modified.height - renamed.y) < 0.2,
    );
    assert.equal(removed.y, zero);
    assert(Math.abs(added.height / modified.height - 3 / 2) < 0.05);
    assert(modified.y >= panel.top - 0.1 && removed.y + removed.height <= panel.bottom + 0.1);
  });

  test('are seen however few there are, and are nothing for nothing', () => {
    const { draw } = bars([none, { ...none, added: 12_000 }, { ...none, removed: 1 }], panel, places);
    const [one] = rects(`${draw({ ...none, added: 1 }, 50)}`);
    assert.equal(one?.height, 1.5);
    assert.equal(`${draw(none, 50)}`, '');
  });

  test('that are far beyond the others are cut off, and say so; the first snapshot decides only alone', () => {
    const usual = { ...none, added: 10, removed: 10 };
    const first = { ...none, added: 100_000 };
    const { draw } = bars([first, usual, usual], panel, places);
    const cut = `${draw(first, 50)}`;
    assert.match(cut, /class="beyond"/);
    assert(rects(cut).every(({ y, height }) => y >= 0 && y + height <= 100));
    const whole = `${draw(usual, 50)}`;
    assert.doesNotMatch(whole, /beyond/);
    assert(rects(whole).every(({ height }) => height > 30));
    assert.doesNotMatch(`${bars([first], panel, places).draw(first, 50)}`, /beyond/);
  });
});

suite('the picture', () => {
  test('has each snapshot to be chosen, in words; the pair is chosen, and one can be reached', () => {
    const page = drawn(smallReport());
    const options = [
      ...page.matchAll(
        /<g class="snapshot" data-snapshot="(\d+)" role="option" tabindex="(-?\d)" aria-selected="(\w+)"/g,
      ),
    ];
    assert.deepEqual(
      options.map(([, number]) => Number(number)),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    );
    assert.deepEqual(
      options.filter(one => one[3] === 'true').map(one => one[1]),
      ['11', '12'],
    );
    assert.deepEqual(
      options.filter(one => one[2] === '0').map(one => one[1]),
      ['12'],
    );
    assert.match(page, /role="listbox" aria-multiselectable="true"/);
    assert.match(
      page,
      /aria-label="Snapshot 1, 2 Nov 2025, 02:00\n26 people: 26 added, 0 modified, 0 removed, 0 renamed\n\d+ departments: /,
    );
  });

  test('marks runs that came to nothing and deliveries, in words, and merges what is at one place', () => {
    const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString();
    const runs: ReportData['runs'] = [
      ...Array.from({ length: 9 }, (_, index) => ({
        number: index + 1,
        started: at(index),
        status: 'failed' as const,
        hold: undefined,
        why: `<no> ${index}`,
      })),
      { number: 20, started: at(60 * 24 * 8), status: 'interrupted', hold: undefined, why: '' },
      { number: 21, started: at(60 * 24 * 9), status: 'held', hold: 3, why: 'too many' },
      { number: 22, started: at(60 * 24 * 9), status: 'unchanged', hold: undefined, why: '' },
    ];
    const deliveries: ReportData['deliveries'] = [
      { snapshot: 1, client: 'omflow', at: at(60 * 24 * 4), finished: true },
      { snapshot: 1, client: 'omflow', at: at(60 * 24 * 6), finished: false },
    ];
    const page = drawn(smallReport({ snapshots: snapshots([START, START + 10 * DAY]), runs, deliveries }));
    const marks = [...page.matchAll(/class="mark ([\w-]+)-mark" role="img" aria-label="([^"]*)"/g)];
    assert.deepEqual(
      marks.map(([, name]) => name),
      ['failed', 'failed', 'held', 'finished', 'broken-off'],
    );
    const [many = '', interrupted, held, , broken] = marks.map(([, , text]) => text);
    assert.match(many, /^Run 1, 1 Jan 2025, 10:00: failed\. &lt;no&gt; 0\n/);
    assert.match(many, /\nand 4 more$/);
    assert.equal(many.split('\n').length, 6);
    assert.match(interrupted ?? '', /^Run 20, .*: interrupted\. $/);
    assert.match(held ?? '', /^Run 21, .*: held\. too many$/);
    assert.equal(broken, 'Snapshot 1 to omflow, 7 Jan 2025, 10:00: broken off');
  });

  test('has times that are round where the reader is', () => {
    const hours = (zone: string) => {
      const page = drawn(smallReport({ zone, snapshots: snapshots([START, START + DAY]), runs: [], deliveries: [] }));
      return [...page.matchAll(/text-anchor="middle">([^<]*)</g)].map(([, text]) => text);
    };
    for (const zone of ['Asia/Taipei', 'America/New_York', 'Asia/Kolkata', 'UTC']) {
      const labels = hours(zone);
      assert(labels.length > 5 && labels.includes('00:00'), `${zone}: ${labels}`);
      assert(
        labels.every(label => /^\d\d:00$/.test(label ?? '')),
        `${zone}: ${labels}`,
      );
    }
  });

  test('of a store with nothing in it is a sentence; of one with runs alone it is of runs', () => {
    assert.equal(drawn(emptyReport()), '<p class="muted">There is no snapshot yet.</p>');
    const page = drawn({ ...emptyReport(), runs: smallReport().runs });
    assert.match(page, /There is no snapshot yet\./);
    assert.match(page, /failed-mark/);
    assert.doesNotMatch(page, /listbox|NaN|undefined/);
  });

  test('has nothing in it that is no number', () => {
    for (const times of [[START], [START, START], Array.from({ length: 500 }, (_, at) => START + at * 1000)]) {
      const page = drawn(smallReport({ snapshots: snapshots(times), runs: [], deliveries: [] }));
      assert.doesNotMatch(page, /NaN|undefined|Infinity/);
    }
  });
});
