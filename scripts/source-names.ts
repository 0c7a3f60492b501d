/** Where a source is named: in a row of whom. */
export interface Naming {
  readonly kind: string;
  readonly key: string;
}

/** A name that may be another one with a letter changed. */
export interface OddName<Where> {
  readonly name: string;
  /** The known one that it may be. */
  readonly meant: string;
  readonly where: Where;
}

/** What is wrong with a row that has an odd name in it. */
export const oddNameText = ({ name, meant }: OddName<unknown>): string =>
  `it names a source "${name}" that nothing else knows; "${meant}" may be meant`;

/**
 * The names of sources, as rows and runs have them. Old rows may name sources that were given up long ago, so that nobody
 * can say which names there may be; but one that stands in a single place, and differs from a known one in a single letter,
 * was most likely that.
 */
export class SourceNames<Where extends Naming = Naming> {
  readonly #trusted = new Set<string>();
  readonly #once = new Map<string, Where>();

  /** Takes a name for right, wherever it stands. */
  trust(name: string): void {
    this.#trusted.add(name);
  }

  /** Two that name it are right: it would be a strange chance that changed both. */
  note(name: string, where: Where): void {
    if (this.#trusted.has(name)) return;
    const before = this.#once.get(name);
    if (before === undefined) this.#once.set(name, where);
    else if (before.kind !== where.kind || before.key !== where.key) this.#trusted.add(name);
  }

  odd(): OddName<Where>[] {
    return [...this.#once].flatMap(([name, where]) => {
      const meant = this.#trusted.has(name) ? undefined : [...this.#trusted].find(known => isAlmost(known, name));
      return meant === undefined ? [] : { name, meant, where };
    });
  }
}

/** Whether two names differ in one letter that has changed. */
function isAlmost(a: string, b: string): boolean {
  const [one, other] = [[...a], [...b]];
  return one.length === other.length && one.filter((letter, place) => letter !== other[place]).length === 1;
}
