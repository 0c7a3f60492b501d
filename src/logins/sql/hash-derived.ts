import type { Argon2Cost, Argon2Type, DigestName, Hash, ScryptCost } from './hash-compute.ts';
import {
  bytesOf,
  type Form,
  fromBase64,
  keyObjection,
  known,
  type Recognised,
  tooMuchWork,
  unsupported,
} from './hash-form.ts';

/** 256 MiB, where the work is not split: twice what OWASP advises, four times passlib's default. */
const MOST_SCRYPT_BLOCKS = 2 ** 21;

/** 256 MiB, in KiB: four times the default of argon2's own library and more than RFC 9106 advises where memory is scarce. */
const MOST_ARGON2_MEMORY = 2 ** 18;

/** Memory by passes, in KiB: about 4 s on one core. */
const MOST_ARGON2_WORK = 2 ** 22;

/** More than any machine has cores; the lanes are computed one after the other. */
const MOST_ARGON2_LANES = 64;

/** Four times the default of Django 6.0, which raises it with every version: up to 4 s with SHA-512. */
const MOST_ITERATIONS = 5_000_000;

/** Base64, with or without padding. */
const B64 = String.raw`([\w+./-]+={0,2})`;

/**
 * The derived keys: scrypt, argon2 and PBKDF2, as the PHC's string format and passlib write them (`$…$`), as Django does
 * (`scheme$…`) and as Werkzeug does (`scheme:…`). The last two take the salt as it is written and do not decode it.
 */
export const DERIVED: readonly Form[] = [
  {
    pattern: new RegExp(String.raw`^\$scrypt\$ln=(\d{1,2}),r=(\d{1,9}),p=(\d{1,9})\$([\w+./-]*={0,2})\$${B64}$`),
    read: ([, ln, r, p, salt = '', key = '']) =>
      scrypt({ N: 2 ** Number(ln), r: Number(r), p: Number(p) }, fromBase64(salt), fromBase64(key)),
  },
  {
    pattern: new RegExp(String.raw`^scrypt\$(\d{1,9})\$([^$]*)\$(\d{1,9})\$(\d{1,9})\$${B64}$`),
    read: ([, N, salt = '', r, p, key = '']) => scrypt(scryptCost(N, r, p), bytesOf(salt), fromBase64(key)),
  },
  {
    pattern: /^scrypt:(\d{1,9}):(\d{1,9}):(\d{1,9})\$([^$]*)\$((?:[\da-f]{2})+)$/i,
    read: ([, N, r, p, salt = '', key = '']) => scrypt(scryptCost(N, r, p), bytesOf(salt), bytesOf(key, 'hex')),
  },
  {
    pattern: new RegExp(
      String.raw`^\$(argon2(?:id|i|d))(?:\$v=(\d+))?\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$${B64}\$${B64}$`,
    ),
    read: ([, type, version, m, t, p, salt = '', key = '']) =>
      version === '19'
        ? argon2(type as Argon2Type, argon2Cost(m, t, p), fromBase64(salt), fromBase64(key))
        : unsupported('is of a version of argon2 before 1.3, which rosterd does not compute; it must be set anew'),
  },
  {
    pattern: new RegExp(String.raw`^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(\d{1,9})\$([\w+./-]*={0,2})\$${B64}$`),
    read: ([, digest = 'sha1', iterations, salt = '', key = '']) =>
      pbkdf2(digest, Number(iterations), fromBase64(salt), fromBase64(key)),
  },
  {
    pattern: new RegExp(String.raw`^pbkdf2_(sha1|sha256|sha512)\$(\d{1,9})\$([^$]*)\$${B64}$`),
    read: ([, digest = '', iterations, salt = '', key = '']) =>
      pbkdf2(digest, Number(iterations), bytesOf(salt), fromBase64(key)),
  },
  {
    pattern: /^pbkdf2:(sha1|sha256|sha512):(\d{1,9})\$([^$]*)\$((?:[\da-f]{2})+)$/i,
    read: ([, digest = '', iterations, salt = '', key = '']) =>
      pbkdf2(digest, Number(iterations), bytesOf(salt), bytesOf(key, 'hex')),
  },
];

type Text = string | undefined;

const scryptCost = (N: Text, r: Text, p: Text): ScryptCost => ({ N: Number(N), r: Number(r), p: Number(p) });

function scrypt(cost: ScryptCost, salt: Uint8Array, key: Uint8Array): Recognised {
  const { N, r, p } = cost;
  const text = `N=${N}, r=${r}, p=${p}`;
  // By RFC 7914: N is a power of two above one, and below 2 ^ (16 r).
  const exponent = Math.log2(N);
  if (!Number.isInteger(exponent) || exponent < 1 || r < 1 || p < 1 || exponent >= 16 * r) {
    return unsupported(`has cost parameters (${text}) that scrypt does not have`);
  }
  if (N * r * p > MOST_SCRYPT_BLOCKS) return tooMuchWork('scrypt', text);
  return keyObjection(key) ?? known('scrypt', text, { kind: 'scrypt', ...cost, salt, key });
}

function argon2Cost(memory: Text, passes: Text, parallelism: Text): Argon2Cost {
  return { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
}

function argon2(type: Argon2Type, cost: Argon2Cost, salt: Uint8Array, key: Uint8Array): Recognised {
  const { memory, passes, parallelism } = cost;
  const text = `m=${memory}, t=${passes}, p=${parallelism}`;
  // By RFC 9106, 3.1; its shortest salt is that of the implementations.
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism || salt.length < 8) {
    return unsupported(`has parameters (${text}, a salt of ${salt.length} bytes) that argon2 does not have`);
  }
  const much = memory > MOST_ARGON2_MEMORY || memory * passes > MOST_ARGON2_WORK || parallelism > MOST_ARGON2_LANES;
  if (much) return tooMuchWork(type, text);
  return keyObjection(key) ?? known(type, text, { kind: 'argon2', type, ...cost, salt, key });
}

/** How many bytes one block of a derived key has. */
const BLOCK: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha512: 64 };

function pbkdf2(name: string, iterations: number, salt: Uint8Array, key: Uint8Array): Recognised {
  const digest = name.toLowerCase();
  const text = `${iterations} iterations`;
  if (iterations < 1) return unsupported('has no iterations, which PBKDF2 must have');
  const blocks = Math.ceil(key.length / (BLOCK[digest] ?? 1));
  if (iterations * blocks > MOST_ITERATIONS) return tooMuchWork(`PBKDF2-${digest}`, text);
  const hash: Hash = { kind: 'pbkdf2', digest: digest as DigestName, iterations, salt, key };
  return keyObjection(key) ?? known(`PBKDF2-${digest}`, text, hash);
}
