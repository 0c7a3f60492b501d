import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConditionConfig, ValueConfig } from '../../src/config/values.ts';
import {
  compileCondition,
  compileValue,
  dateOf,
  namesIn,
  namesInCondition,
  type Resolve,
  UnreadableValue,
} from '../../src/sources/mapping.ts';

type Row = Readonly<Record<string, string | undefined>>;

const COLUMNS = ['a', 'b', 'c', '__proto__', 'constructor'];
const resolve: Resolve<Row> = name => {
  if (!COLUMNS.includes(name)) throw new Error(`no column ${name}`);
  return row => (Object.hasOwn(row, name) ? row[name] : undefined);
};
const value = (config: ValueConfig, row: Row) => compileValue(config, resolve)(row);
const holds = (condition: ConditionConfig, row: Row, today = '2026-11-22') =>
  compileCondition(condition, resolve, today)(row);

describe('a value', () => {
  const table: readonly [name: string, config: ValueConfig, row: Row, expected: string | undefined][] = [
    ['a column', 'a', { a: 'x' }, 'x'],
    ['a column as it is', 'a', { a: ' x ' }, ' x '],
    ['a column that is empty', 'a', {}, undefined],
    ['a column called constructor', 'constructor', {}, undefined],
    ['a column called __proto__', '__proto__', Object.fromEntries([['__proto__', 'x']]), 'x'],
    ['the first that is not empty', ['a', 'b', 'c'], { a: '', b: 'y', c: 'z' }, 'y'],
    ['none of them', ['a', 'b'], { a: '' }, undefined],
    ['from', { from: 'a' }, { a: 'x' }, 'x'],
    ['from several', { from: ['a', 'b'] }, { b: 'y' }, 'y'],
    ['const', { const: 'x' }, {}, 'x'],
    ['const and map', { const: 'x', map: { x: 'y' } }, {}, 'y'],
    ['template', { template: '{{ a }}.{{b}}@{{  c  }}' }, { a: '1', b: '2', c: '3' }, '1.2@3'],
    ['template where one is empty', { template: '{{a}}-{{b}}' }, { a: '1' }, '1-'],
    ['template where all are empty', { template: '{{a}}@acme.example' }, { a: '' }, undefined],
    ['template that names nothing', { template: 'x' }, {}, 'x'],
    ['template with braces and dollars in the value', { template: '[{{a}}]' }, { a: '{{b}} $& $1' }, '[{{b}} $& $1]'],
    ['trim', { from: 'a', transform: ['trim'] }, { a: ' \u3000x\t' }, 'x'],
    ['trim to nothing', { from: 'a', transform: ['trim'], default: 'd' }, { a: '  ' }, 'd'],
    ['lower and upper', { from: 'a', transform: ['lower'] }, { a: 'ÄÖ' }, 'äö'],
    ['upper', { from: 'a', transform: ['upper'] }, { a: 'ä' }, 'Ä'],
    ['before_at', { from: 'a', transform: ['before_at'] }, { a: 'x@y@z' }, 'x'],
    ['before_at of nothing before it', { from: 'a', transform: ['before_at'] }, { a: '@y' }, undefined],
    ['before_at without one', { from: 'a', transform: ['before_at'] }, { a: 'x' }, 'x'],
    ['digits', { from: 'a', transform: ['digits'] }, { a: '+886 (2) 12-34' }, '88621234'],
    ['digits where there are none', { from: 'a', transform: ['digits'] }, { a: 'none' }, undefined],
    ['date', { from: 'a', transform: ['date'] }, { a: '2026/1/2 10:00' }, '2026-01-02'],
    ['one after the other', { from: 'a', transform: ['trim', 'before_at', 'upper'] }, { a: ' x@y ' }, 'X'],
    ['map', { from: 'a', map: { M: 'male', F: 'female' } }, { a: 'M' }, 'male'],
    ['map of what is not in it', { from: 'a', map: { M: 'male' } }, { a: 'X' }, 'X'],
    ['map of any other', { from: 'a', map: { M: 'male', '*': 'female' } }, { a: 'X' }, 'female'],
    ['map of nothing', { from: 'a', map: { '*': 'female' } }, {}, undefined],
    ['map of what every object has', { from: 'a', map: { M: 'male' } }, { a: 'constructor' }, 'constructor'],
    ['map after transform', { from: 'a', transform: ['upper'], map: { M: 'male' } }, { a: 'm' }, 'male'],
    ['map to nothing', { from: 'a', map: { '-': '' }, default: 'd' }, { a: '-' }, 'd'],
    ['default', { from: 'a', default: 'd' }, {}, 'd'],
    ['default is not transformed', { from: 'a', transform: ['upper'], map: { d: 'x' }, default: 'd' }, {}, 'd'],
    ['default where there is a value', { from: 'a', default: 'd' }, { a: 'x' }, 'x'],
  ];
  for (const [name, config, row, expected] of table) test(name, () => assert.equal(value(config, row), expected));

  test('a name that no row can have is found when it is compiled', () => {
    for (const config of [
      'x',
      ['a', 'x'],
      { from: 'x' },
      { from: ['a', 'x'] },
      { template: '{{a}}{{x}}' },
    ] as ValueConfig[]) {
      assert.throws(() => compileValue(config, resolve), /no column x/);
    }
    assert.throws(
      () => compileCondition({ any: [{ not: { field: 'x', empty: true } }] }, resolve, '2026-11-22'),
      /no column x/,
    );
  });

  test('the names that it is read from', () => {
    assert.deepEqual(namesIn('a'), ['a']);
    assert.deepEqual(namesIn(['a', 'b']), ['a', 'b']);
    assert.deepEqual(namesIn({ from: ['a', 'b'], default: 'c' }), ['a', 'b']);
    assert.deepEqual(namesIn({ template: '{{ a }} {{b}}' }), ['a', 'b']);
    assert.deepEqual(namesIn({ const: 'a' }), []);
    assert.deepEqual(
      namesInCondition({ all: [{ any: [{ field: 'a', empty: true }] }, { not: { field: 'b', in: [1] } }] }),
      ['a', 'b'],
    );
  });
});

