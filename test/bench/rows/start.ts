import { AT_REST, askSync } from '../daemon.ts';
import { sizeName } from '../finding.ts';
import type { Settings } from '../house.ts';
import type { Row, Stage } from '../row.ts';
import { median } from '../statistics.ts';

/**
 * From the command on, with everybody in the store already: until `/sync` begins to answer, which it does only when it is sure
 * to have all of it; and until its last byte, which depends on how many there are and how fast they are taken.
 */
export const start: Row = {
  name: 'start',
  sizes: 'largest',
  async measure(stage) {
    const { size, effort } = stage;
    const { settings } = await stage.house();
    const began: number[] = [];
    const ended: number[] = [];
    // The first start may still have to render the answer, as the first after an upgrade does.
    for (let time = 0; time <= effort.repeats; time += 1) {
      const times = await firstAnswer(stage, { ...settings, ...AT_REST });
      if (time === 0) continue;
      began.push(times.began);
      ended.push(times.ended);
    }
    const shared = { size: sizeName(size), unit: 'ms' as const };
    const work = 'start of the daemon';
    return [
      { work: `${work} until it answers /sync`, ...shared, ours: median(began), target: { atMost: 500 } },
      { work: `${work} to the last byte of that`, ...shared, ours: median(ended) },
    ];
  },
};

/** In milliseconds; the daemon is gone after it. */
async function firstAnswer({ daemon: begin }: Stage, settings: Settings) {
  await using stack = new AsyncDisposableStack();
  const from = performance.now();
  const daemon = stack.use(await begin(settings));
  const body = await askSync(daemon.address);
  let began: number | undefined;
  for await (const _ of body) began ??= performance.now() - from;
  return { began: began ?? Number.NaN, ended: performance.now() - from };
}
