import { PERSON_FIELDS, type PersonRecord } from '../../src/roster/model.ts';
import type { Json } from '../../src/sources/rest/json.ts';
import type { Trial } from '../../src/sources/rest/trial.ts';
import { counted, table } from './columns.ts';
import { type Look, shownName, shownValue, styled } from './look.ts';

/** Rows that are shown of a trial, and characters of one value. */
const SHOWN = 10;
const WIDEST = 40;

/** What a manifest gave: its first rows as a table, what that took, and what OMFLOW would miss. */
export function trialText(trial: Trial, action: 'create' | 'update', look: Look): string[] {
  const { rows, departments, pages, requests } = trial;
  return [
    ...section('rows', rowsText(rows, look), look),
    ...(departments ? section('departments', rowsText(departments, look), look) : []),
    '',
    `${counted(rows.length, 'row')} on ${counted(pages, 'page')}, ${counted(requests, 'request')}; read to the end`,
    ...(departments ? [counted(departments.length, 'department')] : []),
    ...(action === 'create' ? missingText(trial.people) : []),
  ];
}

const section = (title: string, lines: readonly string[], look: Look) => [styled('bold', title, look), ...lines];

function rowsText(rows: readonly Readonly<Record<string, Json>>[], look: Look): string[] {
  if (rows.length === 0) return ['  none'];
  const shown = rows.slice(0, SHOWN);
  const names = [...new Set(shown.flatMap(row => Object.keys(row)))];
  const cell = (row: Readonly<Record<string, Json>>, name: string) =>
    Object.hasOwn(row, name) ? shownValue(fieldOf(name), cut(textOf(row[name])), look) : '–';
  const rest = rows.length - shown.length;
  return [
    ...table([names.map(name => shownName(name, look)), ...shown.map(row => names.map(name => cell(row, name)))], {
      indent: 2,
    }),
    ...(rest > 0 ? [`  … and ${rest} more; --json has all of them`] : []),
  ];
}

/** Names that are no field of a person are extras, in which there may be anything that is to be hidden. */
const fieldOf = (name: string) => ((PERSON_FIELDS as readonly string[]).includes(name) ? name : `extra.${name}`);

const textOf = (value: Json | undefined) => (typeof value === 'string' ? value : JSON.stringify(value ?? null));
const cut = (text: string) => (text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text);

/** What OMFLOW will not take a person without, and what it would show if somebody told it. */
const NEEDED = ['username', 'email', 'nick_name'] as const;

function missingText(people: readonly PersonRecord[]): string[] {
  if (people.length === 0) return [];
  const lacking = (field: (typeof PERSON_FIELDS)[number]) => people.filter(({ fields }) => !fields[field]).length;
  const needed = NEEDED.map(field => [field, lacking(field)] as const).filter(([, count]) => count > 0);
  const never = [
    ...PERSON_FIELDS.filter(
      field => !(NEEDED as readonly string[]).includes(field) && lacking(field) === people.length,
    ),
    ...(people.every(({ departments }) => departments.length === 0) ? ['departments'] : []),
  ];
  return [
    ...needed.map(
      ([field, count]) => `missing for OMFLOW: ${field} of ${count} of ${people.length}; they would not be served`,
    ),
    ...(needed.length === 0 ? ['nothing that OMFLOW needs is missing'] : []),
    ...(never.length > 0 ? [`nobody has: ${never.join(', ')}`] : []),
  ];
}
