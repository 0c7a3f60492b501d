import { isObject, type Json, own } from './json.ts';

/** Reads one place of a JSON value; undefined where there is nothing. */
export type Notation = (value: Json) => Json | undefined;

/**
 * A path into JSON, compiled. `""` is the value itself; else segments are split on `.`: the key of an object, or the index
 * into a list, from the end when negative. At each object the longest key made of the remaining segments wins, so that
 * `@odata.nextLink` and SCIM's URNs need no quoting. `*` is every element, and the result then one flat list;
 * `name[k=v]` is the first element of the list `name` whose `k` is `v`. Only own properties count.
 */
export function compileNotation(text: string): Notation {
  if (text === '') return value => value;
  const parts = segments(text);
  if (parts.length === 1 && !/^-?\d+$|\*|\[/.test(text))
    return value => (isObject(value) ? own(value, text) : undefined);
  return value => walk(value, parts, 0);
}

/** Split on dots, but not within brackets. */
const segments = (text: string): string[] => text.match(/(?:\[[^\]]*\]|[^.[]|\[)+|(?<=\.)(?=\.|$)|^(?=\.)/g) ?? [];

function walk(value: Json, parts: readonly string[], at: number): Json | undefined {
  const part = parts[at];
  if (part === undefined) return value;
  if (Array.isArray(value)) return ofList(value, parts, at);
  if (!isObject(value)) return undefined;
  for (let end = parts.length; end > at; end -= 1) {
    const found = own(value, parts.slice(at, end).join('.'));
    if (found !== undefined) return walk(found, parts, end);
  }
  if (part === '*') return every(Object.values(value), parts, at);
  const [, name = '', key = '', wanted = ''] = selector.exec(part) ?? [];
  const list = key === '' ? undefined : own(value, name);
  return Array.isArray(list) ? walkFound(first(list, key, wanted), parts, at) : undefined;
}

const selector = /^(.*)\[([^=\]]+)=(.*)\]$/s;

function ofList(list: readonly Json[], parts: readonly string[], at: number): Json | undefined {
  const part = parts[at] ?? '';
  if (part === '*') return every(list, parts, at);
  if (/^-?\d+$/.test(part)) return walkFound(list.at(Number(part)), parts, at);
  const [, name, key = '', wanted = ''] = selector.exec(part) ?? [];
  return name === '' ? walkFound(first(list, key, wanted), parts, at) : undefined;
}

const walkFound = (found: Json | undefined, parts: readonly string[], at: number) =>
  found === undefined ? undefined : walk(found, parts, at + 1);

const first = (list: readonly Json[], key: string, wanted: string) =>
  list.find(one => isObject(one) && own(one, key) !== undefined && String(own(one, key)) === wanted);

function every(list: readonly Json[], parts: readonly string[], at: number): Json {
  const nested = parts.slice(at + 1).includes('*');
  return list.flatMap(one => {
    const found = walk(one, parts, at + 1);
    if (found === undefined) return [];
    return nested && Array.isArray(found) ? found : [found];
  });
}
