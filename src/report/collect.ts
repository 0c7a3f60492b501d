import type { Config } from '../config/schema.ts';
import { type ChangeCounts, type Snapshot, snapshotNumber } from '../roster/model.ts';
import type { Store } from '../store/store.ts';
import { isHeld } from '../views/held.ts';
import { forSharing } from '../views/mask.ts';
import { type RosterStanding, standingBesidesNames } from '../views/standing.ts';
import { type Chosen, holdData, syncData } from './collect-aside.ts';
import { gather, ROOM } from './collect-diff.ts';
import { histories, historyOf } from './collect-history.ts';
import { type Everybody, everybody } from './collect-people.ts';
import { badRuns, deliveryData, problemsData, sourceData, standingData } from './collect-standing.ts';
import { treeData } from './collect-tree.ts';
import { type DiffData, LIMITS, type ReportData, type SnapshotData, type StepData } from './data.ts';
import type { ReportPair } from './pair.ts';

/** What a report is made of. */
export interface ReportTerms extends Pick<Config, 'sources' | 'sync' | 'timezone' | 'language'> {
  readonly store: Store;
  readonly now: Date;
  readonly masked: boolean;
  /** True for what a daemon serves. */
  readonly live: boolean;
}

export type { ReportPair };

/** Everything that a report shows; without a pair, of a store that has no snapshot. */
export async function collect(terms: ReportTerms, pair: ReportPair | undefined): Promise<ReportData> {
  const { store } = terms;
  const standing = await standingBesidesNames(terms, store, terms.now);
  const snapshots = (await store.snapshots.list(Number.MAX_SAFE_INTEGER)).reverse();
  const recent = await store.runs.heads.list(LIMITS.runs);
  const chosen = pair && { pair, ...(await gather(store, pair, ROOM.chosen)) };
  const all = await everybody(store, { after: pair?.after, served: standing.served });
  const tree = chosen && (await treeOf(terms, standing, chosen, all));
  const omitted = { renamed: all.omitted, places: tree?.omitted ?? 0 };
  const data: ReportData = {
    made: terms.now.toISOString(),
    store: store.address,
    language: terms.language,
    zone: terms.timezone,
    masked: terms.masked,
    live: terms.live,
    standing: standingData(standing),
    snapshots: snapshots.map(snapshotData),
    runs: await badRuns(store, recent),
    deliveries: (await store.deliveries.list(LIMITS.deliveries)).reverse().map(deliveryData),
    diffs: chosen ? [chosen.diff, ...(await neighbours(terms, snapshots, chosen.diff))] : [],
    sync: await syncData(store, standing, chosen),
    hold: await holdData(store, chosen),
    tree: tree?.places ?? [],
    problems: problemsData(standing.runs.judging),
    renamed: all.renamed,
    sources: standing.sources.map(source => sourceData(source, recent)),
    histories: chosen ? await histories({ store, snapshots: shelf(snapshots) }, chosen.diff, terms.masked) : {},
    ...(omitted.renamed + omitted.places > 0 ? { omitted } : {}),
  };
  return terms.masked ? { ...forSharing(data), store: data.store } : data;
}

/** One diff as `ReportData.diffs` has them: what {@link LIMITS} leaves, or as much as {@link WHOLE} does. */
export async function collectDiff(terms: ReportTerms, pair: ReportPair, whole: boolean): Promise<DiffData> {
  const { diff } = await gather(terms.store, pair, whole ? ROOM.whole : ROOM.chosen);
  return shown(terms, diff);
}

/** What happened to whoever was known by a username, oldest first; undefined when nobody ever was. */
export async function collectHistory(terms: ReportTerms, username: string): Promise<StepData[] | undefined> {
  const { store } = terms;
  const steps = await historyOf({ store, snapshots: store.snapshots }, username);
  return steps.length > 0 ? shown(terms, steps) : undefined;
}

const shown = <Data>({ masked }: ReportTerms, data: Data): Data => (masked ? forSharing(data) : data);

type Standing = Omit<RosterStanding, 'renamed'>;

/** Looked up among those that were read already. */
function shelf(snapshots: readonly Snapshot[]) {
  const byNumber = new Map(snapshots.map(one => [one.number, one]));
  return { get: async (number: Snapshot['number']) => byNumber.get(number) };
}

const snapshotData = (snapshot: Snapshot): SnapshotData => ({
  number: snapshot.number,
  at: snapshot.at.toISOString(),
  people: snapshot.people,
  departments: snapshot.departments,
  memberships: snapshot.memberships,
  changes: snapshot.changes,
  hold: snapshot.hold,
});

async function treeOf({ store }: ReportTerms, { newest, runs }: Standing, chosen: Chosen, { heads }: Everybody) {
  const { after } = chosen.pair;
  // Runs that confirmed the newest snapshot know better than the one that made it what lingers by now.
  const isNewest = !isHeld(after) && after.number === newest?.number;
  const run = (isNewest ? runs.good : undefined) ?? (await store.runs.get(after.run));
  return await treeData(store, after, { ...chosen, heads, run });
}

/** No change takes fewer bytes. */
const LEAST_CHANGE = 90;

/** After so many that turned out too large, others are not even looked at. */
const MISFITS = 3;

/** What each snapshot changed of the one before it, newest first: whole ones, as many as there is room for. */
async function neighbours(terms: ReportTerms, snapshots: readonly Snapshot[], chosen: DiffData): Promise<DiffData[]> {
  const found: DiffData[] = [];
  let room: number = terms.live ? LIMITS.liveNeighbours : LIMITS.neighbours;
  let misfits = 0;
  for (const [place, after] of [...snapshots.entries()].reverse()) {
    const before = snapshots[place - 1];
    if (misfits === MISFITS) break;
    if (before === undefined && after.number !== snapshotNumber(1)) continue;
    if (chosen.after === after.number && chosen.before === (before?.number ?? 0)) continue;
    if (sumOf(after.changes) * LEAST_CHANGE > room) continue;
    const { diff, bytes } = await gather(terms.store, { before, after }, { count: LIMITS.changes, bytes: room });
    const { people, departments, memberships } = diff.omitted;
    if (people + departments + memberships > 0 || bytes > room) {
      misfits += 1;
      continue;
    }
    found.push(diff);
    room -= bytes + OVERHEAD;
  }
  return found;
}

/** What a diff takes besides its changes. */
const OVERHEAD = 500;

const sumOf = (counts: ChangeCounts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
