import { FilterParser } from 'ldapts';
import type { AuthenticatorConfig, LdapAuthenticatorConfig, SqlAuthenticatorConfig } from '../config/schema.ts';
import type { Authenticator } from './authenticate.ts';
import { ldapAuthenticator } from './ldap.ts';
import { namingAttribute, searchFilter } from './ldap-names.ts';
import { passwordLookup } from './lookup.ts';
import { sqlAuthenticator } from './sql.ts';

/** The configured chain, in its order. Nothing is connected yet; the chain must have no {@link chainProblems}. */
export function openAuthenticators(chain: readonly AuthenticatorConfig[]): Authenticator[] {
  return chain.map(open);
}

function open(config: AuthenticatorConfig): Authenticator {
  switch (config.type) {
    case 'ldap':
      return ldapAuthenticator(config);
    case 'sql':
      return sqlAuthenticator(config, passwordLookup(config));
  }
}

/** What is wrong with a chain beyond the schema, path first: `authenticate[0].bind_dn: …`. */
export function chainProblems(chain: readonly AuthenticatorConfig[]): string[] {
  return chain.flatMap((config, place) => {
    const own = config.type === 'ldap' ? ldapProblems(config) : sqlProblems(config);
    const order = place < chain.length - 1 ? orderProblems(config) : [];
    return [...order, ...own].map(problem => `authenticate[${place}].${problem}`);
  });
}

/** A template binds as whoever it is given, so what comes after it would never be asked. */
function orderProblems(config: AuthenticatorConfig): string[] {
  const knowsEverybody = config.type === 'ldap' && config.bind_dn !== undefined;
  return knowsEverybody ? ['bind_dn: knows everybody, so it must be the last of the chain'] : [];
}

function ldapProblems({ filter, name_attribute }: LdapAuthenticatorConfig): string[] {
  if (filter === undefined) return [];
  try {
    FilterParser.parseString(searchFilter(filter, 'a'));
  } catch (error) {
    return [`filter: is not an LDAP filter such as (uid={username}) (${(error as Error).message})`];
  }
  if (name_attribute !== undefined || namingAttribute(filter) !== undefined) return [];
  return ['name_attribute: is missing: the filter compares no attribute with {username} and nothing else'];
}

function sqlProblems({ query }: SqlAuthenticatorConfig): string[] {
  const count = placeholders(query);
  return count === 1 ? [] : [`query: has ${count} ? in it; it needs exactly one, for the login`];
}

/** How many `?` a query has outside of quotes and comments. */
function placeholders(query: string): number {
  const bare = query.replace(/'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\//g, '');
  return bare.split('?').length - 1;
}
