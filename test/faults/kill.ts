import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { snapshotNumber } from '../../src/roster/model.ts';
import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/folder.ts';
import { hrConfig } from '../support/hr.ts';
import { startProgram } from '../support/program.ts';
import { Truths } from './generations.ts';
import { FaultHouse, Promises, personnelFile } from './house.ts';
import { calm, type Kind } from './series.ts';

/** Milliseconds within which a process is killed once it works: a few runs. */
const LIFE = 250;

/** A process that makes one run after the other is killed at any moment. */
export const kill: Kind = async (count, chance, tally) => {
  await using folder = await temporaryFolder();
  const config = hrConfig(folder.path, `sqlite:${folder.path}/hr.db`);
  const promises = new Promises(new Truths());
  for (let place = 0; place < count; place += 1) {
    const args = [folder.path, JSON.stringify(config), `${promises.truths.count}`];
    const { output, exit } = await lifeOf(args, chance.below(LIFE));
    assert.equal(exit.signal, 'SIGKILL', output);
    for (const [, what, number] of output.matchAll(/^(becoming|published) (\d+)$/gm)) {
      if (what === 'published') promises.acknowledge(snapshotNumber(Number(number)));
      else promises.truths.announce();
    }
    await using store = await openStore(config.store, { migrate: false });
    await promises.keptBy(store);
    tally.add(`killed ${MOMENTS.get(/(\w+) \d+\n$/.exec(output)?.[1] ?? '')}`);
  }
  await using store = await openStore(config.store, { migrate: false });
  await using personnel = personnelFile(folder.path);
  await calm(await FaultHouse.open({ config, store, personnel, promises }), 'after the last kill');
  await promises.keptBy(store, 'all');
};

/** What a process is at, by what it said last. */
const MOMENTS: ReadonlyMap<string, string> = new Map([
  ['becoming', 'pulling or publishing'],
  ['published', 'delivering'],
  ['approving', 'approving'],
  ['delivered', 'between two runs'],
]);

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/** What a process said, and how it ended, that is killed so many milliseconds after it began to work. */
async function lifeOf(args: readonly string[], milliseconds: number) {
  await using child = await startProgram(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, ...args]);
  await child.waitFor(/^becoming/m, 30_000);
  await sleep(milliseconds);
  child.kill('SIGKILL');
  return { exit: await child.exited, output: child.output };
}
