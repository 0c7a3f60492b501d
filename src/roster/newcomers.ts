import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Drafted } from './check.ts';
import { fold } from './fold.ts';
import { Head, markOf } from './head.ts';
import { leaf, personContent, readPerson } from './leaf.ts';
import { type Digest, type GroupNo, PERSON_FIELDS, type Person, type PersonKey, splitKey } from './model.ts';
import { sorted } from './order.ts';
import type { Wanted } from './steady.ts';

/** How many people are packed together: enough that what they share is written once, few enough to unpack for one of them. */
const PACKED = 500;

/** Somebody unpacked; `leaf` is the digest of the content. */
export interface Newcomer {
  readonly value: Person;
  readonly content: string;
  readonly leaf: Digest;
}

/**
 * The people of a first roster of whom nothing is wrong, packed: about 70 bytes a person besides their key and leaf, where
 * the objects that they are on their way through check take two thousand. Nobody was ever served, so that all that could keep
 * one of them out is another with the same name or email: whoever may have that is taken out again and looked at.
 */
export class Newcomers {
  readonly #head = new Head();
  readonly #names: number[] = [];
  readonly #emails: number[] = [];
  readonly #departments = new Map<GroupNo, number>();
  readonly #packs: Uint8Array[] = [];
  #unpacked: string[] = [];
  /** The places of those who were taken out. */
  readonly #out = new Set<number>();
  #memberships = 0;

  get size(): number {
    return this.#head.size - this.#out.size;
  }

  get memberships(): number {
    return this.#memberships;
  }

  get departments(): Set<GroupNo> {
    return new Set(this.#departments.keys());
  }

  /** Adds somebody, once, as they would be served. */
  add(person: Person): void {
    const content = personContent(person);
    this.#head.add(person.key, leaf(content));
    this.#names.push(markOf(fold(person.username)));
    this.#emails.push(markOf(fold(person.email)));
    this.#enrol(person.departments, 1);
    this.#unpacked.push(content);
    if (this.#unpacked.length < PACKED) return;
    this.#packs.push(zstdCompressSync(this.#unpacked.join('\n')));
    this.#unpacked = [];
  }

  has(key: PersonKey): boolean {
    return this.#head.find(key) !== undefined;
  }

  /** Everybody, in the order in which they came. */
  *members(): Generator<Newcomer> {
    for (const [place, content] of this.#contents()) {
      if (!this.#out.has(place)) yield { value: readPerson(content), content, leaf: this.#head.leaf(place) };
    }
  }

  /** Keys and leaves, in key order. */
  *leaves(): Generator<readonly [key: PersonKey, leaf: Digest]> {
    const keys: PersonKey[] = [];
    for (let place = 0; place < this.#head.size; place += 1) {
      if (!this.#out.has(place)) keys.push(this.#head.key(place));
    }
    for (const key of sorted(keys)) {
      const place = this.#head.find(key);
      if (place !== undefined) yield [key, this.#head.leaf(place)];
    }
  }

  /** Takes those out whose name or email somebody else may have: one of the others here, or whoever wants one of these. */
  takeRivals({ names, emails }: Wanted): Drafted[] {
    const [ofNames, ofEmails] = [shared(this.#names, names), shared(this.#emails, emails)];
    const places = this.#names.flatMap((name, place) =>
      ofNames.has(name) || ofEmails.has(this.#emails[place] as number) ? place : [],
    );
    return this.#takeOut(new Set(places));
  }

  /** Takes those out who are in a department that there is not. */
  takeStrays(exists: (code: GroupNo) => boolean): Drafted[] {
    if ([...this.#departments.keys()].every(exists)) return [];
    const places = new Set<number>();
    for (const [place, content] of this.#contents()) {
      if (!this.#out.has(place) && !readPerson(content).departments.every(exists)) places.add(place);
    }
    return this.#takeOut(places);
  }

  #takeOut(places: ReadonlySet<number>): Drafted[] {
    if (places.size === 0) return [];
    const found: Drafted[] = [];
    for (const [place, content] of this.#contents()) {
      if (!places.has(place)) continue;
      const person = readPerson(content);
      found.push(draftedAs(person, this.#head.leaf(place)));
      this.#enrol(person.departments, -1);
      this.#out.add(place);
    }
    return found;
  }

  #enrol(departments: readonly GroupNo[], by: 1 | -1): void {
    for (const code of departments) {
      const count = (this.#departments.get(code) ?? 0) + by;
      if (count > 0) this.#departments.set(code, count);
      else this.#departments.delete(code);
    }
    this.#memberships += by * departments.length;
  }

  *#contents(): Generator<readonly [place: number, content: string]> {
    let place = 0;
    for (const pack of this.#packs) {
      for (const content of zstdDecompressSync(pack).toString().split('\n')) yield [place++, content];
    }
    for (const content of this.#unpacked) yield [place++, content];
  }
}

/** The marks that several of these have, or that one of them has and is wanted. */
function shared(marks: readonly number[], wanted: ReadonlySet<string>): Set<number> {
  const both = new Set([...wanted].map(markOf));
  const last = marks.toSorted((a, b) => a - b);
  for (let place = 1; place < last.length; place += 1)
    if (last[place] === last[place - 1]) both.add(last[place] as number);
  return both;
}

/** What check would have been told of somebody of whom nothing is wrong. */
function draftedAs(person: Person, own: Digest): Drafted {
  const { key, departments, extra, username, login: _, ...others } = person;
  const fields = Object.fromEntries(PERSON_FIELDS.map(field => [field, { ...others, username }[field]]));
  const { source } = splitKey(key);
  const draft = { key, source, keyed: true, fields, departments, extra, from: undefined, broken: [] };
  return { person, draft, broken: [], leaf: own };
}
