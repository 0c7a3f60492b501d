import type { Copied } from '../backup.ts';
import { fromHere } from '../print.ts';
import { counted } from './columns.ts';
import type { Look } from './look.ts';
import { minuteIn } from './time.ts';

/** What a backup holds, and where it is. */
export const backupText = (copied: Copied, look: Look): string[] => [
  `backed up ${copied.store} to ${fromHere(copied.file)} (${sizeText(copied.bytes)})`,
  contentText(copied, look),
];

/** What a store has been given back, and how old it is. */
export const restoredText = (copied: Copied, look: Look): string[] => [
  `restored ${copied.store} from ${fromHere(copied.file)}, made ${minuteIn(look.zone, copied.made)}`,
  contentText(copied, look),
];

function contentText({ newest, tables }: Copied, look: Look): string {
  const runs = counted(tables['runs']?.rows ?? 0, 'run');
  if (!newest) return `no snapshot, ${runs} · copied and compared`;
  const snapshots = counted(tables['snapshots']?.rows ?? 0, 'snapshot');
  const people = counted(newest.people, 'person', 'people');
  const last = `the newest is ${newest.number} of ${minuteIn(look.zone, newest.at)} with ${people}`;
  return `${snapshots}, ${last} · ${runs} · copied and compared`;
}

/** The same for scripts. */
export const copiedObject = (event: 'store.backed_up' | 'store.restored', copied: Copied): object => ({
  event,
  store: copied.store,
  file: copied.file,
  bytes: copied.bytes,
  made: copied.made,
  snapshots: copied.tables['snapshots']?.rows ?? 0,
  people: copied.newest?.people ?? 0,
  runs: copied.tables['runs']?.rows ?? 0,
  newest: copied.newest ?? null,
  rows: Object.fromEntries(Object.entries(copied.tables).map(([table, { rows }]) => [table, rows])),
});

/** `812 bytes`, `1.3 MB`: in powers of ten, as disks are sold. */
export function sizeText(bytes: number): string {
  const [unit, size] = UNITS.find(([, least]) => bytes >= least) ?? ['bytes', 1];
  return unit === 'bytes' ? counted(bytes, 'byte') : `${(bytes / size).toFixed(1)} ${unit}`;
}

const UNITS = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const;

/** Keeps a line on a terminal up to date while rows are copied; `done` leaves nothing there. */
export function progressOn(terminal: NodeJS.WriteStream): { rows(table: string, count: number): void; done(): void } {
  let copied = 0;
  const say = (text: string) => {
    if (terminal.isTTY) terminal.write(`\r\u001b[K${text}`);
  };
  return {
    rows(_table, count) {
      copied += count;
      say(`${counted(copied, 'row')} copied`);
    },
    done: () => say(''),
  };
}
