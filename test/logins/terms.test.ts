import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoginTerms } from '../../src/logins/terms.ts';
import { chainConfig } from './configured.ts';

const template = { type: 'ldap', url: 'ldaps://dc1', bind_dn: '{username}@corp.example' };
const sql = { type: 'sql', url: 'mysql://reader:secret@db/hr', query: 'SELECT hash FROM people WHERE login = ?' };

const configOf = (chain: object[], failures = 3) => ({
  authenticate: chainConfig(...chain),
  throttle: { failures, within: 60_000 },
  store: { url: 'sqlite:roster.db' } as const,
});
const open = (config: ReturnType<typeof configOf>) =>
  LoginTerms.open(config, { notify: () => {}, unlockedAt: async () => undefined, now: () => 0 });

/** How many of ten tries with other passwords are made; the others are refused without one. */
async function triesOf(terms: LoginTerms, from: number): Promise<number> {
  let tried = 0;
  for (const place of Array(10).keys()) {
    await terms.throttle.attempt({ username: 'a.lin', password: `wrong ${from + place}` }, async () => {
      tried += 1;
      return { status: 'refused', weighed: true, why: 'another password' };
    });
  }
  return tried;
}

test('the same chain once more keeps its connections', async () => {
  await using terms = await open(configOf([template]));
  const { chain } = terms;
  await terms.change(configOf([template]));
  assert.equal(terms.chain, chain);
});

test('another chain counts at once', async () => {
  await using terms = await open(configOf([template]));
  await terms.change(configOf([sql, template]));
  assert.deepEqual(
    terms.chain.map(one => one.name),
    ['sql mysql://reader@db:3306/hr', 'ldap ldaps://dc1'],
  );
});

test('what counts against somebody stays when the chain changes, or a directory would lock them', async () => {
  await using terms = await open(configOf([template]));
  assert.equal(await triesOf(terms, 0), 3);
  await terms.change(configOf([sql, template]));
  assert.equal(await triesOf(terms, 10), 0);
});

test('another limit counts at once, with what counts already', async () => {
  await using terms = await open(configOf([template]));
  assert.equal(await triesOf(terms, 0), 3);
  await terms.change(configOf([template], 5));
  assert.equal(await triesOf(terms, 10), 2);
  await terms.change(configOf([template], 2));
  assert.equal(await triesOf(terms, 20), 0);
});
