import type { Socket } from 'node:net';
import mysql, {
  type Connection,
  type FieldPacket,
  type QueryOptions,
  type TypeCastField,
  type TypeCastNext,
} from 'mysql2';
import type { SqlSourceConfig } from '../../config/schema.ts';
import { databaseAddress, printableAddress } from '../../connect/database.ts';
import { mysqlOptions } from '../../connect/mysql.ts';
import type { Page, Reading, Statement } from './reading.ts';

type Timeouts = SqlSourceConfig['timeouts'];

/** Opens a read-only REPEATABLE READ transaction. One more try on a fresh connection when the first one breaks. */
export async function openMysqlReading(config: SqlSourceConfig, signal: AbortSignal): Promise<Reading> {
  const where = printableAddress(databaseAddress(config));
  try {
    return await begin(config, signal).catch(error =>
      isBroken(error) ? begin(config, signal) : Promise.reject(error),
    );
  } catch (error) {
    throw new Error(`${where} cannot be read: ${words(error)}`, { cause: error });
  }
}

/** The socket below: mysql2 has it on every connection and leaves it out of its types. */
const socketOf = (connection: Connection) => (connection as unknown as { stream: Socket }).stream;

/** A connection that failed, rather than a server that refused. */
const isBroken = (error: unknown) =>
  /^(ECONN|EPIPE|ETIMEDOUT|PROTOCOL_)/.test(String((error as { code?: string }).code));

const words = (error: unknown) => (error as Error).message || String((error as { code?: string }).code ?? 'no answer');

