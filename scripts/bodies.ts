import type { Config } from '../src/config/schema.ts';
import { databaseAddress } from '../src/connect/database.ts';
import { bodyFolder, servedBodies, tidyBodies } from '../src/runs/body-folder.ts';
import type { Store } from '../src/store/store.ts';

/** Removes the files that a daemon keeps answers in, but for those that are served; with `all`, also what it is just writing. */
export async function forgetBodies(config: Config, store: Store, { all }: { readonly all: boolean }): Promise<void> {
  const folder = bodyFolder(databaseAddress(config.store), process.env);
  if (folder !== undefined) await tidyBodies(folder, await servedBodies(store), { all });
}
