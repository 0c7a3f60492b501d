import { bench, usualEffort } from './bench.ts';
import { daemonProcess } from './daemon.ts';
import { exitCodeOf } from './finding.ts';
import { databaseServer } from './ground.ts';
import { machineText } from './machine.ts';
import { BenchUsageError, readOptions } from './options.ts';
import { ROWS } from './rows.ts';
import { tableOf } from './table.ts';

// `npm run bench`: measures this project beside the least that the same work takes, prints a table in Markdown, and ends
// with 1 where a target is missed. Nothing is written into the tree.

const tell = (text: string) => process.stderr.write(`${text}\n`);

try {
  const names = ROWS.map(row => row.name);
  const options = readOptions(process.argv.slice(2), names);
  if (options.profile !== undefined) process.env['ROSTERD_BENCH_PROFILE'] = options.profile;
  await using server = await databaseServer();
  const findings = await bench(options, {
    rows: ROWS,
    server: server.url,
    effort: usualEffort,
    daemon: daemonProcess,
    tell,
  });
  process.stdout.write(`${tableOf(findings)}\n\n${await machineText(server.url)}\n`);
  process.exitCode = exitCodeOf(findings);
} catch (error) {
  if (!(error instanceof BenchUsageError)) throw error;
  tell(`rosterd: ${error.message}`);
  process.exitCode = 2;
}
