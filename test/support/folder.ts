import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';

/** An empty folder of the test's own, removed with all it holds when disposed of. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

// A server that was just killed may still be writing a last file while we remove its folder.
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;

/** A new temporary folder. Its path is short enough to hold a Unix socket. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'rosterd-'));
  const emergency = atExit(() => rmSync(path, removal));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, removal);
      emergency[Symbol.dispose]();
    },
  };
}
