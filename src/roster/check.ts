import type { Candidate } from './candidate.ts';
import { type Claim, settle, usurped } from './claims.ts';
import { type Departments, exists, type Listed, listDepartments, sourceOf } from './departments.ts';
import type { Draft } from './drafts.ts';
import { type Identity, identify } from './identify.ts';
import type { Known, Removal, Stored } from './known.ts';
import { departmentContent, leaf, personContent } from './leaf.ts';
import type { Merged } from './merge.ts';
import {
  type Department,
  type Digest,
  type GroupNo,
  type Person,
  type PersonKey,
  type Provenance,
  personKey,
  type SourceName,
  splitKey,
} from './model.ts';
import { byBytes } from './order.ts';
import type { ProblemList } from './problems.ts';
import { type Rules, type Tidied, tidy } from './tidy.ts';
import { growTree } from './tree.ts';

const NOWHERE_ELSE: Provenance = Object.freeze({});

/** A person after the rules that need nobody else, with the leaf they would have if no other rule touched them. */
export interface Drafted extends Tidied {
  readonly leaf: Digest;
}

/** The first half of check: each person alone. */
export function draft(merged: Merged, rules: Rules, problems: ProblemList): Map<PersonKey, Drafted> {
  const drafted = new Map<PersonKey, Drafted>();
  for (const [key, one] of merged.people) {
    const { person, broken } = tidy(one, rules, problems);
    drafted.set(key, { person, draft: one, broken, leaf: leaf(personContent(person)) });
  }
  return drafted;
}

/** Who has to be looked at: everybody else is word for word as served, and so has passed every rule already. */
export interface Differing {
  /** Served under this key, with other content. */
  readonly changed: readonly PersonKey[];
  /** Not served under this key. */
  readonly fresh: readonly PersonKey[];
}

export interface CheckInput {
  readonly merged: Merged;
  readonly drafted: ReadonlyMap<PersonKey, Drafted>;
  readonly differing: Differing;
  readonly known: Known;
  readonly rules: Rules;
  readonly problems: ProblemList;
  /** Source names in the order of precedence. */
  readonly order: readonly SourceName[];
}

/** The second half: everybody together, and with what was served and published before. */
export function check(input: CheckInput): Candidate {
  const { merged, known, problems } = input;
  const rank = new Map(input.order.map((name, place) => [name, place]));
  const looked = lookedAt(input, rank);
  const others = [...input.drafted.values()].filter(one => !looked.has(one.person.key));
  const context = { ...input, rank };
  const identities = identify([...looked.changed.values()], [...looked.fresh.values()], known);
  const people = new Map<PersonKey, Stored<Person>>();
  for (const { person, leaf, draft } of others) {
    people.set(person.key, { value: person, leaf, from: draft.from ?? NOWHERE_ELSE });
  }
  const joined = joinedAway(identities, input);
  for (const kept of [...usurped(identities), ...joined]) people.set(kept.value.key, kept);
  const claims = settle(identities, valuesOf(people), context);
  const named = inUse(valuesOf(people), followed(identities));
  const departments = listDepartments({ drafts: merged.departments, known, named }, problems);
  for (const claim of claims) admit(claim, departments, people, problems);
  const tree = growTree(departments, inUse(valuesOf(people)), problems);
  return {
    people,
    touched: new Set([...touchedBy(claims), ...joined.map(kept => kept.value.key)]),
    departments: asMembers(tree),
    removedPeople: removedPeople(people, known, merged),
    removedDepartments: removedDepartments(tree, known),
  };
}

/** In the order of sources, then of keys, which is the order in which they are asked who they are. */
function lookedAt({ drafted, differing }: CheckInput, rank: ReadonlyMap<SourceName, number>) {
  const place = (key: PersonKey) => rank.get(splitKey(key).source) ?? 0;
  const pick = (keys: readonly PersonKey[]) =>
    new Map(
      [...keys]
        .sort((a, b) => place(a) - place(b) || byBytes(a, b))
        .flatMap(key => {
          const one = drafted.get(key);
          return one ? [[key, one] as const] : [];
        }),
    );
  const changed = pick(differing.changed);
  const fresh = pick(differing.fresh);
  return { changed, fresh, has: (key: PersonKey) => changed.has(key) || fresh.has(key) };
}

function admit(claim: Claim, departments: Departments, people: Map<PersonKey, Stored<Person>>, problems: ProblemList) {
  if (claim.out !== undefined) {
    problems.add(quarantined(claim.identity.tidied.draft, claim.out));
    return;
  }
  const person = inKnownDepartments(claim, departments, problems);
  people.set(person.key, { value: person, leaf: leaf(personContent(person)), from: claim.from });
}

/**
 * People whose own record is taken for one of somebody else, who is served as well: nobody goes while a source has them,
 * so they stay as they are.
 */
