import type { Change } from '../roster/compare.ts';
import { fold } from '../roster/fold.ts';
import type { Department, Person, Snapshot } from '../roster/model.ts';
import { sorted } from '../roster/order.ts';
import { servedSnapshot } from '../runs/answers.ts';
import type { Delivery, Store } from '../store/store.ts';
import { type Difference, differenceOf, type Pair } from './difference.ts';
import { departmentsOf } from './roster.ts';

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
  return {
    pair,
    delivered: last && delivered,
    difference,
    hazards: [...(await cascadesBetween(store, pair)), ...emailMoves(difference)],
  };
}

/** Those between two snapshots. */
export const cascadesBetween = async (store: Store, { before, after }: Pair & { readonly before: Snapshot }) =>
  cascades(await departmentsOf(store, before), await departmentsOf(store, after));

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
  const moves = new EmailMoves();
  for (const change of people) moves.see(change);
  return moves.found;
}

/** The same for whoever has one change after the other; in the order in which those come who get an email. */
export class EmailMoves {
  /** By folded email, whose it was. */
  readonly #had = new Map<string, Pick<Person, 'key' | 'username'>>();
  readonly #gets: Pick<Person, 'key' | 'username' | 'email'>[] = [];

  see(change: Change<Person>): void {
    const old = change.event === 'added' ? undefined : change.before.value;
    const now = change.event === 'removed' ? undefined : change.after.value;
    if (old && now && fold(old.email) === fold(now.email)) return;
    if (old) this.#had.set(fold(old.email), { key: old.key, username: old.username });
    if (now) this.#gets.push({ key: now.key, username: now.username, email: now.email });
  }

  get found(): Hazard[] {
    return this.#gets.flatMap(({ key, username, email }) => {
      const other = this.#had.get(fold(email));
      if (!other || other.key === key) return [];
      return { what: 'email' as const, email, from: other.username, to: username };
    });
  }
}

/** How the names and values in a sentence are to be written. */
export interface Writing {
  name(name: string): string;
  email(email: string): string;
}

/** A hazard as a sentence. */
export function hazardText(hazard: Hazard, write: Writing): string {
  switch (hazard.what) {
    case 'cascade': {
      const along = hazard.along.map(code => write.name(code)).join(', ');
      return `OMFLOW would delete department ${write.name(hazard.deleted)} with what it has below it (${along}), and make that anew: whatever refers to those departments is lost there`;
    }
    case 'email': {
      const [from, to] = [hazard.from, hazard.to].map(name => write.name(name));
      return `OMFLOW may refuse everything after ${to}, who would get ${write.email(hazard.email)} while ${from} still has it`;
    }
  }
}
