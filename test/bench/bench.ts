import { type Finding, sizeName } from './finding.ts';
import { growthOf } from './growth.ts';
import { type Ground, type House, openHouse } from './house.ts';
import type { BenchOptions } from './options.ts';
import type { Effort, Row, Stage } from './row.ts';

/** What a measuring needs besides what it was asked for. */
export interface BenchTools {
  readonly rows: readonly Row[];
  readonly server: string;
  effort(size: number): Effort;
  readonly daemon: Stage['daemon'];
  /** Told of progress, a line at a time. */
  tell(text: string): void;
}

/** Measures row after row, size after size, and then how it grows. */
export async function bench(options: BenchOptions, tools: BenchTools): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const size of options.sizes) {
    await using house = houseOf({ server: tools.server, engine: options.engine }, size, tools.tell);
    const { engine } = options;
    const stage: Stage = { size, engine, effort: tools.effort(size), daemon: tools.daemon, house: house.open };
    for (const row of chosen(options, tools.rows, size)) {
      const began = performance.now();
      findings.push(...(await row.measure(stage).catch(brokenOff(row, stage, tools))));
      tools.tell(`${size} people, ${row.name}: ${inSeconds(performance.now() - began)}`);
    }
  }
  return [...findings, ...growthOf(findings)];
}

/** A row that cannot be measured is missed, and the others are measured all the same. */
const brokenOff =
  (row: Row, { size }: Stage, { tell }: BenchTools) =>
  (error: Error) => {
    tell(`${row.name} broke off: ${error.stack}`);
    const missed = { ours: Number.NaN, target: { atMost: 0 } };
    return [{ work: `${row.name}, which broke off`, size: sizeName(size), unit: '', ...missed } as const];
  };

/** How much is done by itself; much less for a million people. */
export const usualEffort = (size: number): Effort => ({
  repeats: size >= 1_000_000 ? 3 : 7,
  asked: 1000,
  few: 2,
  days: 365,
});

function chosen({ only, sizes }: BenchOptions, rows: readonly Row[], size: number): Row[] {
  const isLargest = size === sizes.at(-1);
  return rows.filter(row => {
    const isNamed = only.length === 0 ? !row.onRequest : only.includes(row.name);
    return isNamed && (isLargest || row.sizes === 'every');
  });
}

/** The house, made when a row asks for it. */
function houseOf(ground: Ground, size: number, tell: BenchTools['tell']) {
  let opened: Promise<House> | undefined;
  const make = async () => {
    const began = performance.now();
    const house = await openHouse(ground, size);
    tell(`${size} people: loaded and first published in ${inSeconds(performance.now() - began)}`);
    return house;
  };
  return {
    open: () => {
      opened ??= make();
      return opened;
    },
    async [Symbol.asyncDispose]() {
      await (await opened)?.[Symbol.asyncDispose]();
    },
  };
}

const inSeconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
