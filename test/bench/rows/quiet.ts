import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedRun } from '../../../src/store/store.ts';
import { INCESSANTLY, lastRun, runsEnded } from '../daemon.ts';
import { sizeName } from '../finding.ts';
import type { Row } from '../row.ts';
import { timed } from '../side-by-side.ts';
import { percentile } from '../statistics.ts';

/** How long a request that needs nothing takes while runs are made that change one person in a hundred. */
export const quiet: Row = {
  name: 'quiet',
  sizes: 'largest',
  async measure({ size, effort, daemon: start, house }) {
    const { settings, store, tables } = await house();
    const after = await lastRun(store);
    await tables.change();
    await using daemon = await start({ ...settings, ...INCESSANTLY });
    const sampler = sample(daemon.address);
    await runsEnded(store, { after, count: 1, status: 'published' });
    for (let run = 1; run < effort.few; run += 1) {
      const before = await lastRun(store);
      await tables.change();
      await runsEnded(store, { after: before, count: 1, status: 'published' });
    }
    const during = duringRuns(await sampler.end(), await store.runs.list(RUNS));
    const ours = percentile(during, 0.99);
    const work = 'p99 of a trivial request during runs of 1 %';
    return [{ work, size: sizeName(size), unit: 'ms', ours, target: { atMost: 20 } }];
  },
};

/** More than there can be of them meanwhile, or so many that it does not matter. */
const RUNS = 100;

/** One request: when it was sent and how long its answer took, in milliseconds. */
interface Asked {
  readonly at: number;
  readonly took: number;
}

/** How long those took during which a run was under way; one that was killed has no end that anybody knows. */
function duringRuns(all: readonly Asked[], runs: readonly RecordedRun[]): number[] {
  const ended = runs.flatMap(({ started, finished }) => (finished ? [{ from: +started, to: +finished }] : []));
  const isDuring = ({ at, took }: Asked) => ended.some(({ from, to }) => at + took >= from && at <= to);
  return all.filter(isDuring).map(({ took }) => took);
}

/** In milliseconds, between one answer and the next request. */
const PAUSE = 2;

/** Asks again and again. */
function sample(address: string): { end(): Promise<Asked[]> } {
  const agent = new Agent({ keepAlive: true });
  const all: Asked[] = [];
  let isOver = false;
  const ask = async () => {
    for (; !isOver; await sleep(PAUSE)) {
      const at = Date.now();
      all.push({ at, took: await timed(() => trivial(address, agent)) });
    }
  };
  const asking = ask();
  return {
    async end() {
      isOver = true;
      await asking;
      agent.destroy();
      return all;
    },
  };
}

/** To an address that is not there: 404. */
async function trivial(address: string, agent: Agent): Promise<void> {
  const request = get(`http://${address}/nothing`, { agent });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
}
