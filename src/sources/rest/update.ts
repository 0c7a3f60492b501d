import type { PersonRecord } from '../../roster/model.ts';
import { byBytes } from '../../roster/order.ts';

/**
 * Rows that enrich, each person's made one, in the order in which they came: the last that has a field decides, one
 * without it says nothing, and null blanks what an earlier source of this kind has set.
 */
export class Updates {
  readonly #people = new Map<string, PersonRecord>();

  add(key: string, person: PersonRecord): void {
    const known = this.#people.get(key);
    this.#people.set(key, known ? laidOver(known, person) : { ...person, key });
  }

  get people(): PersonRecord[] {
    return [...this.#people.values()];
  }
}

function laidOver(known: PersonRecord, later: PersonRecord): PersonRecord {
  const blanked = new Set(later.blanks ?? []);
  const set = new Set([
    ...Object.keys(later.fields),
    ...later.extra.map(([name]) => `extra.${name}`),
    ...(later.departments.length > 0 ? ['departments'] : []),
  ]);
  const kept = (field: string) => !blanked.has(field);
  const extra = new Map(known.extra.filter(([name]) => kept(`extra.${name}`)));
  for (const [name, value] of later.extra) extra.set(name, value);
  const blanks = [...new Set([...(known.blanks ?? []).filter(field => !set.has(field)), ...blanked])];
  return {
    ...known,
    fields: {
      ...Object.fromEntries(Object.entries(known.fields).filter(([field]) => kept(field))),
      ...later.fields,
    },
    extra: [...extra].sort(([a], [b]) => byBytes(a, b)),
    departments: set.has('departments') ? later.departments : kept('departments') ? known.departments : [],
    broken: [...known.broken.filter(({ field }) => !set.has(field) && !blanked.has(field)), ...later.broken],
    ...(blanks.length > 0 ? { blanks } : {}),
  };
}

/** What an update never says, whatever its rows have: who somebody is. */
const WITHHELD = new Set(['username', 'email', 'extra.first_name', 'extra.last_name']);

/** What of a row may enrich somebody; the field that they are found by stays, to find them. */
export function enriching(person: PersonRecord, match: string): PersonRecord {
  const may = (field: string) => field === match || !WITHHELD.has(field);
  const { blanks: all = [], ...rest } = person;
  const blanks = all.filter(field => field !== match && may(field));
  return {
    ...rest,
    fields: Object.fromEntries(Object.entries(person.fields).filter(([field]) => may(field))),
    extra: person.extra.filter(([name]) => may(`extra.${name}`)),
    broken: person.broken.filter(({ field }) => may(field)),
    ...(blanks.length > 0 ? { blanks } : {}),
  };
}
