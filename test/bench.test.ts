import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bench, usualEffort } from './bench/bench.ts';
import { daemonHere } from './bench/daemon.ts';
import { endure, growthIn, keepsGrowing, type Sample } from './bench/endurance.ts';
import { exitCodeOf, type Finding, sizeName, verdictOn } from './bench/finding.ts';
import { growthOf } from './bench/growth.ts';
import { BenchUsageError, readOptions } from './bench/options.ts';
import type { Effort, Row } from './bench/row.ts';
import { ROWS } from './bench/rows.ts';
import { growthExponent, median, percentile, slope } from './bench/statistics.ts';
import { amount, tableOf } from './bench/table.ts';
import { sharedAddress } from './support/shared.ts';

const NAMES = ROWS.map(row => row.name);

const finding = (more: Partial<Finding>): Finding => ({ work: 'work', size: '10k', unit: 'ms', ours: 10, ...more });

describe('statistics', () => {
  test('the median is the middle one, or between the two in the middle', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([10, 9, 1, 5]), 7);
    assert.ok(Number.isNaN(median([])));
  });

  test('a percentile is a number that there is', () => {
    const numbers = Array.from({ length: 200 }, (_, place) => 200 - place);
    assert.equal(percentile(numbers, 0.99), 198);
    assert.equal(percentile(numbers, 1), 200);
    assert.equal(percentile([7], 0.5), 7);
  });

  test('a slope and an exponent are those of the line and the power', () => {
    const points = [1, 2, 3, 10].map(x => ({ x, y: 5 + 3 * x }));
    assert.ok(Math.abs(slope(points) - 3) < 1e-9);
    assert.equal(slope(points.slice(0, 1)), 0);
    assert.ok(Math.abs(growthExponent({ x: 10, y: 4 }, { x: 1000, y: 40_000 }) - 2) < 1e-9);
  });
});

describe('verdicts', () => {
  test('are on the ratio where there is a yardstick, and else on our own number', () => {
    assert.equal(verdictOn(finding({})), 'none');
    assert.equal(verdictOn(finding({ target: { atMost: 10 } })), 'met');
    assert.equal(verdictOn(finding({ target: { atMost: 9.9 } })), 'missed');
    assert.equal(verdictOn(finding({ yardstick: 5, target: { atMost: 2 } })), 'met');
    assert.equal(verdictOn(finding({ yardstick: 4.9, target: { atMost: 2 } })), 'missed');
    assert.equal(verdictOn(finding({ yardstick: 20, target: { atLeast: 0.5 } })), 'met');
    assert.equal(verdictOn(finding({ yardstick: 20.1, target: { atLeast: 0.5 } })), 'missed');
  });

  test('on what could not be measured are that it is missed', () => {
    for (const target of [{ atMost: 9 }, { atLeast: 0 }]) {
      assert.equal(verdictOn(finding({ ours: Number.NaN, target })), 'missed');
    }
  });

  test('decide with what the program ends', () => {
    const met = finding({ target: { atMost: 10 } });
    assert.equal(exitCodeOf([met, finding({})]), 0);
    assert.equal(exitCodeOf([met, finding({ target: { atMost: 9 } }), met]), 1);
  });

  test('on a row that breaks off are that it is missed, and the next one is measured', async () => {
    const row = (name: string, measure: Row['measure']): Row => ({ name, sizes: 'none', measure });
    const rows = [row('worse', () => Promise.reject(new Error('no'))), row('better', async () => [finding({})])];
    const options = { sizes: [300], only: [], engine: 'sqlite', profile: undefined } as const;
    const tools = { rows, server: '', effort: usualEffort, daemon: daemonHere, tell: () => {} };
    const [broken, measured] = await bench(options, tools);
    assert.ok(broken && verdictOn(broken) === 'missed' && broken.work.startsWith('worse'));
    assert.deepEqual(measured, finding({}));
  });

  test('on growth are from each size to the next', () => {
    const at = (people: number, ours: number) => finding({ people, ours, size: sizeName(people) });
    const growth = growthOf([at(1000, 1), at(1_000_000, 4000), at(10_000, 10), finding({ work: 'of one size' })]);
    assert.deepEqual(
      growth.map(one => [one.size, one.ours.toFixed(2), verdictOn(one)]),
      [
        ['1k → 10k', '1.00', 'met'],
        ['10k → 1m', '1.30', 'missed'],
      ],
    );
  });

  test('on endurance are on what comes after the warm-up', () => {
    const samples = (rise: number, files = 30) =>
      Array.from({ length: 20 }, (_, place): Sample => {
        const run = 50 * (place + 1);
        return { run, rss: place < 5 ? 20 * place : 100 + (rise * run) / 100, heap: 9, files: place < 5 ? 20 : files };
      });
    assert.equal(keepsGrowing(growthIn(samples(0.9))), false);
    assert.equal(keepsGrowing(growthIn(samples(1.1))), true);
    const leaking = samples(0).map(sample => ({ ...sample, files: 20 + sample.run / 100 }));
    assert.equal(keepsGrowing(growthIn(leaking)), true);
  });
});

