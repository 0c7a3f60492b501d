import { statSync } from 'node:fs';
import { StoreError } from './error.ts';

/**
 * What makes sure that a store's file, which must be there, is still the one that was opened: what is written to one that
 * somebody has removed is gone with the process. Throws a StoreError when it is not.
 */
export function presence(path: string): () => void {
  const opened = statSync(path);
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino === opened.ino && found.dev === opened.dev) return;
    const what = found ? 'was replaced' : 'was removed';
    throw new StoreError(
      `the store ${path} ${what} while rosterd has it open; put it back if you can, and restart rosterd`,
    );
  };
}
