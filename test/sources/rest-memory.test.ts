import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPeer } from '../support/http-peer.ts';
import { runProgram } from '../support/program.ts';
import { say } from './rest-service.ts';

const PAGES = 1000;
const PAGE = 100;
/** MiB. */
const MOST = 250;

const person = (id: number) => ({
  id: 9_007_199_254_740 + id,
  mail: `user${id}@acme.example`,
  name: `林小明 ${id}`,
  tel: `02-${String(id).padStart(8, '0')}`,
  unit: [id % 2 ? 'RD' : 'SALES'],
  job: { title: 'engineer', since: '2020-01-01' },
});

test(`${PAGES * PAGE} people on ${PAGES} pages need less than ${MOST} MiB`, async t => {
  await using peer = await startPeer(({ query }, response) => {
    const page = Number(query.get('page') ?? 1);
    const people = Array.from({ length: PAGE }, (_, place) => person((page - 1) * PAGE + place));
    say(response, { json: { people, next: page < PAGES ? `/people?page=${page + 1}` : null } });
  });
  const child = fileURLToPath(new URL('rest-drain.ts', import.meta.url));
  const { code, stdout, stderr } = await runProgram(process.execPath, [child, peer.origin]);
  assert.equal(code, 0, stderr);
  const { count, peak } = JSON.parse(stdout) as { readonly count: number; readonly peak: number };
  t.diagnostic(`the most that was needed: ${Math.round(peak / 1024)} MiB`);
  assert.equal(count, PAGES * PAGE);
  assert.ok(peak < MOST * 1024, `${Math.round(peak / 1024)} MiB`);
});
