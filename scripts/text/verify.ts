import type { Digest, Snapshot } from '../../src/roster/model.ts';
import { counted } from './columns.ts';
import { type Look, shownName, shownText } from './look.ts';
import { minuteIn } from './time.ts';

/** One thing that is wrong with a snapshot as the store has it. */
export interface Fault {
  /** Stable, for scripts. */
  readonly code: 'content' | 'key' | 'twice' | 'ended' | 'missing' | 'surplus' | 'head' | 'digest';
  readonly kind: 'person' | 'department' | 'snapshot';
  /** The key of the row, or `""` where it is not known which. */
  readonly key: string;
  readonly text: string;
}

/** What came of verifying one snapshot: nothing is wrong with it where there are no faults. */
export interface Verdict {
  readonly snapshot: Snapshot;
  /** The digest of the rows that hold in it. */
  readonly rebuilt: Digest;
  readonly faults: readonly Fault[];
}

/** How much was verified. */
export interface Tally {
  readonly snapshots: number;
  readonly damaged: number;
  /** Rows read, each once however many snapshots it holds in. */
  readonly people: number;
  readonly departments: number;
}

/** Faults that a line tells; and that an object lists, for all rows may be damaged, in all snapshots. */
const TOLD = 3;
const LISTED = 100;

/** One damaged snapshot in a line. */
export function damageText({ snapshot, faults }: Verdict, look: Look): string {
  const told = faults.slice(0, TOLD).map(fault => faultText(fault, look));
  if (faults.length > TOLD) told.push(`and ${faults.length - TOLD} more`);
  return `snapshot ${snapshot.number}  ${minuteIn(look.zone, snapshot.at)}  ${told.join('; ')}`;
}

const faultText = ({ kind, key, text }: Fault, look: Look) =>
  key === '' ? shownText(text, look) : `${kind} ${shownName(key, look)}: ${shownText(text, look)}`;

/** The last line. */
export function tallyText({ snapshots, damaged, people, departments }: Tally): string {
  const rows = `${counted(people, 'row')} of people, ${departments} of departments`;
  if (damaged === 0) return `${counted(snapshots, 'snapshot')} verified, nothing is wrong · ${rows}`;
  return `${counted(snapshots, 'snapshot')} verified, ${damaged} damaged · ${rows} · restore a backup`;
}

/** The same as objects for scripts. */
export const damageObject = ({ snapshot, rebuilt, faults }: Verdict): object => ({
  event: 'snapshot.damaged',
  snapshot: snapshot.number,
  at: snapshot.at,
  digest: snapshot.digest,
  rebuilt,
  fault_count: faults.length,
  faults: faults.slice(0, LISTED),
});

export const tallyObject = ({ snapshots, damaged, people, departments }: Tally): object => ({
  event: 'verified',
  snapshots,
  damaged,
  people_rows: people,
  department_rows: departments,
});
