import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { byBytes, sorted, sortedSet } from '../../src/roster/order.ts';

const inBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const near = fc.constantFrom(
  '',
  'a',
  'b',
  'ab',
  'é',
  'e\u0301',
  '\ud7ff',
  '\ue000',
  'ﾊ',
  '\uffff',
  '\u{10000}',
  '𠮷',
  '🙂',
  '\u{10ffff}',
  '\0',
  '\u007f',
  '\u0080',
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.array(near, { maxLength: 3 }).map(parts => parts.join('')),
);

test('two texts stand as their UTF-8 bytes do', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(Math.sign(byBytes(a, b)), inBytes(a, b));
      assert.equal(Math.sign(byBytes(b, a)), inBytes(b, a));
      assert.equal(byBytes(a, a), 0);
    }),
    { numRuns: 5000 },
  );
});

test('a sorted list is in the order of bytes, and a copy', () => {
  fc.assert(
    fc.property(fc.array(text), texts => {
      const before = [...texts];
      assert.deepEqual(sorted(texts), texts.toSorted(inBytes));
      assert.deepEqual(sortedSet(texts), [...new Set(texts)].sort(inBytes));
      assert.deepEqual(texts, before);
    }),
    { numRuns: 2000 },
  );
});

test('where JavaScript sorts otherwise', () => {
  assert.deepEqual(sorted(['𠮷', 'ﾊ']), ['ﾊ', '𠮷']);
  assert.deepEqual(['𠮷', 'ﾊ'].sort(), ['𠮷', 'ﾊ']);
});
