import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { authorize, codeIn } from '../../scripts/authorize.ts';
import { Failed, UsageError } from '../../scripts/exit.ts';
import { loadManifest } from '../../scripts/manifest.ts';
import { lookOf } from '../../scripts/text/look.ts';
import { trialText } from '../../scripts/text/manifest.ts';
import { ConfigError } from '../../src/config/error.ts';
import { SYSTEM_CLOCK } from '../../src/sources/clock.ts';
import { tryManifest } from '../../src/sources/rest/trial.ts';
import { command } from '../support/command.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { type Handler, type Peer, startPeer } from '../support/http-peer.ts';
import { runProgram } from '../support/program.ts';
import { LAUNCHER, writeConfig } from '../support/rosterd.ts';

const HOME = 'https://api.example';
const manifest = {
  execute: [{ url: `${HOME}/{{ COMPANY }}/people`, method: 'GET' }],
  headers: { Authorization: 'Basic {{ KEY }}:x' },
  data_from: 'people',
  next_page_from: 'next',
  data_structure: { email: 'mail', first_name: 'first', last_name: 'last', phone1: 'tel', mobile: 'mobile' },
  initial_data_form: [
    { id: 'KEY', description: 'the key.' },
    { id: 'COMPANY', secret: false },
  ],
};
const ann = { mail: 'ann@acme.example', first: 'Ann', last: 'Lin', tel: '02-5550-0101', mobile: '0912-345-678' };

/** Two pages: Ann, then the others. */
const service =
  (...others: readonly unknown[]): Handler =>
  ({ query }, response) =>
    response.end(
      JSON.stringify(query.has('page') ? { people: others, next: null } : { people: [ann], next: '?page=2' }),
    );

async function written(folder: TemporaryFolder, parts: Record<string, unknown> = {}): Promise<string> {
  const file = join(folder.path, 'm.json');
  await writeFile(file, JSON.stringify({ ...manifest, ...parts }));
  return file;
}

/** What "test" prints of a manifest, without a process of its own. */
async function shown(file: string, peer: Peer, mask = false): Promise<string> {
  const { settings } = loadManifest(file, { set: ['KEY=k-secret', 'COMPANY=acme'], host: [`${HOME}=${peer.origin}`] });
  const { signal } = new AbortController();
  const trial = await tryManifest(settings, { clock: SYSTEM_CLOCK, signal, today: '2026-11-22' });
  return trialText(trial, settings.manifest.action, lookOf({ zone: 'UTC', mask })).join('\n');
}

const given = (peer: Peer) => ['--set', 'KEY=k-secret', '--set', 'COMPANY=acme', '--host', `${HOME}=${peer.origin}`];

