import { type Entry, ResultCodeError } from 'ldapts';
import type { LdapAuthenticatorConfig } from '../../config/schema.ts';
import { type LdapConnection, ldapTrouble } from '../../connect/ldap.ts';
import type { Asking, Authenticator, Verdict } from '../authenticate.ts';
import { bindName, namingAttribute, searchFilter } from './names.ts';
import { type Bind, type Denial, isAnswer, verdictOn } from './results.ts';
import { LdapServers, type ServerTerms } from './servers.ts';
import { ServiceAccount } from './service-account.ts';

/** An authenticator that lets the directory check the password by a bind as that person. */
export function ldapAuthenticator(config: LdapAuthenticatorConfig, terms: Partial<ServerTerms> = {}): Authenticator {
  const { url, bind, bind_dn, reveal_lockout: revealLockout } = config;
  const account = bind && new ServiceAccount(bind, terms.now);
  const identify = bind_dn === undefined ? bySearch(config, account) : byTemplate(bind_dn);
  // A search that begins without a bind would have the rights of whoever logged in before.
  const servers = new LdapServers(config, bind_dn !== undefined || bind !== undefined, terms);
  return {
    name: `ldap ${url.join(', ')}`,
    check: (login, password, asking) =>
      servers.ask(asking, async (pool, asked) => {
        using lease = await pool.lend(asked, connection => identify(connection, login, asked));
        const { connection, opened: person } = lease;
        if (person.status === 'found') asked.note?.(`binding as ${person.name}`);
        const verdict =
          person.status === 'found'
            ? await tryPassword(connection, { name: person.name, password, revealLockout }, asked)
            : person;
        if (verdict.status !== 'unavailable') lease.keep();
        return verdict;
      }),
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  };
}

/** By which name a person binds; or a verdict, when that is already one. */
type Identity = { readonly status: 'found'; readonly name: string } | Denial;
type Identify = (connection: LdapConnection, login: string, asking: Asking) => Promise<Identity>;

function byTemplate(template: string): Identify {
  return async (_, login) => ({ status: 'found', name: bindName(template, login) });
}

/** Searches, as the service account where there is one, for the one entry that bears the name. */
function bySearch(
  { base = '', filter = '', name_attribute }: LdapAuthenticatorConfig,
  account: ServiceAccount | undefined,
): Identify {
  const attribute = name_attribute ?? namingAttribute(filter) ?? '';
  return async (connection, login, { note }) => {
    const outage = await account?.bind(connection);
    if (outage) return outage;
    note?.(account ? `bound as the service account ${account.dn}` : 'not bound, for want of a service account');
    const search = { base, filter: searchFilter(filter, login), attributes: [attribute] };
    const entries = await connection.search(search);
    note?.(`searched ${base} for ${search.filter} and found ${listed(entries)}`);
    return identityOf(entries, attribute, login);
  };
}

function listed(entries: readonly Entry[]): string {
  const names = entries.slice(0, 3).map(({ dn }) => dn);
  const more = entries.length > names.length ? ` and ${entries.length - names.length} more` : '';
  return names.length === 0 ? 'nobody' : names.join(' and ') + more;
}

function identityOf(entries: readonly Entry[], attribute: string, login: string): Identity {
  const [entry, another] = entries;
  if (entry === undefined) return { status: 'unknown', why: 'no entry has that name' };
  if (another !== undefined) return { status: 'refused', weighed: false, why: 'several entries have that name' };
  const names = valuesOf(entry, attribute);
  if (names.length === 0) return { status: 'unavailable', why: unreadable(entry, attribute) };
  // A directory may ignore accents and spaces where it compares, and so find somebody else.
  if (names.some(name => name.toLowerCase() === login.toLowerCase())) return { status: 'found', name: entry.dn };
  return { status: 'unknown', why: `the entry found, ${entry.dn}, has another ${attribute}: ${names.join(', ')}` };
}

/** Servers write an attribute's name in a case of their own. */
function valuesOf(entry: Entry, attribute: string): string[] {
  const [, values = []] = Object.entries(entry).find(([name]) => name.toLowerCase() === attribute.toLowerCase()) ?? [];
  return [values].flat().map(String);
}

function unreadable(entry: Entry, attribute: string): string {
  return (
    `shows no "${attribute}" of ${entry.dn} to compare the name with; ` +
    'let the service account read it, or set name_attribute to one that it may'
  );
}

async function tryPassword(
  connection: LdapConnection,
  bind: Bind & { readonly password: string },
  { note, sending }: Asking,
): Promise<Verdict> {
  const answered = sending?.();
  try {
    await connection.bind(bind.name, bind.password);
    answered?.();
    note?.('answered Success (result code 0): the password is right');
    return { status: 'accepted' };
  } catch (error) {
    if (error instanceof ResultCodeError) answered?.();
    if (!isAnswer(error)) throw error;
    const verdict = verdictOn(error, bind);
    note?.(verdict.status === 'unavailable' ? verdict.why : `${ldapTrouble(error)}, which means: ${verdict.why}`);
    return verdict;
  }
}