async function begin(config: SqlSourceConfig, signal: AbortSignal): Promise<Reading> {
  signal.throwIfAborted();
  const connection = mysql.createConnection(await mysqlOptions(config, config.timeouts.connect));
  // Without a listener a connection that breaks between two statements would end the process.
  connection.on('error', () => {});
  const abort = () => connection.destroy();
  signal.addEventListener('abort', abort, { once: true });
  const close = async () => {
    signal.removeEventListener('abort', abort);
    connection.destroy();
  };
  const ask = within(connection, config.timeouts.idle);
  try {
    const warnings = await writePrivileges(ask);
    await ask('set session transaction isolation level repeatable read');
    // A slow reader must not make the server give up on it.
    await ask('set session net_write_timeout = 600');
    await ask('start transaction with consistent snapshot, read only');
    return {
      warnings,
      columnsOf: async table => columnsOf(ask, table),
      quote: identifier => mysql.escapeId(identifier, true),
      select: statement => select(connection, statement, { ask, timeouts: config.timeouts, signal }),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Ask = (text: string, values?: readonly string[]) => Promise<readonly Record<string, unknown>[]>;

/** A short question, with a limit of our own: a server that was frozen answers nothing and closes nothing. */
function within(connection: Connection, timeout: number): Ask {
  return (sql, values = []) =>
    new Promise((resolve, reject) => {
      const broken = () => reject(new Error('the connection closed'));
      socketOf(connection).once('close', broken);
      connection.query({ sql, timeout, values: [...values] }, (error, rows) => {
        socketOf(connection).removeListener('close', broken);
        if (error) reject(error);
        else resolve(rows as Record<string, unknown>[]);
      });
    });
}

/** A bridge that only reads should not be able to write: the account of an HR system is worth stealing. */
async function writePrivileges(ask: Ask): Promise<string[]> {
  const grants = (await ask('show grants')).map(row => String(Object.values(row)[0]));
  const found = grants.flatMap(grant => grant.match(/^GRANT (.*?) ON /)?.[1] ?? []).join(', ');
  const writes = found.match(/\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE|TRUNCATE)\b/g) ?? [];
  if (writes.length === 0) return [];
  return [`the account can write (${[...new Set(writes)].join(', ')}); one with SELECT alone is enough`];
}

async function columnsOf(ask: Ask, table: string): Promise<string[]> {
  const rows = await ask(
    'select column_name as name from information_schema.columns where table_schema = database() and table_name = ? order by ordinal_position',
    [table],
  );
  return rows.map(row => String(row['name']));
}

/** Rows a page, and pages waiting before the connection is paused. */
const PAGE = 1000;
const WAITING = 4;

interface Flow {
  readonly ask: Ask;
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
}

async function* select(
  connection: Connection,
  statement: Statement,
  { ask, timeouts, signal }: Flow,
): AsyncGenerator<Page> {
  const legacy = Object.keys(statement.encoding).length > 0;
  // Unset, the server hands over the bytes of every column as they are stored, and says which character set they are in.
  if (legacy) await ask('set character_set_results = null');
  const incoming = receive(connection, statement, timeouts);
  const abort = () => incoming.fail(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    for (let page = await incoming.next(); page; page = await incoming.next()) yield page;
  } finally {
    signal.removeEventListener('abort', abort);
    incoming.close();
  }
  if (legacy) await ask('set character_set_results = utf8mb4');
}

/**
 * The pages of one query as they arrive. mysql2's own stream waits for ever when the connection dies half-way, so this
 * listens to the query, the connection and the socket, and looks after itself whether rows still come.
 */
function receive(connection: Connection, statement: Statement, timeouts: Timeouts) {
  const pages: Page[] = [];
  let columns: readonly string[] | undefined;
  let rows: unknown[][] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  let alive = true;
  const latin1 = new Set<string>();

  const fail = (error: Error) => {
    failure ??= error;
    wake?.();
  };
  const flush = () => {
    pages.push({ columns: columns ?? [], rows });
    rows = [];
    if (pages.length >= WAITING) connection.pause();
    wake?.();
  };
  const query = connection.query(queryOptions(statement, latin1));
  query.on('fields', (fields: FieldPacket[] | undefined) => {
    if (fields === undefined) return;
    columns = fields.map(field => field.name);
    for (const field of fields) if (LATIN1.has(field.characterSet ?? 0)) latin1.add(field.name);
  });
  query.on('result', row => {
    alive = true;
    if (columns === undefined) return fail(new Error('the query gives no rows: it is not a SELECT'));
    rows.push(row as unknown as unknown[]);
    if (rows.length === PAGE) flush();
  });
  query.on('end', () => {
    ended = true;
    flush();
  });
  query.on('error', fail);
  const closed = () => fail(new Error('the connection closed before the last row'));
  connection.on('error', fail);
  socketOf(connection).once('close', closed);
  const idle = setInterval(() => {
    if (!alive && pages.length < WAITING) fail(new Error(`no row came for ${timeouts.idle / 1000} s`));
    alive = false;
  }, timeouts.idle);
  const late = setTimeout(
    () => fail(new Error(`the query took longer than ${timeouts.query / 1000} s`)),
    timeouts.query,
  );

  return {
    fail,
    /** The next page; undefined after the last one. */
    async next(): Promise<Page | undefined> {
      while (pages.length === 0 && !ended && !failure) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      // Rows that came before a failure are of no use: a part is never handed over.
      if (failure) throw failure;
      const page = pages.shift();
      if (pages.length < WAITING) connection.resume();
      alive = true;
      return page;
    },
    close() {
      clearInterval(idle);
      clearTimeout(late);
      connection.removeListener('error', fail);
      socketOf(connection).removeListener('close', closed);
      if (!ended) connection.destroy();
    },
  };
}

/** The ids of latin1 collations: what MySQL calls latin1 is Windows-1252, which mysql2 takes for ISO 8859-1. */
const LATIN1 = new Set([5, 8, 15, 31, 47, 48, 49, 94]);

function queryOptions({ text, encoding }: Statement, latin1: ReadonlySet<string>): QueryOptions {
  const options = { sql: text, rowsAsArray: true };
  const legacy = new Set(Object.keys(encoding));
  if (legacy.size === 0) return options;
  const typeCast = (field: TypeCastField, next: TypeCastNext) => {
    if (legacy.has(field.name)) return field.buffer();
    return latin1.has(field.name) ? field.string('win1252' as BufferEncoding) : next();
  };
  return { ...options, typeCast };
}
