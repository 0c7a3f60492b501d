import assert from 'node:assert/strict';
import {
  type AuthenticatorConfig,
  configSchema,
  type LdapAuthenticatorConfig,
  type RestAuthenticatorConfig,
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

export function restConfig(block: Partial<Record<keyof RestAuthenticatorConfig, unknown>>): RestAuthenticatorConfig {
  const [config] = chainConfig({ type: 'rest', ...block });
  assert(config?.type === 'rest');
  return config;
}

/** The authenticator that the daemon would make of this configuration. */
export async function opened(config: AuthenticatorConfig): Promise<Authenticator> {
  const [authenticator] = await openAuthenticators([config]);
  assert(authenticator);
  return authenticator;
}

/** What the authenticator of this configuration says, asked by somebody who waits as long as it takes. */
export async function ask(config: AuthenticatorConfig, login: string, password: string): Promise<Verdict> {
  await using authenticator = await opened(config);
  return (await attempt(authenticator, login, password)).verdict;
}

/** What an authenticator says, and each step that it told of. */
export interface Attempted {
  readonly verdict: Verdict;
  readonly steps: readonly string[];
}

/** Asks as `ask` does, and looks on. */
export async function attempt(authenticator: Authenticator, login: string, password: string): Promise<Attempted> {
  const steps: string[] = [];
  const { signal } = new AbortController();
  const verdict = await authenticator.check(login, password, { signal, note: step => steps.push(step) });
  const told = [why(verdict), ...steps].filter(text => text.includes(password));
  if (password.length > 3) assert.deepEqual(told, [], 'the password is told');
  return { verdict, steps };
}

/** What a failed verdict tells the log. */
export function why(verdict: Verdict): string {
  return verdict.status === 'accepted' ? '' : verdict.why;
}
