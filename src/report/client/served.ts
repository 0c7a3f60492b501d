import type { DiffData } from '../data.ts';

/**
 * People of whom OMFLOW gets something else than before: a login and what is beyond its own fields it is never given. Where
 * not all changes are at hand, those that changed at all.
 */
export function peopleChangedAtOmflow({ people, counts, omitted }: DiffData): number {
  if (omitted.people > 0) return counts.people_modified + counts.people_renamed;
  const isServed = (field: string) => field !== 'login' && !field.startsWith('extra.');
  return people.filter(
    ({ event, fields }) => (event === 'modified' || event === 'renamed') && fields.some(one => isServed(one.field)),
  ).length;
}
