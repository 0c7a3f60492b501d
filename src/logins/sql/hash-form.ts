import type { Hash } from './hash-compute.ts';

/** What a stored password hash turned out to be. */
export type Recognised =
  /** `scheme` is its name, as `bcrypt` or `{SSHA}`; `cost` what it was made with, as `cost 12`, or `""`. */
  | { readonly status: 'known'; readonly scheme: string; readonly cost: string; readonly hash: Hash }
  /** A mark by which whoever keeps the database lets no password fit. */
  | { readonly status: 'locked' }
  /** Why it cannot be computed, and the way out, to follow "the password hash". Nothing of the hash is in it. */
  | { readonly status: 'unsupported'; readonly why: string };

/** One way in which password hashes are written. */
export interface Form {
  readonly pattern: RegExp;
  /** Takes apart what has matched the pattern. */
  read(parts: readonly string[]): Recognised;
}

export const known = (scheme: string, cost: string, hash: Hash): Recognised => ({
  status: 'known',
  scheme,
  cost,
  hash,
});

export const unsupported = (why: string): Recognised => ({ status: 'unsupported', why });

/** For costs above our limits. A hash in the database must not be able to keep a thread for minutes. */
export const tooMuchWork = (scheme: string, cost: string) =>
  unsupported(
    `asks for more work (${scheme}, ${cost}) than rosterd does for one login; it must be set anew at less cost`,
  );

/** Why a key is not compared with, where a scheme lets it have any length. One of none would be that of any password. */
export function keyObjection({ length }: Uint8Array): Recognised | undefined {
  return length < 16 || length > 128 ? unsupported(`has a key of ${length} bytes; 16 to 128 are usual`) : undefined;
}

/** Base64 with or without padding; Python's passlib has a `.` for the `+`. */
export const fromBase64 = (text: string) => bytesOf(text.replaceAll('.', '+'), 'base64');

/** Bytes in memory of their own: what goes to a thread takes all of it along, and small buffers share theirs. */
export function bytesOf(text: string, encoding: 'utf8' | 'hex' | 'base64' = 'utf8'): Uint8Array {
  return Uint8Array.from(Buffer.from(text, encoding));
}
