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
  /** When it was last thought over; milliseconds. */
  readonly thought: number;
  /** What else the verdict hung on: see {@link surroundings}. */
  readonly surroundings: string;
  /** The digests of each source's batches, in their order. */
  readonly said: ReadonlyMap<SourceName, readonly string[]>;
  readonly report: Pick<RunReport, 'problems' | 'counts'>;
}

/** What the last run left for the next: plain data, that outlives both. */
export interface Memory {
  readonly echo: Echo | undefined;
  /** True when it found nothing changed: only then is it worth while to remember what is said. */
  readonly isCalm: boolean;
}

export const NO_MEMORY: Memory = { echo: undefined, isCalm: false };

/** Where the memory is kept from one run to the next. */
export interface Remembering {
  last: Memory;
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
    ...source,
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
export interface Unchanged extends Omit<Echo, 'report'> {
  readonly report: RunReport;
}

/** What a run leaves that found nothing changed; nothing unless each source was read to its end. */
export function echoOf({ report, ...rest }: Unchanged): Echo | undefined {
  const { problems, counts, sources } = report;
  const areRead = sources.every(({ source, state }) => state === 'read' && rest.said.has(source));
  return areRead ? { ...rest, report: { problems, counts } } : undefined;
}

/** For so long an echo is believed, in milliseconds: what was served and taken back between two runs counts after this at the latest. */
const BELIEVED = 3_600_000;

/** Whether the store is as that run left it: nobody published or ran anything since, was served another snapshot, or was purged. */
export async function stillHolds(echo: Echo, store: Store, now: Date): Promise<boolean> {
  const age = now.getTime() - echo.thought;
  // Of the future is one from before the clock was put back.
  if (age < 0 || age > BELIEVED) return false;
  const newest = await store.snapshots.newest();
  if (newest?.number !== echo.snapshot || (await store.runs.newestGoodNumber()) !== echo.run) return false;
  return (await surroundings(store)) === echo.surroundings;
}

/**
 * What a verdict hangs on besides the sources and the newest snapshot: which one each client got last, for somebody may wait
 * for that, and who was purged, for nothing may be written of them again.
 */
export async function surroundings({ deliveries, erased }: Pick<Store, 'deliveries' | 'erased'>): Promise<string> {
  const last = await deliveries.lastOfEach();
  return JSON.stringify([last.map(({ client, snapshot }) => [client, snapshot]).sort(), await erased()]);
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
