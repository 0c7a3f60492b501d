import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Hash } from '../../../src/logins/sql/hash-compute.ts';
import { HashPool } from '../../../src/logins/sql/hash-pool.ts';
import { recognise } from '../../../src/logins/sql/hashes.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { runProgram } from '../../support/program.ts';

function hashOf(text: string): Hash {
  const recognised = recognise(text);
  assert(recognised.status === 'known');
  return recognised.hash;
}

/** Of `password`. */
const quick = hashOf('{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=');

/** Takes seconds to compute. */
const slow = hashOf(`$2b$14$${'a'.repeat(53)}`);

const never = new AbortController().signal;

test('the event loop goes on while a hash is computed', async () => {
  await using pool = new HashPool();
  assert.equal(await pool.compare(quick, 'password', never), true);
  let turns = 0;
  let isDone = false;
  const turn = () => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  turn();
  assert.equal(await pool.compare(hashOf(`$2b$08$${'a'.repeat(53)}`), 'password', never), false);
  isDone = true;
  assert.ok(turns > 10, `${turns} turns`);
});

test('whoever gives up waits for no hash, and keeps nobody waiting', async () => {
  await using pool = new HashPool();
  await Promise.all([1, 2].map(() => pool.compare(quick, 'password', never)));
  // Both threads are at it by then; the third waits for one.
  const deadline = AbortSignal.timeout(300);
  const asked = [1, 2, 3].map(() => pool.compare(slow, 'password', deadline));
  // It would hang for ever if nothing took the place of threads that were broken off.
  const another = pool.compare(quick, 'password', AbortSignal.timeout(20_000));
  await assert.rejects(pool.compare(quick, 'password', AbortSignal.abort()), new Error('was given up'));
  const outcomes = await Promise.allSettled(asked);
  assert.deepEqual(
    outcomes.map(one => one.status === 'rejected' && (one.reason as Error).message),
    ['was given up', 'was given up', 'was given up'],
  );
  assert.equal(await another, true);
});

test('what goes wrong in a thread is told in words of our own', async () => {
  await using pool = new HashPool();
  const broken: Hash = { ...quick, key: new Uint8Array(3) };
  await assert.rejects(pool.compare(broken, 'the-password', never), new Error('could not be computed'));
  assert.equal(await pool.compare(quick, 'password', never), true);
});

test('a pool that is closed breaks off what it computes, and begins nothing', async () => {
  const pool = new HashPool();
  const asked = pool.compare(slow, 'password', never);
  const told = assert.rejects(asked, new Error('could not be computed'));
  await pool[Symbol.asyncDispose]();
  await told;
  await assert.rejects(pool.compare(quick, 'password', never), /the daemon is stopping/);
});

test('threads that have nothing to do keep no process alive', async () => {
  const module = (name: string) => JSON.stringify(new URL(`../../../src/logins/sql/${name}`, import.meta.url).href);
  const code = `
    import { HashPool } from ${module('hash-pool.ts')};
    import { recognise } from ${module('hashes.ts')};
    const { hash } = recognise('{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=');
    console.log(await new HashPool().compare(hash, 'password', new AbortController().signal));`;
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'once.mjs');
  await writeFile(file, code);
  const exit = await runProgram(process.execPath, [file], { deadlineMs: 20_000 });
  assert.deepEqual([exit.code, exit.stdout], [0, 'true\n'], exit.stderr);
});
