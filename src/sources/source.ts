import type { DepartmentRecord, MembershipRecord, PersonRecord, Problem, SourceName } from '../roster/model.ts';

/** What a source may need to know about the pull it is part of; nothing else comes from outside its settings. */
export interface Pull {
  /** Aborted when the run is: stop at once and release what is open. */
  readonly signal: AbortSignal;
  /** `YYYY-MM-DD` in the configured time zone; what `before_today` and `after_today` compare with. */
  readonly today: string;
}

/** A part of what a source knows. `rows` counts what was read, before anything was left out. */
export type Batch =
  | { readonly kind: 'people'; readonly records: readonly PersonRecord[]; readonly rows: number }
  | { readonly kind: 'departments'; readonly records: readonly DepartmentRecord[]; readonly rows: number }
  | { readonly kind: 'memberships'; readonly records: readonly MembershipRecord[]; readonly rows: number }
  | { readonly kind: 'problems'; readonly problems: readonly Problem[] };

/**
 * A system we pull from.
 *
 * To write one: `read` yields everything the source knows, in any order and in batches of a size that suits it, or
 * throws a {@link SourceError}. It never ends early without throwing: a page cap with more behind it, a total that
 * disagrees, a connection that closed are failures, for whoever is not handed over is deleted. All it reads, it reads
 * as of one moment where the system can do that. Settings come as arguments when it is made, never from the environment. It
 * opens nothing before `read` is called, and when `read` ends, is abandoned or is aborted, everything it opened is
 * closed. A source that lists departments yields a departments batch even when there are none.
 */
export interface Source {
  readonly name: SourceName;
  /** True when all people come after all departments and memberships: whoever is unchanged need not be kept then. */
  readonly peopleLast?: boolean;
  read(pull: Pull): AsyncIterable<Batch>;
}

/** Why a source could not be read to its end: `source hr: …`, with what is wrong and the way out. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly source: SourceName;

  constructor(source: SourceName, what: string, options?: ErrorOptions) {
    super(`source ${source}: ${what}`, options);
    this.source = source;
  }
}

/**
 * The batches of one read, as the contract wants them: whatever goes wrong is a {@link SourceError}, and nothing is handed
 * over after an abort, be it read already.
 */
export async function* underContract(
  name: SourceName,
  { signal }: Pull,
  batches: () => AsyncIterable<Batch>,
): AsyncGenerator<Batch> {
  try {
    signal.throwIfAborted();
    for await (const batch of batches()) {
      // Between the batches of one page there is no wait that the abort would break off.
      signal.throwIfAborted();
      yield batch;
    }
  } catch (error) {
    const what = signal.aborted ? 'the reading was broken off' : (error as Error).message;
    throw new SourceError(name, what, { cause: error });
  }
}
