import type { Config } from '../src/config/schema.ts';
import type { Store } from '../src/store/store.ts';
import { type Look, lookOf } from './text/look.ts';
import type { CommonOptions } from './verb.ts';

export interface ReadingOptions extends CommonOptions {
  readonly mask?: true;
}

/** What a command works with that only reads: the store is open, and no daemon is needed or disturbed. */
export interface Opened extends AsyncDisposable {
  readonly config: Config;
  readonly store: Store;
  readonly look: Look;
  /** What a REF is looked up with. */
  readonly place: { readonly store: Store; readonly zone: string; readonly now: Date };
}

export async function openForReading({ config: file, mask }: ReadingOptions): Promise<Opened> {
  // Loaded late, for they are most of what there is to load, and help needs neither.
  const { loadConfig } = await import('../src/config/load.ts');
  const { openStore } = await import('../src/store/open.ts');
  const { config } = loadConfig(file, process.env);
  const store = await openStore(config.store, { migrate: false });
  return {
    config,
    store,
    look: lookOf({ zone: config.timezone, mask }),
    place: { store, zone: config.timezone, now: new Date() },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
