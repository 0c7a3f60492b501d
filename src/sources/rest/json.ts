/** Whatever JSON can say. Objects may have any own key, `__proto__` too. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An own property of an object: what it inherits is not its content. */
export const own = (value: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(value, key) ? value[key] : undefined;

/** Parses JSON; integers that a number would bend stay exact, as strings. Throws a SyntaxError. */
export function parseJson(text: string): Json {
  // Only where there is one at all: with a reviver parsing takes several times as long.
  return /\d{16}/.test(text) ? (JSON.parse(text, exact as Reviver) as Json) : (JSON.parse(text) as Json);
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

function exact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context.source ?? '') ? context.source : value;
}

/** A value as text; undefined for null, and for lists and objects, which are no text. */
export function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}
