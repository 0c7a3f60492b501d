import { InvalidArgumentError } from 'commander';
import { openForReading, type ReadingOptions } from '../opened.ts';
import { deliveriesList, type List, runsList, snapshotsList } from '../text/lists.ts';
import { print, printJson, verb } from '../verb.ts';

interface LogOptions extends ReadingOptions {
  readonly number: number;
  readonly runs?: true;
  readonly deliveries?: true;
}

export const command = verb('log', {
  examples: [
    ['rosterd log', 'the last 20 snapshots'],
    ['rosterd log --runs -n 100', 'the last 100 runs, with how they ended'],
    ['rosterd log --deliveries', 'what OMFLOW was given, and when'],
  ],
})
  .option('-n, --number <N>', 'at most so many', countOf, 20)
  .option('--runs', 'runs: what started them, how they ended, and why')
  .option('--deliveries', 'answers to /sync')
  .action(async (options: LogOptions) => {
    await using opened = await openForReading(options);
    const { store, look } = opened;
    const make = options.runs ? runsList : options.deliveries ? deliveriesList : snapshotsList;
    // One more tells whether there are more.
    const list = await make(store, options.number + 1, look);
    if (options.json) for (const object of list.objects.slice(0, options.number)) printJson(object, look);
    else print(textOf(list, options.number));
  });

function textOf({ head, rows, none }: List, count: number): string[] {
  if (rows.length === 0) return [none];
  const lines = head(rows.slice(0, count));
  return rows.length > count ? [...lines, `… and older ones; -n ${count * 5} lists more`] : lines;
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a number from 1 on.');
  return Number(text);
}
