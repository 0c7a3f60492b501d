import { createHash, hash } from 'node:crypto';
import {
  type Department,
  type Digest,
  digestOf,
  type Extra,
  type GroupNo,
  type Person,
  storedKey,
  username,
} from './model.ts';

/**
 * The content of a person or department as one text: kind, key and fields in a fixed order, as a JSON array. It is
 * what the store keeps and what the digest is taken of, so that reading back and verifying need no second form.
 * Changing the order changes every digest: that takes a migration.
 */
export function personContent(person: Person): string {
  return JSON.stringify([
    'person',
    person.key,
    person.username,
    person.login,
    person.email,
    person.nick_name,
    person.ad_no,
    person.company,
    person.phone1,
    person.phone2,
    person.extension_no,
    person.gender,
    person.departments,
    person.extra,
  ]);
}

/** The same for a department. */
export function departmentContent(department: Department): string {
  return JSON.stringify(['department', department.group_no, department.display_name, department.parent_group_no]);
}

type PersonContent = [
  'person',
  ...[string, string, string, string, string, string, string, string, string, string, string],
  GroupNo[],
  Extra[],
];

/** The person that {@link personContent} wrote. */
export function readPerson(content: string): Person {
  const [
    ,
    key,
    name,
    login,
    email,
    nick_name,
    ad_no,
    company,
    phone1,
    phone2,
    extension_no,
    gender,
    departments,
    extra,
  ] = JSON.parse(content) as PersonContent;
  return {
    key: storedKey(key),
    username: username(name),
    login,
    email,
    nick_name,
    ad_no,
    company,
    phone1,
    phone2,
    extension_no,
    gender,
    departments,
    extra,
  };
}

/** The department that {@link departmentContent} wrote. */
export function readDepartment(content: string): Department {
  const [, group_no, display_name, parent_group_no] = JSON.parse(content) as [
    'department',
    GroupNo,
    string,
    GroupNo | '',
  ];
  return { group_no, display_name, parent_group_no };
}

/** The SHA-256 of a content, in hex: as text it is half the price of a Buffer. */
export const leaf = (content: string): Digest => digestOf(hash('sha256', content, 'hex'));

/** What is left of somebody in a snapshot that had them: enough for its digest. */
export interface PurgedLeaf {
  /** From 0, in key order, among all people of the snapshot, the purged ones too. */
  readonly place: number;
  readonly leaf: Digest;
}

/**
 * The digest of a snapshot, taken as its people come: the SHA-256 over the leaves of its departments, then of its people,
 * each in key order. The leaves of purged people go into their places by themselves.
 */
export class RosterDigest {
  readonly #whole = createHash('sha256');
  readonly #purged: readonly PurgedLeaf[];
  #people = 0;
  #filled = 0;

  constructor(departments: Iterable<Digest>, purged: readonly PurgedLeaf[] = []) {
    this.#purged = purged.toSorted((a, b) => a.place - b.place);
    for (const one of departments) this.#whole.update(one);
  }

  /** The next ones of those who are there. */
  add(people: Iterable<Digest>): void {
    for (const one of people) {
      this.#fill(false);
      this.#take(one);
    }
  }

  end(): Digest {
    this.#fill(true);
    return digestOf(this.#whole.digest('hex'));
  }

  /** Takes the purged ones whose places come next; at the end, all that are left. */
  #fill(isEnd: boolean): void {
    for (;;) {
      const next = this.#purged[this.#filled];
      if (!next || (!isEnd && next.place > this.#people)) return;
      this.#filled += 1;
      this.#take(next.leaf);
    }
  }

  #take(one: Digest): void {
    this.#whole.update(one);
    this.#people += 1;
  }
}

/** The digest of a snapshot of which everything is there. */
export function rosterDigest(
  departments: Iterable<Digest>,
  people: Iterable<Digest>,
  purged: readonly PurgedLeaf[] = [],
): Digest {
  const digest = new RosterDigest(departments, purged);
  digest.add(people);
  return digest.end();
}
