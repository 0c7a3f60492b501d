import assert from 'node:assert/strict';
import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Encoding, SyncAnswer } from '../../src/http/roster.ts';
import { type SnapshotNumber, snapshotNumber } from '../../src/roster/model.ts';
import { type Runner, rosterService, type ServedRoster } from '../../src/runs/answers.ts';
import { renderSnapshot, renderTo } from '../../src/runs/body.ts';
import { BodyDraft } from '../../src/runs/body-file.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type House, leave, openHouse } from './house.ts';

const SYNC = {
  fresh_for: 3_600_000,
  deadline: 15_000,
  max_stale: 86_400_000,
  on_hold: 'fail',
  first: 'accept',
} as const;

/** Everything is read from its file. */
const NOTHING_IN_MEMORY = { inMemory: 0 };

interface Kept extends AsyncDisposable {
  readonly house: House;
  readonly roster: ServedRoster;
  readonly folder: string;
  /** The numbers of the snapshots that were rendered. */
  readonly rendered: number[];
  readonly damaged: string[];
  readonly unavailable: string[];
}

/** The `/sync` service of a house whose first snapshot is published, which keeps its answers in files. */
async function openKept(more: { inMemory?: number; folder?: string } = {}): Promise<Kept> {
  await using stack = new AsyncDisposableStack();
  const house = stack.use(await openHouse());
  const { path } = stack.use(await temporaryFolder());
  const folder = more.folder ?? join(path, 'bodies');
  await house.pull();
  const told = { rendered: [] as number[], damaged: [] as string[], unavailable: [] as string[] };
  const roster = stack.use(
    rosterService({
      sync: SYNC,
      store: house.store,
      runner: rendering({ house, folder, rendered: told.rendered }),
      now: () => new Date(),
      delivered: () => {},
      unavailable: error => told.unavailable.push(error.message),
      damaged: error => told.damaged.push(error.message),
      ...more,
      folder,
    }),
  );
  const owned = stack.move();
  return { house, roster, folder, ...told, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Renders into files as the daemon's worker does, and notes what. */
const rendering = ({ house, folder, rendered }: Pick<Kept, 'house' | 'folder' | 'rendered'>): Runner => ({
  failingSince: undefined,
  run: () => house.pull(),
  async render(number: SnapshotNumber) {
    rendered.push(number);
    await renderTo(house.store, number, id => BodyDraft.open({ folder, id, encoding: 'identity' }));
    return undefined;
  },
});

/** A service of another daemon, which finds what that one left. */
const restarted = ({ house, folder, rendered, damaged }: Kept, inMemory?: number): ServedRoster =>
  rosterService({
    sync: SYNC,
    store: house.store,
    runner: rendering({ house, folder, rendered }),
    now: () => new Date(),
    delivered: () => {},
    unavailable: error => assert.fail(error.message),
    damaged: error => damaged.push(error.message),
    folder,
    ...(inMemory === undefined ? {} : { inMemory }),
  });

function contentIn(answer: SyncAnswer) {
  assert.equal(answer.status, 'success');
  return answer.body.content;
}

function streamIn(answer: SyncAnswer): Readable {
  const content = contentIn(answer);
  assert.ok(!(content instanceof Uint8Array), 'it is in memory');
  return content.stream;
}

async function bytesIn(answer: SyncAnswer): Promise<Buffer> {
  const content = contentIn(answer);
  return content instanceof Uint8Array ? Buffer.from(content) : await buffer(content.stream);
}

async function answered(roster: ServedRoster, encoding: Encoding = 'identity'): Promise<string> {
  const bytes = await bytesIn(await roster.answer(encoding));
  return (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString();
}

const rosterIn = async ({ store }: House, number: number) =>
  Buffer.from(await renderSnapshot(store, snapshotNumber(number))).toString();

/** Files in the folder that this process has open. */
async function openIn(folder: string): Promise<string[]> {
  const names = await readdir('/proc/self/fd');
  const targets = await Promise.all(names.map(name => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter(target => target.startsWith(folder));
}

const WAYS: Readonly<Record<string, { inMemory?: number }>> = { 'from memory': {}, 'from its file': NOTHING_IN_MEMORY };

for (const [how, more] of Object.entries(WAYS)) {
  test(`an answer is served ${how}, in either encoding, and rendered once`, async () => {
    await using kept = await openKept(more);
    const { house, roster, folder, rendered } = kept;
    const expected = await rosterIn(house, 1);
    for (const encoding of ['identity', 'gzip', 'identity', 'gzip'] as const)
      assert.equal(await answered(roster, encoding), expected);
    assert.deepEqual(rendered, [1]);
    assert.deepEqual((await readdir(folder)).sort(), ['1.json', '1.json.gz']);
    const answer = await roster.answer('gzip');
    assert.equal(answer.status === 'success' && answer.body.whole, Buffer.byteLength(expected));
    await bytesIn(answer);
  });

  test(`a daemon that starts again serves what is there ${how}, and renders nothing`, async () => {
    await using kept = await openKept(more);
    await answered(kept.roster, 'gzip');
    using again = restarted(kept, more.inMemory);
    for (const encoding of ['identity', 'gzip'] as const)
      assert.equal(await answered(again, encoding), await rosterIn(kept.house, 1));
    assert.deepEqual(kept.rendered, [1]);
  });

  test(`a file that was damaged is made anew and never served ${how}`, async () => {
    for (const name of ['1.json', '1.json.gz']) {
      await using kept = await openKept(more);
      await bytesIn(await kept.roster.answer('gzip'));
      const bytes = await readFile(join(kept.folder, name));
      bytes[50] = (bytes[50] ?? 0) ^ 1;
      await writeFile(join(kept.folder, name), bytes);
      using again = restarted(kept, more.inMemory);
      const encoding = name.endsWith('.gz') ? 'gzip' : 'identity';
      // What is sent as it is read breaks off once.
      const first = await answered(again, encoding).catch(() => undefined);
      const expected = await rosterIn(kept.house, 1);
      assert.equal(first ?? (await answered(again, encoding)), expected);
      assert.equal(first === undefined, how === 'from its file');
      assert.match(kept.damaged.join(), /is damaged: block 0/);
      assert.deepEqual(kept.rendered, [1, 1]);
      assert.equal(await answered(again, encoding), expected);
    }
  });
}

test('what is in memory is one and the same for all', async () => {
  await using kept = await openKept();
  const all = await Promise.all(Array.from({ length: 100 }, () => kept.roster.answer()));
  assert.equal(new Set(all.map(contentIn)).size, 1);
  assert.deepEqual(kept.rendered, [1]);
});

test('an answer that is on its way stays what it is while the next snapshot is published and made ready', async () => {
  await using kept = await openKept(NOTHING_IN_MEMORY);
  const { house, roster, folder, rendered } = kept;
  const [before, slow] = [await rosterIn(house, 1), streamIn(await roster.answer())];
  await house.hr.execute("update employees set name = 'Somebody Else' where emp_id = 1");
  await house.pull();
  await roster.prepare();
  assert.deepEqual([rendered, await readdir(folder)], [[1, 2], ['2.json']]);
  assert.equal(await answered(roster), await rosterIn(house, 2));
  assert.equal((await buffer(slow)).toString(), before);
  // Of the first, nothing is left: neither its name nor its bytes.
  while ((await openIn(folder)).length > 1) await new Promise(resolve => setImmediate(resolve));
  assert.deepEqual(await openIn(folder), [join(folder, '2.json')]);
});

test('what was asked for before is made ready of the next snapshot, and nothing else', async () => {
  await using kept = await openKept();
  const { house, roster, folder, rendered } = kept;
  await roster.prepare();
  assert.deepEqual([rendered, await readdir(folder)], [[1], ['1.json']]);
  await roster.answer('gzip');
  await leave(house, 6);
  await house.pull();
  await roster.prepare();
  assert.deepEqual(
    [rendered, (await readdir(folder)).sort()],
    [
      [1, 2],
      ['2.json', '2.json.gz'],
    ],
  );
  await roster.answer('gzip');
  assert.deepEqual(rendered, [1, 2]);
});

test('where no file can be written all is in memory', async () => {
  await using house = await openHouse();
  await house.pull();
  using roster = rosterService({
    sync: SYNC,
    store: house.store,
    runner: {
      failingSince: undefined,
      run: () => house.pull(),
      render: number => renderSnapshot(house.store, number),
    },
    // Below what is no folder.
    folder: join(import.meta.filename, 'bodies'),
    now: () => new Date(),
    delivered: () => {},
    unavailable: error => assert.fail(error.message),
  });
  for (const encoding of ['identity', 'gzip'] as const)
    assert.equal(await answered(roster, encoding), await rosterIn(house, 1));
  await roster.prepare();
});

test('whoever is purged is served no more, even where the answer had been made with them', async () => {
  for (const more of [{}, NOTHING_IN_MEMORY]) {
    await using kept = await openKept(more);
    const { house, roster, folder } = kept;
    const old = await answered(roster);
    const [gone] = JSON.parse(old).user_info_list;
    const stored = await house.store.people.named(gone.username, snapshotNumber(1));
    assert.ok(stored);
    await house.hr.execute('update employees set leave_date = ? where account = ?', ['2020-01-31', gone.username]);
    assert.equal((await house.pull()).outcome.status, 'published');
    await house.store.purge(stored.value.key, { dryRun: false });
    // Nobody asked in between: what is kept and on the disk is still the answer from before.
    await house.store.pins.set({ snapshot: snapshotNumber(1), at: new Date() });
    const now = await answered(roster);
    assert.ok(old.includes(gone.email) && !now.includes(gone.email));
    assert.equal(now, await rosterIn(house, 1));
    await roster.prepare();
    assert.deepEqual(await readdir(folder), ['1.json']);
    assert.ok(!(await readFile(join(folder, '1.json'))).includes(gone.email));
  }
});

test('a stream that nobody takes any more lets its file go', async () => {
  await using kept = await openKept(NOTHING_IN_MEMORY);
  const stream = streamIn(await kept.roster.answer());
  await rm(kept.folder, { recursive: true });
  stream.destroy();
  kept.roster[Symbol.dispose]();
  while ((await openIn(kept.folder)).length > 0) await new Promise(resolve => setImmediate(resolve));
});