function joinedAway(identities: readonly Identity[], { known, merged, problems }: CheckInput): Stored<Person>[] {
  const found = new Set(identities.map(one => one.incumbent));
  const away = known.gone.filter(stored => !found.has(stored) && merged.joined.has(stored.value.key));
  for (const { value } of away) {
    const other = merged.joined.get(value.key);
    problems.add({
      code: 'person_joined',
      effect: 'kept',
      source: splitKey(value.key).source,
      kind: 'person',
      key: value.key,
      name: value.username,
      text: `their record is taken for one of "${other?.fields.username ?? other?.key}" now; they are served as they were until the source says that they left`,
    });
  }
  return away;
}

/** Not by a newcomer who is out: whoever has that key already is word for word as served. */
const touchedBy = (claims: readonly Claim[]): Set<PersonKey> =>
  new Set(
    claims.flatMap(({ out, identity }) =>
      out === undefined || identity.incumbent !== undefined ? [identity.key] : [],
    ),
  );

/** Incumbents as their source tells them, where it tells their departments. */
const followed = (identities: readonly Identity[]): Person[] =>
  identities.flatMap(({ incumbent, impostor, tidied }) =>
    incumbent && impostor === undefined && !tidied.broken.some(one => one.field === 'departments') ? tidied.person : [],
  );

function inKnownDepartments({ person, identity }: Claim, departments: Departments, problems: ProblemList): Person {
  const unknown = person.departments.filter(code => !exists(departments, code));
  if (unknown.length === 0) return person;
  const named = person.departments.filter(code => exists(departments, code));
  const last = (identity.incumbent?.value.departments ?? []).filter(code => exists(departments, code));
  const stays = named.length === 0 && last.length > 0;
  problems.add({
    code: 'department_unknown',
    effect: stays ? 'kept' : 'dropped',
    source: identity.tidied.draft.source,
    kind: 'membership',
    key: person.key,
    name: person.username,
    text: `is in "${unknown.join('", "')}", which does not exist${stays ? `; ${last.join(', ')} stays` : ''}`,
  });
  return { ...person, departments: stays ? last : named };
}

/** The departments that somebody of these people is in. */
function inUse(...groups: readonly Iterable<Person>[]): Set<GroupNo> {
  const codes = new Set<GroupNo>();
  for (const people of groups) for (const { departments } of people) for (const code of departments) codes.add(code);
  return codes;
}

/** The values as they are whenever somebody goes through them, as often as they like. */
const valuesOf = <Value>(members: ReadonlyMap<unknown, Stored<Value>>): Iterable<Value> => ({
  *[Symbol.iterator]() {
    for (const { value } of members.values()) yield value;
  },
});

function asMembers(tree: readonly Listed[]): Map<GroupNo, Stored<Department>> {
  return new Map(
    tree.map(({ group_no, display_name, parent, source }) => {
      const value = { group_no, display_name, parent_group_no: parent };
      return [group_no, { value, leaf: leaf(departmentContent(value)), from: { group_no: source } }];
    }),
  );
}

function removedPeople(people: ReadonlyMap<PersonKey, unknown>, known: Known, merged: Merged): Map<PersonKey, Removal> {
  const removed = new Map<PersonKey, Removal>();
  const byKey = leftByKey(merged);
  for (const { value } of known.gone) {
    if (people.has(value.key)) continue;
    const left = leftAs(value, byKey);
    removed.set(
      value.key,
      left ? { reason: 'left', source: left.source } : { reason: 'missing', source: splitKey(value.key).source },
    );
  }
  return removed;
}

/** The inactive record of somebody; where the username is the identity, a renamed person is listed under their login. */
function leftAs({ key, login }: Person, left: ReadonlyMap<PersonKey, Draft>): Draft | undefined {
  const renamed = left.get(personKey(splitKey(key).source, login));
  return left.get(key) ?? (renamed && !renamed.keyed ? renamed : undefined);
}

/** Also by the keys of later sources' records: whom the first source has as inactive may be served under one of them. */
function leftByKey({ left }: Merged): ReadonlyMap<PersonKey, Draft> {
  const joined = [...left.values()].flatMap(draft => (draft.joined ?? []).map(key => [key, draft] as const));
  return joined.length === 0 ? left : new Map([...joined, ...left]);
}

function removedDepartments(tree: readonly Listed[], known: Known): Map<GroupNo, Removal> {
  const there = new Set(tree.map(one => one.group_no));
  const gone = [...known.departments].filter(([code]) => !there.has(code));
  return new Map(gone.map(([code, stored]) => [code, { reason: 'missing', source: sourceOf(stored) }]));
}

const quarantined = ({ source, key, fields }: Draft, why: string) =>
  ({
    code: 'newcomer',
    effect: 'quarantined',
    source,
    kind: 'person',
    key,
    name: fields.username ?? fields.email ?? '',
    text: why,
  }) as const;