describe('a date', () => {
  for (const [text, expected] of [
    ['2026-11-22', '2026-11-22'],
    [' 2026-11-22 ', '2026-11-22'],
    ['2026/11/2', '2026-11-02'],
    ['2026.1.02', '2026-01-02'],
    ['20261122', '2026-11-22'],
    ['2026-11-22T23:59:59Z', '2026-11-22'],
    ['2026-11-22 00:00:00.000', '2026-11-22'],
    ['2024-02-29', '2024-02-29'],
    ['9999-12-31', '9999-12-31'],
    ['', undefined],
    ['  ', undefined],
    ['0000-00-00', undefined],
    ['0000-00-00 00:00:00', undefined],
    ['0000/00/00', undefined],
    ['00000000', undefined],
  ] as const) {
    test(`"${text}" is ${expected}`, () => assert.equal(dateOf(text), expected));
  }
  for (const text of [
    'soon',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1-32',
    '22-11-2026',
    '2026-11',
    '2026111',
    '2026-1122',
    '202611-22',
    '2026-11/22',
    '2026',
    '2026-11-22x',
    '1/2/2026',
    '2026-11-22\n2026',
  ]) {
    test(`${JSON.stringify(text)} is none`, () => assert.throws(() => dateOf(text), UnreadableValue));
  }
});

