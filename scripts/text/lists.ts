import type { Snapshot } from '../../src/roster/model.ts';
import { whyOf } from '../../src/runs/why.ts';
import type { Delivery, RecordedRun, Store } from '../../src/store/store.ts';
import { NOTHING } from '../reference.ts';
import { table } from './columns.ts';
import { type Look, shownName, shownText } from './look.ts';
import { runObject } from './standing-object.ts';
import { minuteIn, span } from './time.ts';
import { shortTotals } from './totals.ts';

/** Something that `log` lists, newest first: as rows for a table, and as objects for scripts. */
export interface List {
  readonly rows: readonly (readonly string[])[];
  readonly objects: readonly object[];
  /** Puts the headings above rows, and aligns them. */
  head(rows: readonly (readonly string[])[]): string[];
  /** What to say where there is nothing. */
  readonly none: string;
}

export async function snapshotsList(store: Store, count: number, { zone }: Look): Promise<List> {
  const snapshots = await store.snapshots.list(count);
  const pin = await store.pins.current();
  const noteOf = ({ number, hold }: Snapshot) =>
    [...(hold === undefined ? [] : [`hold ${hold}, approved`]), ...(pin?.snapshot === number ? ['pinned'] : [])].join(
      ', ',
    );
  const noted = snapshots.some(snapshot => noteOf(snapshot) !== '');
  const headings = ['snapshot', 'published', 'people', 'departments', 'memberships', 'changes'];
  return {
    rows: snapshots.map(snapshot => [
      ...[String(snapshot.number), minuteIn(zone, snapshot.at)],
      ...[snapshot.people, snapshot.departments, snapshot.memberships].map(String),
      shortTotals(snapshot.changes),
      ...(noted ? [noteOf(snapshot)] : []),
    ]),
    objects: snapshots.map(({ number, ...rest }) => ({ snapshot: number, ...rest, pinned: pin?.snapshot === number })),
    head: rows => table([[...headings, ...(noted ? ['note'] : [])], ...rows], { right: [0, 2, 3, 4] }),
    none: NOTHING,
  };
}

export async function runsList(store: Store, count: number, look: Look): Promise<List> {
  const runs = await store.runs.list(count);
  return {
    rows: runs.map(run => runCells(run, look)),
    objects: runs.map(runObject),
    head: rows =>
      table([['run', 'started', 'took', 'cause', 'outcome', 'snapshot', 'why'], ...rows], { right: [0, 2, 5] }),
    none: 'there has been no run yet; "rosterd pull" makes one',
  };
}

const runCells = (run: RecordedRun, look: Look) => [
  String(run.number),
  minuteIn(look.zone, run.started),
  run.finished && run.status !== 'interrupted' ? span(run.finished.getTime() - run.started.getTime()) : '',
  run.cause,
  run.status,
  run.snapshot === undefined ? '' : String(run.snapshot),
  whyText(run, look),
];

function whyText(run: RecordedRun, look: Look): string {
  switch (run.status) {
    case 'published':
      return shortTotals(run.changes);
    case 'unchanged':
    case 'running':
      return '';
    case 'interrupted':
      return 'its process ended before the run did';
    case 'held':
    case 'failed':
      return shownText(whyOf(run), look);
  }
}

export async function deliveriesList(store: Store, count: number, look: Look): Promise<List> {
  const deliveries = await store.deliveries.list(count);
  return {
    rows: deliveries.map(one => deliveryCells(one, look)),
    objects: deliveries,
    head: rows => table([['snapshot', 'at', 'client', 'bytes', 'outcome'], ...rows], { right: [0, 3] }),
    none: 'nothing has been delivered yet: no client has asked for /sync since the first snapshot',
  };
}

const deliveryCells = ({ snapshot, at, client, bytes, finished }: Delivery, look: Look) => [
  String(snapshot),
  minuteIn(look.zone, at),
  shownName(client, look),
  String(bytes),
  finished ? 'finished' : 'aborted: the client hung up before it had everything',
];
