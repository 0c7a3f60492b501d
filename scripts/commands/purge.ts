import type { Config } from '../../src/config/schema.ts';
import { takeLock } from '../../src/runs/lock.ts';
import { pullAll } from '../../src/runs/pull.ts';
import { dayIn } from '../../src/runs/time.ts';
import { openSources } from '../../src/sources/open.ts';
import type { Purged, Store } from '../../src/store/store.ts';
import { forgetBodies } from '../bodies.ts';
import { openForReading } from '../opened.ts';
import { finishPurges, type Leaver, leaverNamed, refuseListed, refuseServed } from '../purge.ts';
import { sayWaiting, stopOnSignals } from '../stop.ts';
import { purgedBefore, purgeObject, purgeText } from '../text/purge.ts';
import { type CommonOptions, print, printJson, verb } from '../verb.ts';

interface PurgeOptions extends CommonOptions {
  readonly yes?: true;
}

export const command = verb('purge', {
  more: 'PERSON: a username, a login or a key; of somebody who was never served, the name under which they are quarantined.\n\nRefused for whoever is served, is in the candidate of a hold, or is in a source, active or not: all sources are read to tell. Their usernames and emails stay as keyed hashes, so that nobody else gets them, and that they are known again if they come back. Snapshots still verify. On an embedded store nothing is left in its files; what a MySQL or MariaDB server keeps in logs of its own is not ours to reach, nor are the log of the daemon and backups that were made before. With --yes a run under way is waited for.',
  exits: {
    finding: 'nobody was ever known by that name',
    failed: 'refused, for the text says why, or a source could not be read',
  },
  examples: [
    ['rosterd purge j.wu', 'whether they can be purged, and what would be erased'],
    ['rosterd purge j.wu --yes', 'erases it, for good'],
  ],
})
  .argument('<PERSON>', 'who has left')
  .option('--yes', 'do it; without it, it is only shown')
  .action(async (name: string, options: PurgeOptions) => {
    await using opened = await openForReading(options);
    const { store, config, look } = opened;
    const done = options.yes === true;
    const signal = stopOnSignals('nothing was erased, or everything: "rosterd purge" tells');
    await using lock = done ? await takeLock(store, { signal, waits: sayWaiting }) : undefined;
    if (done) await finishPurges(store);
    const leaver = await leaverNamed(store, name);
    if (!leaver) {
      if (options.json) return printJson({ event: 'purged_before', name });
      return print([purgedBefore(name, look)]);
    }
    await refuse(store, config, leaver, signal);
    const purged = await purgeThere({ store, config, done, lost: lock?.lost }, leaver);
    if (options.json) printJson(purgeObject(leaver, purged, { done }));
    else print(purgeText(leaver, purged, { done, look }));
  });

interface Purging {
  readonly store: Store;
  readonly config: Config;
  /** False when it is only looked at. */
  readonly done: boolean;
  readonly lost: AbortSignal | undefined;
}

/** The store forgets them first: what is rendered after that is without them. */
async function purgeThere({ store, config, done, lost }: Purging, { key }: Leaver): Promise<Purged> {
  try {
    return await store.purge(key, { dryRun: !done, signal: lost });
  } finally {
    if (done) await forgetBodies(config, store, { all: true });
  }
}

/** The store is asked first, for that is quicker. */
async function refuse(store: Store, config: Config, leaver: Leaver, signal: AbortSignal): Promise<void> {
  await refuseServed(store, leaver);
  process.stderr.write('rosterd: reading all sources, to see that none has them any more\n');
  const pull = { signal, today: dayIn(config.timezone, new Date()) };
  refuseListed(await pullAll(await openSources(config.sources), pull), leaver);
}
