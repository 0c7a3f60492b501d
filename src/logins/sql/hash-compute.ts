import { argon2Sync, createHash, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import apacheMd5 from 'apache-md5';
import { decodeBase64, hashSync } from 'bcryptjs';
import { type ShaCrypt, shaCrypt } from './hash-sha-crypt.ts';

/** The digests of which a scheme may be made. */
export type DigestName = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

/**
 * A stored password hash taken apart: plain data, since it crosses to a thread. `key` is what the computation must come to,
 * and has the length of what it gives; whoever makes one has looked at its costs.
 */
export type Hash = { readonly key: Uint8Array } & (
  | {
      readonly kind: 'digest';
      readonly digest: DigestName;
      /** How often it is applied. */
      readonly times: 1 | 2;
      readonly before: Uint8Array;
      readonly after: Uint8Array;
    }
  | { readonly kind: 'pbkdf2'; readonly digest: DigestName; readonly iterations: number; readonly salt: Uint8Array }
  | ({ readonly kind: 'scrypt'; readonly salt: Uint8Array } & ScryptCost)
  | ({ readonly kind: 'argon2'; readonly type: Argon2Type; readonly salt: Uint8Array } & Argon2Cost)
  /** `settings` is what stands before the key: `$2b$12$` and 22 characters of salt. */
  | { readonly kind: 'bcrypt'; readonly settings: string }
  /** `settings` is `$1$` or `$apr1$`, the salt and a `$`. */
  | { readonly kind: 'md5-crypt'; readonly settings: string }
  | ({ readonly kind: 'sha-crypt' } & ShaCrypt)
);

export type Argon2Type = 'argon2id' | 'argon2i' | 'argon2d';

export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface Argon2Cost {
  /** In KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** Whether a hash is the one of this password, as UTF-8. It takes as long as the hash's costs say: off the main thread. */
export function isHashOf(hash: Hash, password: string): boolean {
  return timingSafeEqual(compute(hash, Buffer.from(password)), hash.key);
}

function compute(hash: Hash, password: Buffer): Uint8Array {
  const length = hash.key.length;
  switch (hash.kind) {
    case 'digest':
      return digest(hash, password);
    case 'pbkdf2':
      return pbkdf2Sync(password, hash.salt, hash.iterations, length, hash.digest);
    case 'scrypt':
      return scryptSync(password, hash.salt, length, scryptOptions(hash));
    case 'argon2': {
      const { type, salt: nonce, memory, passes, parallelism } = hash;
      return argon2Sync(type, { message: password, nonce, memory, passes, parallelism, tagLength: length });
    }
    case 'bcrypt':
      return bcryptKey(hashSync(password.toString(), hash.settings).slice(hash.settings.length));
    case 'md5-crypt':
      return Buffer.from(md5Crypt(password.toString('latin1'), hash.settings).slice(hash.settings.length));
    case 'sha-crypt':
      return Buffer.from(shaCrypt(hash, password));
  }
}

function digest({ digest, times, before, after }: Extract<Hash, { kind: 'digest' }>, password: Buffer): Buffer {
  const once = createHash(digest).update(before).update(password).update(after).digest();
  return times === 1 ? once : createHash(digest).update(once).digest();
}

/** With the memory that scrypt needs by its definition, and a little for OpenSSL's own. */
export const scryptOptions = ({ N, r, p }: ScryptCost) => ({ N, r, p, maxmem: 128 * r * (N + p) + 2 ** 20 });

/** The key in a bcrypt hash, as bytes: the last of its 31 characters has bits that mean nothing. */
export const bcryptKey = (text: string): Uint8Array => Uint8Array.from(decodeBase64(text, 23));

/** The package takes every character for one byte; its types describe another kind of module than it is. */
const md5Crypt = apacheMd5 as unknown as (password: string, settings: string) => string;
