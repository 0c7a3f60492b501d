import { type Entry, InvalidCredentialsError } from 'ldapts';
import type { LdapAuthenticatorConfig } from '../config/schema.ts';
import { type LdapConnection, type LdapServer, ldapTrouble, openLdap } from '../connect/ldap.ts';
import type { Authenticator, Verdict } from './authenticate.ts';
import { inTime } from './in-time.ts';
import { bindName, namingAttribute, searchFilter } from './ldap-names.ts';

/** An authenticator that lets the directory check the password by a bind as that person. */
export function ldapAuthenticator(config: LdapAuthenticatorConfig): Authenticator {
  const server = chooseServer(config);
  const identify = config.bind_dn === undefined ? bySearch(config) : byTemplate(config.bind_dn);
  return {
    name: `ldap ${server.url}`,
    check(login, password, signal) {
      const ask = async (deadline: AbortSignal): Promise<Verdict> => {
        // One connection an attempt for now, and nobody else on it. A pool of kept ones comes here.
        await using connection = await openLdap(server, deadline);
        const person = await identify(connection, login);
        return person.status === 'found' ? await tryPassword(connection, person.name, password) : person;
      };
      return inTime({ signal, timeout: config.timeout }, ask, ldapTrouble);
    },
  };
}

/** The server to ask: the first that the configuration lists. Failing over to the others, and parking dead ones, comes here. */
function chooseServer({ url: [url = ''], start_tls, tls }: LdapAuthenticatorConfig): LdapServer {
  return { url, startTls: start_tls, tls };
}

/** By which name a person binds; or a verdict, when that is already one. */
type Identity = { readonly status: 'found'; readonly name: string } | Verdict;
type Identify = (connection: LdapConnection, login: string) => Promise<Identity>;

function byTemplate(template: string): Identify {
  return async (_, login) => ({ status: 'found', name: bindName(template, login) });
}

/** Searches, as the service account where there is one, for the one entry that bears the name. */
function bySearch({ base = '', filter = '', bind, name_attribute }: LdapAuthenticatorConfig): Identify {
  const attribute = name_attribute ?? namingAttribute(filter) ?? '';
  return async (connection, login) => {
    if (bind !== undefined) await bindAsService(connection, bind);
    const search = { base, filter: searchFilter(filter, login), attributes: [attribute] };
    return identityOf(await connection.search(search), attribute, login);
  };
}

/** The service account's own failure is an outage, even where its code is that of a wrong password. */
async function bindAsService(connection: LdapConnection, bind: { dn: string; password: string }): Promise<void> {
  try {
    await connection.bind(bind.dn, bind.password);
  } catch (error) {
    if (!(error instanceof InvalidCredentialsError)) throw error;
    throw new Error(`does not accept the service account ${bind.dn}; check bind.dn and bind.password`, {
      cause: error,
    });
  }
}

function identityOf(entries: readonly Entry[], attribute: string, login: string): Identity {
  const [entry, another] = entries;
  if (entry === undefined) return { status: 'unknown', why: 'no entry has that name' };
  if (another !== undefined) return { status: 'refused', why: 'several entries have that name' };
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

/** Active Directory's reasons under code 49 (expired, disabled, locked) will be told apart here. */
async function tryPassword(connection: LdapConnection, name: string, password: string): Promise<Verdict> {
  try {
    await connection.bind(name, password);
    return { status: 'accepted' };
  } catch (error) {
    if (error instanceof InvalidCredentialsError) return { status: 'refused', why: `${name} has another password` };
    throw error;
  }
}
