import { dirname } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { hostOf, writeCertificate } from '../certificate.ts';
import { certificateObject, certificateText } from '../text/certificate.ts';
import { type CommonOptions, print, printJson, verb } from '../verb.ts';

interface CertificateOptions extends CommonOptions {
  readonly out?: string;
  readonly days: number;
  readonly force?: boolean;
}

export const command = verb('certificate', {
  more: `For a first try of HTTPS, where no authority is at hand: callers trust it only once it was given to them. It is for a server and signs no other certificate. The key is written so that only you can read it.`,
  exits: { usage: 'wrong usage, or the files are there already', failed: 'the files cannot be written' },
  examples: [
    ['rosterd certificate rosterd.example', 'beside the configuration, for a year'],
    ['rosterd certificate rosterd.example 10.0.0.5 --days 90', 'for a name and an address'],
    ['rosterd certificate rosterd.example --force', 'another one in its place, which callers must trust anew'],
  ],
})
  .argument('<HOST...>', 'the names and addresses by which OMFLOW knows this server')
  .option('--out <FOLDER>', 'where it goes, instead of the folder of the configuration')
  .option('--days <N>', 'for how many days', daysOf, 365)
  .option('--force', 'let it take the place of files that are there')
  .action(async (names: string[], { config, out, days, force = false, json }: CertificateOptions) => {
    const hosts = [...new Set(names.map(hostOf))];
    const made = await writeCertificate({ hosts, days, now: new Date() }, { folder: out ?? dirname(config), force });
    if (json) printJson(certificateObject(made, config));
    else print(certificateText(made, config));
  });

function daysOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It is a number from 1 to 9999.');
  return Number(text);
}
