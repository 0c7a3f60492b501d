import type { BlockConfig } from '../../config/manifest.ts';
import type { ConditionConfig, ValueConfig } from '../../config/values.ts';
import type { BrokenField } from '../../roster/model.ts';
import { attempt, compileCondition, compileSteps, UnreadableValue, type ValueObject } from '../mapping.ts';
import { type Json, textOf } from './json.ts';
import { compileNotation } from './notation.ts';
import { parseTemplate } from './template.ts';

/** One record as a manifest sees it: the fields of `data_structure` that it has, by name. */
export type Row = ReadonlyMap<string, Json>;

/** A record, unwrapped, with the record that its request was made for. */
export interface Recorded {
  readonly record: Json;
  readonly item: Json | undefined;
  /** The row of that record. */
  readonly of?: Row | undefined;
}

/** A record with its row. */
export interface RowOf extends Recorded {
  readonly row: Row;
  /** What the record has but that cannot be read. */
  readonly broken: readonly BrokenField[];
}

/** Reads one field; undefined where the record has none. Throws an UnreadableValue for a date that is none. */
type Column = (recorded: Recorded) => Json | undefined;

/** Makes the closure that turns a record into its row. */
export function compileRow(data_structure: BlockConfig['data_structure']): (recorded: Recorded) => RowOf {
  const columns = Object.entries(data_structure).map(([name, value]) => [name, compileColumn(value)] as const);
  return recorded => {
    const row = new Map<string, Json>();
    const broken: BrokenField[] = [];
    for (const [name, read] of columns) {
      const got = attempt(read, recorded);
      if ('why' in got) broken.push({ field: name, why: got.why });
      else if (got.value !== undefined) row.set(name, got.value);
    }
    return { ...recorded, row, broken };
  };
}

/** A name in a record; `item.x` where the record has none is in the record that the request was made for. */
function compileName(name: string): Column {
  const read = compileNotation(name);
  const inItem = /^item(\.|$)/.test(name) ? compileNotation(name.replace(/^item\.?/, '')) : undefined;
  if (inItem === undefined) return ({ record }) => read(record);
  return ({ record, item }) => read(record) ?? (item === undefined ? undefined : inItem(item));
}

function compileColumn(value: ValueConfig): Column {
  if (typeof value === 'string') return compileName(value);
  if (Array.isArray(value)) return firstOf(value);
  const step = compileSteps(value);
  const read = origin(value);
  return recorded => {
    const found = read(recorded);
    if (Array.isArray(found)) return found.flatMap(one => step(plain(one)) ?? []);
    return step(plain(found)) ?? (found === null ? null : undefined);
  };
}

/** What the steps of a value object can be done to. Throws an UnreadableValue for what is no text. */
function plain(value: Json | undefined): string | undefined {
  const text = textOf(value);
  if (text !== undefined || value === undefined || value === null) return text;
  throw new UnreadableValue(
    'is no text, but an object or a list within a list; the manifest must name one value in it',
  );
}

function origin(value: ValueObject): Column {
  if (value.const !== undefined) {
    const text = value.const;
    return () => text;
  }
  if (value.template !== undefined) return compileText(value.template);
  const from = value.from ?? [];
  return typeof from === 'string' ? compileName(from) : firstOf(from);
}

function firstOf(names: readonly string[]): Column {
  const readers = names.map(compileName);
  return recorded => {
    for (const read of readers) {
      const found = read(recorded);
      if (found !== undefined && found !== null && found !== '') return found;
    }
    return undefined;
  };
}

/** Empty when every name in it is: a lone `@acme.example` is no email. */
function compileText(text: string): Column {
  const template = parseTemplate(text);
  const names = new Map(template.names.map(({ name }) => [name, compileName(name)]));
  return recorded => {
    const value = (name: string) => textOf(names.get(name)?.(recorded)) ?? '';
    if (names.size > 0 && [...names.keys()].every(name => value(name) === '')) return undefined;
    return template.render(value);
  };
}

/** Judges a record. Throws an UnreadableValue for a date that is none. */
export type Judge = (row: RowOf) => boolean;

/**
 * Makes the closure that judges a record: by what stands in it, else by a field of its row. With `strict`, a record
 * cannot be judged that lacks what it would have to say to be taken, for a field that nobody has any more is no verdict.
 */
export function compileJudge(condition: ConditionConfig, today: string, { strict = false } = {}): Judge {
  const needed = new Set(strict ? neededBy(condition) : []);
  const resolve = (name: string) => {
    const read = compileName(name);
    return (one: RowOf) => {
      const found = read(one) ?? one.row.get(name);
      if (found === undefined && needed.has(name)) throw new UnreadableValue(`"${name}" is not in the record`);
      return plain(found);
    };
  };
  return compileCondition(condition, resolve, today);
}

/** The fields without which a condition cannot hold: those that must equal something. */
function neededBy(condition: ConditionConfig): string[] {
  if ('all' in condition) return condition.all.flatMap(neededBy);
  if ('any' in condition) return condition.any.flatMap(neededBy);
  if ('not' in condition) return [];
  return condition.equals !== undefined || condition.in !== undefined ? [condition.field] : [];
}
