import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { departmentContent, personContent } from '../../../src/roster/leaf.ts';
import type { Snapshot } from '../../../src/roster/model.ts';
import type { Store } from '../../../src/store/store.ts';
import { differenceOf, type Pair } from '../../../src/views/difference.ts';
import { runProgram } from '../../support/program.ts';
import { LAUNCHER, writeConfig } from '../../support/rosterd.ts';
import { sizeName } from '../finding.ts';
import type { House } from '../house.ts';
import { fromPeople, type Row } from '../row.ts';
import { sideBySide, timed } from '../side-by-side.ts';
import { median } from '../statistics.ts';

/** What differs between two neighbouring snapshots; beside it `comm`, on both of them as files of sorted lines. */
export const diff: Row = {
  name: 'diff',
  sizes: 'every',
  async measure({ size: people, effort, house: open }) {
    const house = await open();
    const pair = await neighbours(house);
    const folder = await house.newFolder();
    const dumps = [join(folder, 'before'), join(folder, 'after')];
    for (const [place, file] of dumps.entries()) {
      await dump(house.store, place === 0 ? pair.before : pair.after, file);
    }
    const both = await sideBySide(
      {
        ours: () => timed(() => differenceOf(house.store, pair)),
        yardstick: () => timed(() => succeed('comm', ['-3', ...dumps])),
      },
      effort.repeats,
    );
    const file = await writeConfig(folder, house.settings);
    const whole: number[] = [];
    for (let time = 0; time < effort.few; time += 1) {
      whole.push(await timed(() => succeed(LAUNCHER, ['diff', '--config', file])));
    }
    const [unit, size, target] = ['ms' as const, sizeName(people), fromPeople(100_000, { atMost: 0.25 }, people)];
    return [
      { work: 'diff of neighbours at 1 % / `comm -3`', size, people, unit, ...both, target },
      { work: '`rosterd diff` of the same, as a command', size, unit, ours: median(whole) },
    ];
  },
};

async function neighbours({ tables, runs, store }: House): Promise<Pair & { readonly before: Snapshot }> {
  // What other rows changed is none of the 1 %.
  await runs.settle();
  await tables.change();
  await runs.make('published');
  const [after, before] = await store.snapshots.list(2);
  if (after && before) return { before, after };
  throw new Error('there are no two snapshots');
}

/** A whole snapshot, a person or department a line, sorted by bytes. */
async function dump(store: Store, { number }: Snapshot, file: string): Promise<void> {
  const lines: Buffer[] = [];
  for await (const page of store.departments.at(number)) {
    for (const { value } of page) lines.push(Buffer.from(`${departmentContent(value)}\n`));
  }
  for await (const page of store.people.at(number)) {
    for (const { value } of page) lines.push(Buffer.from(`${personContent(value)}\n`));
  }
  await pipeline(Readable.from(lines.sort(Buffer.compare)), createWriteStream(file));
}

/** `LC_ALL=C`: bytes are compared, which is the fastest that `comm` does. */
async function succeed(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args, { env: { LC_ALL: 'C' } });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
}
