import { readFileSync, statfsSync } from 'node:fs';
import { startMariadb } from './mariadb.ts';
import type { SharedAddress } from './shared.ts';
import { startSlapd } from './slapd.ts';

// Node calls the two functions below around the whole run; each test file is a child process that inherits the
// variables. An interrupted run tears down too, and support/at-exit.ts catches what even that misses.
const started = new AsyncDisposableStack();

/** The servers all test files share, started once for the run. */
export async function globalSetup(): Promise<void> {
  keepFilesInMemory();
  // Node would end with 0 when it is interrupted in here, as if all tests had passed.
  process.exitCode = 1;
  // Both are waited for, and torn down here when one fails: Node then ends without calling anybody.
  const outcomes = await Promise.allSettled([provideMariadb(), provideSlapd()]);
  const failed = outcomes.filter(outcome => outcome.status === 'rejected').map(outcome => outcome.reason);
  if (failed.length > 0) {
    await globalTeardown();
    throw new AggregateError(failed, 'a server that the tests need did not start');
  }
  process.exitCode = undefined;
}

export async function globalTeardown(): Promise<void> {
  await started.disposeAsync();
}

/** Where Linux keeps files in memory, mounted so that they can be written and run. */
const MEMORY = '/dev/shm';
const MOUNTED = /^\S+ \/dev\/shm tmpfs rw(?!\S*\bnoexec\b)/m;
/** Bytes: several times what all tests have at once. */
const ROOM = 3 * 1024 ** 3;

/**
 * Temporary folders are in memory where that has room for them, unless TMPDIR says where they are to be: no test outlives
 * the machine, and most would wait for its disk again and again.
 */
function keepFilesInMemory(): void {
  if (process.env['TMPDIR'] || process.platform !== 'linux') return;
  if (!MOUNTED.test(readFileSync('/proc/mounts', 'utf8'))) return;
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize >= ROOM) process.env['TMPDIR'] = MEMORY;
}

async function provideMariadb(): Promise<void> {
  if (process.env['ROSTERD_TEST_MYSQL_URL']) return;
  const server = started.use(await startMariadb({ durable: false }));
  provide('ROSTERD_TEST_MYSQL_URL', server.url);
}

async function provideSlapd(): Promise<void> {
  const server = started.use(await startSlapd());
  provide('ROSTERD_TEST_LDAP_URL', server.url);
  provide('ROSTERD_TEST_LDAPS_URL', server.ldapsUrl);
  provide('ROSTERD_TEST_LDAP_CA', server.caFile);
}

function provide(name: SharedAddress, value: string): void {
  process.env[name] = value;
}
