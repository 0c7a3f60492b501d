import { pipeline } from 'node:stream';
import { CsvError, type InfoRecord, parse } from 'csv-parse';
import type { ToBatch } from '../records.ts';
import type { Batch } from '../source.ts';
import type { Layout, Row } from './columns.ts';

/** Rows a batch. */
const PAGE = 2000;

/** Bytes of a row as UTF-8. A quote that is never closed would make one row of all that follows. */
const LONGEST = 4 * 1024 * 1024;

/** Says what becomes of rows, once it is known which columns there are; it throws where one is missing. */
export type Compile = (columns: readonly string[]) => ToBatch<Row>;

/** All rows of a table in batches, the last of which may be empty, or an error that says in which line something is wrong. */
export async function* batchesOf(text: AsyncIterable<string>, layout: Layout, compile: Compile): AsyncGenerator<Batch> {
  const table = tableOf(layout, compile);
  const parser = parse({
    bom: false,
    delimiter: layout.delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: LONGEST,
    on_record: table.take,
  });
  // What goes wrong in the text comes out of the parser; the callback only keeps it from being thrown a second time.
  pipeline(text, parser, () => {});
  let rows: Row[] = [];
  try {
    for await (const row of parser as AsyncIterable<Row>) {
      rows.push(row);
      if (rows.length < PAGE) continue;
      yield table.toBatch(rows);
      rows = [];
    }
  } catch (error) {
    throw error instanceof CsvError ? table.explain(error) : error;
  }
  yield table.toBatch(rows);
}

interface Table {
  /** Called for each row as it is parsed, before anything can be wrong with the next one. Gives null for the header. */
  readonly take: (row: string[], info: InfoRecord) => string[] | null;
  readonly toBatch: ToBatch<Row>;
  readonly explain: (error: CsvError) => Error;
}

function tableOf(layout: Layout, compile: Compile): Table {
  const lines = lineCounter();
  let width: number | undefined;
  let convert = layout.columns && compile(layout.columns);
  return {
    take(row, info) {
      const line = lines.startOf(info);
      lines.pass(row, info);
      if (width !== undefined) return row;
      width = row.length;
      if (layout.columns) {
        mustFit(row, layout.columns, line);
        return row;
      }
      convert = compile(row.map(name => name.trim()));
      return null;
    },
    toBatch(rows) {
      if (convert) return convert(rows);
      throw new Error('has no header; a file that was cut off or not written yet looks like that');
    },
    explain: error => inWords(error, lines.startOf(error as unknown as InfoRecord), { layout, width }),
  };
}

/** The first row where no header is expected. */
function mustFit(row: Row, columns: readonly string[], line: number): void {
  if (row.length !== columns.length) {
    throw new Error(`line ${line} has ${fields(row.length)}, and columns names ${columns.length}`);
  }
  if (row.every((name, place) => name.trim() === columns[place])) {
    throw new Error(`line ${line} is a header; leave columns out`);
  }
}

const fields = (count: number) => `${count} ${count === 1 ? 'field' : 'fields'}`;

type Lines = Pick<InfoRecord, 'lines' | 'empty_lines'>;

/** In which line of the file a row starts, where values may have several lines. */
function lineCounter() {
  let passed = 0;
  let empty = 0;
  let twice = 0;
  return {
    startOf: ({ empty_lines }: Lines) => passed + 1 + empty_lines - empty,
    /** The parser takes CR LF in quotes for two lines. */
    pass(row: Row, { lines, empty_lines }: Lines) {
      for (const text of row) if (text.includes('\r\n')) twice += text.split('\r\n').length - 1;
      passed = lines - twice;
      empty = empty_lines;
    },
  };
}

interface Known {
  readonly layout: Layout;
  /** Fields of the first row, once it came. */
  readonly width: number | undefined;
}

function inWords(error: CsvError, line: number, { layout, width = 0 }: Known): Error {
  return new Error(`line ${line} ${wrong(error, width, layout)}`, { cause: error });
}

function wrong({ code, message, record }: CsvError, width: number, { columns, delimiter }: Layout): string {
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const first = columns ? 'columns names' : 'the header has';
      const way = `a value with ${JSON.stringify(delimiter)} in it needs quotes around it`;
      return `has ${fields(Array.isArray(record) ? record.length : 0)}, and ${first} ${width}; ${way}`;
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'has a quote that is never closed; the file may be cut off';
    case 'CSV_MAX_RECORD_SIZE':
      return `begins a row of more than ${LONGEST / 1024 / 1024} MiB; has it a quote that is never closed?`;
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'has a quote in the middle of a value; put quotes around the whole value, and each one in it twice';
    default:
      return `cannot be read: ${message}`;
  }
}
