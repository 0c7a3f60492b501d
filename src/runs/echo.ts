import { hash } from 'node:crypto';
import type { RunNumber, SnapshotNumber, SourceName } from '../roster/model.ts';
import type { Batch, Pull, Source } from '../sources/source.ts';
import type { RunReport, SourceRead, Store } from '../store/store.ts';

/**
 * What a run that found nothing changed leaves for the next one: where every source says the same once more, word for word,
 * that one finds the same, and need not think it over. Plain data, for it outlives the thread that it was made in.
 */
export interface Echo {
  readonly run: RunNumber;
  readonly snapshot: SnapshotNumber;
  /** The digests of each source's batches, in their order. */
  readonly said: ReadonlyMap<SourceName, readonly string[]>;
  readonly report: Pick<RunReport, 'problems' | 'counts'>;
}

/** Sources that say what they always do, and in between remember it. */
export interface Remembered {
  readonly sources: readonly Source[];
  /** The digests of what each of them said when it was last read to its end. */
  readonly said: ReadonlyMap<SourceName, readonly string[]>;
}

/** The same sources, which remember what they said. */
export function remembering(sources: readonly Source[]): Remembered {
  const said = new Map<SourceName, readonly string[]>();
  const remember = (source: Source): Source => ({
    name: source.name,
    async *read(pull) {
      const digests: string[] = [];
      for await (const batch of source.read(pull)) {
        digests.push(digestOf(batch));
        yield batch;
      }
      said.set(source.name, digests);
    },
  });
  return { sources: sources.map(remember), said };
}

const digestOf = (batch: Batch): string => hash('sha256', JSON.stringify(batch));

/** What a run needs to leave an echo: see {@link echoOf}. */
export interface Unchanged {
  readonly run: RunNumber;
  readonly snapshot: SnapshotNumber;
  readonly report: RunReport;
  readonly said: ReadonlyMap<SourceName, readonly string[]>;
}

/**
 * What a run leaves that found nothing changed; nothing when somebody's record waits for a delivery, or is kept or kept out for what
 * was ever published: that may be otherwise the next time, whatever the sources say.
 */
export function echoOf({ run, snapshot, report, said }: Unchanged): Echo | undefined {
  const { problems, counts, sources } = report;
  const isOpen = counts.some(({ effect }) => effect === 'kept' || effect === 'quarantined');
  const areRead = sources.every(({ source, state }) => state === 'read' && said.has(source));
  return isOpen || !areRead ? undefined : { run, snapshot, said, report: { problems, counts } };
}

/** Whether the store is as that run left it: nobody published, ran or restored anything since. */
export async function stillHolds({ run, snapshot }: Echo, { snapshots, runs }: Store): Promise<boolean> {
  const newest = await snapshots.newest();
  const good = await runs.newestGood();
  return newest?.number === snapshot && good?.number === run;
}

/**
 * How the sources were read, if each of them says the same as then; undefined as soon as one says anything else, or cannot
 * be read: then they are read anew. Of what they say nothing is kept.
 */
export async function listen(
  sources: readonly Source[],
  { said }: Echo,
  pull: Pull,
): Promise<readonly SourceRead[] | undefined> {
  const other = new AbortController();
  const heard = { ...pull, signal: AbortSignal.any([pull.signal, other.signal]) };
  const readings = sources.map(async source => {
    const read = await listenTo(source, said.get(source.name) ?? [], heard).catch(() => undefined);
    if (read === undefined) other.abort();
    return read;
  });
  const reads = await Promise.all(readings);
  return reads.every(read => read !== undefined) ? reads : undefined;
}

async function listenTo(source: Source, expected: readonly string[], pull: Pull): Promise<SourceRead | undefined> {
  const began = performance.now();
  const rows = { people: 0, departments: 0, memberships: 0 };
  let place = 0;
  for await (const batch of source.read(pull)) {
    if (digestOf(batch) !== expected[place]) return undefined;
    place += 1;
    if (batch.kind !== 'problems') rows[batch.kind] += batch.rows;
  }
  if (place !== expected.length) return undefined;
  return { source: source.name, state: 'read', rows, took: Math.round(performance.now() - began) };
}
