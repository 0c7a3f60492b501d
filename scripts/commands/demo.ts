import { fileURLToPath } from 'node:url';
import { changeDemo, type Demo, startDemo } from '../demo.ts';
import { fromHere } from '../print.ts';
import { bareVerb, print } from '../verb.ts';
import { stopInTime, stopSignal } from './serve.ts';

interface DemoOptions {
  readonly dir: string;
  readonly change?: true;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../.demo', import.meta.url));

export const command = bareVerb('demo', {
  more: 'The company and its snapshots are made anew at each start. Nothing outside its folder is touched.',
  examples: [
    ['rosterd demo', 'the daemon on the made-up company, until Ctrl-C'],
    ['rosterd demo --change', 'from another terminal: one more change in the company'],
  ],
})
  .option('--dir <FOLDER>', 'where the demo keeps its files', FOLDER)
  .option('--change', 'make a small change in the company of the demo, and tell which')
  .action(async ({ dir, change }: DemoOptions) => {
    if (change) return print([changeDemo(dir)]);
    const signal = stopSignal();
    const demo = await startDemo(dir);
    print(welcome(demo, dir));
    await signal;
    print(['', 'stopping']);
    await stopInTime(demo.daemon, {
      left: error => print([error.message]),
      forced: () => print(['something did not end in time']),
    });
  });

function welcome({ daemon, token, login, configFile, logFile }: Demo, dir: string): string[] {
  const url = `http://${daemon.address}`;
  const call = `curl -s -u omflow:${token} -X POST ${url}`;
  const rosterd = fromHere(`${ROOT}scripts/rosterd`);
  const config = `--config ${fromHere(configFile)}`;
  const other = dir === FOLDER ? '' : ` --dir ${fromHere(dir)}`;
  return [
    `rosterd serves Harbour & Lantern, a made-up company, on ${url}. Ctrl-C ends it.`,
    '',
    'What OMFLOW gets when it syncs, and when somebody of the company logs in:',
    '',
    `  ${call}/sync`,
    `  ${call}/authenticate -d '${JSON.stringify(login)}'`,
    '',
    'What the administrator sees, from another terminal:',
    '',
    `  ${rosterd} diff ${config}`,
    `  ${rosterd} status ${config}`,
    '',
    'Change something in the company, sync again, and see it come through:',
    '',
    `  ${rosterd} demo --change${other}`,
    `  ${call}/sync -o /dev/null`,
    `  ${rosterd} diff ${config}`,
    '',
    `The log is in ${fromHere(logFile)}.`,
  ];
}
