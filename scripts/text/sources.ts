import type { Removal } from '../../src/roster/known.ts';
import { type Person, type Provenance, type SourceName, splitKey } from '../../src/roster/model.ts';

/** Which source gave a field of a person: the one recorded, else the one that brought them into being. */
export const sourceOfField = (person: Person, from: Provenance, field: string): SourceName =>
  from[field === 'login' ? 'username' : field] ?? splitKey(person.key).source;

/** Which source lists a department. */
export const sourceOfDepartment = (from: Provenance): SourceName | '' => from['group_no'] ?? '';

/** Why somebody or something went, and which source says so: `left (hr)`. Going back in time there is no reason. */
export function removalText({ removal }: { readonly removal?: Removal | undefined }): string {
  if (!removal) return '';
  return (removal.source as string) === '' ? removal.reason : `${removal.reason} (${removal.source})`;
}
