import type {
  DepartmentRecord,
  Extract,
  MembershipRecord,
  PersonRecord,
  Problem,
  RowCounts,
  SourceName,
} from '../roster/model.ts';
import type { Pull, Source } from '../sources/source.ts';
import type { SourceRead } from '../store/store.ts';

/** What came of reading sources: the extract of each, or why there is none. */
export interface Pulled {
  readonly extracts: readonly Extract[];
  readonly reads: readonly SourceRead[];
  /** One for each source that was not read to its end; empty when all were. */
  readonly failures: readonly Problem[];
}

/** Reads sources to their end, side by side. A failing one does not stop the others: the report names all that fail. */
export async function pullAll(sources: readonly Source[], pull: Pull): Promise<Pulled> {
  const results = await Promise.all(sources.map(source => pullOne(source, pull)));
  return {
    extracts: results.flatMap(result => result.extract ?? []),
    reads: results.map(result => result.read),
    failures: results.flatMap(result => result.failure ?? []),
  };
}

/** The first pull with the sources of a second one in their places. */
export function replaced(first: Pulled, second: Pulled): Pulled {
  const swap = <One extends { readonly source: SourceName }>(old: readonly One[], fresh: readonly One[]) =>
    old.map(one => fresh.find(other => other.source === one.source) ?? one);
  return {
    extracts: swap(first.extracts, second.extracts),
    reads: swap(first.reads, second.reads),
    failures: second.failures,
  };
}

const NO_ROWS: RowCounts = { people: 0, departments: 0, memberships: 0 };

async function pullOne(
  source: Source,
  pull: Pull,
): Promise<{ extract?: Extract; read: SourceRead; failure?: Problem }> {
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  try {
    const extract = await extractOf(source, pull);
    return { extract, read: { source: source.name, state: 'read', rows: extract.rows, took: took() } };
  } catch (error) {
    const read = { source: source.name, state: 'failed' as const, rows: NO_ROWS, took: took() };
    return { read, failure: unread(source.name, error as Error) };
  }
}

async function extractOf(source: Source, pull: Pull): Promise<Extract> {
  const people: PersonRecord[] = [];
  const memberships: MembershipRecord[] = [];
  const problems: Problem[] = [];
  const rows = { ...NO_ROWS };
  let departments: DepartmentRecord[] | undefined;
  for await (const batch of source.read(pull)) {
    if (batch.kind === 'problems') {
      problems.push(...batch.problems);
      continue;
    }
    rows[batch.kind] += batch.rows;
    if (batch.kind === 'people') for (const record of batch.records) people.push(record);
    else if (batch.kind === 'memberships') for (const record of batch.records) memberships.push(record);
    else departments = departments ? departments.concat(batch.records) : [...batch.records];
  }
  return { source: source.name, people, departments, memberships, rows, problems };
}

const unread = (source: SourceName, error: Error): Problem => ({
  code: 'source_failed',
  effect: 'failed',
  source,
  kind: 'source',
  key: '',
  name: source,
  text: error.message.replace(`source ${source}: `, ''),
});
