import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { extended, readManifest } from '../../src/config/manifest-file.ts';
import { manifestProblems } from '../../src/sources/rest/problems.ts';
import { TurnedClock } from '../peers/reading.ts';
import { command } from '../support/command.ts';
import { sourceConfig } from '../support/config.ts';
import { fileOf } from './contract.ts';
import { okta } from './services/okta.ts';

const FOLDER = fileURLToPath(new URL('../../config/manifests/', import.meta.url));
const README = readFileSync(`${FOLDER}README.md`, 'utf8');
const files = readdirSync(FOLDER).filter(name => name.endsWith('.json'));

/** Written by ChiefOnboarding, and not ours to change. */
const theirs = (file: string) => file.startsWith('bamboohr');

/** What must be laid over a manifest before it can be used. */
const NEEDED: Readonly<Record<string, unknown>> = {
  'bamboohr-update.json': { data_structure: { email: 'workEmail' } },
};

function loaded(file: string) {
  const { manifest, problems, warnings } = extended(readManifest(fileOf(file)), NEEDED[file]);
  assert.deepEqual(problems, []);
  assert(manifest);
  return { manifest, warnings };
}

suite('every manifest of the gallery', () => {
  test('there are some', () => assert.equal(files.length, 12));

  for (const file of files) {
    test(`${file} loads, and needs the values of its variables and no others`, () => {
      const { manifest } = loaded(file);
      const { action, initial_data_form: variables } = manifest;
      const values = Object.fromEntries(variables.map(({ id }) => [id, /URL$/.test(id) ? 'https://x.example' : 'x']));
      assert.deepEqual(manifestProblems({ manifest, values, action, match: 'email' }), []);
      const without = manifestProblems({ manifest, values: {}, action, match: 'email' });
      const missed = variables.filter(({ id }) => !without.some(text => text.includes(`set values.${id} (`)));
      assert.deepEqual(missed, []);
    });

    test(`${file} says what it is, and stands in the README with its variables`, () => {
      const { manifest, warnings } = loaded(file);
      const ids = manifest.initial_data_form.map(({ id }) => `\`${id}\``).join(' ');
      const row = README.split('\n').find(line => line.includes(`[${file}](${file})`));
      assert.equal(row?.split('|')[5]?.trim(), ids);
      const own = ['name: is ignored in a sync manifest', 'description: is ignored in a sync manifest'];
      assert.deepEqual(warnings.toSorted().reverse(), theirs(file) ? [] : own);
      assert.deepEqual([typeof manifest.name, typeof manifest.description], theirs(file) ? NOTHING : TEXTS);
    });
  }
});

const TEXTS = ['string', 'string'];
const NOTHING = ['undefined', 'undefined'];

test("ChiefOnboarding's manifests for BambooHR are word for word theirs", () => {
  const [create, update] = ['bamboohr.json', 'bamboohr-update.json'].map(file => {
    const read = readManifest(fileOf(file));
    assert('document' in read);
    return read.document;
  });
  assert.deepEqual(create, {
    ...PUBLISHED,
    action: 'create',
    data_structure: { email: 'workEmail', last_name: 'lastName', first_name: 'firstName' },
  });
  assert.deepEqual(update, {
    ...PUBLISHED,
    action: 'update',
    data_structure: { bamboohr_id: 'id' },
    schedule: '0 * * * *',
  });
});

const PUBLISHED = {
  execute: [{ url: 'https://api.bamboohr.com/api/gateway.php/{{COMPANY_ID}}/v1/reports/{{REPORT_ID}}', method: 'GET' }],
  headers: { Accept: 'application/json', 'Content-Type': 'application/json', Authorization: 'Basic {{KEY}}:x' },
  data_from: 'employees',
  initial_data_form: [
    { id: 'KEY', name: 'The BambooHR api key', description: 'Made under API keys in your BambooHR account' },
    { id: 'REPORT_ID', name: 'The id of the report', description: "The number at the end of the report's URL" },
    { id: 'COMPANY_ID', name: 'The id of the company', description: 'The first part of your BambooHR address' },
  ],
};

test("the README's source is one", () => {
  const [, block = ''] = /^```yaml\n(.*?)^```$/ms.exec(README) ?? [];
  const [source] = parse(block).sources;
  const config = sourceConfig({ ...source, manifest: fileOf(source.manifest.replace('manifests/', '')) });
  assert(config.type === 'rest');
  assert.deepEqual(manifestProblems(config), []);
  assert.equal(config.manifest.data_structure['phone2'], 'dynamic_1146702.value');
});

test("the README's command tries a manifest", async () => {
  const [, file = '', options = ''] = /^scripts\/rosterd manifest test (\S+\/okta\.json) (.*)$/m.exec(README) ?? [];
  assert.equal(options, "--set OKTA_DOMAIN=acme.okta.com --set 'TOKEN=${file:okta_token}'");
  await using peer = await okta.start({ clock: new TurnedClock() });
  const set = Object.entries(okta.values).flatMap(([id, value]) => ['--set', `${id}=${value}`]);
  const host = `${okta.origins[0]}=${peer.origin}`;
  const { code, stdout } = await command([
    'manifest',
    'test',
    fileOf(file.replace(/.*\//, '')),
    ...set,
    '--host',
    host,
  ]);
  assert.equal(code, 0);
  assert.match(stdout, /^450 rows on 3 pages, 3 requests; read to the end$/m);
  assert.match(stdout, /^nothing that OMFLOW needs is missing$/m);
});