suite('rosterd manifest test', { concurrency: 2 }, () => {
  test('shows the first rows, what it took, what OMFLOW would miss, and what of the manifest is ignored', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(service({ first: 'Bo', mail: null }));
    const file = await written(folder, { name: 'BambooHR', form: [] });
    const { code, stdout, stderr } = await command(['manifest', 'test', file, ...given(peer)]);
    assert.equal(
      stderr,
      ['form', 'name'].map(key => `rosterd: ${file}: ${key}: is ignored in a sync manifest\n`).join(''),
    );
    assert.equal(code, 0);
    assert.deepEqual(
      stdout.split('\n').map(line => line.trimEnd()),
      [
        'rows',
        '  email             first_name  last_name  phone1        mobile',
        '  ann@acme.example  Ann         Lin        02-5550-0101  0912-345-678',
        '  null              Bo          –          –             –',
        '',
        '2 rows on 2 pages, 2 requests; read to the end',
        'missing for OMFLOW: username of 1 of 2; they would not be served',
        'missing for OMFLOW: email of 1 of 2; they would not be served',
        'nobody has: ad_no, company, phone2, extension_no, gender, departments',
        '',
      ],
    );
    assert.deepEqual(
      peer.requests.map(({ url }) => url),
      ['/acme/people', '/acme/people?page=2'],
    );
    assert.equal(peer.requests[0]?.headers.authorization, `Basic ${Buffer.from('k-secret:x').toString('base64')}`);
  });

  test('shows ten rows; --json has all of them, as one object', async () => {
    await using folder = await temporaryFolder();
    const others = Array.from({ length: 12 }, (_, place) => ({
      mail: `p${place}@acme.example`,
      first: { deep: 'x'.repeat(50) },
    }));
    await using peer = await startPeer(service(...others));
    const file = await written(folder);
    const text = await shown(file, peer);
    assert.match(text, /\n {2}… and 3 more; --json has all of them\n/);
    assert.match(text, /\{"deep":"x{30}…/);
    const { stdout: json, code } = await command(['manifest', 'test', file, ...given(peer), '--json']);
    const { rows, ...rest } = JSON.parse(json);
    assert.equal(code, 0);
    assert.equal(json.trimEnd().split('\n').length, 1);
    assert.deepEqual(rest, { pages: 2, complete: true });
    assert.equal(rows.length, 13);
    assert.deepEqual(rows[0], {
      email: 'ann@acme.example',
      first_name: 'Ann',
      last_name: 'Lin',
      phone1: '02-5550-0101',
      mobile: '0912-345-678',
    });
  });

  test('has departments, and says nothing of what an update does not give', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer((request, response) =>
      request.path === '/units'
        ? void response.end('{"units":[{"code":"RD","name":"Research"}]}')
        : service()(request, response),
    );
    const departments = {
      execute: [{ url: `${HOME}/units` }],
      data_from: 'units',
      data_structure: { group_no: 'code', display_name: 'name' },
    };
    const file = await written(folder, { departments, action: 'update' });
    assert.match(
      await shown(file, peer),
      /\ndepartments\n {2}group_no {2}display_name\n {2}RD {8}Research\n\n1 row on 2 pages, 3 requests; read to the end\n1 department$/,
    );
  });

  test('hides emails and telephone numbers with --mask, and passes nothing on to the terminal that would steer it', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(service({ mail: '\u001b[31mred\u001b]0;x\u0007' }));
    const data_structure = { ...manifest.data_structure, '\u001b[2J': 'first' };
    const text = await shown(await written(folder, { data_structure }), peer, true);
    assert.match(text, /\n {2}a…@a… +Ann +Lin +0… +0… +Ann\n/);
    assert.ok(!text.includes('\u001b') && !text.includes('\u0007'), JSON.stringify(text));
  });

  test('that is not read to its end fails with 4, masked', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(({ query, headers }, response) =>
      query.has('page')
        ? void response.writeHead(403).end(`no, ${headers.authorization}, no`)
        : service()({ query } as never, response),
    );
    const file = await written(folder);
    const { code, stdout, stderr } = await command(['manifest', 'test', file, ...given(peer)]);
    assert.deepEqual([code, stdout], [4, '']);
    assert.equal(
      stderr,
      `rosterd: ${file}: GET ${HOME}/acme/people (page 2): expected a success, and got status 403: no, Basic ***, no\n`,
    );
  });

  test('takes secrets from files and the environment', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(service());
    const file = await written(folder);
    await writeFile(join(folder.path, 'key'), 'from-file\n', { mode: 0o600 });
    const args = [
      'manifest',
      'test',
      file,
      '--set',
      'KEY=${file:key}',
      '--set',
      'COMPANY=${env:WHO}',
      '--host',
      `${HOME}=${peer.origin}`,
    ];
    const { code, stderr } = await runProgram(LAUNCHER, args, { cwd: folder.path, env: { WHO: 'env-co' } });
    assert.equal(code, 0, stderr);
    assert.equal(peer.requests[0]?.headers.authorization, `Basic ${Buffer.from('from-file:x').toString('base64')}`);
    assert.equal(peer.requests[0]?.path, '/env-co/people');
    await chmod(join(folder.path, 'key'), 0o644);
    const key = join(folder.path, 'key');
    assert.throws(
      () => loadManifest(file, { set: [`KEY=\${file:${key}}`, 'COMPANY=${env:NOBODY_HAS_THIS}'], host: [] }),
      new ConfigError(file, [
        `--set KEY: ${key} can be read by others than its owner; run: chmod 600 ${key}`,
        '--set COMPANY: the environment has no NOBODY_HAS_THIS',
      ]),
    );
  });

  test('that cannot be used ends with 2, and says how', async () => {
    await using folder = await temporaryFolder();
    const file = await written(folder);
    const { code, stdout, stderr } = await command(['manifest', 'test', file]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(
      stderr,
      [
        `rosterd: ${file} cannot be used:`,
        '  headers.Authorization: {{ KEY }} has no value; give it with --set KEY (the key)',
        '  execute[0].url: {{ COMPANY }} has no value; give it with --set COMPANY',
        '',
      ].join('\n'),
    );
  });

  test('that cannot be used says how it could be', async () => {
    await using folder = await temporaryFolder();
    const file = await written(folder);
    const fine = ['KEY=k', 'COMPANY=c'];
    const told = (path: string, set: readonly string[] = fine, host: readonly string[] = []) => {
      try {
        return assert.fail(`${path} was taken: ${JSON.stringify(loadManifest(path, { set, host }))}`);
      } catch (error) {
        assert(error instanceof ConfigError || error instanceof UsageError, String(error));
        return error.message;
      }
    };
    const none = join(folder.path, 'none.json');
    assert.equal(told(none), `${none} cannot be used:\n  no such file`);
    assert.equal(told(file, ['KEY']), '"KEY" is nothing for --set; write --set KEY=value');
    const form = 'https://api.example=http://127.0.0.1:8080';
    assert.equal(told(file, fine, ['x']), `"x" is nothing for --host; write --host ${form}`);
    assert.equal(told(file, fine, ['https://[=http://b']), `"https://[" is no origin; write --host ${form}`);
    await written(folder, { acton: 1 });
    assert.equal(told(file), `${file} cannot be used:\n  acton: there is no such key; did you mean action?`);
    await written(folder, { action: 'update', data_structure: { x: 'y' } });
    assert.match(
      told(file),
      /\n {2}data_structure\.email: is missing: an update finds the people whom it is about by their email;/,
    );
  });

  test('takes values with "=" in them, and hosts without https://', async () => {
    await using folder = await temporaryFolder();
    const file = await written(folder);
    const { settings } = loadManifest(file, {
      set: ['KEY=a=b==', 'COMPANY='],
      host: ['api.example=http://127.0.0.1:9/'],
    });
    assert.deepEqual(settings.values, { KEY: 'a=b==', COMPANY: '' });
    assert.deepEqual(settings.hosts, { [HOME]: 'http://127.0.0.1:9' });
  });
});

