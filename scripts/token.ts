import { hash, randomBytes } from 'node:crypto';
import type { Scope } from '../src/config/schema.ts';
import { UsageError } from './exit.ts';

/** A client's credential: what the client sends, and what the configuration keeps instead. */
export interface Token {
  /** 256 random bits in hex: nothing in it needs quoting, and a double click selects it whole. */
  readonly token: string;
  /** `sha256:` and the SHA-256 of the token's characters, in hex. */
  readonly tokenHash: string;
}

export function makeToken(): Token {
  const token = randomBytes(32).toString('hex');
  return { token, tokenHash: `sha256:${hash('sha256', token, 'hex')}` };
}

/** What a client may do; what OMFLOW needs comes first. */
const SCOPES: readonly Scope[] = ['sync', 'authenticate', 'admin'];
export const OMFLOW_SCOPES: readonly Scope[] = ['sync', 'authenticate'];

/** Scopes as they are written, with commas between. Throws a UsageError for one that there is not. */
export function scopesIn(text: string): readonly Scope[] {
  const named = text.split(',').map(one => one.trim());
  const unknown = named.find(name => !SCOPES.some(scope => scope === name));
  if (unknown !== undefined) throw new UsageError(`there is no scope "${unknown}"; there are ${SCOPES.join(', ')}`);
  return SCOPES.filter(scope => named.includes(scope));
}

/** The line for `server.clients` that lets a client in. Throws a UsageError for a name that a client cannot have. */
export function clientLine(
  name: string,
  { tokenHash }: Pick<Token, 'tokenHash'>,
  scopes: readonly Scope[] = OMFLOW_SCOPES,
): string {
  if (!/^[^:\s\p{C}]+$/u.test(name)) {
    throw new UsageError(
      'the NAME of a client may have no colon and no blank: it is the user name of Basic authentication',
    );
  }
  return `- { name: ${yamlText(name)}, scopes: [${scopes.join(', ')}], token_hash: "${tokenHash}" }`;
}

/** Words that YAML takes for something else than text, and whatever does not look like a word, are quoted. */
const yamlText = (text: string) =>
  /^[a-z][\w.-]*$/i.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
