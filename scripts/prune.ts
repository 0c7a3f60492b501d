import { takeLock, type Waiting } from '../src/runs/lock.ts';
import { type PruneSettings, pruningOf } from '../src/runs/prune.ts';
import type { Pruned, Pruning, Store } from '../src/store/store.ts';

/** What goes, or would go, and how much that is. */
export interface PruneResult {
  readonly pruning: Pruning;
  readonly pruned: Pruned;
  /** False when it was only looked at. */
  readonly done: boolean;
}

export async function wouldPrune(store: Store, settings: PruneSettings): Promise<PruneResult> {
  const pruning = await pruningOf(store, settings);
  return { pruning, pruned: await store.prune(pruning, { dryRun: true }), done: false };
}

/** Waits for a run under way. Whoever breaks this off leaves nothing half done: the next time goes on. */
export async function pruneNow(store: Store, settings: PruneSettings, waiting: Waiting): Promise<PruneResult> {
  await using lock = await takeLock(store, waiting);
  const signal = AbortSignal.any([waiting.signal, lock.lost]);
  const pruning = await pruningOf(store, settings);
  return { pruning, pruned: await store.prune(pruning, { dryRun: false, signal }), done: true };
}
