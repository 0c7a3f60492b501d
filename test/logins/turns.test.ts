import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as breath } from 'node:timers/promises';
import { Turns } from '../../src/logins/turns.ts';

const patient = new AbortController().signal;

suite('turns', () => {
  test('by one name come one after the other, in order; by another name at once', async () => {
    const turns = new Turns();
    const had: string[] = [];
    const take = async (name: string, who: string) => {
      const turn = await turns.take(name, patient);
      had.push(who);
      return turn;
    };
    const first = await take('ada', 'first');
    const [second, third] = [take('ada', 'second'), take('ada', 'third')];
    await take('ben', 'other');
    await breath();
    assert.deepEqual(had, ['first', 'other']);
    first?.[Symbol.dispose]();
    (await second)?.[Symbol.dispose]();
    (await third)?.[Symbol.dispose]();
    assert.deepEqual(had, ['first', 'other', 'second', 'third']);
  });

  test('whoever gives up lets nobody overtake and keeps nobody waiting', async () => {
    const turns = new Turns();
    const first = await turns.take('ada', patient);
    const impatient = new AbortController();
    const second = turns.take('ada', impatient.signal);
    const third = turns.take('ada', patient);
    let came = false;
    void third.then(() => {
      came = true;
    });
    impatient.abort();
    assert.equal(await second, undefined);
    await breath();
    assert.equal(came, false);
    first?.[Symbol.dispose]();
    assert.ok(await third);
  });

  test('nobody gets one who has given up before; the next does', async () => {
    const turns = new Turns();
    const first = await turns.take('ada', patient);
    assert.equal(await turns.take('ada', AbortSignal.abort()), undefined);
    first?.[Symbol.dispose]();
    assert.ok(await turns.take('ada', patient));
  });
});