describe('a condition', () => {
  const table: readonly [name: string, condition: ConditionConfig, row: Row, expected: boolean][] = [
    ['equals', { field: 'a', equals: 'x' }, { a: 'x' }, true],
    ['equals another', { field: 'a', equals: 'x' }, { a: 'X' }, false],
    ['equals a number', { field: 'a', equals: 1 }, { a: '1' }, true],
    ['equals a boolean', { field: 'a', equals: true }, { a: 'true' }, true],
    ['equals nothing', { field: 'a', equals: '' }, {}, true],
    ['in', { field: 'a', in: ['x', 2] }, { a: '2' }, true],
    ['not in', { field: 'a', in: ['x', 2] }, { a: '3' }, false],
    ['in none', { field: 'a', in: [] }, { a: '3' }, false],
    ['empty', { field: 'a', empty: true }, {}, true],
    ['empty: blanks', { field: 'a', empty: true }, { a: '  ' }, true],
    ['empty: 0000-00-00', { field: 'a', empty: true }, { a: '0000-00-00' }, true],
    ['empty: with a time', { field: 'a', empty: true }, { a: '0000-00-00 00:00:00' }, true],
    ['empty: with blanks', { field: 'a', empty: true }, { a: ' 0000-00-00' }, true],
    ['empty: as forms write it', { field: 'a', empty: true }, { a: '0000/00/00' }, true],
    ['empty: eight noughts', { field: 'a', empty: true }, { a: '00000000' }, true],
    ['empty: four noughts are a number', { field: 'a', empty: true }, { a: '0000' }, false],
    ['empty: nought', { field: 'a', empty: true }, { a: '0' }, false],
    ['not empty', { field: 'a', empty: false }, { a: 'x' }, true],
    ['not not empty', { field: 'a', empty: false }, {}, false],
    ['before today: yesterday', { field: 'a', before_today: true }, { a: '2026-11-21' }, true],
    ['before today: today', { field: 'a', before_today: true }, { a: '2026-11-22' }, false],
    ['not before today: today', { field: 'a', before_today: false }, { a: '2026-11-22' }, true],
    ['after today: today', { field: 'a', after_today: true }, { a: '2026-11-22' }, false],
    ['after today: tomorrow', { field: 'a', after_today: true }, { a: '2026/11/23' }, true],
    ['after today: in a thousand years', { field: 'a', after_today: true }, { a: '9999-12-31' }, true],
    ['after today: no date', { field: 'a', after_today: true }, { a: '0000-00-00' }, false],
    ['before today: no date', { field: 'a', before_today: true }, {}, false],
    [
      'all',
      {
        all: [
          { field: 'a', equals: '1' },
          { field: 'b', equals: '2' },
        ],
      },
      { a: '1', b: '2' },
      true,
    ],
    [
      'not all',
      {
        all: [
          { field: 'a', equals: '1' },
          { field: 'b', equals: '2' },
        ],
      },
      { a: '1' },
      false,
    ],
    [
      'any',
      {
        any: [
          { field: 'a', equals: '1' },
          { field: 'b', equals: '2' },
        ],
      },
      { b: '2' },
      true,
    ],
    [
      'none of any',
      {
        any: [
          { field: 'a', equals: '1' },
          { field: 'b', equals: '2' },
        ],
      },
      {},
      false,
    ],
    ['not', { not: { field: 'a', equals: '1' } }, {}, true],
    ['one in another', { not: { any: [{ all: [{ field: 'a', empty: true }] }] } }, { a: 'x' }, true],
  ];
  for (const [name, condition, row, expected] of table) test(name, () => assert.equal(holds(condition, row), expected));

  test('no leave date, or one to come, is active, however a database writes none', () => {
    const active: ConditionConfig = {
      any: [
        { field: 'a', empty: true },
        { field: 'a', after_today: true },
      ],
    };
    for (const a of [undefined, '', '0000-00-00', '0000-00-00 00:00:00', '0000/00/00', '00000000', '2026-11-23']) {
      assert.equal(holds(active, a === undefined ? {} : { a }), true, a);
    }
    for (const a of ['2026-11-22', '2026-11-21', '1999/1/1']) assert.equal(holds(active, { a }), false, a);
    assert.throws(() => holds(active, { a: 'soon' }), UnreadableValue);
  });
});
