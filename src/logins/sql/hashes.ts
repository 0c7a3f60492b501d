import { randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { scryptOptions } from './hash-compute.ts';
import { CRYPT } from './hash-crypt.ts';
import { DERIVED } from './hash-derived.ts';
import { bareHex, LDAP, MYSQL, type Unmarked } from './hash-digest.ts';
import { type Form, type Recognised, unsupported } from './hash-form.ts';

const FORMS: readonly Form[] = [...DERIVED, ...CRYPT, LDAP, MYSQL];

/**
 * What a stored password hash is, by its form; for bare hexadecimal digits by `unmarked`, with the `salt` that stands
 * beside them. Nothing is computed, and no form makes it throw.
 */
export function recognise(text: string, unmarked: Unmarked = {}, salt?: string | null): Recognised {
  const hash = text.replace(WRAPPING, '');
  if (LOCKED.test(hash)) return { status: 'locked' };
  for (const { pattern, read } of FORMS) {
    const parts = pattern.exec(hash);
    if (parts !== null) return read(parts);
  }
  return /^[\da-f]{16,}$/i.test(hash) ? bareHex(hash, unmarked, salt) : unsupported(strangeness(hash));
}

/** `!` before a hash is how passwd and Django lock an account; the others stand in the place of one, in shadow(5) and elsewhere. */
const LOCKED = /^(?:!.*|\*|x|NP|\*LK\*.*)$/s;

/** What stands before a hash that tells its scheme itself: in directories, and in Django. */
const WRAPPING = /^(\{crypt\}|bcrypt\$(?=\$2)|argon2(?=\$argon2))/i;

/** How hashes begin whose scheme is known, to tell of one that is not whole. */
const BEGINNING =
  /^(\$2[aby]\$|\$1\$|\$apr1\$|\$5\$|\$6\$|\$argon2id\$|\$argon2i\$|\$argon2d\$|\$?scrypt[$:]|\$?pbkdf2[-_$:]|\*[\da-f]{8}|\{s?(?:md5|sha)[\d-]*\})/i;

/** What can be told of a text that is of no form, and may be a password in the clear: none of it but how a scheme begins. */
function strangeness(text: string): string {
  const beginning = BEGINNING.exec(text)?.[0];
  if (beginning?.startsWith('*')) return "begins as MySQL's PASSWORD() does, and is not of its form; was it cut off?";
  if (beginning)
    return `begins with ${beginning} and is not of that form; was it cut off by a column that is too short?`;
  const label = /^\{[a-z\d_-]{2,20}\}/i.exec(text)?.[0];
  return label ? `is marked ${label}, a scheme that rosterd does not know` : 'is of a form that rosterd does not know';
}

const scryptAsync = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

/** A new scrypt hash of a password, in the form of Python's passlib, at the cost of 16 MiB and about 50 ms. */
export async function hashPassword(password: string, salt: Uint8Array = randomBytes(16)): Promise<string> {
  const key = await scryptAsync(password, salt, 32, scryptOptions({ N: 2 ** 14, r: 8, p: 1 }));
  return `$scrypt$ln=14,r=8,p=1$${unpadded(salt)}$${unpadded(key)}`;
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
