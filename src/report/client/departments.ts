import type { DepartmentChangeData, PlaceData } from '../data.ts';

/** What is known of departments: their names, and which are above which. */
export class Departments {
  readonly #names = new Map<string, string>();
  readonly #parents = new Map<string, string>();
  /** As in the tree; those that are not in it any more come last. */
  readonly #codes: string[] = [];

  constructor(tree: readonly PlaceData[]) {
    const way: string[] = [];
    for (const { group_no, display_name, depth } of tree) {
      way.length = depth;
      way.push(group_no);
      this.#learn(group_no, display_name, way[depth - 1] ?? '');
    }
  }

  /** Takes in those that a diff tells of and the tree does not have. */
  learnFrom(changes: readonly DepartmentChangeData[]): void {
    for (const { group_no, display_name, parent_group_no } of changes) {
      if (!this.#names.has(group_no)) this.#learn(group_no, display_name, parent_group_no);
    }
  }

  #learn(code: string, name: string, parent: string): void {
    this.#names.set(code, name);
    this.#parents.set(code, parent);
    this.#codes.push(code);
  }

  get codes(): readonly string[] {
    return this.#codes;
  }

  /** `""` where nobody told it. */
  name(code: string): string {
    return this.#names.get(code) ?? '';
  }

  /** A department and all that it is in, from it upwards. */
  upwards(code: string): Set<string> {
    const way = new Set<string>();
    for (let one = code; one !== '' && !way.has(one); one = this.#parents.get(one) ?? '') way.add(one);
    return way;
  }
}
