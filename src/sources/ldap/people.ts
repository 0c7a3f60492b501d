import type { LdapSourceConfig } from '../../config/sources.ts';
import type { MembershipRecord, PersonRecord } from '../../roster/model.ts';
import { type PeopleConfig, peopleOf, type ToBatch } from '../records.ts';
import type { Departments } from './departments.ts';
import type { LdapEntry } from './entry.ts';
import { Members } from './members.ts';
import { DISABLED, LASTING_KEY, NAMES } from './names.ts';

/** The mapping with what a directory itself says where it is silent: a key that lasts, and who is disabled has left. */
export const withDefaults = ({ key, map, extra, active }: LdapSourceConfig['people']): PeopleConfig => ({
  key: key ?? LASTING_KEY,
  map,
  extra,
  active: active ?? { field: DISABLED, equals: 'false' },
});

/** Some people and what the departments' own lists of members say about them. */
export interface Placed {
  readonly records: readonly PersonRecord[];
  readonly memberships: readonly MembershipRecord[];
}

/** The people of a directory, put into the departments that were read before. */
export class People {
  readonly #map: ToBatch<LdapEntry>;
  readonly #departments: Departments | undefined;
  readonly #members: Members;
  #displaced = 0;
  #sample = '';

  constructor(config: PeopleConfig, departments: Departments | undefined, today: string) {
    this.#map = peopleOf(config, NAMES, today);
    this.#departments = departments;
    this.#members = new Members(departments?.memberLists ?? []);
  }

  place(entries: readonly LdapEntry[]): Placed {
    const batch = this.#map(entries);
    const records = batch.kind === 'people' ? batch.records.map(record => this.#inDepartments(record)) : [];
    const memberships = records.flatMap((record, place) => this.#members.take(entries[place]?.dn ?? '', record));
    return { records, memberships };
  }

  /** What departments list that is nobody of all those placed; the merge says so, and drops them. */
  get strangers(): MembershipRecord[] {
    return this.#members.strangers;
  }

  /** What an administrator should know about people whose groups are all no departments. */
  get warnings(): string[] {
    if (this.#displaced === 0) return [];
    const who = this.#displaced === 1 ? '1 person names' : `${this.#displaced} people name`;
    return [
      `${who} no entry that is a department here, such as "${this.#sample}"; ` +
        'if it should be one, check base and filter of departments',
    ];
  }

  /** DNs become the codes of departments; those of other groups, of which people usually have many, are left out. */
  #inDepartments(record: PersonRecord): PersonRecord {
    const all = this.#departments;
    const [first] = record.departments;
    if (all === undefined || first === undefined) return record;
    const departments = record.departments.flatMap(text => all.codeOf(text) ?? []);
    if (departments.length === 0) {
      this.#displaced += 1;
      this.#sample ||= first;
    }
    return { ...record, departments };
  }
}
