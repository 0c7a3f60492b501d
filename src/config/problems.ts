import leven from 'leven';
import type { z } from 'zod';
import { printPath } from './secrets.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A document and the JSON schema of its kind, which knows the keys that there are. */
export interface Judged {
  readonly document: unknown;
  readonly schema: unknown;
  /** What it is called where no path names a part of it. */
  readonly whole: string;
}

/** Every problem as one line: its path first, what is wrong, and the way out where there is one. */
export function problemsOf(error: z.ZodError, judged: Judged): string[] {
  return error.issues.flatMap(issue => explain(issue, [], judged));
}

function explain(issue: Issue, above: Path, judged: Judged): string[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey(key, path, judged));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return closest(issue.errors).flatMap(one => explain(one, path, judged));
  }
  const value = valueAt(judged.document, path);
  // Where it stands elsewhere, that may be told.
  const isSecret = SECRET.has(String(path.at(-1))) && !/^\$\{(env|file):[^}]+\}$/.test(String(value));
  const told = { value, isSecret };
  return [`${printPath(path) || judged.whole}: ${words(issue, told)}`];
}

/** What is never told, however wrong it is: it would stand in a log, or on a screen that others see. */
const SECRET: ReadonlySet<string> = new Set(['password', 'secret', 'token_hash']);

interface Told {
  readonly value: unknown;
  readonly isSecret: boolean;
}

/** Of the forms that a value may have, the one that it was most likely meant to have: most of its keys belong there. */
function closest(forms: readonly (readonly Issue[])[]): readonly Issue[] {
  return forms.reduce((best, form) => (strangeness(form) < strangeness(best) ? form : best));
}

/** How unlike a form a value is: not even of its type, with keys that it does not have, or without those that it needs. */
function strangeness(issues: readonly Issue[]): number {
  if (issues.some(issue => issue.path.length === 0 && issue.code === 'invalid_type')) return Number.POSITIVE_INFINITY;
  const own = issues.filter(issue => issue.path.length <= 1);
  const strange = own.flatMap(issue => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  return strange.length + own.filter(issue => issue.code !== 'unrecognized_keys').length;
}

function words(issue: Issue, { value, isSecret }: Told): string {
  const quoted = (text: string) => (isSecret ? text : `${show(value)} ${text}`);
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return 'is missing';
      // The schema may say better what belongs here, and how to write it.
      if (!issue.message.startsWith('Invalid input')) return quoted(issue.message);
      return `is ${kindOf(value)}, and must be ${article(issue.expected)}`;
    case 'invalid_value':
      return `${quoted(`is none of ${issue.values.join(', ')}`)}${alike(String(value), issue.values.map(String))}`;
    case 'invalid_union':
      return `${value === undefined ? 'is missing' : quoted('is not what belongs here')}${among(issue)}`;
    case 'invalid_format':
    case 'custom':
    case 'too_small':
    case 'too_big':
      return issue.message.startsWith('is') && typeof value === 'string' && value !== ''
        ? quoted(issue.message)
        : issue.message;
    default:
      return issue.message;
  }
}

/** The values of the key that tells the forms apart, where there is such a key. */
function among(issue: Issue): string {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
  return options.length > 0 ? `; there are ${options.join(', ')}` : '';
}

function unknownKey(key: string, path: Path, { document, schema }: Judged): string {
  const known = keysAt(schema, path, document);
  return `${printPath([...path, key])}: there is no such key${suggest(key, known)}`;
}

const suggest = (word: string, known: readonly string[]) =>
  alike(word, known) || (known.length > 0 && known.length <= 16 ? `; there are ${known.join(', ')}` : '');

function alike(word: string, known: readonly string[]): string {
  const [best] = known
    .map(name => ({ name, distance: leven(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return best ? `; did you mean ${best.name}?` : '';
}

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  definitions?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  const?: unknown;
  $ref?: string;
}

/** The keys that the schema knows at a path. Where there are several forms, that with the document's own `type`, or all. */
function keysAt(root: unknown, path: Path, document: unknown): string[] {
  const { definitions = {} } = root as Schema;
  const forms = (schema: Schema): Schema[] => flatten(schema, definitions);
  let schemas: Schema[] = [root as Schema];
  let value = document;
  for (const part of path) {
    const next = schemas.flatMap(forms).filter(schema => fits(schema, value));
    schemas = next.flatMap(schema => below(schema, part));
    value = valueAt(value, [part]);
  }
  const found = schemas.flatMap(forms).filter(schema => fits(schema, value));
  return [...new Set(found.flatMap(schema => Object.keys(schema.properties ?? {})))];
}

function flatten(schema: Schema, definitions: Readonly<Record<string, Schema>>): Schema[] {
  const { anyOf = [], oneOf = [], allOf = [], $ref } = schema;
  const named = $ref === undefined ? undefined : definitions[$ref.replace('#/definitions/', '')];
  const parts = [...anyOf, ...oneOf, ...allOf, ...(named ? [named] : [])];
  return [schema, ...parts.flatMap(part => flatten(part, definitions))];
}

function fits(schema: Schema, value: unknown): boolean {
  const type = schema.properties?.['type']?.const;
  return (
    type === undefined || typeof value !== 'object' || value === null || (value as { type?: unknown }).type === type
  );
}

function below(schema: Schema, part: PropertyKey): Schema[] {
  if (typeof part === 'number') return schema.items ? [schema.items] : [];
  const own = schema.properties?.[String(part)];
  const other = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
  return own ? [own] : other;
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (value === null || typeof value !== 'object') return undefined;
    return (value as Record<PropertyKey, unknown>)[part];
  }, document);
}

const kindOf = (value: unknown) => (value === null ? 'empty' : Array.isArray(value) ? 'a list' : article(typeof value));

function article(type: string): string {
  const words: Record<string, string> = {
    string: 'text',
    object: 'a block of keys',
    array: 'a list',
    record: 'a block of keys',
    boolean: 'true or false',
    number: 'a number',
    int: 'a whole number',
  };
  return words[type] ?? `a ${type}`;
}

/** A value as it is written, but for a password in a URL: messages end up in logs. */
const show = (value: unknown) =>
  typeof value === 'string'
    ? `"${value.replace(/(:\/\/[^/@:]*:)[^/@]*@/, '$1…@')}"`
    : value === undefined
      ? 'nothing'
      : JSON.stringify(value);
