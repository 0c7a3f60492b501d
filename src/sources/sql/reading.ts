/** One statement and which of its columns hold bytes of a legacy encoding. */
export interface Statement {
  readonly text: string;
  /** Column to encoding; the values of these columns come as bytes. */
  readonly encoding: Readonly<Record<string, string>>;
}

/** Some rows, each a list in the order of the columns. The first page of a statement comes even when there are none. */
export interface Page {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** One consistent read of a database: every statement sees the same moment. Closing it releases the connection. */
export interface Reading extends AsyncDisposable {
  /** What an administrator should know about the account. */
  readonly warnings: readonly string[];
  /** The columns of a table or view; empty when there is none of that name. */
  columnsOf(table: string): Promise<string[]>;
  /** Quotes a name so that the engine takes it as one. */
  quote(identifier: string): string;
  /** All rows of a statement, in pages, or an error; never a part. */
  select(statement: Statement): AsyncIterable<Page>;
}
