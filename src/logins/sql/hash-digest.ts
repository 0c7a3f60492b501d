import type { DigestName } from './hash-compute.ts';
import { bytesOf, type Form, fromBase64, known, type Recognised, unsupported } from './hash-form.ts';

const LENGTH: Readonly<Record<DigestName, number>> = { md5: 16, sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

const NOTHING = new Uint8Array();

/** What a directory keeps in userPassword (RFC 2307 and its kin): `{SSHA}` and the others, in upper or lower case. */
export const LDAP: Form = {
  pattern: /^\{(s?)(md5|sha|sha256|sha384|sha512|sha-256|sha-384|sha-512)\}([\w+/-]+={0,2})$/i,
  read([, salted = '', name = '', text = '']) {
    const scheme = `{${salted}${name}}`.toUpperCase();
    const digest = name.toLowerCase().replace('-', '').replace(/^sha$/, 'sha1') as DigestName;
    const bytes = fromBase64(text);
    const length = LENGTH[digest];
    if (salted === '' ? bytes.length !== length : bytes.length < length) {
      return unsupported(`has ${bytes.length} bytes after ${scheme}, which is of ${length}; was it cut off?`);
    }
    const key = bytes.subarray(0, length);
    return known(scheme, '', { kind: 'digest', digest, times: 1, before: NOTHING, after: bytes.subarray(length), key });
  },
};

/** What MySQL 4.1 and later, and MariaDB, make of a password: PASSWORD() and mysql_native_password. */
export const MYSQL: Form = {
  pattern: /^\*([\da-f]{40})$/i,
  read: ([, key = '']) =>
    known("MySQL's PASSWORD()", '', {
      kind: 'digest',
      digest: 'sha1',
      times: 2,
      before: NOTHING,
      after: NOTHING,
      key: bytesOf(key, 'hex'),
    }),
};

/** How hashes were made that do not tell it themselves. */
export interface Unmarked {
  readonly scheme?: 'md5' | 'sha1' | 'sha256' | undefined;
  /** Where the salt stood that is beside the hash, if there is one. */
  readonly salt?: 'before' | 'after' | undefined;
}

/** Bare hexadecimal digits, which are what the configuration says they are; `salt` is what stands beside them. */
export function bareHex(text: string, { scheme, salt: place }: Unmarked, salt: string | null | undefined): Recognised {
  const digits = `is ${text.length} hexadecimal digits`;
  if (scheme === undefined) {
    const fitting = (['md5', 'sha1', 'sha256'] as const).find(one => 2 * LENGTH[one] === text.length);
    return unsupported(
      fitting
        ? `${digits}; name how they were made by scheme: ${fitting}`
        : `${digits}, of a form that rosterd does not know`,
    );
  }
  if (2 * LENGTH[scheme] !== text.length) return unsupported(`${digits}, and ${scheme} makes ${2 * LENGTH[scheme]}`);
  if (place !== undefined && salt == null) return unsupported('has no salt beside it: the second column is NULL');
  const bytes = bytesOf(place === undefined ? '' : (salt ?? ''));
  const [before, after] = place === 'before' ? [bytes, NOTHING] : [NOTHING, bytes];
  const name = place === undefined ? scheme : `${scheme} with a salt ${place}`;
  return known(name, '', { kind: 'digest', digest: scheme, times: 1, before, after, key: bytesOf(text, 'hex') });
}
