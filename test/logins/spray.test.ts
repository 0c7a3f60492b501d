import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SprayWatch } from '../../src/logins/spray.ts';

const MINUTE = 60_000;

/** A watch on a clock that the test moves. */
function watched() {
  let time = 1_000_000;
  const watch = new SprayWatch(() => time);
  const names = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `user${from + at}`);
  return {
    pass: (minutes: number) => {
      time += minutes * MINUTE;
    },
    fail: (count: number, from?: number) => names(count, from).flatMap(name => watch.note(name, true) ?? []),
    succeed: (count: number, from?: number) => names(count, from).flatMap(name => watch.note(name, false) ?? []),
  };
}

suite('a spike of failures', () => {
  test('over many accounts is told once, when the thirtieth fails', () => {
    const { fail } = watched();
    assert.deepEqual(fail(29), []);
    assert.deepEqual(fail(471, 29), [{ failing: 30, tried: 30, within: 10 * MINUTE }]);
  });

  test('on a few accounts is none, however often they fail', () => {
    const { fail } = watched();
    for (let count = 0; count < 100; count++) assert.deepEqual(fail(29), []);
  });

  test('is none where those who mistyped get in at last', () => {
    const { fail, succeed } = watched();
    for (let count = 0; count < 20; count++) assert.deepEqual([...fail(25), ...succeed(25)], []);
  });

  test('is none where few of very many fail', () => {
    const { fail, succeed } = watched();
    succeed(1000, 1000);
    assert.deepEqual(fail(99), []);
    assert.deepEqual(fail(30, 99), [{ failing: 112, tried: 1112, within: 10 * MINUTE }]);
  });

  test('that swings about the limit is told once; one after a quiet time once more', () => {
    const { fail, succeed, pass } = watched();
    assert.equal(fail(30).length, 1);
    succeed(10);
    assert.deepEqual(fail(10), []);
    pass(10);
    succeed(1);
    assert.equal(fail(30, 100).length, 1);
  });
});
