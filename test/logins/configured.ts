import assert from 'node:assert/strict';
import {
  type AuthenticatorConfig,
  configSchema,
  type LdapAuthenticatorConfig,
  type SqlAuthenticatorConfig,
} from '../../src/config/schema.ts';
import type { Authenticator, Verdict } from '../../src/logins/authenticate.ts';
import { openAuthenticators } from '../../src/logins/open.ts';

/** An `authenticate` list as it comes out of the configuration, with its defaults. */
export function chainConfig(...blocks: readonly object[]): readonly AuthenticatorConfig[] {
  return configSchema.shape.authenticate.parse(blocks);
}

export function ldapConfig(block: Partial<Record<keyof LdapAuthenticatorConfig, unknown>>): LdapAuthenticatorConfig {
  const [config] = chainConfig({ type: 'ldap', ...block });
  assert(config?.type === 'ldap');
  return config;
}

export function sqlConfig(block: Partial<Record<keyof SqlAuthenticatorConfig, unknown>>): SqlAuthenticatorConfig {
  const [config] = chainConfig({ type: 'sql', ...block });
  assert(config?.type === 'sql');
  return config;
}

/** The authenticator that the daemon would make of this configuration. */
export function opened(config: AuthenticatorConfig): Authenticator {
  const [authenticator] = openAuthenticators([config]);
  assert(authenticator);
  return authenticator;
}

/** What the authenticator of this configuration says, asked by somebody who waits as long as it takes. */
export async function ask(config: AuthenticatorConfig, login: string, password: string): Promise<Verdict> {
  const verdict = await opened(config).check(login, password, new AbortController().signal);
  if (password.length > 3) assert.ok(!why(verdict).includes(password), `the password is told: ${why(verdict)}`);
  return verdict;
}

/** What a failed verdict tells the log. */
export function why(verdict: Verdict): string {
  return verdict.status === 'accepted' ? '' : verdict.why;
}
