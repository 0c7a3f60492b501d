import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Company, company } from './support/company.ts';
import { runProgram, startProgram } from './support/program.ts';
import { LAUNCHER } from './support/rosterd.ts';

/** What a start loads: libraries that a configuration has no use for take time and memory all the same. */

/** Where something was loaded: in the main thread or in another one, which are those of runs and of the configuration. */
type Thread = 'main' | 'others';
type Loaded = Readonly<Record<Thread, ReadonlySet<string>>>;

/** Notes each module that a thread loads; every thread is given it. */
const recorder = (file: string) => `
  import { appendFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  import { isMainThread } from 'node:worker_threads';
  registerHooks({
    load(url, context, next) {
      appendFileSync(${JSON.stringify(file)}, (isMainThread ? 'main ' : 'others ') + url + '\\n');
      return next(url, context);
    },
  });`;

/** What makes a program write down what it loads; and the names of the packages, and our own files, that it did. */
function recorded({ folder }: Company) {
  const file = join(folder, 'loaded');
  const hook = join(folder, 'recorder.mjs');
  writeFileSync(file, '');
  writeFileSync(hook, recorder(file));
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(hook).href}` };
  const loaded = (): Loaded => {
    const lines = readFileSync(file, 'utf8').split('\n');
    const names = (thread: Thread) =>
      new Set(lines.flatMap(line => (line.startsWith(`${thread} `) ? nameOf(line.slice(thread.length + 1)) : [])));
    return { main: names('main'), others: names('others') };
  };
  return { env, loaded };
}

/** The package or the built-in module, or the file in our tree. */
function nameOf(url: string): string[] {
  const inPackage = url.match(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
  if (inPackage !== undefined) return [inPackage];
  if (url.startsWith('node:')) return [url];
  return url.match(/\/((?:src|scripts)\/.*)$/)?.slice(1, 2) ?? [];
}

/** The daemon of a company, until its first run has ended. */
async function loadedByDaemon(at: Company): Promise<Loaded> {
  const { env, loaded } = recorded(at);
  const config = readFileSync(at.configFile, 'utf8');
  writeFileSync(at.configFile, config.replace('server:', 'server:\n  listen: 127.0.0.1:0'));
  at.hire({ account: 'a.lin' });
  await using daemon = await startProgram(LAUNCHER, ['serve', '--config', at.configFile], { env });
  await daemon.waitFor(/"msg":"run (published|found)/, 60_000);
  return loaded();
}

/** The libraries that a company has no use for which keeps all it has in SQLite. */
const UNUSED = [
  'prom-client',
  'nodemailer',
  'pino-pretty',
  '@peculiar/x509',
  'mysql2',
  'ldapts',
  'undici',
  'csv-parse',
  'jose',
  'tinypool',
  'bcryptjs',
  'apache-md5',
  'd3-scale',
  'd3-shape',
];
/** What reads a configuration. */
const READING = ['zod', 'yaml', 'src/config/schema.ts'];

const among = (names: readonly string[], loaded: ReadonlySet<string>) => names.filter(name => loaded.has(name));

suite('a daemon', () => {
  test('loads no library that its configuration has no use for, and each where it is used', async () => {
    await using at = await company();
    const { main, others } = await loadedByDaemon(at);
    assert.deepEqual(among(['koa', 'kysely', 'pino', 'src/main.ts'], main), ['koa', 'kysely', 'pino', 'src/main.ts']);
    assert.deepEqual(among(['kysely', 'src/run-worker.ts', 'yaml'], others), ['kysely', 'src/run-worker.ts', 'yaml']);
    assert.deepEqual(among([...UNUSED, ...READING], main), []);
    assert.deepEqual(among([...UNUSED, 'koa', 'pino', 'commander'], others), []);
    for (const thread of [main, others]) assert.ok(!thread.has('src/store/mysql.ts'));
  });

  test('loads what its chain of logins needs', async () => {
    await using at = await company();
    await appendFile(
      at.configFile,
      'authenticate: [{ type: ldap, url: "ldaps://dc.example", bind_dn: "{username}@corp.example" }]\n',
    );
    const { main, others } = await loadedByDaemon(at);
    assert.deepEqual(among(UNUSED, main), ['ldapts']);
    assert.deepEqual(among(UNUSED, others), []);
  });
});

suite('a command', () => {
  for (const [args, none, some] of [
    [['help'], ['kysely', 'pino', 'koa', ...READING.slice(0, 2), ...UNUSED], ['commander']],
    [['help', 'serve'], ['kysely', 'pino', 'koa', ...READING.slice(0, 2), ...UNUSED], ['commander']],
    [['status'], ['koa', 'pino', ...UNUSED], ['kysely', 'zod']],
  ] as const) {
    test(`${args.join(' ')} loads no more than it needs`, async () => {
      await using at = await company();
      await at.run('2026-08-20T02:00:00Z');
      const { env, loaded } = recorded(at);
      await runProgram(LAUNCHER, [...args, '--config', at.configFile], { env });
      const { main } = loaded();
      assert.deepEqual(among(none, main), []);
      assert.deepEqual(among(some, main), some);
    });
  }
});
