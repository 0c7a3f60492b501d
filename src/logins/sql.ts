import type { SqlAuthenticatorConfig } from '../config/schema.ts';
import { databaseAddress, printableAddress } from '../connect/database.ts';
import type { Authenticator, Verdict } from './authenticate.ts';
import { verify } from './hashes.ts';
import { inTime } from './in-time.ts';

/**
 * Reads the password hashes that the configured query gives for a login: the first column of every row, null for NULL.
 * Rejects when the database cannot be asked, and at once, with nothing left open, when `signal` aborts.
 */
export type PasswordLookup = (login: string, signal: AbortSignal) => Promise<readonly (string | null)[]>;

/** An authenticator that compares the password with a hash in a database. */
export function sqlAuthenticator(config: SqlAuthenticatorConfig, lookUp: PasswordLookup): Authenticator {
  return {
    name: `sql ${printableAddress(databaseAddress(config))}`,
    check(login, password, signal) {
      const ask = async (deadline: AbortSignal) => judge(login, password, await lookUp(login, deadline));
      return inTime({ signal, timeout: config.timeout }, ask);
    },
  };
}

async function judge(login: string, password: string, hashes: readonly (string | null)[]): Promise<Verdict> {
  const [hash, another] = hashes;
  if (hash === undefined) return { status: 'unknown', why: 'no row has that login' };
  if (another !== undefined) return { status: 'refused', why: `several rows have the login ${login}` };
  if (hash === null || hash === '') return { status: 'refused', why: `${login} has no password there` };
  const outcome = await verify(hash, password);
  switch (outcome.status) {
    case 'same':
      return { status: 'accepted' };
    case 'different':
      return { status: 'refused', why: `${login} has another password` };
    case 'unsupported':
      return { status: 'unavailable', why: `the password hash of ${login} ${outcome.why}` };
  }
}
