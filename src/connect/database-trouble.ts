import { troubleOf } from './trouble.ts';

/** The way out, by the code of an error of MySQL's, MariaDB's or their driver's; what is wrong they say well themselves. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR:
    'are user and password right, may that account come from this machine, and does it ask for TLS?',
  ER_DBACCESS_DENIED_ERROR: 'give the account rights there (GRANT), or put the right database into the url',
  ER_BAD_DB_ERROR: 'make it there, or put the right name into the url',
  ER_CON_COUNT_ERROR: 'let the server have more (max_connections), or try again later',
  HANDSHAKE_NO_SSL_SUPPORT: 'turn TLS on there, or take tls out here if nobody else can listen on the way',
  HANDSHAKE_SSL_ERROR:
    'is tls.ca_file the authority that signed the certificate, and tls.server_name the name it bears?',
};

const SQLITE_BUSY = 5;

/** Whether an embedded database was not free only because somebody else is writing it. */
export const isBusy = (error: unknown) => (((error as { errcode?: number }).errcode ?? 0) & 0xff) === SQLITE_BUSY;

/** Why a database cannot be used, and the way out, in words to follow its address. */
export function databaseTrouble(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (isBusy(error)) return `${message}; another program is writing it, so try again when that has ended`;
  const way = WAYS_OUT[code];
  if (way !== undefined) return `${message}; ${way}`;
  // Silence is measured by us as well, and told with how long it lasted.
  if (code === 'ETIMEDOUT' && !/^(connect ETIMEDOUT)?$/.test(message)) return message;
  return troubleOf(error);
}
