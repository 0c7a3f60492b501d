import iconv from 'iconv-lite';
import mysql, {
  type Connection,
  type FieldPacket,
  type QueryOptions,
  type TypeCastField,
  type TypeCastNext,
} from 'mysql2';
import type { SqlSourceConfig } from '../../config/sources.ts';
import { databaseAddress, printableAddress } from '../../connect/database.ts';
import { databaseTrouble } from '../../connect/database-trouble.ts';
import { cut, mysqlOptions, socketOf } from '../../connect/mysql.ts';
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
    throw new Error(`${where} cannot be read: ${databaseTrouble(error)}`, { cause: error });
  }
}

/** A connection that failed, rather than a server that refused. */
const isBroken = (error: unknown) =>
  /^(ECONN|EPIPE|ETIMEDOUT|PROTOCOL_)/.test(String((error as { code?: string }).code));

async function begin(config: SqlSourceConfig, signal: AbortSignal): Promise<Reading> {
  signal.throwIfAborted();
  const connection = mysql.createConnection(await mysqlOptions(config, config.timeouts.connect));
  // Without a listener a connection that breaks between two statements would end the process.
  connection.on('error', () => {});
  const abort = () => cut(connection);
  signal.addEventListener('abort', abort, { once: true });
  const close = async () => {
    signal.removeEventListener('abort', abort);
    cut(connection);
  };
  const ask = within(connection, config.timeouts.idle);
  try {
    await answer<unknown>(connection, done => connection.connect(error => done(error, undefined)));
    const warnings = await writePrivileges(ask);
    // For the session, too: MariaDB ends a read-only transaction before a DROP or CREATE, and then does as it is told.
    await ask('set session transaction isolation level repeatable read, read only');
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
  return (sql, values = []) => {
    const late = Promise.withResolvers<never>();
    // Not mysql2's own: that one goes on, and keeps the process alive, when the connection broke.
    const timer = setTimeout(() => late.reject(broken('ETIMEDOUT', `no answer came for ${timeout / 1000} s`)), timeout);
    const rows = answer<Record<string, unknown>[]>(connection, done =>
      connection.query({ sql, values: [...values] }, (error, found) => done(error, found as Record<string, unknown>[])),
    );
    return Promise.race([rows, late.promise]).finally(() => clearTimeout(timer));
  };
}

/** What mysql2 calls back with, which it never does once we have closed the connection. */
function answer<Value>(
  connection: Connection,
  ask: (done: (error: Error | null, value: Value) => void) => void,
): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const socket = socketOf(connection);
  const closed = () => reject(broken('PROTOCOL_CONNECTION_LOST', 'the connection closed'));
  socket.once('close', closed);
  ask((error, value) => (error ? reject(error) : resolve(value)));
  return promise.finally(() => socket.removeListener('close', closed));
}

const broken = (code: string, what: string) => Object.assign(new Error(what), { code });

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
  let spellings: readonly Spelling[] = [];
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
    // A procedure's answer ends with one more result, and its rows would count as people.
    if (columns !== undefined) return fail(new Error('the query gives several results: write one SELECT, and no CALL'));
    if (fields === undefined) return;
    for (const field of fields) {
      if (!LATIN1.has(field.characterSet ?? 0)) continue;
      field.name = nameOf(field);
      latin1.add(field.name);
    }
    columns = fields.map(field => field.name);
    spellings = fields.flatMap(spellingOf);
  });
  query.on('result', row => {
    alive = true;
    if (columns === undefined) return fail(new Error('the query gives no rows: it is not a SELECT'));
    const values = row as unknown as unknown[];
    for (const { place, spell } of spellings) if (values[place] !== null) values[place] = spell(values[place]);
    rows.push(values);
    if (rows.length === PAGE) flush();
  });
  query.on('end', () => {
    ended = true;
    // Whoever takes long over the last pages keeps nobody waiting.
    clearInterval(idle);
    clearTimeout(late);
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
      if (!ended) cut(connection);
    },
  };
}

/** How the values of one column are written out where mysql2 hands over something else. */
interface Spelling {
  readonly place: number;
  readonly spell: (value: unknown) => string;
}

const BIT = 16;
const INTEGERS: ReadonlySet<number | undefined> = new Set([1, 2, 3, 8, 9, 13]);
const ZEROFILL = 64;

/** BIT is a number that comes as bytes; ZEROFILL, as in personnel numbers, is part of a number and gets lost. */
function spellingOf({ columnType, columnLength = 0, flags }: FieldPacket, place: number): Spelling[] {
  if (columnType === BIT) {
    return [{ place, spell: bits => BigInt(`0x${(bits as Buffer).toString('hex') || '0'}`).toString() }];
  }
  if (!INTEGERS.has(columnType) || (Number(flags) & ZEROFILL) === 0) return [];
  return [{ place, spell: number => String(number).padStart(columnLength, '0') }];
}

/**
 * The ids of latin1 collations, the last two MariaDB's own: what MySQL calls latin1 is Windows-1252, which mysql2 takes for
 * ISO 8859-1.
 */
const LATIN1 = new Set([5, 8, 15, 31, 47, 48, 49, 94, 1032, 1071]);

/** A name is UTF-8 whatever its column holds; mysql2 reads it as if it were one of the values. */
const nameOf = (field: FieldPacket) => Buffer.from(field.name, 'latin1').toString();

/** Windows-1252 with the five bytes that it leaves open as MySQL has them: as control characters. */
function windows1252(bytes: Buffer): string {
  const text = iconv.decode(bytes, 'win1252');
  if (!text.includes('\ufffd')) return text;
  return [...text]
    .map((letter, place) => (letter === '\ufffd' ? bytes.toString('latin1', place, place + 1) : letter))
    .join('');
}

function queryOptions({ text, encoding }: Statement, latin1: ReadonlySet<string>): QueryOptions {
  const options = { sql: text, rowsAsArray: true };
  const legacy = new Set(Object.keys(encoding));
  if (legacy.size === 0) return options;
  const typeCast = (field: TypeCastField, next: TypeCastNext) => {
    if (legacy.has(field.name)) return field.buffer();
    if (!latin1.has(field.name)) return next();
    const bytes = field.buffer();
    return bytes && windows1252(bytes);
  };
  return { ...options, typeCast };
}
