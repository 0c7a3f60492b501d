import stringWidth from 'string-width';

/** The columns that a text takes on a terminal: East Asian wide characters take two, combining marks none. */
export const columns = (text: string) => (isPlain(text) ? text.length : stringWidth(text));

/** Most texts are, and need not be looked at closely. */
const isPlain = (text: string) => /^[\x20-\x7e]*$/.test(text);

/** A text filled up with blanks to a number of columns. */
export const padEnd = (text: string, width: number) => text + blanks(width - columns(text));
export const padStart = (text: string, width: number) => blanks(width - columns(text)) + text;
export const blanks = (count: number) => ' '.repeat(Math.max(0, count));

/**
 * The width at which these texts stand in one column. One that is longer than `most` sticks out by itself, so that a single
 * long value does not push everybody else's to the far right.
 */
export function widthOf(texts: Iterable<string>, { least = 0, most = 60 } = {}): number {
  let width = least;
  for (const text of texts) {
    const own = columns(text);
    if (own > width && own <= most) width = own;
  }
  return width;
}

export interface TableOptions {
  /** Blanks before every line. */
  readonly indent?: number;
  /** The columns, counted from 0, that are numbers and end together. */
  readonly right?: readonly number[];
}

/** Rows with their columns aligned, two blanks between; a cell that is the last of its row is not filled up. */
export function table(rows: readonly (readonly string[])[], { indent = 0, right = [] }: TableOptions = {}): string[] {
  const count = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const widths = Array.from({ length: count }, (_, at) => widthOf(rows.map(row => row[at] ?? '')));
  return rows.map(row => {
    const cells = row.map((cell, at) =>
      right.includes(at) ? padStart(cell, widths[at] ?? 0) : padEnd(cell, widths[at] ?? 0),
    );
    return `${blanks(indent)}${cells.join('  ')}`.trimEnd();
  });
}

/** Words with two blanks between them, in lines of at most `width` columns; later lines begin below the first word. */
export function wrapped(words: readonly string[], { start, width }: { start: string; width: number }): string[] {
  const indent = columns(start);
  const lines = [start];
  let used = indent;
  for (const word of words) {
    const own = columns(word) + (used === indent ? 0 : 2);
    const fresh = used + own > width && used > indent;
    if (fresh) lines.push(blanks(indent) + word);
    else lines[lines.length - 1] += used === indent ? word : `  ${word}`;
    used = fresh ? indent + columns(word) : used + own;
  }
  return lines;
}

/** `1 person`, `2 people`. */
export const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
