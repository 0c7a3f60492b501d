import type { ConnectionOptions } from 'mysql2';
import type { DatabaseConfig } from '../config/schema.ts';
import { databaseAddress } from './database.ts';
import { tlsOptions } from './tls.ts';

/**
 * How a connection to MySQL or MariaDB is opened, whoever needs it: by TCP, in utf8mb4, with everything that a JavaScript
 * number or Date would bend kept as text. `connectTimeout` is in milliseconds.
 */
export async function mysqlOptions(config: DatabaseConfig, connectTimeout = 10_000): Promise<ConnectionOptions> {
  const address = databaseAddress(config);
  if (address.engine !== 'mysql') throw new TypeError(`${config.url} is no MySQL address`);
  const { host, port, user, password, database } = address;
  return {
    host,
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
    ...(config.tls ? { ssl: await tlsOptions(config.tls) } : {}),
  };
}
