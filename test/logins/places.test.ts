import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { NoPlace, Places } from '../../src/logins/places.ts';

const patient = new AbortController().signal;

suite('places', () => {
  test('are given in the order in which they were asked for', async () => {
    const places = new Places(1);
    const served: number[] = [];
    const take = async (number: number) => {
      using _ = await places.take(patient);
      served.push(number);
    };
    const held = await places.take(patient);
    const waiting = [1, 2, 3].map(take);
    assert.deepEqual(served, []);
    held[Symbol.dispose]();
    await Promise.all(waiting);
    assert.deepEqual(served, [1, 2, 3]);
  });

  test('are not lost to those who went away', async () => {
    const places = new Places(1);
    const held = await places.take(patient);
    const impatient = new AbortController();
    const left = places.take(impatient.signal);
    const stays = places.take(patient);
    impatient.abort();
    held[Symbol.dispose]();
    await assert.rejects(left, new NoPlace('was busy with 1 other logins all the time'));
    (await stays)[Symbol.dispose]();
    (await places.take(patient))[Symbol.dispose]();
  });

  test('are waited for no longer when the wait is in vain', async () => {
    const places = new Places(1);
    const held = await places.take(patient);
    const waiting = [places.take(patient), places.take(patient)];
    places.sendAway('is gone');
    for (const one of waiting) await assert.rejects(one, new NoPlace('is gone'));
    held[Symbol.dispose]();
    (await places.take(patient))[Symbol.dispose]();
  });

  test('are nothing for those who left before they came', async () => {
    const places = new Places(1);
    await assert.rejects(places.take(AbortSignal.abort()), { name: 'AbortError' });
    (await places.take(patient))[Symbol.dispose]();
  });
});
