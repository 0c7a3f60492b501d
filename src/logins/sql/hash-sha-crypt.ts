import { hash } from 'node:crypto';

/** What `$5$` and `$6$` of crypt are made with. */
export interface ShaCrypt {
  readonly digest: 'sha256' | 'sha512';
  readonly rounds: number;
  readonly salt: Uint8Array;
}

/**
 * The last part of a `$5$` or `$6$` hash, by Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512". It is ours because
 * the package unixcrypt 3.0 goes wrong where a password is just as long as the digest, or twice, or thrice as long.
 */
export function shaCrypt({ digest: name, rounds, salt }: ShaCrypt, password: Uint8Array): string {
  const digest = (parts: readonly Uint8Array[]) => digestOf(name, parts);
  const other = digest([password, salt, password]);
  let last = digest([password, salt, spread(other, password.length), ...byBits(password, other)]);
  const p = spread(digest(Array(password.length).fill(password)), password.length);
  const s = spread(digest(Array(16 + (last[0] ?? 0)).fill(salt)), salt.length);
  for (let round = 0; round < rounds; round += 1) {
    const [first, final] = round % 2 === 0 ? [last, p] : [p, last];
    last = digest([first, round % 3 === 0 ? NOTHING : s, round % 7 === 0 ? NOTHING : p, final]);
  }
  return encode(last, ORDER[name]);
}

const NOTHING = new Uint8Array();

const digestOf = (name: string, parts: readonly Uint8Array[]): Buffer => hash(name, Buffer.concat(parts), 'buffer');

/** Bytes repeated, or cut, to a length. */
const spread = (bytes: Uint8Array, length: number) => Buffer.alloc(length, bytes);

/** For every bit of the password's length, the lowest first: the other digest for a one, the password for a zero. */
function byBits(password: Uint8Array, other: Uint8Array): Uint8Array[] {
  const bits = [...password.length.toString(2)].reverse();
  return bits.map(bit => (bit === '1' ? other : password));
}

/** In which order the bytes of a digest are written: three at a time, the next three found from those before. */
interface Order {
  readonly triples: number;
  readonly next: (triple: Triple) => Triple;
  readonly first: Triple;
  /** The bytes that are left at the end, and how many characters they make. */
  readonly rest: Triple;
  readonly characters: number;
}

/** Places of bytes, the one of most weight first; -1 stands for a zero. */
type Triple = readonly [number, number, number];

const ORDER: Readonly<Record<ShaCrypt['digest'], Order>> = {
  sha256: {
    triples: 10,
    first: [0, 10, 20],
    next: ([a, b, c]) => [c + 1, a + 1, b + 1],
    rest: [-1, 31, 30],
    characters: 3,
  },
  sha512: {
    triples: 21,
    first: [0, 21, 42],
    next: ([a, b, c]) => [b + 1, c + 1, a + 1],
    rest: [-1, -1, 63],
    characters: 2,
  },
};

function encode(digest: Uint8Array, { triples, first, next, rest, characters }: Order): string {
  let text = '';
  let triple = first;
  for (let count = 0; count < triples; count += 1) {
    text += charactersOf(digest, triple, 4);
    triple = next(triple);
  }
  return text + charactersOf(digest, rest, characters);
}

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Three bytes as characters of six bits, the lowest bits first. */
function charactersOf(digest: Uint8Array, triple: Triple, count: number): string {
  const value = triple.reduce((bits, place) => bits * 256 + (digest[place] ?? 0), 0);
  return Array.from({ length: count }, (_, index) => ALPHABET[(value >> (6 * index)) & 63]).join('');
}
