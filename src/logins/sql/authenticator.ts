import type { SqlAuthenticatorConfig } from '../../config/schema.ts';
import { databaseAddress, printableAddress } from '../../connect/database.ts';
import type { Asking, Authenticator, Verdict } from '../authenticate.ts';
import { inTime } from '../in-time.ts';
import { AT_ONCE, Places } from '../places.ts';
import { HashPool } from './hash-pool.ts';
import { type Stored, storedIn } from './hash-row.ts';
import type { PasswordLookup } from './lookup.ts';

/** An authenticator that compares the password with a hash in a database. */
export function sqlAuthenticator(config: SqlAuthenticatorConfig, lookUp: PasswordLookup): Authenticator {
  const pool = new HashPool();
  const places = new Places(AT_ONCE);
  return {
    name: `sql ${printableAddress(databaseAddress(config))}`,
    check(login, password, { signal, note }) {
      const ask = async (deadline: AbortSignal) => {
        using _ = await places.take(deadline);
        const found = await lookUp(login, deadline);
        note?.(`${found.rows.length} ${found.rows.length === 1 ? 'row has' : 'rows have'} the login ${login}`);
        const stored = storedIn(config, login, found);
        return await judge({ login, stored, note }, hash => pool.compare(hash, password, deadline));
      };
      return inTime({ signal, timeout: config.timeout }, ask);
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

interface Case extends Pick<Asking, 'note'> {
  readonly login: string;
  readonly stored: Stored;
}

type Known = Extract<Stored, { status: 'known' }>;

async function judge(
  { login, stored, note }: Case,
  isSame: (hash: Known['hash']) => Promise<boolean>,
): Promise<Verdict> {
  switch (stored.status) {
    case 'absent':
      return { status: 'unknown', why: stored.why };
    case 'several':
    case 'closed':
      return { status: 'refused', weighed: false, why: stored.why };
    case 'unusable':
      return { status: 'unavailable', why: stored.why };
    case 'known':
      break;
  }
  note?.(`the password hash is of ${nameOf(stored)}`);
  const same = await isSame(stored.hash).catch(error => {
    throw new Error(`the password hash of ${login} (${nameOf(stored)}) ${(error as Error).message}`);
  });
  note?.(same ? 'the password is the same' : 'the password is a different one');
  return same ? { status: 'accepted' } : { status: 'refused', weighed: true, why: `${login} has another password` };
}

const nameOf = ({ scheme, cost }: Known) => (cost === '' ? scheme : `${scheme}, ${cost}`);

/** What is known of some people's password hashes, without anybody's password. */
export interface Survey {
  /** How many have a password there that can be checked, by scheme, the most frequent first. */
  readonly schemes: ReadonlyMap<string, number>;
  /** Of those whose password cannot be checked, as it is stored, what is wrong; in the order of the logins. */
  readonly troubles: readonly string[];
}

/** Looks at the password hashes of these people. Rejects when the database cannot be asked, and when `signal` aborts. */
export async function survey(
  config: SqlAuthenticatorConfig,
  lookUp: PasswordLookup,
  { logins, signal }: { readonly logins: readonly string[]; readonly signal: AbortSignal },
): Promise<Survey> {
  const stored: Stored[] = [];
  for (const login of logins) stored.push(storedIn(config, login, await lookUp(login, signal)));
  const bySchemes = Map.groupBy(
    stored.filter(one => one.status === 'known'),
    one => one.scheme,
  );
  const counts = [...bySchemes].map(([scheme, those]) => [scheme, those.length] as const);
  return {
    schemes: new Map(counts.sort(([, a], [, b]) => b - a)),
    troubles: stored.flatMap(one => (one.status === 'several' || one.status === 'unusable' ? one.why : [])),
  };
}
