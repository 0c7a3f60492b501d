import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPeer } from '../support/http-peer.ts';
import { runProgram } from '../support/program.ts';

const PAGES = 1000;
const PAGE = 100;
/** MiB. */
const MOST = 250;

const person = (id: string) => ({
  id: `e${id}`,
  mail: `user${id}@acme.example`,
  name: `林小明 ${id}`,
  tel: `02-${id}`,
  unit: ['RD'],
  job: { title: 'engineer', since: '2020-01-01' },
});

/** Made once, so that the server does not take the time of its client: the page stands in every number. */
const TEXT = JSON.stringify(
  Array.from({ length: PAGE }, (_, place) => person(`PAGE${String(place).padStart(3, '0')}`)),
);

test(`${PAGES * PAGE} people on ${PAGES} pages need less than ${MOST} MiB`, async t => {
  await using peer = await startPeer(({ query }, response) => {
    const page = Number(query.get('page') ?? 1);
    const next = page < PAGES ? `/people?page=${page + 1}` : '';
    response.end(`{"people":${TEXT.replaceAll('PAGE', String(page).padStart(5, '0'))},"next":"${next}"}`);
  });
  const child = fileURLToPath(new URL('rest-drain.ts', import.meta.url));
  const { code, stdout, stderr } = await runProgram(process.execPath, [child, peer.origin]);
  assert.equal(code, 0, stderr);
  const { count, peak } = JSON.parse(stdout) as { readonly count: number; readonly peak: number };
  t.diagnostic(`the most that was needed: ${Math.round(peak / 1024)} MiB`);
  assert.equal(count, PAGES * PAGE);
  assert.ok(peak < MOST * 1024, `${Math.round(peak / 1024)} MiB`);
});
