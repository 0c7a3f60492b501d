import { hash, randomBytes } from 'node:crypto';
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

/** The line for `server.clients` that lets a client in. Throws a UsageError for a name that a client cannot have. */
export function clientLine(name: string, { tokenHash }: Pick<Token, 'tokenHash'>): string {
  if (!/^[^:\s\p{C}]+$/u.test(name)) {
    throw new UsageError(
      'the NAME of a client may have no colon and no blank: it is the user name of Basic authentication',
    );
  }
  return `- { name: ${yamlText(name)}, scopes: [sync, authenticate], token_hash: "${tokenHash}" }`;
}

/** Words that YAML takes for something else than text, and whatever does not look like a word, are quoted. */
const yamlText = (text: string) =>
  /^[a-z][\w.-]*$/i.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
