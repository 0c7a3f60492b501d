/**
 * The one order of keys: by their UTF-8 bytes, which is also the order of code points. SQLite (`BINARY`) and
 * MySQL (`VARBINARY`) sort so; JavaScript sorts UTF-16 units, which differs as soon as surrogates are about.
 */
const surrogate = /[\ud800-\udfff]/;

/** Negative, zero or positive, as `a` stands before, at or after `b`. */
export function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

/** A sorted copy, by bytes. */
export function sorted<Text extends string>(texts: Iterable<Text>): Text[] {
  const list = [...texts];
  return list.some(text => surrogate.test(text)) ? list.sort(byBytes) : list.sort();
}

/** The set of these texts as a sorted list. */
export function sortedSet<Text extends string>(texts: Iterable<Text>): Text[] {
  return sorted(new Set(texts));
}
