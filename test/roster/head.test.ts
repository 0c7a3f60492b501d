import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Head } from '../../src/roster/head.ts';
import { leaf } from '../../src/roster/leaf.ts';
import { sorted } from '../../src/roster/order.ts';

test('a head finds everybody in it and nobody else, however many were expected and whatever was asked before', () => {
  const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { maxLength: 300 });
  fc.assert(
    fc.property(texts, fc.nat(400), fc.nat(300), (keys, expected, later) => {
      const head = new Head(expected);
      const last = keys[later % Math.max(keys.length, 1)];
      const listed = sorted(keys);
      for (const key of listed) {
        // Whoever was not there a moment ago is there now.
        if (key === last) assert.equal(head.find(key), undefined);
        head.add(key, leaf(key));
        if (key === last) assert.equal(head.find(key), listed.indexOf(key));
      }
      assert.equal(head.size, keys.length);
      for (const [place, key] of listed.entries()) {
        assert.equal(head.find(key), place);
        assert.equal(head.key(place), key);
        assert.equal(head.leaf(place), leaf(key));
        assert.equal(head.find(`${key} `), listed.includes(`${key} `) ? listed.indexOf(`${key} `) : undefined);
      }
    }),
  );
});
