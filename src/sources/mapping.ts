import type { ConditionConfig, ValueConfig } from '../config/values.ts';

/** Gives the value of a name in one row: undefined where the row has none, and `""` is the same as none. */
export type Reader<Row> = (row: Row) => string | undefined;

/** Finds how a name is read from a row; it throws for a name that no row can have. */
export type Resolve<Row> = (name: string) => Reader<Row>;

/** The same for names that may have several values in one row. */
export type ReadEach<Row> = (row: Row) => readonly string[];
export type ResolveEach<Row> = (name: string) => ReadEach<Row>;

/** A value that is there but cannot be read, such as a date that is none. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue';
}

/** Makes the closure that reads one mapped field; what the configuration says is looked at once, not per row. */
export function compileValue<Row>(value: ValueConfig, resolve: Resolve<Row>): Reader<Row> {
  if (typeof value === 'string') return resolve(value);
  if (Array.isArray(value)) return firstOf(value.map(resolve));
  const read = origin(value, resolve);
  const step = compileSteps(value);
  return row => step(read(row));
}

/** The same for a field that may have several values: each of them goes through the steps by itself. */
export function compileEach<Row>(value: ValueConfig, resolve: ResolveEach<Row>): ReadEach<Row> {
  const first = (names: readonly string[]): ReadEach<Row> => {
    const readers = names.map(resolve);
    return row => {
      for (const read of readers) {
        const texts = read(row).filter(text => text !== '');
        if (texts.length > 0) return texts;
      }
      return [];
    };
  };
  if (typeof value === 'string') return first([value]);
  if (Array.isArray(value)) return first(value);
  if (value.from === undefined) return oneOf(compileValue(value, name => row => resolve(name)(row)[0]));
  const read = first(typeof value.from === 'string' ? [value.from] : value.from);
  const step = compileSteps(value);
  return row => {
    const texts = read(row);
    return (texts.length > 0 ? texts : [undefined]).flatMap(text => step(text) ?? []);
  };
}

/** A reader of one value as one of several. */
export function oneOf<Row>(read: Reader<Row>): ReadEach<Row> {
  return row => {
    const text = read(row);
    return text === undefined ? [] : [text];
  };
}

/** What is done to a value once it is read: transform, map, default. */
export function compileSteps(value: ValueObject): (text: string | undefined) => string | undefined {
  const steps = [...(value.transform ?? []).map(name => TRANSFORMS[name]), ...translate(value.map)];
  const fallback = value.default;
  return read => {
    let text = read;
    for (const step of steps) if (text !== undefined) text = step(text);
    return text === undefined || text === '' ? fallback : text;
  };
}

export type ValueObject = Exclude<ValueConfig, string | readonly string[]>;

function origin<Row>(value: ValueObject, resolve: Resolve<Row>): Reader<Row> {
  if (value.const !== undefined) {
    const text = value.const;
    return () => text;
  }
  if (value.template !== undefined) return template(value.template, resolve);
  const from = value.from ?? [];
  return typeof from === 'string' ? resolve(from) : firstOf(from.map(resolve));
}

function firstOf<Row>(readers: readonly Reader<Row>[]): Reader<Row> {
  return row => {
    for (const read of readers) {
      const text = read(row);
      if (text !== undefined && text !== '') return text;
    }
    return undefined;
  };
}

/** Text with `{{ name }}` in it. Empty when every name in it is empty: a lone `@acme.example` is no email. */
function template<Row>(text: string, resolve: Resolve<Row>): Reader<Row> {
  const parts = text.split(/\{\{\s*(.*?)\s*\}\}/);
  const readers = parts.map((part, place) => (place % 2 === 1 ? resolve(part) : undefined));
  const names = readers.filter(read => read !== undefined);
  return row => {
    if (names.length > 0 && names.every(read => !read(row))) return undefined;
    return parts.map((part, place) => readers[place]?.(row) ?? (place % 2 === 1 ? '' : part)).join('');
  };
}

const TRANSFORMS = {
  trim: (text: string) => text.trim(),
  lower: (text: string) => text.toLowerCase(),
  upper: (text: string) => text.toUpperCase(),
  before_at: (text: string) => text.split('@', 1)[0] ?? '',
  digits: (text: string) => text.replace(/\D/g, ''),
  date: (text: string) => dateOf(text) ?? '',
} as const;

