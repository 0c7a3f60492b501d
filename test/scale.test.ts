import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from './support/folder.ts';
import { hire, hrDatabase, hrSettings } from './support/hr.ts';
import { runProgram } from './support/program.ts';
import { LAUNCHER, writeConfig } from './support/rosterd.ts';

const PEOPLE = 100_000;
/** MiB of JavaScript heap: the process ends when it needs more. */
const HEAP = 256;

test(`${PEOPLE} people: the first pull, an unchanged one and one of 1 % work with ${HEAP} MiB of heap`, async t => {
  await using folder = await temporaryFolder();
  await using hr = await hrDatabase();
  await hire(hr, PEOPLE);
  const config = await writeConfig(folder.path, hrSettings(folder.path, hr.url));
  const pull = async () => {
    const began = performance.now();
    const { code, stdout, stderr } = await runProgram(LAUNCHER, ['pull', '--config', config], {
      env: { NODE_OPTIONS: `--max-old-space-size=${HEAP}` },
      deadlineMs: 100_000,
    });
    assert.equal(code, 0, stderr);
    return { verdict: stdout.trim().split('\n').at(-1), seconds: ((performance.now() - began) / 1000).toFixed(1) };
  };
  const first = await pull();
  assert.equal(first.verdict, 'published as snapshot 1');
  const unchanged = await pull();
  assert.equal(unchanged.verdict, 'unchanged: snapshot 1 is still what the sources say');
  await hr.execute("update employees set tel = concat('03', tel) where emp_id % 100 = 0");
  const some = await pull();
  assert.equal(some.verdict, 'published as snapshot 2');
  t.diagnostic(`first ${first.seconds} s, unchanged ${unchanged.seconds} s, 1 % changed ${some.seconds} s`);
});
