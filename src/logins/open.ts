import type { AuthenticatorConfig, LdapAuthenticatorConfig, SqlAuthenticatorConfig } from '../config/schema.ts';
import type { Authenticator, ServerNotice } from './authenticate.ts';
import { namingAttribute, searchFilter } from './ldap/names.ts';
import { restProblems } from './rest/problems.ts';

type Notify = (notice: ServerNotice) => void;

/**
 * The configured chain, in its order. Nothing is connected yet, and only what the chain needs is loaded; it must have no
 * {@link chainProblems}. `notify` is told of servers that fail, and of those that are back.
 */
export function openAuthenticators(chain: readonly AuthenticatorConfig[], notify?: Notify): Promise<Authenticator[]> {
  return Promise.all(chain.map(config => open(config, notify)));
}

async function open(config: AuthenticatorConfig, notify?: Notify): Promise<Authenticator> {
  switch (config.type) {
    case 'ldap':
      return (await import('./ldap/authenticator.ts')).ldapAuthenticator(config, notify && { notify });
    case 'sql': {
      const { passwordLookup } = await import('./sql/lookup.ts');
      return (await import('./sql/authenticator.ts')).sqlAuthenticator(config, passwordLookup(config));
    }
    case 'rest':
      return (await import('./rest/authenticator.ts')).restAuthenticator(config);
  }
}

/** What is wrong with a chain beyond the schema, path first: `authenticate[0].bind_dn: …`. */
export async function chainProblems(chain: readonly AuthenticatorConfig[]): Promise<string[]> {
  const problems = chain.map(async (config, place) => {
    const order = place < chain.length - 1 ? orderProblems(config) : [];
    return [...order, ...(await ownProblems(config))].map(problem => `authenticate[${place}].${problem}`);
  });
  return (await Promise.all(problems)).flat();
}

async function ownProblems(config: AuthenticatorConfig): Promise<string[]> {
  switch (config.type) {
    case 'ldap':
      return ldapProblems(config);
    case 'sql':
      return sqlProblems(config);
    case 'rest':
      return restProblems(config);
  }
}

/** One that never says that it does not know somebody: what comes after it would never be asked. */
function orderProblems(config: AuthenticatorConfig): string[] {
  if (config.type === 'ldap' && config.bind_dn !== undefined) {
    return ['bind_dn: knows everybody, so it must be the last of the chain'];
  }
  if (config.type !== 'rest' || config.unknown !== undefined) return [];
  return [
    'unknown: is missing, so this one knows everybody and must be the last of the chain; ' +
      'say which answer means that nobody is known by that login, or move it to the end',
  ];
}

async function ldapProblems({ filter, name_attribute }: LdapAuthenticatorConfig): Promise<string[]> {
  if (filter === undefined) return [];
  const { FilterParser } = await import('ldapts');
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