function translate(map: Readonly<Record<string, string>> | undefined): ((text: string) => string)[] {
  if (map === undefined) return [];
  const table = new Map(Object.entries(map));
  const other = table.get('*');
  return [text => table.get(text) ?? other ?? text];
}

/** What stands for no date where a database cannot leave one out. */
const noDate = /^0000(?<separator>[-/.]?)00\k<separator>00(?:[T ].*)?$/;

/** Year, month and day; without separators only in full, for 2026-11 is no day of January. */
const dateForm = /^(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d\d)(\d\d))(?:[T ].*)?$/;

/** `YYYY-MM-DD` of what a database or a form calls a date; undefined for an empty one, `0000-00-00` too. */
export function dateOf(text: string): string | undefined {
  const trimmed = text.trim();
  if (isEmpty(trimmed)) return undefined;
  const [, year, , month, day, twoOfMonth, twoOfDay] = dateForm.exec(trimmed) ?? [];
  const date = `${year}-${(month ?? twoOfMonth)?.padStart(2, '0')}-${(day ?? twoOfDay)?.padStart(2, '0')}`;
  const moment = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(moment.getTime()) || !moment.toISOString().startsWith(date)) {
    throw new UnreadableValue(`"${trimmed}" is not a date`);
  }
  return date;
}

function isEmpty(text: string | undefined): boolean {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' || noDate.test(trimmed);
}

/** Makes the closure that judges one row; `today` is `YYYY-MM-DD`. It throws an {@link UnreadableValue} for a date that is none. */
export function compileCondition<Row>(
  condition: ConditionConfig,
  resolve: Resolve<Row>,
  today: string,
): (row: Row) => boolean {
  if ('all' in condition) return every(condition.all, resolve, today);
  if ('any' in condition) {
    const parts = condition.any.map(part => compileCondition(part, resolve, today));
    return row => parts.some(part => part(row));
  }
  if ('not' in condition) {
    const part = compileCondition(condition.not, resolve, today);
    return row => !part(row);
  }
  return comparison(condition, resolve(condition.field), today);
}

function every<Row>(parts: readonly ConditionConfig[], resolve: Resolve<Row>, today: string): (row: Row) => boolean {
  const compiled = parts.map(part => compileCondition(part, resolve, today));
  return row => compiled.every(part => part(row));
}

type Comparison = Extract<ConditionConfig, { field: string }>;

/** Values are compared as strings, `0000-00-00` is empty, and no date is neither before nor after today. */
function comparison<Row>(one: Comparison, read: Reader<Row>, today: string): (row: Row) => boolean {
  if (one.empty !== undefined) return row => isEmpty(read(row)) === one.empty;
  if (one.equals !== undefined) return row => (read(row) ?? '') === String(one.equals);
  if (one.in !== undefined) {
    const allowed = new Set(one.in.map(String));
    return row => allowed.has(read(row) ?? '');
  }
  const wanted = one.before_today ?? one.after_today;
  const after = one.after_today !== undefined;
  return row => {
    const date = dateOf(read(row) ?? '');
    if (date === undefined) return false;
    return (after ? date > today : date < today) === wanted;
  };
}

/** The names that a value is read from. */
export function namesIn(value: ValueConfig): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value;
  if (value.template !== undefined)
    return [...value.template.matchAll(/\{\{\s*(.*?)\s*\}\}/g)].map(match => match[1] ?? '');
  if (value.from === undefined) return [];
  return typeof value.from === 'string' ? [value.from] : value.from;
}

/** The names that a condition looks at. */
export function namesInCondition(condition: ConditionConfig): string[] {
  if ('all' in condition) return condition.all.flatMap(namesInCondition);
  if ('any' in condition) return condition.any.flatMap(namesInCondition);
  if ('not' in condition) return namesInCondition(condition.not);
  return [condition.field];
}

/** Reads a value, and tells apart what is empty from what is there but cannot be read. */
export function attempt<Row, Value>(read: (row: Row) => Value, row: Row): { value: Value } | { why: string } {
  try {
    return { value: read(row) };
  } catch (error) {
    if (error instanceof UnreadableValue) return { why: error.message };
    throw error;
  }
}
