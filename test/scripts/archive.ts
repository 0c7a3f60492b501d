import { join } from 'node:path';
import { type BackupTerms, backUp } from '../../scripts/backup.ts';
import { type Place, sqlite } from '../store/engines.ts';
import { fill } from '../store/everything.ts';
import { AT } from '../store/rosters.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeConfig } from '../support/rosterd.ts';

export const TERMS: BackupTerms = { force: false, now: AT, signal: new AbortController().signal, onRows: () => {} };

/** A store with something in every table, and a folder for a backup of it. */
export interface Archive extends AsyncDisposable {
  readonly here: Place;
  readonly folder: string;
  /** Where a backup may go. */
  readonly file: string;
  /** A configuration whose store it is. */
  readonly config: string;
}

export async function archive(place: () => Promise<Place> = sqlite): Promise<Archive> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const here = stack.use(await place());
  {
    await using store = await here.open();
    await fill(store, here);
  }
  const config = await writeConfig(folder.path, settingsFor(here.config.url));
  const file = join(folder.path, 'backup.db');
  const owned = stack.move();
  return { here, folder: folder.path, file, config, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The same with the backup. */
export async function backedUp(place?: () => Promise<Place>): Promise<Archive> {
  const made = await archive(place);
  await backUp(made.here.config, made.file, TERMS);
  return made;
}

/** A configuration for a store whose sources nobody asks. */
export const settingsFor = (store: string) => ({
  timezone: 'UTC',
  store,
  server: { clients: [{ name: 'omflow', scopes: ['sync'], token_hash: `sha256:${'0'.repeat(64)}` }] },
  sources: [{ name: 'hr', type: 'sql', url: 'sqlite:hr.db', people: { table: 'hr', map: { username: 'account' } } }],
});
