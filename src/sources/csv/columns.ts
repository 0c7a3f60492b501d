import { type Resolve, UnreadableValue } from '../mapping.ts';
import { LOST } from './text.ts';

export type Row = readonly string[];

/** How a table is written. */
export interface Layout {
  readonly encoding: string;
  readonly delimiter: string;
  /** The names of the columns where no header gives them. */
  readonly columns?: readonly string[] | undefined;
}

/**
 * Finds columns by name. It throws for a name that is not there or there twice, and says what there is: a column that
 * was renamed must never read as empty for everybody.
 */
export function columnsOfTable(names: readonly string[], layout: Layout): Resolve<Row> {
  const where = layout.columns ? 'among columns' : 'in the header';
  return name => {
    const place = names.indexOf(name);
    if (place < 0) throw new Error(`column "${name}" is not ${where}: ${listed(names)}${advice(names, layout)}`);
    if (names.lastIndexOf(name) !== place) {
      throw new Error(`column "${name}" is twice ${where}: ${listed(names)}; give one of them another name`);
    }
    return row => textOf(row[place], name, layout.encoding);
  };
}

/** What is no table at all may be one long line. */
const LISTED = 500;

function listed(names: readonly string[]): string {
  const list = names.join(', ');
  return list.length > LISTED ? `${list.slice(0, LISTED)} …` : list;
}

const DELIMITERS = [';', '\t', ',', '|'];

function advice(names: readonly string[], { columns, delimiter, encoding }: Layout): string {
  if (columns) return '';
  const [only = '', ...more] = names;
  const other = DELIMITERS.find(one => one !== delimiter && only.includes(one));
  if (more.length === 0 && other) return `; is that several columns? Then set delimiter: ${JSON.stringify(other)}`;
  if (names.some(name => name.includes(LOST))) return `; it has bytes that are not ${encoding}: set encoding`;
  return '';
}

/** A value exactly as it is written; undefined for nothing but blanks. */
function textOf(text: string | undefined, name: string, encoding: string): string | undefined {
  if (text === undefined || text === '' || text.trim() === '') return undefined;
  if (!text.includes(LOST)) return text;
  throw new UnreadableValue(`column "${name}" has bytes that are not ${encoding} ("${text.slice(0, 40)}")`);
}
