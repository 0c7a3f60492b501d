import type { DepartmentRecord } from '../../roster/model.ts';
import type { Json } from './json.ts';
import { isTexts, listOf } from './people.ts';
import type { RowOf } from './rows.ts';

/** The departments of a manifest, and what its people have to do with them. */
export class Departments {
  readonly records: readonly DepartmentRecord[];
  /** What people may name a department by, to its code. */
  readonly #codes: ReadonlyMap<string, string>;
  /** What members are listed by, to the codes of the departments that list them. */
  readonly #listed: ReadonlyMap<string, readonly string[]>;
  readonly #claimed = new Set<string>();

  readonly #folded: boolean;

  /** `folded` says that people are listed by their emails, which nobody writes the same way twice. */
  constructor(rows: readonly RowOf[], { match, folded = false }: { match: string; folded?: boolean }) {
    this.#folded = folded;
    this.#codes = codesBy(match, rows);
    const own = new Set(rows.map(({ row }) => oneText(row.get('group_no'))));
    const codeOf = (parent: string) => (own.has(parent) ? parent : this.#code(parent));
    this.records = rows.map(({ row }) => ({
      group_no: oneText(row.get('group_no')),
      display_name: oneText(row.get('display_name')),
      parent_group_no: codeOf(oneText(row.get('parent_group_no'))),
      broken: [],
    }));
    this.#listed = membersIn(rows, member => this.#known(member));
  }

  #known(member: string): string {
    return this.#folded ? member.toLowerCase() : member;
  }

  #code(name: string): string {
    return this.#codes.get(name) ?? name;
  }

  /** The codes of the departments that somebody is in: those that they name, and those that list them. */
  of(names: readonly string[], member: string): string[] {
    const known = this.#known(member);
    if (this.#listed.has(known)) this.#claimed.add(known);
    return [...new Set([...names.map(name => this.#code(name)), ...(this.#listed.get(known) ?? [])])];
  }

  /** Listed members whom nobody turned out to be. */
  strangers(): { readonly person: string; readonly group_no: string }[] {
    return [...this.#listed].flatMap(([person, codes]) =>
      this.#claimed.has(person) ? [] : codes.map(group_no => ({ person, group_no })),
    );
  }
}

/** A name that several departments have is that of none of them: better in no department than in a wrong one. */
function codesBy(match: string, rows: readonly RowOf[]): Map<string, string> {
  const codes = new Map<string, string>();
  const shared = new Set<string>();
  for (const { row } of rows) {
    const code = oneText(row.get('group_no'));
    if (code === '') continue;
    for (const name of listOf(row.get(match))) {
      if ((codes.get(name) ?? code) !== code) shared.add(name);
      codes.set(name, code);
    }
  }
  for (const name of shared) codes.delete(name);
  return codes;
}

function membersIn(rows: readonly RowOf[], known: (member: string) => string): Map<string, string[]> {
  const listed = new Map<string, string[]>();
  for (const { row } of rows) {
    const code = oneText(row.get('group_no'));
    if (!isTexts(row.get('members')))
      throw new Error(`the members of department "${code}" are no list of names or ids`);
    for (const member of listOf(row.get('members')).map(known)) {
      const codes = listed.get(member);
      if (codes) codes.push(code);
      else listed.set(member, [code]);
    }
  }
  return listed;
}

/** The only text that there is, or the first. */
export const oneText = (value: Json | undefined) => listOf(value)[0] ?? '';
