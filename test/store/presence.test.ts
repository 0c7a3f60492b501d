import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/folder.ts';

const RUN = { cause: 'pull', at: new Date('2026-08-20T02:00:00Z'), fingerprint: 'f' } as const;

test('nothing is written to a store whose file was removed, nor is it served from it', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'roster.db');
  await using store = await openStore({ url: `sqlite:${path}` }, { migrate: true });
  await store.runs.begin(RUN);
  await store.mark();
  rmSync(path);
  const message = `the store ${path} was removed while rosterd has it open; put it back if you can, and restart rosterd`;
  await assert.rejects(store.runs.begin(RUN), { message });
  await assert.rejects(store.mark(), { message });
});

test('nor to one that another was put in the place of', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'roster.db');
  await using store = await openStore({ url: `sqlite:${path}` }, { migrate: true });
  const number = await store.runs.begin(RUN);
  {
    await using _ = await openStore({ url: `sqlite:${path}-other` }, { migrate: true });
  }
  renameSync(`${path}-other`, path);
  const end = {
    at: RUN.at,
    outcome: { status: 'failed', problems: [] },
    report: { sources: [], problems: [], counts: [] },
    publication: undefined,
  } as const;
  await assert.rejects(store.runs.finish(number, end), /was replaced while rosterd has it open/);
});
