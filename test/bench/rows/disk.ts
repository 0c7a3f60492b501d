import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { databaseAddress } from '../../../src/connect/database.ts';
import { sizeName } from '../finding.ts';
import type { House } from '../house.ts';
import { fromPeople, type Row } from '../row.ts';

const KIB = 1024;

/** What the store takes more on the disk after a run in which nothing changed, and for each change after others. */
export const disk: Row = {
  name: 'disk',
  sizes: 'every',
  async measure({ size: people, engine, effort, house: open }) {
    // What a database server keeps is its own matter.
    if (engine !== 'sqlite') return [];
    const house = await open();
    await house.runs.settle();
    const idle = await grownBy(house, async () => {
      for (let run = 0; run < effort.repeats; run += 1) await house.runs.make('unchanged');
    });
    const changed = await grownBy(house, async () => {
      for (let run = 0; run < effort.few; run += 1) {
        await house.tables.change();
        await house.runs.make('published');
      }
    });
    const changes = await changesOf(house, effort.few);
    const [unit, size] = ['bytes' as const, sizeName(people)];
    const target = (bytes: number) => fromPeople(100_000, { atMost: bytes }, people);
    return [
      { work: 'disk for an unchanged run', size, unit, ours: idle / effort.repeats, target: target(8 * KIB) },
      { work: 'disk for a change', size, unit, ours: changed / changes, target: target(400) },
    ];
  },
};

/** By how many bytes the store grows meanwhile. */
async function grownBy(house: House, work: () => Promise<void>): Promise<number> {
  const before = sizeOf(house);
  await work();
  return sizeOf(house) - before;
}

/** Of the file and the log beside it, once what is in the log is in the file. */
export function sizeOf({ config }: Pick<House, 'config'>): number {
  const address = databaseAddress(config.store);
  if (address.engine !== 'sqlite') return Number.NaN;
  using db = new DatabaseSync(address.path, { timeout: 5000 });
  const state = db.prepare('pragma wal_checkpoint(truncate)').get();
  if (state?.['busy'] !== 0) throw new Error('the log of the store could not be emptied: somebody is reading');
  return statSync(address.path).size + statSync(`${address.path}-wal`).size;
}

/** How many people the last snapshots changed. */
async function changesOf({ store }: House, snapshots: number): Promise<number> {
  const counts = (await store.snapshots.list(snapshots)).map(({ changes }) => changes);
  return counts.reduce((sum, { people_modified }) => sum + people_modified, 0);
}
