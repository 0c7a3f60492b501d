import { openStore } from '../../../src/store/open.ts';
import { configOf } from '../../support/config.ts';
import { AT_REST, type Daemon, forgetPeak, INCESSANTLY, lastRun, peakMemory, runsEnded, sync } from '../daemon.ts';
import { type Finding, sizeName } from '../finding.ts';
import type { House } from '../house.ts';
import { type Row, type Stage, targetAt } from '../row.ts';

const MIB = 1024 * 1024;
const TARGETS = { 100000: { atMost: 220 * MIB }, 1000000: { atMost: 512 * MIB } };

/** The most memory that a daemon has from its start on: with its first run, unchanged ones, some of 1 %, and `/sync`. */
export const memory: Row = {
  name: 'memory',
  sizes: 'every',
  async measure(stage) {
    const phases = await peaks(await stage.house(), stage);
    const size = sizeName(stage.size);
    const shown = phases.map(
      ([phase, ours]): Finding => ({ work: `peak memory, ${phase}`, size, unit: 'bytes', ours }),
    );
    const ours = Math.max(...phases.map(([, peak]) => peak));
    const target = targetAt(stage.size, TARGETS);
    return [{ work: 'peak memory of the daemon', size, unit: 'bytes', ours, target }, ...shown];
  },
};

type Peaks = [phase: string, bytes: number][];

async function peaks(house: House, stage: Stage): Promise<Peaks> {
  const settings = { ...(await house.newSettings()), ...INCESSANTLY, ...AT_REST };
  const config = configOf(settings);
  await (await openStore(config.store, { migrate: true }))[Symbol.asyncDispose]();
  await using store = await openStore(config.store, { migrate: false });
  await using daemon = await stage.daemon(settings);
  const phase = phasesOf(daemon);
  const ended = async (status: 'published' | 'unchanged', count: number, after?: number) =>
    runsEnded(store, { status, count, after: after ?? (await lastRun(store)) });
  await phase('first run', () => ended('published', 1, 0));
  await phase('unchanged runs', () => ended('unchanged', stage.effort.repeats));
  await phase('runs of 1 %', async () => {
    for (let run = 0; run < stage.effort.few; run += 1) {
      const before = await lastRun(store);
      await house.tables.change();
      await ended('published', 1, before);
    }
  });
  return await phase('/sync', () => sync(daemon.address));
}

function phasesOf({ pid }: Daemon) {
  const all: Peaks = [];
  return async (name: string, work: () => Promise<unknown>): Promise<Peaks> => {
    await work();
    all.push([name, await peakMemory(pid)]);
    await forgetPeak(pid);
    return all;
  };
}