describe('the table', () => {
  test('is Markdown with ratio, target and mark', () => {
    const text = tableOf([
      finding({ ours: 1500, yardstick: 500, target: { atMost: 4 } }),
      finding({ unit: 'bytes', ours: 300 * 1024 * 1024, target: { atMost: 220 * 1024 * 1024 } }),
      finding({ unit: 'requests/s', ours: Number.NaN, target: { atLeast: 1 } }),
      finding({}),
    ]);
    assert.deepEqual(text.split('\n').slice(2), [
      '| work | 10k | 1.5 s | 500 ms | 3 × | ≤ 4 × | ✔ |',
      '| work | 10k | 300 MiB | – | – | ≤ 220 MiB | ✘ |',
      '| work | 10k | none | – | – | ≥ 1 requests/s | ✘ |',
      '| work | 10k | 10 ms | – | – | – |  |',
    ]);
  });

  test('has sizes and amounts in words', () => {
    assert.deepEqual([300, 1000, 100_000, 1_000_000, 1500].map(sizeName), ['300', '1k', '100k', '1m', '1500']);
    assert.deepEqual(
      [amount(8192, 'bytes'), amount(100, 'bytes'), amount(0.51234, '')],
      ['8 KiB', '100 bytes', '0.512'],
    );
  });
});

describe('options', () => {
  test('have their defaults, and sizes in rising order', () => {
    const usual = { sizes: [10_000, 100_000], only: [], engine: 'sqlite', profile: undefined };
    assert.deepEqual(readOptions([], NAMES), usual);
    const given = ['--size', '1m,300,10k,300', '--only', 'sync,diff', '--store=mysql', '--profile', '/tmp/p'];
    const read = { sizes: [300, 10_000, 1_000_000], only: ['sync', 'diff'], engine: 'mysql', profile: '/tmp/p' };
    assert.deepEqual(readOptions(given, NAMES), read);
  });

  test('that make no sense are refused with the way out', () => {
    for (const [args, message] of [
      [['--size', '10g'], /--size 10g: write numbers of people from 200 on, like 10k/],
      [['--size', '10'], /--size 10: /],
      [['--only', 'speed'], /--only speed: there is no such row; there are first-run, run-unchanged/],
      [['--store', 'oracle'], /--store oracle: write sqlite or mysql/],
      [['--fast'], /--fast.*; there are --size, --only/],
    ] as const) {
      assert.throws(
        () => readOptions(args, NAMES),
        (error: Error) => error instanceof BenchUsageError && message.test(error.message),
        args.join(' '),
      );
    }
  });
});

describe('a short form, which measures nothing but shows that it could be', { concurrency: true }, () => {
  const once: Effort = { repeats: 1, asked: 40, few: 1, days: 3 };
  const server = sharedAddress('ROSTERD_TEST_MYSQL_URL');
  /** Measures some rows, and expects a line of each. */
  const measured = async (lines: Readonly<Record<string, RegExp>>) => {
    const told: string[] = [];
    const tools = {
      rows: ROWS,
      server,
      effort: () => once,
      daemon: daemonHere,
      tell: (text: string) => told.push(text),
    };
    const options = { sizes: [300], only: Object.keys(lines), engine: 'sqlite', profile: undefined } as const;
    const findings = await bench(options, tools);
    assert.doesNotMatch(told.join('\n'), /broke off/);
    // A few changes of a small store find room in the pages that it has.
    const works = findings.filter(({ ours }) => ours >= 0).map(one => one.work);
    for (const [name, line] of Object.entries(lines)) {
      assert.ok(
        works.some(work => line.test(work)),
        `no ${line} of ${name} in\n${works.join('\n')}`,
      );
    }
    for (const work of works) assert.ok(tableOf(findings).includes(`| ${work} | `));
  };

  test('all rows are in one of the next two, or need a store in MariaDB', () => {
    assert.deepEqual([...Object.keys(WORKING), ...Object.keys(WAITING), 'engines'].sort(), NAMES.toSorted());
  });

  test('rows that work all the time have their lines', () => measured(WORKING));

  test('rows that wait for runs of a daemon have their lines', () => measured(WAITING));

  test('a soak has a sample of each part', async () => {
    const told: Sample[] = [];
    const samples = await endure({ runs: 4, people: 300, server, onSample: sample => told.push(sample) });
    assert.deepEqual(
      samples.map(one => one.run),
      [1, 2, 3, 4],
    );
    assert.deepEqual(told, samples);
    assert.ok(samples.every(({ rss, heap, files }) => rss > heap && heap > 1 && files > 3));
  });
});

/** What a line of each row says. */
const WORKING = {
  'first-run': /^first run/,
  'run-unchanged': /^run, nothing changed/,
  'run-changed': /^run, 1 % changed/,
  diff: /^diff of neighbours/,
  disk: /^disk for a change/,
  versions: /^3 versions, on the disk/,
  sync: /^\/sync, identity/,
  login: /^logins over LDAPS/,
};
const WAITING = {
  memory: /^peak memory of the daemon/,
  quiet: /^p99 of a trivial request/,
  start: /^start of the daemon/,
};
