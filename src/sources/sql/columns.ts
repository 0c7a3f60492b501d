import iconv from 'iconv-lite';
import { type Resolve, UnreadableValue } from '../mapping.ts';

export type Row = readonly unknown[];

/**
 * Finds columns by name in the rows of one result. It throws for a name that the result lacks or has twice, and says what
 * there is: a column that was renamed must never read as empty for everybody.
 */
export function columnsOfResult(
  what: string,
  columns: readonly string[],
  encoding: Readonly<Record<string, string>>,
): Resolve<Row> {
  return name => {
    const place = columns.indexOf(name);
    if (place < 0) throw new Error(`column "${name}" is not in the result; ${what} gives ${columns.join(', ')}`);
    if (columns.lastIndexOf(name) !== place) {
      throw new Error(`column "${name}" is twice in the result of ${what}; give one of them another name with AS`);
    }
    const legacy = encoding[name];
    return legacy === undefined ? row => textOf(row[place], name) : row => decoded(row[place], name, legacy);
  };
}

/** A value as text, exactly as the database has it; undefined for NULL and for nothing but blanks. */
function textOf(value: unknown, name: string): string | undefined {
  if (typeof value === 'string') return value === '' || value.trim() === '' ? undefined : value;
  if (value === null || value === undefined) return undefined;
  if (value instanceof Uint8Array) return utf8(value, name);
  return String(value);
}

const strict = new TextDecoder('utf-8', { fatal: true });

function utf8(bytes: Uint8Array, name: string): string | undefined {
  try {
    return textOf(strict.decode(bytes), name);
  } catch {
    throw unreadable(bytes, name, 'utf-8');
  }
}

function decoded(value: unknown, name: string, encoding: string): string | undefined {
  if (!(value instanceof Uint8Array)) return textOf(value, name);
  const text = iconv.decode(Buffer.from(value.buffer, value.byteOffset, value.byteLength), encoding);
  if (text.includes('\ufffd')) throw unreadable(value, name, encoding);
  return textOf(text, name);
}

function unreadable(bytes: Uint8Array, name: string, encoding: string): UnreadableValue {
  const shown = Buffer.from(bytes.subarray(0, 16))
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ');
  return new UnreadableValue(`column "${name}" has bytes that are not ${encoding} (${shown})`);
}
