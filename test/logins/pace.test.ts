import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Pace } from '../../src/logins/pace.ts';

suite('the usual time of a refusal', () => {
  test('is none before there was one', () => assert.equal(new Pace(() => 0).usual, 0));

  test('is the median of the last hundred and one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 300 }), times => {
        const pace = new Pace(() => 0);
        for (const time of times) pace.note(time);
        const recent = times.slice(-101);
        const below = recent.filter(time => time < pace.usual).length;
        const above = recent.filter(time => time > pace.usual).length;
        return below <= recent.length / 2 && above <= recent.length / 2;
      }),
    );
  });

  test('follows a directory that has become slow', () => {
    const pace = new Pace(() => 0);
    for (let count = 0; count < 1000; count++) pace.note(3);
    for (let count = 0; count < 51; count++) pace.note(80);
    assert.equal(pace.usual, 80);
  });

  test('forgets what was long ago, but for the last few', () => {
    let time = 0;
    const pace = new Pace(() => time);
    for (let count = 0; count < 50; count++) pace.note(8000);
    time = 16 * 60_000;
    assert.equal(pace.usual, 8000);
    for (let count = 0; count < 5; count++) pace.note(3);
    assert.equal(pace.usual, 3);
  });
});
