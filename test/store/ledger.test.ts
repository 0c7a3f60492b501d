import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { fold } from '../../src/roster/fold.ts';
import { isErased } from '../../src/roster/known.ts';
import { storedKey, username } from '../../src/roster/model.ts';
import type { Store } from '../../src/store/store.ts';
import { engines, type Place } from './engines.ts';
import { NOBODY, person, publish, type Roster, roster } from './rosters.ts';

const ANN = person('hr/1', { username: 'Ann.L', login: 'Ann.L', email: 'Ann@corp.example' });
const MARRIED = { ...ANN, email: 'ann.wu@corp.example' };
const BOB = person('hr/2', { username: 'bob', email: 'bob@corp.example' });

/** What the ledger says to who asks for these; names as they are spelled, emails folded. */
async function asked(store: Store, { keys = [], usernames = [], emails = [] }: Record<string, string[]>) {
  const { byKey, byUsername, byEmail } = await store.ledger({ keys: keys.map(storedKey), usernames, emails });
  return {
    byKey: Object.fromEntries(byKey),
    byUsername: Object.fromEntries(byUsername),
    byEmail: Object.fromEntries(byEmail),
  };
}

/** Publishes these rosters, one after another. */
async function publishAll(store: Store, rosters: readonly Roster[], before = NOBODY): Promise<void> {
  for (const [place, next] of rosters.entries()) await publish(store, rosters[place - 1] ?? before, next);
}

const ONLY_BOB = roster([BOB]);

/** Ann was served under two emails, has left, and is purged. */
async function annPurged(store: Store): Promise<void> {
  await publishAll(store, [roster([ANN, BOB]), roster([MARRIED, BOB]), ONLY_BOB]);
  await store.purge(ANN.key, { dryRun: false });
}

const rowsOf = async (here: Place) => {
  const rows = await here.rows('select kind, folded, username, `key` from ledger');
  return rows.map(row => Object.values(row).map(String)).sort();
};

