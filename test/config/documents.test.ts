import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/config/schema.ts';
import { readConfiguration } from '../../src/configuration.ts';
import { makeCertificates } from '../support/certificates.ts';
import { sqlSourceIn } from '../support/config.ts';
import { temporaryFolder } from '../support/folder.ts';

const CONFIG = fileURLToPath(new URL('../../config/', import.meta.url));
const EXAMPLE = join(CONFIG, 'rosterd.example.yaml');

test('the example configuration can be used as it is, once its files are there', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'rosterd.yaml');
  await cp(EXAMPLE, file);
  await cp(join(CONFIG, 'manifests'), join(folder.path, 'manifests'), { recursive: true });
  for (const name of ['hr_password', 'bamboohr_key', 'ldap_password', 'mail_password']) {
    await writeFile(join(folder.path, name), 'secret\n', { mode: 0o600 });
  }
  await makeCertificates(folder.path);
  const { config, warnings } = await readConfiguration(file, {});
  // Those of tests are good for a week.
  assert.deepEqual(
    warnings.filter(text => !text.startsWith('server.tls.cert: ')),
    [],
  );
  assert.equal(sqlSourceIn(config).password, 'secret');
});

test('the blocks of its chain that are comments can be used, too', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'rosterd.yaml');
  const example = await readFile(EXAMPLE, 'utf8');
  const chain = /^authenticate:\n(?: .*\n)+/m.exec(example)?.[0] ?? '';
  const uncommented = chain.replace(/^ {2}# {3}tls: .*\n/m, '').replace(/^ {2}# /gm, '  ');
  const config = parse(example) as Record<string, unknown>;
  const { authenticate } = parse(uncommented) as { authenticate: { type: string }[] };
  assert.deepEqual(
    authenticate.map(one => one.type),
    ['sql', 'ldap', 'rest', 'ldap'],
  );
  await writeFile(file, JSON.stringify({ ...config, ...SMALL, authenticate }));
  for (const name of ['hr_password', 'ldap_password', 'sso_key']) {
    await writeFile(join(folder.path, name), 'secret\n', { mode: 0o600 });
  }
  assert.deepEqual((await readConfiguration(file, {})).warnings, []);
});

test('the channels that are comments can be used, too', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'rosterd.yaml');
  const example = await readFile(EXAMPLE, 'utf8');
  const channels = /^notify:\n(?: .*\n)+/m.exec(example)?.[0] ?? '';
  const { notify } = parse(channels.replace(/^ {2}# /gm, '  ')) as { notify: { type: string }[] };
  assert.deepEqual(
    notify.map(one => one.type),
    ['email', 'webhook', 'webhook'],
  );
  const config = parse(example) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...config, ...SMALL, notify }));
  for (const name of ['mail_password', 'webhook_secret']) {
    await writeFile(join(folder.path, name), 'a secret of 16 characters or more\n', { mode: 0o600 });
  }
  await writeFile(join(folder.path, 'chat_url'), 'https://hooks.slack.example/services/T0/B0/X\n', { mode: 0o600 });
  assert.deepEqual((await readConfiguration(file, {})).warnings, []);
});

/** What takes the place of the example's own blocks where another one is looked at. */
const SMALL = {
  server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
  sources: [{ name: 'hr', type: 'csv', people: { file: 'hr.csv', map: { username: 'account' } } }],
  authenticate: [],
  notify: [],
};

/** The keys that the schema knows on the first two levels, as `server.listen`. */
function keysOf(schema: Schema, path = '', depth = 2): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const own = path === '' ? name : `${path}.${name}`;
    return [own, ...(depth > 1 ? keysOf(one, own, depth - 1) : [])];
  });
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

test('the example shows every key', async () => {
  const example = parse(await readFile(EXAMPLE, 'utf8')) as Record<string, Record<string, unknown>>;
  const missing = keysOf(configJsonSchema() as Schema).filter(key => {
    const [first = '', second] = key.split('.');
    const block = example[first];
    return block === undefined || (second !== undefined && !Object.hasOwn(block, second));
  });
  assert.deepEqual(missing, []);
});

test('config/rosterd.schema.json is what the code makes; "npm run schema" writes it', async () => {
  const file = await readFile(join(CONFIG, 'rosterd.schema.json'), 'utf8');
  assert.deepEqual(JSON.parse(file), JSON.parse(JSON.stringify(configJsonSchema())));
});
