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

/** The digest of a snapshot: the SHA-256 over the leaves of its departments, then of its people, each in key order. */
export function rosterDigest(departments: Iterable<Digest>, people: Iterable<Digest>): Digest {
  const whole = createHash('sha256');
  for (const leaves of [departments, people]) for (const one of leaves) whole.update(one);
  return digestOf(whole.digest('hex'));
}

/**
 * The leaves of all people of a snapshot in key order: of those who are there, with those of purged people in their places,
 * which count from 0 among all.
 */
export function withPurged(
  leaves: readonly Digest[],
  purged: readonly { readonly place: number; readonly leaf: Digest }[],
): readonly Digest[] {
  if (purged.length === 0) return leaves;
  const all: Digest[] = [];
  let taken = 0;
  for (const { place, leaf: own } of purged.toSorted((a, b) => a.place - b.place)) {
    for (; all.length < place && taken < leaves.length; taken += 1) all.push(leaves[taken] as Digest);
    all.push(own);
  }
  for (; taken < leaves.length; taken += 1) all.push(leaves[taken] as Digest);
  return all;
}
