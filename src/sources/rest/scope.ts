import type { VariableConfig } from '../../config/manifest.ts';
import { isObject, type Json } from './json.ts';
import { compileNotation } from './notation.ts';
import type { Lookup } from './template.ts';

/** What the templates of a manifest can name. */
export interface Scope {
  /** The values of `initial_data_form`, by id. */
  readonly values: ReadonlyMap<string, string>;
  /** The answers to the requests before, as `responses.0`. */
  readonly responses?: readonly Json[];
  /** What the token request gave, as `oauth`. */
  readonly oauth?: Json | undefined;
  /** The record that a request is made for, as `item`. */
  readonly item?: Json | undefined;
  /** Further names of one word: `NEXT_PAGE_TOKEN`, `JWT`, `code`. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The names that a scope may have besides the variables, whatever it is for. */
export const STEPS = ['responses', 'oauth', 'item'] as const;

/** Finds values by name in a scope. */
export function lookupIn({ values, responses = [], oauth, item, more = {} }: Scope): Lookup {
  const steps: Json = { responses, ...(oauth === undefined ? {} : { oauth }), ...(item === undefined ? {} : { item }) };
  return name => {
    if (values.has(name)) return values.get(name);
    if (Object.hasOwn(more, name)) return more[name];
    return compileNotation(name)(steps);
  };
}

/** The first word of a name: `responses` of `responses.0.token`. */
export const headOf = (name: string) => name.split('.', 1)[0] ?? '';

/** Whether a name is of something that a server sent: it must not choose where a request goes. */
export const isSent = (name: string) =>
  name === 'NEXT_PAGE_TOKEN' || (STEPS as readonly string[]).includes(headOf(name));

/** Tells whether what stands under a name must not be told. */
export function secretNames(variables: readonly VariableConfig[]): (name: string) => boolean {
  const open = new Set(variables.filter(one => !one.secret).map(one => one.id));
  return name => !open.has(name) && headOf(name) !== 'item' && name !== 'NEXT_PAGE_TOKEN';
}

/** What a token is called in an answer. */
const TOKEN = /(token|secret|password|key|code|session|jwt|cookie|sid|ticket)(_?id)?$/i;
/** So short a text is none, as the 0000 of a code that says that all went well. */
const SHORT = 5;
/** Whatever it is called, so long a text may be one, unless it only says where to ask. */
const LONG = 9;
const ORIGIN = /^https?:\/\/[\w.:-]+\/?$/;

/** All the texts in an answer that could be tokens. */
export function secretsIn(value: Json | undefined, name = ''): string[] {
  if (typeof value === 'string')
    return (TOKEN.test(name) && value.length > SHORT) || (value.length >= LONG && !ORIGIN.test(value)) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(one => secretsIn(one, name));
  return isObject(value) ? Object.entries(value).flatMap(([key, one]) => secretsIn(one, key)) : [];
}

/** Whether a name is that of a token in an answer, as `responses.0.access_token` is, or of an answer that is all text. */
export const isToken = (name: string) =>
  headOf(name) === 'responses' && (TOKEN.test(name) || /^responses\.\d+$/.test(name));
