import { fold } from './fold.ts';
import { type Head, markOf } from './head.ts';
import type { Digest, GroupNo, Person, PersonKey } from './model.ts';

/** The names and emails, folded, that the people who are looked at ask for or may step back to. */
export interface Wanted {
  readonly names: ReadonlySet<string>;
  readonly emails: ReadonlySet<string>;
}

/**
 * The people of whom the sources say, word for word, what is served. They have passed every rule already, so nothing is kept
 * of them but what others have to know: who they are, in which departments, and a mark of their name and email.
 */
export class Steady {
  readonly #head: Head;
  /** By place in the head, 1 for those who are steady. */
  readonly #taken: Uint8Array;
  readonly #names: Uint32Array;
  readonly #emails: Uint32Array;
  readonly #departments = new Set<GroupNo>();
  #size = 0;
  #memberships = 0;

  constructor(head: Head) {
    this.#head = head;
    this.#taken = new Uint8Array(head.size);
    this.#names = new Uint32Array(head.size);
    this.#emails = new Uint32Array(head.size);
  }

  get size(): number {
    return this.#size;
  }

  /** How many memberships they have together. */
  get memberships(): number {
    return this.#memberships;
  }

  /** Those that somebody of them is in. */
  get departments(): ReadonlySet<GroupNo> {
    return this.#departments;
  }

  /** Takes somebody, as their sources tell them, who is served exactly so; false, and nothing done, when they are not. */
  take(person: Person, leaf: Digest): boolean {
    const place = this.#head.find(person.key);
    if (place === undefined || this.#head.leaf(place) !== leaf) return false;
    this.#taken[place] = 1;
    // Who goes by another name at the directory than at OMFLOW is never told word for word.
    this.#names[place] = markOf(fold(person.username));
    this.#emails[place] = markOf(fold(person.email));
    for (const code of person.departments) this.#departments.add(code);
    this.#memberships += person.departments.length;
    this.#size += 1;
    return true;
  }

  has(key: PersonKey): boolean {
    const place = this.#head.find(key);
    return place !== undefined && this.#taken[place] === 1;
  }

  /** Whether somebody is served, whatever the sources say of them. */
  isServed(key: PersonKey): boolean {
    return this.#head.find(key) !== undefined;
  }

  /** Who is served and is not steady, in key order. */
  *others(): Generator<PersonKey> {
    for (let place = 0; place < this.#head.size; place += 1) if (this.#taken[place] === 0) yield this.#head.key(place);
  }

  /** Keys and leaves, in key order. */
  *leaves(): Generator<readonly [key: PersonKey, leaf: Digest]> {
    for (let place = 0; place < this.#head.size; place += 1) {
      if (this.#taken[place] === 1) yield [this.#head.key(place), this.#head.leaf(place)];
    }
  }

  /** All of them who have one of these names or emails, and a few more who only have the same mark. */
  rivals({ names, emails }: Wanted): PersonKey[] {
    const [nameMarks, emailMarks] = [new Set([...names].map(markOf)), new Set([...emails].map(markOf))];
    const found: PersonKey[] = [];
    for (let place = 0; place < this.#head.size; place += 1) {
      if (this.#taken[place] === 0) continue;
      const isRival = nameMarks.has(this.#names[place] as number) || emailMarks.has(this.#emails[place] as number);
      if (isRival) found.push(this.#head.key(place));
    }
    return found;
  }
}