const oauth = (more: Record<string, unknown> = {}) => ({
  headers: { Authorization: 'Bearer {{ oauth.access_token }}' },
  oauth: {
    authenticate_url:
      'https://login.example/auth?client={{ COMPANY|urlencode }}&to={{ redirect_url }}&state={{ state }}',
    access_token: { url: `${HOME}/token`, data: { code: '{{ code }}', secret: '{{ KEY }}', to: '{{ redirect_url }}' } },
    ...more,
  },
});

/** A service whose code is c-1; whoever has what it gives for it may see the people. */
const guarded: Handler = (request, response) => {
  const form = new URLSearchParams(request.body);
  if (request.path !== '/token') {
    if (request.headers.authorization === 'Bearer t-secret-1') return service()(request, response);
    return response.writeHead(401).end('who?');
  }
  if (form.get('code') !== 'c-1')
    return response.writeHead(400).end(`no code ${form.get('code')}, ${form.get('secret')}`);
  return response.end('{"access_token":"t-secret-1","expires_in":3600,"refresh_token":"r-secret-1"}');
};

/** Answers what it prints: takes the address to open, and writes one line to its standard input. */
async function authorized(args: readonly string[], answer: (address: URL) => string) {
  const child = spawn(LAUNCHER, ['manifest', 'authorize', ...args], {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const printed = { stdout: '', stderr: '' };
  let answered = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.stdout += text;
    const [address] = /https:\/\/login\S+/.exec(printed.stdout) ?? [];
    if (address === undefined || answered) return;
    answered = true;
    child.stdin.end(`${answer(new URL(address))}\n`);
  });
  const [code] = await once(child, 'close');
  return { code, ...printed };
}

