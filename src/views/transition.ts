import { fold } from '../roster/fold.ts';
import type { Department, Person, Snapshot } from '../roster/model.ts';
import { sorted } from '../roster/order.ts';
import { servedSnapshot } from '../runs/answers.ts';
import type { Delivery, Store } from '../store/store.ts';
import { type Difference, differenceOf, type Pair } from './difference.ts';

/** What a client would do that has one snapshot and is given another. */
export interface Transition {
  readonly pair: Pair & { readonly before: Snapshot };
  /** Absent when nothing was ever delivered: then it is told from what is served now on. */
  readonly delivered: Delivery | undefined;
  readonly difference: Difference;
  readonly hazards: readonly Hazard[];
}

/** Something that OMFLOW cannot do in one step as it is meant. Runs see to it that none is needed; a rollback may need it. */
export type Hazard =
  | { readonly what: 'cascade'; readonly deleted: string; readonly along: readonly string[] }
  | { readonly what: 'email'; readonly email: string; readonly from: string; readonly to: string };

/** From what was delivered last, else from what is served now, to a snapshot. */
export async function transitionTo(store: Store, after: Snapshot): Promise<Transition> {
  const delivered = await store.deliveries.newestFinished();
  const last = delivered && (await store.snapshots.get(delivered.snapshot));
  const served = await servedSnapshot(store);
  const before = last ?? (served && (await store.snapshots.get(served))) ?? after;
  const pair = { before, after };
  const difference = await differenceOf(store, pair);
  const tree = async (snapshot: Snapshot) => {
    const found: Department[] = [];
    for await (const page of store.departments.at(snapshot.number)) found.push(...page.map(({ value }) => value));
    return found;
  };
  return {
    pair,
    delivered: last && delivered,
    difference,
    hazards: [...cascades(await tree(before), await tree(after)), ...emailMoves(difference)],
  };
}

/** Departments that go although something below them stays: OMFLOW deletes before it re-parents, with everything below. */
export function cascades(before: readonly Department[], after: readonly Department[]): Hazard[] {
  const stays = new Set<string>(after.map(one => one.group_no));
  const parents = new Map<string, string>(before.map(one => [one.group_no, one.parent_group_no]));
  const along = new Map<string, string[]>();
  for (const code of parents.keys()) {
    if (!stays.has(code)) continue;
    for (let above = parents.get(code) ?? ''; above !== ''; above = parents.get(above) ?? '') {
      if (!stays.has(above)) along.set(above, [...(along.get(above) ?? []), code]);
    }
  }
  return sorted(along.keys()).map(deleted => ({ what: 'cascade', deleted, along: sorted(along.get(deleted) ?? []) }));
}

/** Emails that go from one person to another: OMFLOW takes people one after the other, and refuses an email that is taken. */
export function emailMoves({ people }: Pick<Difference, 'people'>): Hazard[] {
  const had = new Map<string, Person>();
  for (const change of people) {
    if (change.event !== 'added') had.set(fold(change.before.value.email), change.before.value);
  }
  return people.flatMap(change => {
    const now = change.event === 'removed' ? undefined : change.after.value;
    const other = now && had.get(fold(now.email));
    if (!now || !other || other.key === now.key) return [];
    return { what: 'email' as const, email: now.email, from: other.username, to: now.username };
  });
}
