import { type Change, compareDepartments, comparePeople, entryOf } from '../roster/compare.ts';
import type { Department, Person } from '../roster/model.ts';
import type { Records, Sides, Store } from '../store/store.ts';
import type { Pair } from './difference.ts';
import { heldSides, isHeld } from './held.ts';

/** What differs between two rosters, one change after the other: however much that is, it is never there all at once. */
export interface Changes {
  /** In key order. */
  readonly people: AsyncIterable<Change<Person>>;
  readonly departments: AsyncIterable<Change<Department>>;
}

export async function changesBetween(store: Store, pair: Pair): Promise<Changes> {
  if (isHeld(pair.before) || isHeld(pair.after)) {
    // A candidate is kept as what it changes, and is there as a whole.
    const { people, departments } = await heldSides(store, pair);
    return {
      people: compared([people], comparePeople),
      departments: compared([departments], compareDepartments),
    };
  }
  return {
    people: compared(
      pagesOf(store.people, pair, one => one.key),
      comparePeople,
    ),
    departments: compared(
      pagesOf(store.departments, pair, one => one.group_no),
      compareDepartments,
    ),
  };
}

async function* compared<Value>(
  pages: AsyncIterable<Sides<Value>> | Iterable<Sides<Value>>,
  compare: (before: Sides<Value>['before'], after: Sides<Value>['after']) => Iterable<Change<Value>>,
): AsyncGenerator<Change<Value>> {
  for await (const { before, after } of pages) yield* compare(before, after);
}

/** Where there is nothing before, everything is new. */
async function* pagesOf<Value>(
  records: Records<Value>,
  { before, after }: Pair,
  keyOf: (value: Value) => string,
): AsyncGenerator<Sides<Value>> {
  if (before) yield* records.differing(before.number, after.number);
  else {
    for await (const page of records.at(after.number)) {
      yield { before: [], after: page.map(stored => entryOf(keyOf(stored.value), stored)) };
    }
  }
}
