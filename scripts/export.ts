import { PERSON_FIELDS, type Person, type Snapshot } from '../src/roster/model.ts';
import { sortedSet } from '../src/roster/order.ts';
import { renderSnapshot, SnapshotDamaged } from '../src/runs/body.ts';
import { StoreError } from '../src/store/error.ts';
import type { Store } from '../src/store/store.ts';
import { maskField, masking } from '../src/views/mask.ts';
import { rosterOf } from '../src/views/roster.ts';
import { Failed } from './exit.ts';

export interface ExportOptions {
  /** True hides emails and telephone numbers, for sharing. */
  readonly mask: boolean;
}

/** The answer to `/sync` for a snapshot: the very bytes, unless something is to be hidden in them. */
export async function exportedJson(store: Store, snapshot: Snapshot, { mask }: ExportOptions): Promise<Uint8Array> {
  const body = await verifiedBody(store, snapshot);
  return mask ? Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString()), masking)) : body;
}

/**
 * The people of a snapshot as a table for spreadsheets, by username: RFC 4180 with CRLF, and a byte order mark, without
 * which Excel takes UTF-8 for something else.
 */
export async function exportedCsv(store: Store, snapshot: Snapshot, { mask }: ExportOptions): Promise<string> {
  // Rows by themselves do not tell that one of them is missing.
  await verifiedBody(store, snapshot);
  const { people } = await rosterOf(store, snapshot);
  const header = headerOf(people);
  const shown = (field: string, value: string) => (mask ? maskField(field, value) : value);
  const rows = people.map(person => {
    const cells = cellsOf(person);
    return header.map(field => shown(field, cells.get(field) ?? ''));
  });
  return `\ufeff${[header, ...rows].map(line).join('')}`;
}

async function verifiedBody(store: Store, { number }: Snapshot): Promise<Uint8Array> {
  try {
    return await renderSnapshot(store, number);
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof SnapshotDamaged)) throw error;
    throw new Failed(`${error.message}\nNothing was exported. "rosterd verify" tells all that is damaged.`);
  }
}

const headerOf = (people: readonly Person[]) => [
  'key',
  'login',
  ...PERSON_FIELDS,
  'departments',
  ...sortedSet(people.flatMap(person => person.extra.map(([name]) => `extra.${name}`))),
];

const cellsOf = (person: Person) =>
  new Map<string, string>([
    ['key', person.key],
    ['login', person.login],
    ...PERSON_FIELDS.map(field => [field, person[field]] as const),
    ['departments', person.departments.join(' ')],
    ...person.extra.map(([name, value]) => [`extra.${name}`, value] as const),
  ]);

const line = (cells: readonly string[]) => `${cells.map(cell).join(',')}\r\n`;

/**
 * What a spreadsheet would run, or ask whether it may: those that OWASP's "CSV Injection" names, with the full-width forms
 * that East Asian versions take for the same. An apostrophe makes it text.
 */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;

/** Cells that are cut, trimmed or misread without quotes, by programs that split at semicolons or tabs, too. */
const QUOTED = /["\r\n,;\t]|^\s|\s$/;

function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
