import mysql from 'mysql2';
import { timed } from './side-by-side.ts';
import { QUERIES } from './tables.ts';

/**
 * Reads what a run reads and does nothing with it: mysql2's own stream, one query after the other on a connection that is
 * open already. Rows are objects, as they are unless one asks otherwise, and dates are texts. Gives the milliseconds.
 */
export function bareReading(url: string): AsyncDisposable & { read(): Promise<number> } {
  const connection = mysql.createConnection({ uri: url, dateStrings: true });
  return {
    read: () =>
      timed(async () => {
        for (const query of Object.values(QUERIES)) await readAll(connection, query);
      }),
    [Symbol.asyncDispose]: async () => connection.destroy(),
  };
}

async function readAll(connection: mysql.Connection, query: string): Promise<void> {
  for await (const _ of connection.query(query).stream());
}
