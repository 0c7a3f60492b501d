import type { Snapshot } from '../roster/model.ts';
import type { Store } from '../store/store.ts';
import { heldSnapshot } from '../views/held.ts';

/** The two snapshots to compare; `after` may be the held candidate. Without `before`, the later one with nothing at all. */
export interface ReportPair {
  readonly before: Snapshot | undefined;
  readonly after: Snapshot;
}

/** What is held against what is published, where something is held; else the newest against the one before it. */
export async function usualPair(store: Store): Promise<ReportPair | undefined> {
  const [newest, before] = await store.snapshots.list(2);
  const held = await heldSnapshot(store);
  if (held) return { before: newest, after: held };
  return newest && { before, after: newest };
}
