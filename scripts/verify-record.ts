import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from '../src/roster/model.ts';
import type { Store } from '../src/store/store.ts';
import type { Fault } from './text/verify.ts';
import type { SnapshotNames } from './verify-rows.ts';

const fault = (text: string): Fault => ({ code: 'record', kind: 'snapshot', key: '', text });

/** What is wrong with what is told about a snapshot: the run that published it, and the hold that it was, say the same. */
export async function recordFaults(store: Store, snapshot: Snapshot, names: SnapshotNames): Promise<Fault[]> {
  return [...(await runFaults(store, snapshot, names)), ...(await holdFaults(store, snapshot))];
}

async function runFaults(store: Store, { number, at, run: made, changes }: Snapshot, names: SnapshotNames) {
  const run = await store.runs.heads.get(made);
  if (!run) return [fault(`run ${made}, which it says published it, is not there`)];
  for (const { source } of run.sources) names.trust(source);
  if (run.status !== 'published' || run.snapshot !== number) return [fault(`run ${made} did not publish it`)];
  return [
    ...(run.finished?.getTime() === at.getTime() ? [] : [fault(`its time is not the one at which run ${made} ended`)]),
    ...(isDeepStrictEqual(run.changes, changes) ? [] : [fault(`run ${made} counted other changes`)]),
  ];
}

async function holdFaults(store: Store, { run, hold: number }: Snapshot): Promise<Fault[]> {
  if (number === undefined) return [];
  const hold = await store.holds.get(number);
  const isIts = hold?.end?.how === 'approved' && hold.end.run === run;
  return isIts ? [] : [fault(`hold ${number} was not approved to make it`)];
}
