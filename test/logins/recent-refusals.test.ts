import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RecentRefusals } from '../../src/logins/recent-refusals.ts';

const attempt = { username: 'ada', password: 'autumn-2024' };

suite('a wrong password', () => {
  test('is known for a minute, not longer for being asked about', () => {
    let time = 0;
    const recent = new RecentRefusals(() => time);
    assert.equal(recent.has(attempt), false);
    recent.add(attempt);
    for (time = 0; time < 60_000; time += 15_000) assert.equal(recent.has(attempt), true);
    assert.equal(recent.has(attempt), false);
  });

  test('is that of one person, to the letter', () => {
    const recent = new RecentRefusals(() => 0);
    recent.add(attempt);
    const others = [
      { ...attempt, username: 'ben' },
      { ...attempt, password: 'autumn-2024 ' },
      { username: 'adaautumn', password: '-2024' },
    ];
    for (const other of others) assert.equal(recent.has(other), false);
  });
});
