import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, statfsSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../src/store/open.ts';
import { atExit } from '../support/at-exit.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig } from '../support/hr.ts';
import { runProgram } from '../support/program.ts';
import { Truths } from './generations.ts';
import { FaultHouse, Promises, personnelFile } from './house.ts';
import { disturb, type Kind } from './series.ts';

/** Bytes of the small disk, and the most that is left on it when it is full: what a run writes, at most. */
const DISK = 64 * 1024 * 1024;
const LEFT = 192 * 1024;

/** The disk with the store is full, or nearly. Nothing where we may not mount one. */
export const fillDisk: Kind = async (count, chance, tally) => {
  await using disk = await smallDisk();
  if (!disk) return;
  await using folder = await temporaryFolder();
  await using personnel = personnelFile(folder.path);
  const config = hrConfig(disk.path, personnel.url);
  await using store = await openStore(config.store, { migrate: true });
  const promises = new Promises(new Truths());
  const house = await FaultHouse.open({ config, store, personnel, promises });
  await disturb({ house, store, promises }, count, async () => {
    // What was written ahead before would be overwritten, which takes no room.
    if (chance.happens(0.8)) checkpoint(config.store.url);
    disk.leave(chance.below(LEFT));
    await house.work();
    const [last] = await store.runs.list(1);
    tally.add(`full disk, run ${last?.status === 'running' ? 'could not be ended' : last?.status}`);
    disk.leave(DISK / 2);
  });
};

function checkpoint(url: string): void {
  using database = new DatabaseSync(url.replace('sqlite:', ''));
  database.exec('pragma wal_checkpoint(truncate)');
}

interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Leaves so many bytes free. */
  leave(bytes: number): void;
}

async function smallDisk(): Promise<SmallDisk | undefined> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const mounted = await runProgram('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', folder.path]).catch(
    () => undefined,
  );
  if (mounted?.code !== 0) return undefined;
  const unmount = () => void spawnSync('umount', ['--lazy', folder.path]);
  stack.use(atExit(unmount));
  stack.defer(unmount);
  const path = join(folder.path, 'store');
  await mkdir(path);
  const ballast = openSync(join(folder.path, 'ballast'), 'w+');
  stack.defer(() => closeSync(ballast));
  const owned = stack.move();
  return {
    path,
    leave(bytes) {
      const { bavail, bsize } = statfsSync(path);
      const size = Math.max(0, fstatSync(ballast).size + bavail * bsize - bytes);
      fill(ballast, size);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Truncating upwards would take no room. */
function fill(file: number, size: number): void {
  const now = fstatSync(file).size;
  if (size < now) ftruncateSync(file, size);
  for (let at = now; at < size; ) at += writeSync(file, Buffer.alloc(Math.min(1 << 20, size - at)), 0, undefined, at);
}
