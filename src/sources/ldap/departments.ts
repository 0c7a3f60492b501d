import type { LdapSourceConfig } from '../../config/sources.ts';
import type { DepartmentRecord } from '../../roster/model.ts';
import { sorted } from '../../roster/order.ts';
import { attempt, compileEach, type ReadEach } from '../mapping.ts';
import { departmentsOf, namesOfMap } from '../records.ts';
import type { Batch } from '../source.ts';
import { normalDn } from './dn.ts';
import type { LdapEntry } from './entry.ts';
import { NAMES } from './names.ts';
import { textsOf } from './values.ts';

export type DepartmentsConfig = NonNullable<LdapSourceConfig['departments']>;

/** What is asked for of departments: the names that the mapping needs, and the list of members. */
export const namesOfDepartments = ({ map, members }: DepartmentsConfig): string[] => [
  ...namesOfMap(map),
  ...(members === undefined ? [] : [members]),
];

/** Who a department says is in it: DNs as the directory spells them, or what else its attribute lists. */
export interface MemberList {
  readonly group_no: string;
  readonly members: readonly string[];
}

interface Unit extends MemberList {
  readonly record: DepartmentRecord;
  /** What the mapping of its parent gives: DNs or codes, and several where it is in several groups. */
  readonly parents: readonly string[];
}

/** Names that are remembered, should everybody name something else. */
const MOST_ASKED = 100_000;

/** The departments of a directory, which others name by the DNs of their entries. All are added before anything is asked. */
export class Departments {
  readonly #records: (entries: readonly LdapEntry[]) => Batch;
  readonly #parents: ReadEach<LdapEntry>;
  readonly #members: string | undefined;
  readonly #units: Unit[] = [];
  readonly #byDn = new Map<string, string>();
  readonly #codes = new Set<string>();
  /** What was asked before: taking a DN apart is what costs most of a person, and all of them name the same groups. */
  readonly #asked = new Map<string, string | undefined>();

  constructor({ map: { parent_group_no, ...map }, members }: DepartmentsConfig) {
    this.#records = departmentsOf(map, NAMES.resolve);
    this.#parents = parent_group_no === undefined ? () => [] : compileEach(parent_group_no, NAMES.resolveEach);
    this.#members = members;
  }

  add(entries: readonly LdapEntry[]): void {
    const batch = this.#records(entries);
    if (batch.kind !== 'departments') return;
    for (const [place, entry] of entries.entries()) {
      const record = batch.records[place];
      if (record) this.#addOne(entry, record);
    }
  }

  #addOne(entry: LdapEntry, record: DepartmentRecord): void {
    const parents = attempt(this.#parents, entry);
    const broken =
      'why' in parents ? [...record.broken, { field: 'parent_group_no', why: parents.why }] : record.broken;
    const { group_no } = record;
    this.#units.push({
      group_no,
      record: { ...record, broken },
      parents: 'why' in parents ? [] : parents.value.map(text => text.trim()),
      members: this.#membersOf(entry),
    });
    if (group_no === '') return;
    this.#codes.add(group_no);
    const dn = normalDn(entry.dn);
    if (dn !== undefined) this.#byDn.set(dn, group_no);
  }

  /** A list that cannot be read is a failure: without it, all its members would have left the department. */
  #membersOf(entry: LdapEntry): readonly string[] {
    const name = this.#members;
    if (name === undefined) return [];
    const read = attempt(one => textsOf(one, name), entry);
    if ('why' in read) throw new Error(`departments: ${read.why}, in ${entry.dn}`);
    return read.value;
  }

  /** The group_no of the department with this DN; undefined for the DN of anything else. Any other text is a code itself. */
  codeOf(text: string): string | undefined {
    if (this.#codes.has(text)) return text;
    if (this.#asked.has(text)) return this.#asked.get(text);
    const dn = normalDn(text);
    const code = dn === undefined ? text : this.#byDn.get(dn);
    if (this.#asked.size < MOST_ASKED) this.#asked.set(text, code);
    return code;
  }

  /**
   * All of them, each below one other at most: of several parents, the one whose group_no is the smallest by bytes. What
   * the mapping does not put below another is put below those that list it as a member. The DN of no department, such as
   * the search base, is no parent.
   */
  get records(): DepartmentRecord[] {
    const groups = this.#groupsOfUnits();
    return this.#units.map(({ group_no, record, parents }) => {
      if (record.broken.some(one => one.field === 'parent_group_no')) return record;
      const mapped = sorted(parents.flatMap(text => this.codeOf(text) ?? []));
      const [parent = ''] = mapped.length > 0 ? mapped : sorted(groups.get(group_no) ?? []);
      return { ...record, parent_group_no: parent };
    });
  }

  /** The lists of members without those members that are departments. */
  get memberLists(): MemberList[] {
    return this.#units
      .filter(({ group_no }) => group_no !== '')
      .map(({ group_no, members }) => ({ group_no, members: members.filter(member => !this.#unitOf(member)) }));
  }

  /** By group_no, the departments that list it as a member. */
  #groupsOfUnits(): Map<string, string[]> {
    const groups = new Map<string, string[]>();
    for (const { group_no, members } of this.#units) {
      for (const member of members) {
        const unit = this.#unitOf(member);
        if (unit === undefined || unit === group_no || group_no === '') continue;
        groups.set(unit, [...(groups.get(unit) ?? []), group_no]);
      }
    }
    return groups;
  }

  #unitOf(member: string): string | undefined {
    const dn = normalDn(member);
    return dn === undefined ? undefined : this.#byDn.get(dn);
  }
}
