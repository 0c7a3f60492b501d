import { connect, type Socket } from 'node:net';
import type { Connection, ConnectionOptions, Pool } from 'mysql2';
import type { DatabaseConfig } from '../config/connections.ts';
import { databaseAddress } from './database.ts';
import { tlsOptions } from './tls.ts';

/**
 * How a connection to MySQL or MariaDB is opened, whoever needs it: by TCP, in utf8mb4, with everything that a JavaScript
 * number or Date would bend kept as text. `connectTimeout` is in milliseconds. The socket is made here, because mysql2
 * looks in the certificate for the name that it takes for the host, and the configuration may expect another.
 */
export async function mysqlOptions(config: DatabaseConfig, connectTimeout = 10_000): Promise<ConnectionOptions> {
  const address = databaseAddress(config);
  if (address.engine !== 'mysql') throw new TypeError(`${config.url} is no MySQL address`);
  const { host, port, user, password, database } = address;
  return {
    host: config.tls?.server_name ?? host,
    stream: () => connect({ host, port, noDelay: true }),
    port,
    user,
    password,
    database,
    connectTimeout,
    charset: 'utf8mb4',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    ...(config.tls ? { ssl: tlsOptions(config.tls) } : {}),
  };
}

/** The socket below a connection: mysql2 has it on every one and leaves it out of its types. */
export const socketOf = (connection: Connection) => (connection as unknown as { stream: Socket }).stream;

/**
 * Ends a connection at once. mysql2's own `destroy` only says that no more will be asked, and a server that is sending rows
 * to us does not hear that before it has given them up after minutes.
 */
export function cut(connection: Connection): void {
  connection.destroy();
  socketOf(connection).destroy();
}

/**
 * Ends a pool, and waits so many milliseconds for it at most: mysql2 never says that one has ended of which a connection was
 * cut meanwhile, and of one whose server does not answer it says so late. Never rejects.
 */
export function endPool(pool: Pool, within: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, within);
  pool.end(() => resolve());
  return promise.finally(() => clearTimeout(timer));
}
