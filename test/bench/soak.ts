import { parseArgs } from 'node:util';
import { endure, growthIn, keepsGrowing } from './endurance.ts';
import { databaseServer } from './ground.ts';

// `npm run soak`: many runs in one process; prints how much memory and how many open files it has on the way, and ends
// with 1 where either keeps growing.

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, people: { type: 'string', default: '5000' } },
});
const print = (text: string) => process.stdout.write(`${text}\n`);
await using server = await databaseServer();
print('   run  rss MiB  heap MiB  open files');
const samples = await endure({
  runs: Number(values.runs),
  people: Number(values.people),
  server: server.url,
  onSample: ({ run, rss, heap, files }) =>
    print(
      [
        [run, 6],
        [rss, 9],
        [heap, 10],
        [files, 12],
      ]
        .map(([number = 0, width = 0]) => column(number, width))
        .join(''),
    ),
});
const growth = growthIn(samples);
print(`in 100 runs: ${growth.rss.toFixed(2)} MiB more (at most 1), ${growth.files.toFixed(2)} open files more`);
process.exitCode = keepsGrowing(growth) ? 1 : 0;

function column(number: number, width: number): string {
  return (Number.isInteger(number) ? String(number) : number.toFixed(1)).padStart(width);
}
