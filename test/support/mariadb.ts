import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { temporaryFolder } from './folder.ts';
import { freePort } from './port.ts';
import { firstInstalled, runProgram, startProgram } from './program.ts';
import { type Launch, Server } from './server.ts';
import { sharedAddress } from './shared.ts';

export interface MariadbOptions {
  /**
   * Whether a committed transaction survives SIGKILL, as it does on a server in production (the default). Without
   * that, commits are faster.
   */
  readonly durable?: boolean;
}

/** A private MariaDB server on loopback whose superuser is root without a password. Disposing of it removes its data. */
export interface Mariadb extends AsyncDisposable {
  /** `mysql://root@127.0.0.1:PORT`, the same after each start. */
  readonly url: string;
  readonly port: number;
  /** That of the server now running, or of the last one. */
  readonly pid: number;
  /** Sends a signal and waits until the server is gone, or stands still; SIGCONT is only sent. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts the server again on the data it left behind. */
  start(): Promise<void>;
}

/** A new, empty server; it takes about a second. */
export async function startMariadb(options: MariadbOptions = {}): Promise<Mariadb> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const data = join(folder.path, 'data');
  await install(data);
  const port = await freePort();
  const args = serverArguments(folder.path, data, port, options.durable ?? true);
  const server = starting.use(await Server.start(launch(args)));
  const owned = starting.move();
  return {
    url: `mysql://root@127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    kill: signal => server.kill(signal),
    start: () => server.start(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface FreshDatabaseOptions {
  /** The superuser's URL of the server to make it on; the shared server's by default. */
  readonly on?: string;
}

/** An empty database of the test's own. Disposing of it drops it, and the accounts made for it. */
export interface FreshDatabase extends AsyncDisposable {
  readonly name: string;
  /** With an account that may do everything. */
  readonly url: string;
  /** What mysql2's `query` gives for one or several statements: rows, or what became of them. All run on one connection. */
  execute(sql: string, values?: unknown[]): Promise<unknown>;
  /** The URL of a new account, with a password, that may only SELECT from this database. */
  reader(): Promise<string>;
}

export async function freshDatabase(options: FreshDatabaseOptions = {}): Promise<FreshDatabase> {
  const server = options.on ?? sharedAddress('ROSTERD_TEST_MYSQL_URL');
  const name = uniqueName();
  await administer(server, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const url = urlOf(server, { pathname: name });
  // A pool of one, because it replaces a connection that a test cut.
  const pool = mysql.createPool({ uri: url, connectionLimit: 1, multipleStatements: true });
  const undo = [`DROP DATABASE IF EXISTS ${name}`];
  return {
    name,
    url,
    execute: async (sql, values) => (await pool.query(sql, values))[0],
    async reader() {
      const account = { username: uniqueName(), password: randomBytes(12).toString('hex') };
      const quoted = `'${account.username}'@'%'`;
      await administer(
        server,
        `CREATE USER ${quoted} IDENTIFIED BY '${account.password}'; GRANT SELECT ON ${name}.* TO ${quoted}`,
      );
      undo.push(`DROP USER IF EXISTS ${quoted}`);
      return urlOf(url, account);
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await administer(server, undo.join('; '));
    },
  };
}

/** Fits the 32 characters that MySQL allows an account's name. */
function uniqueName(): string {
  return `rosterd_test_${randomBytes(8).toString('hex')}`;
}

function urlOf(base: string, parts: { pathname?: string; username?: string; password?: string }): string {
  return Object.assign(new URL(base), parts).href;
}

async function administer(server: string, sql: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: server, multipleStatements: true });
  try {
    // Otherwise a transaction that a test forgot would keep DROP DATABASE waiting for a day.
    await connection.query('SET lock_wait_timeout = 10');
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

// For the installer and the server. They never wait for the disk: a killed server loses nothing by that, only a crashed
// machine would.
const always = ['--no-defaults', '--debug-no-sync', '--innodb-log-file-size=16M', '--skip-name-resolve', ...asRoot()];

/** A server run by root insists on being told that it is meant. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

async function install(data: string): Promise<void> {
  await mkdir(data);
  const options = ['--auth-root-authentication-method=normal', '--skip-test-db', `--datadir=${data}`];
  const installer = [...always, ...options];
  const done = await firstInstalled(['mariadb-install-db', 'mysql_install_db'], name =>
    runProgram(name, installer, { group: true }),
  );
  if (done.code !== 0) throw new Error(`mariadb-install-db failed:\n${done.stdout}${done.stderr}`);
}

function serverArguments(folder: string, data: string, port: number, durable: boolean): string[] {
  return [
    ...always,
    `--datadir=${data}`,
    `--tmpdir=${folder}`,
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    '--character-set-server=utf8mb4',
    '--performance-schema=OFF',
    '--max-connections=200',
    `--innodb-buffer-pool-size=${durable ? '32M' : '128M'}`,
    `--innodb-flush-log-at-trx-commit=${durable ? 1 : 0}`,
  ];
}

function launch(args: readonly string[]): Launch {
  return {
    start: () => firstInstalled(['mariadbd', 'mysqld'], name => startProgram(name, args)),
    ready: server => server.waitFor(/ready for connections/, 30_000),
  };
}
