import { hasWords, searchWords } from './fold.ts';
import type { Item, Items, Kind } from './items.ts';

/** What a reader wants to see; an empty set and `""` are no wish. */
export interface Filter {
  readonly query: string;
  readonly kinds: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
  readonly sources: ReadonlySet<string>;
  /** With all below it. */
  readonly department: string;
}

/** Everything. */
export const NO_FILTER: Filter = {
  query: '',
  kinds: new Set(),
  fields: new Set(),
  sources: new Set(),
  department: '',
};

/** How many changes each choice would leave, the other choices being as they are. */
export interface Tallies {
  readonly kinds: ReadonlyMap<string, number>;
  readonly fields: ReadonlyMap<string, number>;
  readonly sources: ReadonlyMap<string, number>;
  readonly departments: ReadonlyMap<string, number>;
}

/** The changes that a reader wants to see, and what the choices would come to. */
export interface Found {
  readonly items: Items;
  readonly count: number;
  readonly tallies: Tallies;
}

/** One way of choosing: which values a change has, and which are wanted. */
interface Facet {
  valuesOf(item: Item<unknown>): Iterable<string>;
  readonly wanted: ReadonlySet<string>;
  readonly tally: Map<string, number>;
}

/** Looks through all changes once. */
export function findItems(all: Items, filter: Filter): Found {
  const words = searchWords(filter.query);
  const facets = facetsOf(filter);
  const wants = <Change>(items: readonly Item<Change>[]) =>
    items.filter(item => hasWords(item.text, words) && isWanted(item, Object.values(facets)));
  const items = {
    people: wants(all.people),
    departments: wants(all.departments),
    memberships: wants(all.memberships),
    quarantined: wants(all.quarantined),
  };
  const { kinds, fields, sources, departments } = facets;
  return {
    items,
    count: countItems(items),
    tallies: { kinds: kinds.tally, fields: fields.tally, sources: sources.tally, departments: departments.tally },
  };
}

export const countItems = ({ people, departments, memberships, quarantined }: Items): number =>
  people.length + departments.length + memberships.length + quarantined.length;

const facetsOf = ({ kinds, fields, sources, department }: Filter) => ({
  kinds: { valuesOf: (item: Item<unknown>): Kind[] => [item.kind], wanted: kinds, tally: new Map<string, number>() },
  fields: { valuesOf: (item: Item<unknown>) => new Set(item.fields), wanted: fields, tally: new Map<string, number>() },
  sources: { valuesOf: (item: Item<unknown>) => item.sources, wanted: sources, tally: new Map<string, number>() },
  departments: {
    valuesOf: (item: Item<unknown>) => item.within,
    wanted: new Set(department === '' ? [] : [department]),
    tally: new Map<string, number>(),
  },
});

/** Whether all facets want it. It counts for each facet that all others want it for. */
function isWanted(item: Item<unknown>, facets: readonly Facet[]): boolean {
  const against = facets.filter(
    ({ valuesOf, wanted }) => wanted.size > 0 && wanted.isDisjointFrom(new Set(valuesOf(item))),
  );
  if (against.length === 0) for (const facet of facets) addTo(facet, item);
  else if (against.length === 1) for (const facet of against) addTo(facet, item);
  return against.length === 0;
}

function addTo({ valuesOf, tally }: Facet, item: Item<unknown>): void {
  for (const value of valuesOf(item)) tally.set(value, (tally.get(value) ?? 0) + 1);
}
