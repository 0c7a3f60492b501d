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

test('the same configuration once more leaves connections and counts as they are', async () => {
  await using terms = await open(configOf([template]));
  const { chain, throttle } = terms;
  await terms.change(configOf([template]));
  assert.equal(terms.chain, chain);
  assert.equal(terms.throttle, throttle);
});

test('another chain or throttle counts at once', async () => {
  await using terms = await open(configOf([template]));
  const { throttle } = terms;
  await terms.change(configOf([sql, template]));
  assert.deepEqual(
    terms.chain.map(one => one.name),
    ['sql mysql://reader@db:3306/hr', 'ldap ldaps://dc1'],
  );
  await terms.change(configOf([sql, template], 5));
  assert.notEqual(terms.throttle, throttle);
});
