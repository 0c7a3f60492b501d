import type { Digest, Snapshot } from '../../src/roster/model.ts';
import { counted } from './columns.ts';
import { type Look, shownName, shownText } from './look.ts';
import { minuteIn } from './time.ts';

/** One thing that is wrong with a snapshot as the store has it. */
export interface Fault {
  /** Stable, for scripts. */
  readonly code:
    | 'content'
    | 'name'
    | 'key'
    | 'origin'
    | 'source'
    | 'reason'
    | 'twice'
    | 'ended'
    | 'missing'
    | 'surplus'
    | 'memberships'
    | 'head'
    | 'record'
    | 'digest';
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

/** Something else in the store that is damaged: the hold that stands, what is kept of a source, runs, names, the file. */
export interface PartDamage {
  readonly part: 'hold' | 'extract' | 'run' | 'ledger' | 'file';
  /** Which hold or run, or of which source; `""` where there is one. */
  readonly name: string;
  readonly text: string;
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

/** Another damaged part in a line. */
export const partText = ({ part, name, text }: PartDamage, look: Look): string =>
  `${part}${name === '' ? '' : ` ${shownName(name, look)}`}  ${shownText(text, look)}`;

/** The last line; `others` are damaged parts that are no snapshots. */
export function tallyText({ snapshots, damaged, people, departments }: Tally, others = 0): string {
  const rows = `${counted(people, 'row')} of people, ${departments} of departments`;
  const verified = `${counted(snapshots, 'snapshot')} verified`;
  if (damaged + others === 0) return `${verified}, nothing is wrong · ${rows}`;
  const rest = others > 0 ? `, and ${counted(others, 'other part')} of the store` : '';
  return `${verified}, ${damaged} damaged${rest} · ${rows} · restore a backup`;
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

export const partObject = (damage: PartDamage): object => ({ event: 'part.damaged', ...damage });

export const tallyObject = ({ snapshots, damaged, people, departments }: Tally, others = 0): object => ({
  event: 'verified',
  snapshots,
  damaged,
  other_parts_damaged: others,
  people_rows: people,
  department_rows: departments,
});
