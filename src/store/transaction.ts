import {
  CompiledQuery,
  type DatabaseConnection,
  MysqlDialect,
  type MysqlDialectConfig,
  MysqlDriver,
  type TransactionSettings,
} from 'kysely';

/**
 * How long a MySQL server waits for one of us who holds what others need, a lock or rows in a transaction, and does not
 * say a word, in seconds. A process that was killed is noticed at once, a frozen one and a machine that is gone after this.
 */
export const SILENCE = 9;

/** In the midst of a statement or an answer the server counts by other names. */
const LIMITS = ['wait_timeout', 'net_read_timeout', 'net_write_timeout'];

const set = (value: number | 'default') =>
  CompiledQuery.raw(`set session ${LIMITS.map(limit => `${limit} = ${value}`).join(', ')}`);

/** MySQL for Kysely, with transactions that end when their owner has fallen silent. */
export class TransactionDialect extends MysqlDialect {
  readonly #config: MysqlDialectConfig;

  constructor(config: MysqlDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): MysqlDriver {
    return new Driver(this.#config);
  }
}

/**
 * Every transaction is rolled back by the server, and its rows are free, after {@link SILENCE}: otherwise a daemon that is
 * frozen in the middle of publishing would keep all others from it for as long as they may wait for locks. MariaDB has
 * a limit of its own for that, MySQL has none, so on both it is the one on all connections, for as long as it takes.
 */
class Driver extends MysqlDriver {
  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await connection.executeQuery(set(SILENCE));
    await super.beginTransaction(connection, settings);
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await super.commitTransaction(connection);
    await unlimited(connection);
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // It fails where the connection broke, and then the server rolls back; why it broke is what has to be told.
    await super.rollbackTransaction(connection).catch(() => {});
    await unlimited(connection);
  }
}

/** A connection that broke just now has nothing to be put back; what was committed on it was committed all the same. */
async function unlimited(connection: DatabaseConnection): Promise<void> {
  await connection.executeQuery(set('default')).catch(() => {});
}
