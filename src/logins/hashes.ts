import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Whether a password is the one that a hash was made of; or why that cannot be told, to follow "the password hash". */
export type Comparison =
  | { readonly status: 'same' }
  | { readonly status: 'different' }
  | { readonly status: 'unsupported'; readonly why: string };

/** One way to hash passwords, known by the form of what it makes. */
interface Scheme {
  readonly form: RegExp;
  compare(parts: RegExpExecArray, password: string): Promise<Comparison>;
}

/** Compares a password with a stored hash, whose form tells by which scheme it was made; off the event loop. */
export async function verify(hash: string, password: string): Promise<Comparison> {
  for (const { form, compare } of SCHEMES) {
    const parts = form.exec(hash);
    if (parts !== null) return await compare(parts, password);
  }
  return { status: 'unsupported', why: 'is of a form that rosterd does not know' };
}

/** A new scrypt hash of a password, in the form of Python's passlib, at the cost of 16 MiB and about 50 ms. */
export async function hashPassword(password: string, salt: Uint8Array = randomBytes(16)): Promise<string> {
  const key = await derive(password, salt, { length: 32, N: 2 ** 14, r: 8, p: 1 });
  return `$scrypt$ln=14,r=8,p=1$${unpadded(salt)}$${unpadded(key)}`;
}

const SCRYPT: Scheme = {
  form: /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,9}),p=(\d{1,9})\$([\w+./-]*)\$([\w+./-]+)$/,
  async compare([, ln, r, p, salt = '', key = ''], password) {
    const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
    const expected = decode(key);
    const why = objection(cost, expected);
    if (why !== undefined) return { status: 'unsupported', why };
    const derived = await derive(password, decode(salt), { ...cost, length: expected.length });
    return { status: timingSafeEqual(derived, expected) ? 'same' : 'different' };
  },
};

/** bcrypt, argon2, PBKDF2, crypt and the directories' own ({SSHA} …) come here. */
const SCHEMES: readonly Scheme[] = [SCRYPT];

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 256 MiB, where the work is not split: twice what OWASP advises, four times passlib's default. */
const MOST_BLOCKS = 2 ** 21;

/** Why a scrypt hash is not computed. One of no length would be that of any password. */
function objection({ N, r, p }: Cost, key: Uint8Array): string | undefined {
  if (N < 2 || r < 1 || p < 1) return 'has cost parameters that scrypt does not have';
  if (N * r * p > MOST_BLOCKS) return `asks for more work (N=${N}, r=${r}, p=${p}) than rosterd does for one login`;
  return key.length < 16 || key.length > 128 ? `has a key of ${key.length} bytes; 16 to 128 are usual` : undefined;
}

const scryptAsync = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

function derive(password: string, salt: Uint8Array, { N, r, p, length }: Cost & { length: number }): Promise<Buffer> {
  // What scrypt needs by its definition, and a little for OpenSSL's own.
  const maxmem = 128 * r * (N + p) + 2 ** 20;
  return scryptAsync(password, salt, length, { N, r, p, maxmem });
}

/** passlib's Base64 has no padding, and in places a `.` for the `+`. */
function decode(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
