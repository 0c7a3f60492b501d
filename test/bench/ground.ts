import { startMariadb } from '../support/mariadb.ts';
import { type SlapdAddress, sharedSlapd, startSlapd } from '../support/slapd.ts';

/** The database server that the tests share where there is one, else a private one; its superuser's address. */
export async function databaseServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const given = process.env['ROSTERD_TEST_MYSQL_URL'];
  if (given) return { url: given, [Symbol.asyncDispose]: async () => {} };
  return startMariadb({ durable: false });
}

/** The same for the directory server. */
export async function directoryServer(): Promise<AsyncDisposable & SlapdAddress> {
  if (process.env['ROSTERD_TEST_LDAPS_URL']) return { ...sharedSlapd(), [Symbol.asyncDispose]: async () => {} };
  return startSlapd();
}
