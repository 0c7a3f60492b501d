import { copying } from '../copying.ts';
import { backupText, copiedObject } from '../text/backup.ts';
import { lookOf } from '../text/look.ts';
import { type CommonOptions, print, printJson, verb } from '../verb.ts';

interface BackupOptions extends CommonOptions {
  readonly force?: boolean;
}

export const command = verb('backup', {
  more: `The file is a SQLite store, whichever engine the store is on, and only its owner can read it. It has everything: snapshots, history, runs, holds, extracts, deliveries. It is written as FILE.partial and takes its name when it is complete and was compared with the store; whatever fails leaves no FILE, or the old one.

It has people's data, of those too whom "rosterd purge" erases later: purge does not reach backups.`,
  exits: { failed: 'no backup was made: the disk is full, the store is damaged or cannot be reached' },
  examples: [
    ['rosterd backup /var/backups/rosterd.db', 'once, before an upgrade'],
    ['rosterd backup --force /var/backups/rosterd-$(date +%a).db', 'a ring of seven, one for each day of the week'],
    [
      '20 3 * * * root rosterd backup --force /var/backups/rosterd-$(date +\\%a).db',
      'the same each night, in /etc/cron.d',
    ],
  ],
})
  .argument('<FILE>', 'where it goes; a file that is there is refused')
  .option('--force', 'let it take the place of a file that is there')
  .action(async (file: string, { config: configFile, force = false, json }: BackupOptions) => {
    const { loadConfig } = await import('../../src/config/load.ts');
    const { backUp } = await import('../backup.ts');
    const { config } = loadConfig(configFile, process.env);
    const copied = await copying('no backup was made', terms =>
      backUp(config.store, file, { ...terms, force, now: new Date() }),
    );
    if (json) printJson(copiedObject('store.backed_up', copied));
    else print(backupText(copied, lookOf({ zone: config.timezone })));
  });
