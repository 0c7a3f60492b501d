import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { digestOf, snapshotNumber } from '../../src/roster/model.ts';
import {
  BodyDamaged,
  BodyDraft,
  BodyFile,
  type BodyPlace,
  BodyUnwritable,
  bodyPath,
} from '../../src/runs/body-file.ts';
import { bodyFolder, tidyBodies } from '../../src/runs/body-folder.ts';
import { temporaryFolder } from '../support/folder.ts';

const BLOCK = 256 * 1024;

const ID = { number: snapshotNumber(7), digest: digestOf('ab'.repeat(32)), purged: '' };

/** An empty folder, which is not there yet, and a place in it. */
async function somewhere() {
  const { path, ...folder } = await temporaryFolder();
  const place: BodyPlace = { folder: join(path, 'bodies'), id: ID, encoding: 'identity' };
  return { path, place, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

async function write(place: BodyPlace, ...pieces: readonly Uint8Array[]): Promise<void> {
  await using draft = await BodyDraft.open(place);
  for (const piece of pieces) await draft.write(piece);
  await draft.keep();
}

async function opened(place: BodyPlace): Promise<BodyFile> {
  const file = await BodyFile.open(place);
  assert.ok(file, 'there is no such file');
  return file;
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

suite('an answer in a file', () => {
  for (const size of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7]) {
    test(`of ${size} bytes is read as it was written, at once and piece by piece`, async () => {
      await using here = await somewhere();
      const bytes = randomBytes(size);
      const middle = Math.floor(size / 3);
      await write(here.place, bytes.subarray(0, middle), bytes.subarray(middle));
      await using file = await opened(here.place);
      assert.equal(file.size, size);
      assert.ok((await file.load()).equals(bytes));
      assert.ok((await buffer(file.stream())).equals(bytes));
    });
  }

  test('is for its owner alone, and so is its folder', async () => {
    await using here = await somewhere();
    await write(here.place, randomBytes(10));
    assert.equal(await modeOf(here.place.folder), 0o700);
    assert.equal(await modeOf(bodyPath(here.place)), 0o600);
  });

  test('is not written where others may look, or where nothing can be written', async () => {
    await using here = await somewhere();
    await mkdir(here.place.folder);
    await chmod(here.place.folder, 0o755);
    await assert.rejects(BodyDraft.open(here.place), BodyUnwritable);
    await writeFile(join(here.path, 'file'), '');
    await assert.rejects(BodyDraft.open({ ...here.place, folder: join(here.path, 'file', 'bodies') }), BodyUnwritable);
  });

  test('leaves nothing when it is not kept', async () => {
    await using here = await somewhere();
    {
      await using draft = await BodyDraft.open(here.place);
      await draft.write(randomBytes(2 * BLOCK));
      assert.equal((await readdir(here.place.folder)).length, 1);
    }
    assert.deepEqual(await readdir(here.place.folder), []);
  });

  test('is none of anything else', async () => {
    await using here = await somewhere();
    await write(here.place, randomBytes(10));
    const file = await readFile(bodyPath(here.place));
    const others = [
      { ...here.place, id: { ...ID, digest: digestOf('cd'.repeat(32)) } },
      { ...here.place, id: { ...ID, purged: 'somebody' } },
      { ...here.place, id: { ...ID, number: snapshotNumber(8) } },
      { ...here.place, encoding: 'gzip' as const },
    ];
    for (const other of others) {
      await writeFile(bodyPath(other), file);
      assert.equal(await BodyFile.open(other), undefined);
    }
    await rm(bodyPath(here.place));
    assert.equal(await BodyFile.open(here.place), undefined);
  });

  test('is never given otherwise than as it was written, whichever bit of it flips', async () => {
    await using here = await somewhere();
    const bytes = randomBytes(2 * BLOCK + 9);
    await write(here.place, bytes);
    const path = bodyPath(here.place);
    const whole = await readFile(path);
    const places = [0, BLOCK - 1, BLOCK, bytes.length - 1];
    for (let at = bytes.length; at < whole.length; at += 1) places.push(at);
    for (const at of places) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, flipped);
      await using file = await BodyFile.open(here.place);
      if (!file) continue;
      assert.ok(at < bytes.length, `byte ${at} is not of the answer, and its change went unnoticed`);
      await assert.rejects(file.load(), BodyDamaged);
      await assert.rejects(buffer(file.stream()), BodyDamaged);
    }
  });

  test('that was cut is none, and one that is cut while it is read breaks off', async () => {
    await using here = await somewhere();
    const bytes = randomBytes(3 * BLOCK);
    await write(here.place, bytes);
    await using file = await opened(here.place);
    const path = bodyPath(here.place);
    await truncate(path, (await stat(path)).size - 1);
    assert.equal(await BodyFile.open(here.place), undefined);
    for (const length of [2 * BLOCK, 5]) {
      await truncate(path, length);
      assert.equal(await BodyFile.open(here.place), undefined);
      await assert.rejects(file.load(), BodyDamaged);
      await assert.rejects(buffer(file.stream()), BodyDamaged);
    }
  });

  test('is read to its end although another takes its place', async () => {
    await using here = await somewhere();
    const [first, second] = [randomBytes(2 * BLOCK), randomBytes(BLOCK)];
    await write(here.place, first);
    await using before = await opened(here.place);
    await write(here.place, second);
    await using after = await opened(here.place);
    await rm(here.place.folder, { recursive: true });
    assert.ok((await before.load()).equals(first));
    assert.ok((await after.load()).equals(second));
  });
});

