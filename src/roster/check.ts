import type { Candidate } from './candidate.ts';
import { type Claim, newClaim, settle, usurped } from './claims.ts';
import { type Departments, exists, type Listed, listDepartments, sourceOf } from './departments.ts';
import type { Draft } from './drafts.ts';
import { fold } from './fold.ts';
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
  personKey,
  type SourceName,
  splitKey,
} from './model.ts';
import type { Newcomers } from './newcomers.ts';
import { byBytes } from './order.ts';
import type { ProblemList } from './problems.ts';
import type { Steady, Wanted } from './steady.ts';
import { type Rules, type Tidied, tidy } from './tidy.ts';
import { growTree } from './tree.ts';

/** A person after the rules that need nobody else, with the leaf they would have if no other rule touched them. */
export interface Drafted extends Tidied {
  readonly leaf: Digest;
}

/** The first half of check: each person alone. */
export function draft(merged: Merged, rules: Rules, problems: ProblemList): Map<PersonKey, Drafted> {
  const drafted = new Map<PersonKey, Drafted>();
  for (const [key, one] of merged.people) drafted.set(key, draftOne(one, rules, problems));
  return drafted;
}

/** The same for a single one. */
export function draftOne(one: Draft, rules: Rules, problems: Pick<ProblemList, 'add'>): Drafted {
  const { person, broken } = tidy(one, rules, problems);
  return { person, draft: one, broken, leaf: leaf(personContent(person)) };
}

/** Who has to be looked at: everybody else is word for word as served, and so has passed every rule already. */
export interface Differing {
  /** Served under this key, with other content. */
  readonly changed: readonly PersonKey[];
  /** Not served under this key. */
  readonly fresh: readonly PersonKey[];
  /** Served, without a record under their key. */
  readonly gone: readonly PersonKey[];
}

/** Leaves only those among `drafted` who have to be looked at; the others become steady. */
export function setAside(drafted: Map<PersonKey, Drafted>, steady: Steady): Differing {
  const changed: PersonKey[] = [];
  const fresh: PersonKey[] = [];
  for (const [key, one] of drafted) {
    // A broken field looks at what is served even where the rest happens to be the same.
    if (one.broken.length === 0 && steady.take(one.person, one.leaf)) drafted.delete(key);
    else if (steady.isServed(key)) changed.push(key);
    else fresh.push(key);
  }
  return { changed, fresh, gone: [...steady.others()].filter(key => !drafted.has(key)) };
}

/** The names and emails that may come to be asked for by those who are looked at: nobody else has to be asked whose they are. */
export function wantedBy(drafted: ReadonlyMap<PersonKey, Drafted>, { incumbents, gone, ledger }: Known): Wanted {
  const served = [...incumbents.values(), ...gone].map(stored => stored.value);
  const published = [...ledger.byKey.values(), ...[...ledger.byUsername.values()].map(one => one.username)];
  return marksOf([...personsOf(drafted), ...served], published);
}

const personsOf = (drafted: ReadonlyMap<PersonKey, Drafted>) => [...drafted.values()].map(one => one.person);

function marksOf(people: readonly Person[], published: readonly string[]): Wanted {
  const names = [...people.flatMap(({ username, login }) => [username, login]), ...published];
  return { names: new Set(names.map(fold)), emails: new Set(people.map(({ email }) => fold(email))) };
}

/** Adds those to the people of a first roster who may be their rivals, or each other's. */
export function takeRivals(drafted: Map<PersonKey, Drafted>, newcomers: Newcomers): void {
  for (const one of newcomers.takeRivals(marksOf(personsOf(drafted), []))) drafted.set(one.person.key, one);
}

export interface CheckInput {
  readonly merged: Merged;
  /** Those who have to be looked at. */
  readonly drafted: ReadonlyMap<PersonKey, Drafted>;
  readonly differing: Differing;
  readonly steady: Steady;
  /** Of the steady, whoever has a name or email that is {@link wantedBy} the others; it may be more of them. */
  readonly rivals: readonly Person[];
  /** Of a first roster, those whom nobody has to look at: see {@link takeRivals}. */
  readonly newcomers?: Newcomers | undefined;
  readonly known: Known;
  readonly rules: Rules;
  readonly problems: ProblemList;
  /** Source names in the order of precedence. */
  readonly order: readonly SourceName[];
}

/** The second half: everybody together, and with what was served and published before. */
export function check(input: CheckInput): Candidate {
  const { merged, known, steady, newcomers, problems } = input;
  const rank = new Map(input.order.map((name, place) => [name, place]));
  const { changed, fresh } = lookedAt(input, rank);
  const context = { ...input, rank };
  const identities = identify(changed, fresh, known);
  const people = new Map<PersonKey, Stored<Person>>();
  for (const kept of [...usurped(identities), ...joinedAway(identities, input)]) people.set(kept.value.key, kept);
  const claims = settle(identities, [...input.rivals, ...valuesOf(people)], context);
  const named = steady.departments.union(inUse(valuesOf(people), followed(identities)));
  const departments = listDepartments({ drafts: merged.departments, known, named }, problems);
  for (const claim of claims) admit(claim, departments, people, problems);
  const strays = newcomers?.takeStrays(code => exists(departments, code)) ?? [];
  for (const stray of strays) admit(newClaim(stray), departments, people, problems);
  const used = newcomers ? steady.departments.union(newcomers.departments) : steady.departments;
  const tree = growTree(departments, used.union(inUse(valuesOf(people))), problems);
  return {
    people,
    steady,
    newcomers,
    departments: asMembers(tree),
    removedPeople: removedPeople(people, known, merged),
    removedDepartments: removedDepartments(tree, known),
  };
}

/** In the order of sources, then of keys, which is the order in which they are asked who they are. */
function lookedAt({ drafted, differing }: CheckInput, rank: ReadonlyMap<SourceName, number>) {
  const place = (key: PersonKey) => rank.get(splitKey(key).source) ?? 0;
  const pick = (keys: readonly PersonKey[]) =>
    [...keys].sort((a, b) => place(a) - place(b) || byBytes(a, b)).flatMap(key => drafted.get(key) ?? []);
  return { changed: pick(differing.changed), fresh: pick(differing.fresh) };
}

function admit(claim: Claim, departments: Departments, people: Map<PersonKey, Stored<Person>>, problems: ProblemList) {
  if (claim.out !== undefined) {
    problems.add(quarantined(claim.identity.tidied, claim.out));
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

const valuesOf = <Value>(members: ReadonlyMap<unknown, Stored<Value>>): Value[] =>
  [...members.values()].map(({ value }) => value);

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

const quarantined = ({ person, draft: { source, key } }: Tidied, why: string) =>
  ({
    code: 'newcomer',
    effect: 'quarantined',
    source,
    kind: 'person',
    key,
    name: person.login || person.email,
    text: why,
  }) as const;
