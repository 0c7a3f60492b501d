import { copying } from '../copying.ts';
import { copiedObject, restoredText } from '../text/backup.ts';
import { lookOf } from '../text/look.ts';
import { type CommonOptions, print, printJson, verb } from '../verb.ts';

export const command = verb('restore', {
  more: `The store that the configuration names has to be empty, and is all of the backup afterwards or as it was. A backup that is damaged, cut off or of a newer rosterd is refused before anything is written; an older one is brought up to date on the way, and FILE itself stays as it is.

An embedded store belongs to the account that calls this, so call it as the account that runs the daemon, and stop the daemon first. What was published after the backup was made is not known any more: look at "rosterd pull --dry-run" before you start the daemon.`,
  exits: { failed: 'nothing was restored: the backup is damaged, the store is not empty, in use or cannot be reached' },
  examples: [
    ['rosterd restore /var/backups/rosterd.db', 'into the store of the configuration'],
    ['rosterd restore --config new.yaml /var/backups/rosterd.db', 'into another: from SQLite to MariaDB, for example'],
  ],
})
  .argument('<FILE>', 'what "rosterd backup" has written')
  .action(async (file: string, { config: configFile, json }: CommonOptions) => {
    const { loadConfig } = await import('../../src/config/load.ts');
    const { restore } = await import('../restore.ts');
    const { config } = loadConfig(configFile, process.env);
    const copied = await copying('nothing was restored', terms => restore(config.store, file, terms));
    if (json) printJson(copiedObject('store.restored', copied));
    else print(restoredText(copied, lookOf({ zone: config.timezone })));
  });
