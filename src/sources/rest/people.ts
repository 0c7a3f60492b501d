import {
  type BrokenField,
  type Extra,
  PERSON_FIELDS,
  type PersonField,
  type PersonRecord,
} from '../../roster/model.ts';
import { byBytes } from '../../roster/order.ts';
import { attempt } from '../mapping.ts';
import { isObject, type Json, textOf } from './json.ts';
import type { Judge, RowOf } from './rows.ts';

/** Rows of a manifest as people. */

/** What a field of a row says, or why it says nothing that can be used. */
type Told = { readonly text: string } | { readonly why: string };

function told(value: Json): Told {
  const text = textOf(value);
  if (text !== undefined) return { text: text.trim() };
  if (value === null) return { text: '' };
  if (isObject(value)) return { why: 'is an object; the manifest must name one value in it' };
  if (!Array.isArray(value)) return { text: '' };
  if (value.length === 0) return { text: '' };
  if (value.length === 1 && value[0] !== undefined) return told(value[0]);
  return { why: `is a list of ${value.length}; the manifest must name one of them, as with .0` };
}

/** What joins people of several systems: the email, trimmed and in lower case; nobody is known by what is none. */
export function emailOf({ row }: RowOf): string {
  const email = told(row.get('email') ?? null);
  return 'text' in email && isEmail(email.text) ? email.text.toLowerCase() : '';
}

const isEmail = (text: string) => /^[^@\s]+@[^@\s]+$/.test(text);

const NOT_EXTRA = new Set<string>([...PERSON_FIELDS, 'departments', 'key']);

/** What decides how a row is read besides the row. */
export interface Reading {
  /** Whether `data_structure` has a key. */
  readonly keyed: boolean;
  readonly active: Judge | undefined;
}

/** One row as a person. Its key is `data_structure.key`, else the email. */
export function personOf(one: RowOf, { keyed, active }: Reading): PersonRecord {
  const broken: BrokenField[] = one.broken.map(({ field, why }) => ({ field: fieldOf(field), why }));
  const blanks: string[] = [];
  const take = (name: string, field: string) => {
    const value = one.row.get(name);
    if (value === undefined) return '';
    if (value === null) blanks.push(field);
    const got = told(value);
    if ('text' in got) return got.text;
    broken.push({ field, why: got.why });
    return '';
  };
  const fields = withoutBlanks(PERSON_FIELDS.map(field => [field, take(field, field)] as const));
  const extra = [...one.row.keys()]
    .filter(name => !NOT_EXTRA.has(name))
    .map((name): Extra => [name, extraText(one.row.get(name)) ?? take(name, `extra.${name}`)])
    .sort(([a], [b]) => byBytes(a, b));
  const key = keyed ? take('key', 'key') : emailOf(one);
  const judged = active === undefined ? { value: true } : attempt(active, one);
  if ('why' in judged) broken.push({ field: 'active', why: judged.why });
  const departments = one.row.get('departments');
  if (departments === null) blanks.push('departments');
  if (!isTexts(departments)) broken.push({ field: 'departments', why: 'is no list of names or codes' });
  return {
    key,
    fields,
    departments: listOf(departments),
    extra: extra.filter(([, value]) => value !== ''),
    active: !('value' in judged) || judged.value,
    broken,
    ...(blanks.length > 0 ? { blanks } : {}),
  };
}

const fieldOf = (name: string) => (NOT_EXTRA.has(name) || name === 'active' ? name : `extra.${name}`);

/** Who has no username is known by the email, and who has no name by the two that make one. */
export function withDefaults(person: PersonRecord): PersonRecord {
  const { fields, extra } = person;
  const name = (part: string) => extra.find(([one]) => one === part)?.[1] ?? '';
  const username = fields.username ?? (fields.email && isEmail(fields.email) ? fields.email : undefined);
  const nick_name = fields.nick_name ?? `${name('first_name')} ${name('last_name')}`.trim();
  return { ...person, fields: { ...fields, ...(username ? { username } : {}), ...(nick_name ? { nick_name } : {}) } };
}

const withoutBlanks = (fields: readonly (readonly [PersonField, string])[]): PersonRecord['fields'] =>
  Object.fromEntries(fields.filter(([, value]) => value !== ''));

/** Lists are kept as one text: attributes beyond OMFLOW's are for people to read. */
function extraText(value: Json | undefined): string | undefined {
  if (!Array.isArray(value) || value.length < 2) return undefined;
  const texts = value.flatMap(one => textOf(one)?.trim() ?? []);
  return texts.length === value.length ? texts.join(', ') : undefined;
}

/** Whether it is a text, or a list of nothing but texts; nothing at all is, too. */
export const isTexts = (value: Json | undefined): boolean =>
  (Array.isArray(value) ? value : [value ?? null]).every(one => one === null || textOf(one) !== undefined);

/** One or several texts; what is none is left out. */
export function listOf(value: Json | undefined): string[] {
  const list = Array.isArray(value) ? value : [value ?? null];
  return list.flatMap(one => {
    const text = textOf(one)?.trim();
    return text ? [text] : [];
  });
}
