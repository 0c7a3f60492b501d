import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Choice, firstOf, sizeOf } from '../../src/report/choice.ts';

suite('what there is room for', () => {
  test('is as many as are allowed: the first of their like, and of those that matter most', () => {
    const choice = new Choice<string>({ count: 3, bytes: 1000 });
    const made: string[] = [];
    const offer = (rank: number, name: string) =>
      choice.offer(rank, () => {
        made.push(name);
        return name;
      });
    offer(2, 'new 1');
    offer(2, 'new 2');
    offer(1, 'changed');
    offer(2, 'new 3');
    assert.deepEqual([choice.kept, choice.omitted], [['changed', 'new 1', 'new 2'], 1]);
    offer(0, 'gone 1');
    offer(0, 'gone 2');
    assert.deepEqual([choice.kept, choice.omitted], [['gone 1', 'gone 2', 'changed'], 3]);
    offer(0, 'gone 3');
    offer(0, 'gone 4');
    offer(1, 'changed 2');
    assert.deepEqual([choice.kept, choice.omitted], [['gone 1', 'gone 2', 'gone 3'], 6]);
    assert.deepEqual(
      made,
      ['new 1', 'new 2', 'changed', 'gone 1', 'gone 2', 'gone 3'],
      'the others were not even made',
    );
  });

  test('is as many bytes as are allowed, whatever comes', () => {
    const choice = new Choice<string>({ count: 100, bytes: 100 });
    choice.offer(2, () => 'a'.repeat(40));
    choice.offer(2, () => 'b'.repeat(40));
    choice.offer(1, () => 'c'.repeat(40));
    assert.deepEqual(
      choice.kept.map(text => text[0]),
      ['c', 'a'],
      'one made room',
    );
    choice.offer(0, () => 'd'.repeat(200));
    choice.offer(1, () => 'e'.repeat(80));
    assert.deepEqual(
      choice.kept.map(text => text[0]),
      ['c', 'a'],
      'nobody makes room for what is too large all the same',
    );
    assert.deepEqual([choice.bytes, choice.omitted], [86, 3]);
    choice.offer(2, () => 'f');
    assert.deepEqual(
      choice.kept.map(text => text[0]),
      ['c', 'a', 'f'],
    );
  });

  test('is counted in bytes of the page', () => {
    assert.equal(sizeOf('a'), 4);
    assert.equal(sizeOf('林'), 6);
    assert.equal(sizeOf('<'), Buffer.byteLength('"\\u003c",'));
    assert.equal(sizeOf('\u2028\u2029'), Buffer.byteLength('"\\u2028\\u2029",'));
    assert.deepEqual(firstOf([1, 2, 3], { count: 2, bytes: 9 }).kept, [1, 2]);
  });
});
