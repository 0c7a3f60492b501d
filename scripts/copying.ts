import type { CopyTerms } from './backup.ts';
import { stopOnSignals } from './stop.ts';
import { progressOn } from './text/backup.ts';

/** Does work of a command that copies a store: with a line of progress on a terminal, and only until a signal stops it. */
export async function copying<Value>(outcome: string, work: (terms: CopyTerms) => Promise<Value>): Promise<Value> {
  const signal = stopOnSignals(outcome);
  const progress = progressOn(process.stderr);
  try {
    return await work({ signal, onRows: progress.rows });
  } finally {
    progress.done();
  }
}
