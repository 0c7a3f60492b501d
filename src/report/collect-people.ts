import type { Snapshot } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import type { Store } from '../store/store.ts';
import { isHeld } from '../views/held.ts';
import { Heads } from '../views/roster.ts';
import { isRenamed } from '../views/standing.ts';
import { Choice } from './choice.ts';
import { LIMITS, type ReportData } from './data.ts';

/** What everybody has to be looked at for. */
export interface Everybody {
  /** Of the snapshot that is looked at. */
  readonly heads: Heads;
  /** In the one that is served, by username. */
  readonly renamed: ReportData['renamed'];
  readonly omitted: number;
}

/** Goes through everybody in the snapshot that is looked at and in the one that is served: once, where both are the same. */
export async function everybody(
  store: Store,
  { after, served }: { readonly after: Snapshot | undefined; readonly served: Snapshot | undefined },
): Promise<Everybody> {
  const heads = new Heads();
  const renamed = new Choice<ReportData['renamed'][number]>({ count: LIMITS.renamed, bytes: LIMITS.renamedBytes });
  // A candidate is what it changes of the snapshot that it follows.
  const base = isHeld(after) ? after.held.base : after?.number;
  for (const number of new Set([base, served?.number])) {
    if (number === undefined) continue;
    for await (const page of store.people.at(number)) {
      for (const { value } of page) {
        if (number === base) heads.count(value);
        if (number !== served?.number || !isRenamed(value)) continue;
        renamed.offer(0, () => ({ username: value.username, login: value.login }));
      }
    }
  }
  if (isHeld(after)) {
    const { people } = await store.holds.candidate(after.held.number);
    for (const entry of people.before) heads.count(entry.load().value, -1);
    for (const entry of people.after) heads.count(entry.load().value);
  }
  const shown = renamed.kept.sort((a, b) => byBytes(a.username, b.username));
  return { heads, renamed: shown, omitted: renamed.omitted };
}
