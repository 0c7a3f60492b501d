import type { RestSourceConfig } from '../../config/sources.ts';
import { listOf } from './people.ts';
import type { Row } from './rows.ts';

/** So many rows may lack an expected field, however few there are. */
const FEW = 3;

/** Fields that nearly every row must have: a service whose permission was withdrawn leaves them out without a word. */
export class Expectations {
  readonly #expect: RestSourceConfig['expect'];
  readonly #missing = new Map<string, number>();
  #rows = 0;

  constructor(expect: RestSourceConfig['expect']) {
    this.#expect = expect;
  }

  look(row: Row): void {
    this.#rows += 1;
    for (const field of this.#expect?.fields ?? []) {
      if (listOf(row.get(field)).length === 0) this.#missing.set(field, (this.#missing.get(field) ?? 0) + 1);
    }
  }

  /** What is wrong, in words; undefined when everything is as expected. */
  trouble(): string | undefined {
    const most = Math.floor(Math.max(FEW, (this.#expect?.max_missing ?? 0) * this.#rows));
    const lacking = [...this.#missing].filter(([, count]) => count > most);
    if (lacking.length === 0) return undefined;
    const list = lacking.map(([field, count]) => `"${field}" is missing in ${count} of ${this.#rows} rows`);
    return `${list.join(', ')}, and may be in ${most}; has its account lost a permission?`;
  }
}
