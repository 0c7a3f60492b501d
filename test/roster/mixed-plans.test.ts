import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLine } from '../../src/line.ts';
import { openStore } from '../../src/store/open.ts';
import { configOf, sourceConfig } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';

const csv = (name: string, more: Readonly<Record<string, unknown>>) => ({
  name,
  type: 'csv',
  people: { file: 'people.csv', map: { username: 'name', email: 'mail' } },
  ...more,
});
const rest = (name: string, action: string, more: Readonly<Record<string, unknown>> = {}) =>
  sourceConfig({
    name,
    type: 'rest',
    manifest: { execute: [{ url: 'https://hr.example/people' }], data_structure: { email: 'mail' }, action },
    ...more,
  });

test('how each source of a configuration takes part in the merge', async () => {
  await using folder = await temporaryFolder();
  const settings = configOf({
    store: `sqlite:${join(folder.path, 'roster.db')}`,
    server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
    sources: [csv('hr', {}), csv('phones', { action: 'update', match: 'email', fields: ['phone1', 'extra.room'] })],
  });
  const config = {
    ...settings,
    sources: [
      ...settings.sources,
      rest('people', 'create'),
      rest('more', 'update', { match: 'ad_no' }),
      rest('turned', 'create', { action: 'update' }),
    ],
  };
  await using store = await openStore(config.store, { migrate: true });
  const withheld = new Set(['email', 'username', 'extra.first_name', 'extra.last_name']);
  const none = { fields: undefined, withheld: undefined };
  assert.deepEqual((await openLine(config, store)).plans, [
    { name: 'hr', action: 'create', match: 'key', ...none },
    { ...none, name: 'phones', action: 'update', match: 'email', fields: new Set(['phone1', 'extra.room']) },
    { name: 'people', action: 'create', match: 'email', ...none },
    { name: 'more', action: 'update', match: 'ad_no', fields: undefined, withheld },
    { name: 'turned', action: 'update', match: 'email', fields: undefined, withheld },
  ]);
});
