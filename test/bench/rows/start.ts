import { AT_REST, sync } from '../daemon.ts';
import { sizeName } from '../finding.ts';
import type { Settings } from '../house.ts';
import type { Row, Stage } from '../row.ts';
import { timed } from '../side-by-side.ts';
import { median } from '../statistics.ts';

/** From the command to the last byte of the first `/sync`, with everybody in the store already. */
export const start: Row = {
  name: 'start',
  sizes: 'largest',
  async measure(stage) {
    const { size, effort } = stage;
    const { settings } = await stage.house();
    const times: number[] = [];
    for (let time = 0; time < effort.repeats; time += 1)
      times.push(await firstAnswer(stage, { ...settings, ...AT_REST }));
    const work = 'start of the daemon to its first answered /sync';
    return [{ work, size: sizeName(size), unit: 'ms', ours: median(times), target: { atMost: 500 } }];
  },
};

/** In milliseconds; the daemon is gone after it. */
async function firstAnswer({ daemon: begin }: Stage, settings: Settings): Promise<number> {
  await using stack = new AsyncDisposableStack();
  return await timed(async () => {
    const daemon = stack.use(await begin(settings));
    await sync(daemon.address);
  });
}
