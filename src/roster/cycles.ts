import type { Listed } from './departments.ts';
import type { GroupNo } from './model.ts';
import { sorted } from './order.ts';

/** Departments of which each has the next one as its parent, and the last one the first, which has the lowest code. */
export type Cycle = readonly Listed[];

/**
 * Where departments lead to along their parents. No way is walked twice, so of what was found only cycles may be changed,
 * which then have to be called open.
 */
export class Ways {
  readonly #tree: ReadonlyMap<GroupNo, Listed>;
  readonly #cycles = new Map<GroupNo, Cycle>();
  /** Whither one leads, as far as it was walked. */
  readonly #walked = new Map<GroupNo, GroupNo>();

  constructor(tree: ReadonlyMap<GroupNo, Listed>) {
    this.#tree = tree;
  }

  /** The root that one leads to, or the first department of a cycle. */
  endOf(code: GroupNo): GroupNo {
    const path = new Set<GroupNo>();
    let end = code;
    for (let next: GroupNo | undefined = code; next !== undefined; next = this.#after(end)) {
      end = next;
      if (path.has(end)) this.#close(end);
      path.add(end);
    }
    for (const passed of path) if (passed !== end && !this.#cycles.has(passed)) this.#walked.set(passed, end);
    return end;
  }

  /** The cycle that one leads to; undefined where it leads to a root. */
  cycleFrom(code: GroupNo): Cycle | undefined {
    return this.#cycles.get(this.endOf(code));
  }

  /** The parents of a cycle are others now. */
  open(cycle: Cycle): void {
    for (const { group_no } of cycle) this.#cycles.delete(group_no);
  }

  #after(code: GroupNo): GroupNo | undefined {
    if (this.#cycles.has(code)) return undefined;
    const next = this.#walked.get(code) ?? this.#tree.get(code)?.parent ?? '';
    return next !== '' && this.#tree.has(next) ? next : undefined;
  }

  #close(code: GroupNo): void {
    const found: Listed[] = [];
    let one = this.#tree.get(code);
    for (; one && one !== found[0]; one = one.parent === '' ? undefined : this.#tree.get(one.parent)) found.push(one);
    const cycle = fromLowest(found);
    for (const { group_no } of cycle) this.#cycles.set(group_no, cycle);
  }
}

function fromLowest(cycle: readonly Listed[]): Cycle {
  const lowest = sorted(cycle.map(one => one.group_no))[0];
  const at = cycle.findIndex(one => one.group_no === lowest);
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}

/** Whether anybody comes back to where they were. */
export function goesRound(codes: Iterable<GroupNo>, next: (code: GroupNo) => GroupNo | undefined): boolean {
  const out = new Set<GroupNo>();
  for (const start of codes) {
    const path = new Set<GroupNo>();
    for (let code: GroupNo | undefined = start; code !== undefined && !out.has(code); code = next(code)) {
      if (path.has(code)) return true;
      path.add(code);
    }
    for (const passed of path) out.add(passed);
  }
  return false;
}