suite('rosterd manifest authorize', { concurrency: 2 }, () => {
  test('prints the address, takes the code, and keeps the tokens in a file of mode 0600; test uses them', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(guarded);
    const file = await written(folder, oauth());
    const config = ['--config', join(folder.path, 'none.yaml')];
    const { code, stdout, stderr } = await runProgram(
      LAUNCHER,
      ['manifest', 'authorize', file, ...given(peer), ...config],
      { input: 'c-1\n' },
    );
    assert.equal(code, 0, stderr);
    const tokens = join(folder.path, 'm.tokens');
    assert.match(
      stdout,
      /^Open this address in a browser, and let rosterd in:\n\n {2}https:\/\/login\.example\/auth\?client=acme&to=http%3A%2F%2F127\.0\.0\.1%2Frosterd&state=[0-9a-f]{32}\n\n/,
    );
    assert.ok(stdout.endsWith(`authorized; the tokens are kept in ${tokens}\n`));
    assert.equal(stderr, 'Then paste the code here, or the whole address that the browser was sent back to: ');
    assert.equal((await stat(tokens)).mode & 0o777, 0o600);
    assert.equal(JSON.parse(await readFile(tokens, 'utf8')).response.refresh_token, 'r-secret-1');
    assert.equal(peer.requests[0]?.body, 'code=c-1&secret=k-secret&to=http%3A%2F%2F127.0.0.1%2Frosterd');
    assert.match(await shown(file, peer), /1 row on 2 pages/);
  });

  test('takes the whole address, with its code and its state', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(guarded);
    const file = await written(folder, oauth());
    const tokens = join(folder.path, 'elsewhere.tokens');
    const args = [
      file,
      ...given(peer),
      '--config',
      join(folder.path, 'none.yaml'),
      '--tokens',
      tokens,
      '--redirect',
      'https://back.example/cb',
    ];
    const { code, stderr } = await authorized(
      args,
      address => `https://back.example/cb?state=${address.searchParams.get('state')}&code=c-1`,
    );
    assert.equal(code, 0, stderr);
    assert.equal(new URLSearchParams(peer.requests[0]?.body).get('to'), 'https://back.example/cb');
    await access(tokens);
  });

  test('that fails says why with 4, and keeps nothing', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(guarded);
    const file = await written(folder, oauth());
    const failed = async (input: string) => {
      const args = ['manifest', 'authorize', file, ...given(peer), '--config', join(folder.path, 'none.yaml')];
      const { code, stderr } = await runProgram(LAUNCHER, args, { input });
      assert.equal(code, 4);
      await assert.rejects(access(join(folder.path, 'm.tokens')));
      return stderr.replace(/^.*sent back to: /, '');
    };
    assert.equal(
      await failed('wrong-code\n'),
      `rosterd: ${file}: POST ${HOME}/token: expected a success, and got status 400: no code ***, ***\n`,
    );
    assert.equal(await failed(''), 'rosterd: no code was given\n');
  });

  test('takes no other answer than that to this attempt', () => {
    const wrong: [answer: string, text: string][] = [
      ['?error=access_denied&error_description=Not+you', 'the service refused: Not you'],
      ['?error=access_denied', 'the service refused: access_denied'],
      ['?code=c-1&state=other', 'that address is the answer to another attempt: its state differs; begin again'],
      ['?x=1', 'there is no code in that address'],
    ];
    for (const [answer, text] of wrong)
      assert.throws(() => codeIn(`http://127.0.0.1/rosterd${answer}`, 'mine'), new Failed(text));
    assert.equal(codeIn('http://127.0.0.1/rosterd?code=c%2F1&state=mine', 'mine'), 'c/1');
    assert.equal(codeIn('4/0AX-c', 'mine'), '4/0AX-c');
  });

  test('without a code asks nothing', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer((_request, response) => response.end('{"access_token":"t"}'));
    const access_token = { url: `${HOME}/token`, data: { secret: '{{ KEY }}' } };
    const file = await written(folder, oauth({ without_code: true, access_token }));
    const { code, stderr } = await command([
      'manifest',
      'authorize',
      file,
      ...given(peer),
      '--config',
      join(folder.path, 'none.yaml'),
    ]);
    assert.deepEqual([code, stderr], [0, '']);
  });

  test('of a manifest that needs no browser says so', async () => {
    await using folder = await temporaryFolder();
    const file = await written(folder);
    const options = { set: ['KEY=k', 'COMPANY=c'], host: [], redirect: '', config: join(folder.path, 'none.yaml') };
    const text = `${file} needs no browser: it has no oauth.authenticate_url; a run gets its tokens by itself`;
    await assert.rejects(authorize(file, options), new UsageError(text));
  });

  test('uses the values, hosts and tokens of the source that has the manifest', async () => {
    await using folder = await temporaryFolder();
    await using peer = await startPeer(guarded);
    await mkdir(join(folder.path, 'deep'));
    const file = await written(folder, oauth());
    const source = (name: string) => ({
      name,
      type: 'rest',
      manifest: 'm.json',
      values: { KEY: 'k-conf', COMPANY: 'acme' },
      hosts: { [HOME]: peer.origin },
    });
    const settings = (...sources: unknown[]) => ({
      store: 'sqlite:roster.db',
      server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
      sources,
    });
    const config = await writeConfig(folder.path, settings(source('one'), source('two')));
    const named = (source?: string) =>
      authorize(file, { set: [], host: [], redirect: '', config, ...(source ? { source } : {}) });
    await assert.rejects(named(), new UsageError(`several sources use ${file}; name one with --source NAME`));
    await assert.rejects(named('three'), new UsageError('no source named "three" has a manifest; there are one, two'));
    const args = ['manifest', 'authorize', file, '--config', config, '--source', 'two'];
    const { code, stdout, stderr } = await runProgram(LAUNCHER, args, { input: 'c-1' });
    assert.equal(code, 0, stderr);
    assert.ok(stdout.endsWith(`authorized; the tokens are kept in ${join(folder.path, 'two.tokens')}\n`), stdout);
    assert.equal(new URLSearchParams(peer.requests[0]?.body).get('secret'), 'k-conf');
  });
});