for (const [engine, place] of Object.entries(engines)) {
  suite(`the names of purged people in ${engine}`, () => {
    test('are hashed with a key of the store, which only one has where somebody was purged', async () => {
      await using here = await place();
      await using store = await here.open();
      await publishAll(store, [roster([ANN, BOB]), ONLY_BOB]);
      const settings = () =>
        here.rows("select name, value from settings where name like 'ledger%' or name like 'purge%'");
      assert.deepEqual(await settings(), []);
      await store.purge(ANN.key, { dryRun: false });
      const [key, ...others] = await settings();
      assert.deepEqual([key?.['name'], others], ['ledger_key', []]);
      assert.match(String(key?.['value']), /^[0-9a-f]{64}$/);
      const rows = (await rowsOf(here)).map(row => row.join());
      await publishAll(store, [roster([BOB, person('hr/3')]), ONLY_BOB], ONLY_BOB);
      await store.purge(storedKey('hr/3'), { dryRun: false });
      assert.deepEqual(await settings(), [key], 'the same for everybody');
      const later = (await rowsOf(here)).map(row => row.join());
      assert.deepEqual([later.length, rows.filter(row => !later.includes(row))], [rows.length + 2, []]);
    });

    test('are what nobody can read, and known again when they are asked for', async () => {
      await using here = await place();
      await using store = await here.open();
      await annPurged(store);
      const rows = await rowsOf(here);
      assert.equal(rows.length, 3 + 2);
      for (const row of rows.filter(one => !one.includes('bob'))) {
        assert.ok(
          row.slice(1).every(text => /^purged:[0-9a-f]{64}$/.test(text)),
          row.join(' '),
        );
      }
      const [key, name] = ['hr/1', 'Ann.L'];
      const email = 'ann@corp.example';
      const all = await asked(store, { keys: [key], usernames: [name], emails: [email, 'ann.wu@corp.example'] });
      assert.deepEqual(all, {
        byKey: { 'hr/1': name },
        byUsername: { 'ann.l': { key, username: name } },
        byEmail: { 'ann@corp.example': [name], 'ann.wu@corp.example': [name] },
      });
      // Somebody else who would have her username or her email is told that they are taken, and by nobody.
      const other = await asked(store, { keys: ['hr/3'], usernames: ['ann.l', 'cho'], emails: [email] });
      assert.deepEqual(Object.keys(other.byKey), []);
      assert.ok(isErased(other.byUsername['ann.l']?.key ?? ''));
      const stranger = await asked(store, { usernames: ['cho'], emails: [email, 'bob@corp.example'] });
      assert.deepEqual(stranger.byEmail['bob@corp.example'], ['bob']);
      assert.equal(stranger.byEmail[email]?.length, 1);
      assert.ok(isErased(stranger.byEmail[email]?.[0] ?? ''));
      assert.deepEqual((await asked(store, { keys: [key] })).byKey, { [key]: stranger.byEmail[email]?.[0] });
    });

    test('are theirs again when they return, whatever their key is by then', async () => {
      for (const key of ['hr/1', 'ad/9']) {
        await using here = await place();
        await using store = await here.open();
        await annPurged(store);
        const back = { ...MARRIED, key: storedKey(key) };
        await publishAll(store, [roster([back, BOB]), ONLY_BOB], ONLY_BOB);
        const rows = await rowsOf(here);
        assert.equal(rows.length, 3 + 2, 'nothing is there twice');
        const hashed = rows.filter(row => row.some(isErased));
        assert.deepEqual(
          hashed.map(([kind, folded, ...rest]) => [kind, isErased(folded ?? ''), ...rest]),
          [['email', true, 'Ann.L', key]],
          'nobody knows her first email any more',
        );
        const emails = ['ann@corp.example', 'ann.wu@corp.example'];
        assert.deepEqual(
          (await asked(store, { emails })).byEmail,
          Object.fromEntries(emails.map(one => [one, ['Ann.L']])),
        );
        assert.deepEqual((await asked(store, { keys: [key] })).byKey, { [key]: 'Ann.L' });
        await store.purge(back.key, { dryRun: false });
        const again = await rowsOf(here);
        assert.equal(again.length, 3 + 2);
        assert.equal(again.filter(row => row.some(isErased)).length, 3);
        const all = await asked(store, { keys: [key], usernames: ['Ann.L'], emails });
        assert.deepEqual(all.byUsername, { 'ann.l': { key, username: 'Ann.L' } });
        assert.deepEqual(all.byEmail, Object.fromEntries(emails.map(one => [one, ['Ann.L']])));
      }
    });

    test('count less than what they are called since', async () => {
      await using here = await place();
      await using store = await here.open();
      await annPurged(store);
      const renamed = { ...ANN, username: username('a.wu'), login: 'a.wu' };
      await publishAll(store, [roster([renamed, BOB])], ONLY_BOB);
      assert.deepEqual((await asked(store, { keys: ['hr/1'], usernames: ['Ann.L'] })).byKey, { 'hr/1': 'a.wu' });
    });

    test('count once where they are there as hashes and in letters', async () => {
      await using here = await place();
      await using store = await here.open();
      await annPurged(store);
      await publishAll(store, [roster([MARRIED, BOB]), roster([ANN, BOB])], ONLY_BOB);
      const { byEmail } = await asked(store, { emails: ['ann@corp.example'] });
      assert.deepEqual(byEmail, { 'ann@corp.example': ['Ann.L'] });
    });

    test('are not mistaken for those of others', async () => {
      await using here = await place();
      await using store = await here.open();
      const two = [ANN, { ...BOB, email: ANN.email }];
      await publishAll(store, [roster([ANN]), roster(two.slice(1)), roster([])]);
      for (const { key } of two) await store.purge(key, { dryRun: false });
      const { byEmail, byKey } = await asked(store, {
        keys: ['hr/1', 'hr/2'],
        usernames: ['Ann.L', 'bob'],
        emails: ['ann@corp.example'],
      });
      assert.deepEqual(byEmail['ann@corp.example']?.toSorted(), ['Ann.L', 'bob']);
      assert.deepEqual(byKey, { 'hr/1': 'Ann.L', 'hr/2': 'bob' });
    });
  });
}

test('a name that was folded is folded', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), name => assert.equal(fold(fold(name)), fold(name))));
});
