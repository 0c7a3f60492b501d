import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { OAuthConfig } from '../../config/manifest.ts';
import { isObject, type Json } from './json.ts';
import { type Lookup, parseTemplate } from './template.ts';

type JwtConfig = NonNullable<OAuthConfig['jwt']>;

/** A signed token as `jwt` describes it; `now` is in milliseconds. Throws when the key is none for its algorithm. */
export async function signedToken({ alg, key, claims, ttl }: JwtConfig, lookup: Lookup, now: number): Promise<string> {
  const issued = Math.floor(now / 1000);
  const filled = fill(claims, lookup);
  const token = new SignJWT(isObject(filled) ? { ...filled } : {})
    .setProtectedHeader({ alg, typ: 'JWT' })
    .setIssuedAt(issued)
    .setExpirationTime(issued + ttl);
  const signer = keyOf(alg, parseTemplate(key).render(lookup));
  try {
    return await token.sign(signer);
  } catch (error) {
    throw new Error(`oauth.jwt.key: is no key for ${alg}`, { cause: error });
  }
}

function keyOf(alg: string, text: string): KeyObject {
  if (alg.startsWith('HS')) return createSecretKey(text, 'utf8');
  try {
    // Services hand out keys in JSON files, from where they are copied with their line ends written out.
    return createPrivateKey(text.replaceAll('\\n', '\n'));
  } catch (error) {
    throw new Error('oauth.jwt.key: is no private key in PEM form', { cause: error });
  }
}

function fill(value: Json, lookup: Lookup): Json {
  if (typeof value === 'string') return parseTemplate(value).render(lookup);
  if (Array.isArray(value)) return value.map(one => fill(one, lookup));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one, lookup)]));
}
