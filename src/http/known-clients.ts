import { hash, timingSafeEqual } from 'node:crypto';
import type { ClientConfig, Scope } from '../config/schema.ts';

/** A client whose token has proved right, and what it may do. */
export interface KnownClient {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** Tells by an `Authorization` header who calls; undefined when its name and token (Basic auth) are nobody's. */
export function knownClients(clients: readonly ClientConfig[]): (authorization: string) => KnownClient | undefined {
  const known = clients.map(entryOf);
  return authorization => {
    const { name, token } = basicCredentials(authorization);
    const tokenHash = hash('sha256', token, 'buffer');
    // Two entries may share a name during a rotation. All are compared, whatever the name.
    const entries = known.filter(entry => timingSafeEqual(entry.tokenHash, tokenHash) && entry.name === name);
    return entries.length === 0 ? undefined : { name, scopes: new Set(entries.flatMap(entry => entry.scopes)) };
  };
}

const entryOf = ({ name, scopes, token_hash }: ClientConfig) => ({
  name,
  scopes,
  tokenHash: Buffer.from(token_hash.slice('sha256:'.length), 'hex'),
});

/** The token stays bytes: it is only ever hashed. */
function basicCredentials(authorization: string): { name: string; token: Buffer } {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization)?.[1] ?? '';
  const bytes = Buffer.from(encoded, 'base64');
  const colon = bytes.indexOf(':');
  return { name: bytes.toString('utf8', 0, Math.max(colon, 0)), token: bytes.subarray(colon + 1) };
}