suite('the folder of answers', () => {
  const path = '/var/lib/rosterd/store.db';
  const server = {
    engine: 'mysql',
    host: 'db',
    port: 3306,
    user: 'rosterd',
    password: 'secret',
    database: 'roster',
  } as const;

  test('is beside an embedded store, and for one on a server in a cache', () => {
    assert.equal(bodyFolder({ engine: 'sqlite', path }, { CACHE_DIRECTORY: '/c' }), `${path}-bodies`);
    const inSystem = bodyFolder(server, { CACHE_DIRECTORY: '/var/cache/rosterd:/other', HOME: '/home/r' }) ?? '';
    assert.match(inSystem, /^\/var\/cache\/rosterd\/bodies-[0-9a-f]{16}$/);
    assert.equal(bodyFolder({ ...server, password: 'other' }, { CACHE_DIRECTORY: '/var/cache/rosterd' }), inSystem);
    assert.notEqual(bodyFolder({ ...server, host: 'db2' }, { CACHE_DIRECTORY: '/var/cache/rosterd' }), inSystem);
    assert.match(bodyFolder(server, { XDG_CACHE_HOME: '/x', HOME: '/home/r' }) ?? '', /^\/x\/rosterd\/bodies-/);
    assert.match(bodyFolder(server, { HOME: '/home/r' }) ?? '', /^\/home\/r\/\.cache\/rosterd\/bodies-/);
    assert.equal(bodyFolder(server, {}), undefined);
  });

  test('loses what may not stay, and what somebody left unfinished', async () => {
    await using here = await somewhere();
    const { folder } = here.place;
    const old = { ...here.place, id: { ...ID, number: snapshotNumber(6) } };
    const zipped = { ...here.place, encoding: 'gzip' as const };
    for (const place of [here.place, old, zipped]) await write(place, randomBytes(10));
    const [left, fresh] = ['5.json.left.partial', '8.json.fresh.partial'];
    for (const name of [left, fresh, 'stray']) await writeFile(join(folder, name), '');
    await utimes(join(folder, left), new Date(0), new Date(0));

    await tidyBodies(folder, [ID], { all: false });
    // What is called otherwise is not ours.
    assert.deepEqual((await readdir(folder)).sort(), ['7.json', '7.json.gz', fresh, 'stray']);
    await tidyBodies(folder, [{ ...ID, purged: 'somebody' }], { all: true });
    assert.deepEqual(await readdir(folder), ['stray']);
    await tidyBodies(join(folder, 'elsewhere'), [], { all: true });
  });
});
