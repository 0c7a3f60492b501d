import { type Digest, digestOf, type PersonKey, storedKey } from './model.ts';

/** Bytes of a SHA-256. */
const LEAF = 32;

/**
 * The keys and leaves of everybody who is served, in key order, for comparing a million people with what they were: about
 * 60 bytes a person in a few blocks of memory, where a Map of texts takes 200 in a million objects.
 */
export class Head {
  #size = 0;
  /** The keys in UTF-8, one behind the other, and where each of them ends. */
  #keys = Buffer.alloc(1024);
  #ends: Uint32Array<ArrayBuffer>;
  #leaves: Buffer<ArrayBuffer>;
  #marks: Uint32Array<ArrayBuffer>;
  /** An open hash table of places, each one more than it is; 0 is free. Never more than half full. */
  #slots: Uint32Array<ArrayBuffer>;
  /** What was looked for last, and what was found: whoever looks at somebody asks several times. */
  #asked: string | undefined;
  #found: number | undefined;

  /** Has room for so many from the start, and makes more where they are more. */
  constructor(expected = 0) {
    const room = Math.max(expected, 64);
    this.#ends = new Uint32Array(room);
    this.#leaves = Buffer.alloc(room * LEAF);
    this.#marks = new Uint32Array(room);
    this.#slots = new Uint32Array(slotsFor(room));
  }

  get size(): number {
    return this.#size;
  }

  /** Adds the next one in key order. */
  add(key: string, leaf: Digest): void {
    this.#reserve(key);
    const place = this.#size;
    const start = this.#start(place);
    this.#ends[place] = start + this.#keys.write(key, start);
    this.#leaves.write(leaf, place * LEAF, 'hex');
    this.#marks[place] = markOf(key);
    this.#size += 1;
    this.#enter(place);
    this.#asked = undefined;
  }

  /** The place of a key, which counts from 0 in key order. */
  find(key: string): number | undefined {
    if (this.#asked === key) return this.#found;
    this.#asked = key;
    this.#found = this.#search(key);
    return this.#found;
  }

  #search(key: string): number | undefined {
    const mark = markOf(key);
    const mask = this.#slots.length - 1;
    for (let slot = spread(mark) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return undefined;
      if (this.#marks[entry - 1] === mark && this.key(entry - 1) === key) return entry - 1;
    }
  }

  key(place: number): PersonKey {
    return storedKey(this.#keys.toString('utf8', this.#start(place), this.#ends[place]));
  }

  leaf(place: number): Digest {
    return digestOf(this.#leaves.toString('hex', place * LEAF, (place + 1) * LEAF));
  }

  #start(place: number): number {
    return place === 0 ? 0 : (this.#ends[place - 1] as number);
  }

  #enter(place: number): void {
    const mask = this.#slots.length - 1;
    let slot = spread(this.#marks[place] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = place + 1;
  }

  #reserve(key: string): void {
    const end = this.#start(this.#size) + Buffer.byteLength(key);
    if (end > this.#keys.length) this.#keys = Buffer.concat([this.#keys], Math.max(end, this.#keys.length * 2));
    if (this.#size < this.#ends.length) return;
    const size = this.#size * 2;
    this.#ends = grown(this.#ends, size);
    this.#marks = grown(this.#marks, size);
    this.#leaves = Buffer.concat([this.#leaves], size * LEAF);
    this.#slots = new Uint32Array(slotsFor(size));
    for (let place = 0; place < this.#size; place += 1) this.#enter(place);
  }
}

/** The least power of 2 that is at least twice as much. */
const slotsFor = (size: number) => 2 ** Math.ceil(Math.log2(size * 2));

function grown(list: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(size);
  larger.set(list);
  return larger;
}

/** 32 bits of a text (FNV-1a): different texts may have the same, so that it only tells who need not be looked at. */
export function markOf(text: string): number {
  let mark = 0x811c9dc5;
  for (let place = 0; place < text.length; place += 1) {
    mark = Math.imul(mark ^ text.charCodeAt(place), 0x01000193);
  }
  return mark >>> 0;
}

/** Keys that count up differ in few bits of their marks; the table looks at the low ones. */
const spread = (mark: number) => (mark ^ (mark >>> 15)) >>> 0;
