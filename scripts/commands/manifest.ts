import { Argument, Option } from 'commander';
import { dayIn } from '../../src/runs/time.ts';
import { SYSTEM_CLOCK } from '../../src/sources/clock.ts';
import { tryManifest } from '../../src/sources/rest/trial.ts';
import { authorize } from '../authorize.ts';
import { Failed } from '../exit.ts';
import { loadManifest } from '../manifest.ts';
import { lookOf } from '../text/look.ts';
import { trialText } from '../text/manifest.ts';
import { type CommonOptions, print, printJson, verb } from '../verb.ts';

interface ManifestOptions extends CommonOptions {
  readonly set: readonly string[];
  readonly host: readonly string[];
  readonly tokens?: string;
  readonly source?: string;
  readonly redirect: string;
  readonly mask?: true;
}

const several = (one: string, before: readonly string[]) => [...before, one];

export const command = verb('manifest', {
  more: [
    '"test" runs a manifest by itself, without a configuration: its first rows as a table, the requests that it took and',
    'what OMFLOW would miss; with --json one object with rows, pages and complete. "authorize" is the browser half of',
    'OAuth: it prints the address to open, takes the code that comes back, and keeps the tokens in a file of mode 0600.',
  ].join('\n'),
  exits: { fine: 'read to its end; authorized', failed: 'failed, or not read to its end' },
  examples: [
    [
      "rosterd manifest test bamboohr.json --set COMPANY_ID=acme --set REPORT_ID=7 --set 'KEY=${file:bamboohr_key}'",
      '',
    ],
    [
      'rosterd manifest test okta.json --set … --host https://acme.okta.com=http://127.0.0.1:8080',
      'against a stand-in',
    ],
    ['rosterd manifest authorize config/manifests/zoho.json', 'for the source of the configuration that uses it'],
  ],
})
  .addArgument(new Argument('<WHAT>', 'what to do with it').choices(['test', 'authorize']))
  .argument('<FILE>', 'the manifest')
  .addOption(
    new Option('--set <K=V>', 'the value of a variable; ${env:NAME} and ${file:NAME} may stand in it')
      .argParser(several)
      .default([], 'none'),
  )
  .addOption(
    new Option('--host <A=B>', 'send what is meant for origin A to origin B').argParser(several).default([], 'none'),
  )
  .option('--tokens <FILE>', 'where OAuth tokens are kept; default: beside the manifest, or as the source says')
  .option('--source <NAME>', 'authorize: the source of the configuration whose values and tokens to use')
  .option('--redirect <URL>', 'authorize: where the service sends the browser back to', 'http://127.0.0.1/rosterd')
  .option('--mask', 'hide emails and telephone numbers')
  .action(async (what: 'test' | 'authorize', file: string, options: ManifestOptions) => {
    if (what === 'authorize') await authorize(file, options);
    else await test(file, options);
  });

async function test(file: string, options: ManifestOptions): Promise<void> {
  const { settings, warnings } = loadManifest(file, options);
  for (const warning of warnings) process.stderr.write(`rosterd: ${file}: ${warning}\n`);
  const look = lookOf({ zone: 'UTC', mask: options.mask });
  const today = dayIn(Intl.DateTimeFormat().resolvedOptions().timeZone, new Date());
  const trial = await tryManifest(settings, { clock: SYSTEM_CLOCK, signal: new AbortController().signal, today }).catch(
    (error: Error) => {
      throw new Failed(`${file}: ${error.message}`, { cause: error });
    },
  );
  const { rows, departments, pages } = trial;
  if (!options.json) return print(trialText(trial, settings.manifest.action, look));
  printJson({ rows, pages, complete: true, ...(departments ? { departments } : {}) }, look);
}
