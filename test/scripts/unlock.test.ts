import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { snapshotNumber } from '../../src/roster/model.ts';
import { company } from '../support/company.ts';

suite('rosterd unlock', () => {
  test('lets somebody try again who is served, and says so', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' }, { account: 'j.wu' });
    await at.run('2026-08-20T02:00:00Z');
    const began = new Date();
    const [told, object, misspelled] = await Promise.all([
      at.rosterd('unlock', ['a.lin']),
      at.rosterd('unlock', ['j.wu', '--json']),
      at.rosterd('unlock', ['A.Lin']),
    ]);
    assert.deepEqual(
      [told.stdout, told.stderr, told.code],
      [
        'a.lin may try again: what was counted against them does not count any more (the daemon looks at this when they next log in)\n',
        '',
        0,
      ],
    );
    const { event, username, at: moment } = JSON.parse(object.stdout) as Record<string, string>;
    assert.deepEqual([event, username, object.code], ['unlocked', 'j.wu', 0]);
    assert.deepEqual(
      [misspelled.stdout, misspelled.stderr, misspelled.code],
      [
        '',
        'rosterd: nobody who is served has the username "A.Lin"; it is the username, in other letters, of "a.lin", and "rosterd person a.lin" tells more\n',
        1,
      ],
    );
    await at.withStore(async ({ unlocks }) => {
      assert.ok(((await unlocks.last('a.lin')) ?? 0) >= began);
      assert.equal((await unlocks.last('j.wu'))?.toISOString(), moment);
      assert.equal(await unlocks.last('A.Lin'), undefined);
    });
  });

  test('of somebody who is not served does nothing, and says why', async () => {
    await using at = await company();
    at.hire({ account: 'a.lin' });
    await at.run('2026-08-20T02:00:00Z');
    at.hire({ account: 'j.wu' });
    await at.run('2026-08-21T02:00:00Z');
    await at.withStore(store => store.pins.set({ snapshot: snapshotNumber(1), at: new Date() }));
    const [waiting, unknown] = await Promise.all([at.rosterd('unlock', ['j.wu']), at.rosterd('unlock', ['a.li'])]);
    assert.deepEqual(
      [waiting.stderr, waiting.code],
      [
        'rosterd: nobody who is served has the username "j.wu"; snapshot 2 has them, and waits because snapshot 1 is pinned\n',
        1,
      ],
    );
    assert.deepEqual(
      [unknown.stderr, unknown.code],
      ['rosterd: nobody who is served has the username "a.li"; did you mean "a.lin"?\n', 1],
    );
    await at.withStore(async ({ unlocks }) => assert.equal(await unlocks.last('j.wu'), undefined));
  });
});
