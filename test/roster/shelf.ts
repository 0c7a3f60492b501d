import assert from 'node:assert/strict';
import type { Candidate } from '../../src/roster/candidate.ts';
import { check, draft } from '../../src/roster/check.ts';
import {
  type Change,
  compareDepartments,
  comparePeople,
  countChanges,
  type Entry,
  type Loaded,
} from '../../src/roster/compare.ts';
import type { SourcePlan } from '../../src/roster/drafts.ts';
import { fold } from '../../src/roster/fold.ts';
import type { Known, Ledger, Removal, Stored } from '../../src/roster/known.ts';
import {
  departmentContent,
  leaf,
  personContent,
  readDepartment,
  readPerson,
  rosterDigest,
} from '../../src/roster/leaf.ts';
import { merge } from '../../src/roster/merge.ts';
import {
  type BrokenField,
  type ChangeCounts,
  type Department,
  type Digest,
  type Extract,
  type GroupNo,
  type Person,
  type PersonField,
  type PersonKey,
  type PersonRecord,
  type Provenance,
  sourceName,
  type Username,
} from '../../src/roster/model.ts';
import { byBytes, sorted } from '../../src/roster/order.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { renderer } from '../../src/roster/render.ts';
import type { Rules } from '../../src/roster/tidy.ts';

/** The defaults of the specification. */
export const RULES: Rules = { usernames: 'ascii', reserved: [], gender: 'male', reused_email: 'quarantine' };

/** What a test says about one row of a source; a field that is `undefined` is absent. */
export interface Told extends Partial<Record<PersonField, string | undefined>> {
  readonly departments?: readonly string[];
  readonly extra?: Readonly<Record<string, string>>;
  readonly active?: boolean;
  readonly broken?: readonly BrokenField[];
}

/** One row about a person; `""` is the key of a source without keys. */
export function row(key: string, { departments, extra, active, broken, ...fields }: Told): PersonRecord {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return {
    key,
    fields: Object.fromEntries(given) as Partial<Record<PersonField, string>>,
    departments: departments ?? [],
    extra: Object.entries(extra ?? {}).sort(([a], [b]) => byBytes(a, b)),
    active: active ?? true,
    broken: broken ?? [],
  };
}

/** A department as code, name and parent; what is broken about it comes last. */
export type Code = readonly [code: string, name?: string, parent?: string, broken?: readonly BrokenField[]];

export interface Lists {
  readonly departments?: readonly Code[];
  readonly memberships?: readonly (readonly [person: string, code: string])[];
}

/** Everything that a source says on one pull. */
export function extract(source: string, people: readonly PersonRecord[], lists: Lists = {}): Extract {
  const departments = lists.departments?.map(([group_no, display_name, parent_group_no, broken]) => ({
    group_no,
    display_name: display_name ?? group_no,
    parent_group_no: parent_group_no ?? '',
    broken: broken ?? [],
  }));
  const memberships = (lists.memberships ?? []).map(([person, group_no]) => ({ person, group_no }));
  const rows = { people: people.length, departments: departments?.length ?? 0, memberships: memberships.length };
  return { source: sourceName(source), people, departments, memberships, rows, problems: [] };
}

/** A source that brings people into being and joins earlier ones by email, unless it is told otherwise. */
export function plan(name: string, other: Partial<Omit<SourcePlan, 'name'>> = {}): SourcePlan {
  return { name: sourceName(name), action: 'create', match: 'email', fields: undefined, ...other };
}

export interface Settings {
  readonly plans?: readonly SourcePlan[] | undefined;
  readonly rules?: Partial<Rules> | undefined;
}

/** What a trip down the line comes to, before anything of it is kept. */
export interface Trip {
  readonly candidate: Candidate;
  readonly known: Known;
  readonly problems: ProblemList;
  readonly people: readonly Change<Person>[];
  readonly departments: readonly Change<Department>[];
  readonly changes: ChangeCounts;
  readonly digest: Digest;
}

/** One row as a store keeps it: what is read back went through text, and keys went through UTF-8. */
interface Kept {
  readonly leaf: Digest;
  readonly content: string;
  readonly from: string;
}

const inUtf8 = (key: string) => Buffer.from(key).toString();

/**
 * The newest snapshot and the ledger, in memory: a second honest implementation of what a run asks of the store. Like the
 * real one it is told changes, never whole rosters, and refuses those that do not fit what it has.
 */
export class Shelf {
  readonly #people = new Map<string, Kept>();
  readonly #departments = new Map<string, Kept>();
  readonly #names: { kind: 'username' | 'email'; folded: string; username: Username; key: PersonKey }[] = [];

  get people(): Stored<Person>[] {
    return [...this.#people.values()].map(kept => this.#read(kept, readPerson));
  }

  get departments(): Stored<Department>[] {
    return [...this.#departments.values()].map(kept => this.#read(kept, readDepartment));
  }

  get digest(): Digest {
    return rosterDigest(leavesOf(this.#departments), leavesOf(this.#people));
  }

  /** One trip down the line, as `prepare` makes it. Nothing is kept until it is published. */
  trip(extracts: readonly Extract[], settings: Settings = {}): Trip {
    const rules = { ...RULES, ...settings.rules };
    const plans = settings.plans ?? extracts.map(one => plan(one.source));
    const problems = new ProblemList();
    const merged = merge(extracts, plans, problems);
    const drafted = draft(merged, rules, problems);
    const changed: PersonKey[] = [];
    const gone: PersonKey[] = [];
    for (const text of sorted(this.#people.keys())) {
      const key = text as PersonKey;
      const one = drafted.get(key);
      if (!one) gone.push(key);
      else if (one.leaf !== this.#people.get(key)?.leaf || one.broken.length > 0) changed.push(key);
    }
    const fresh = [...drafted.keys()].filter(key => !this.#people.has(key));
    const newcomers = fresh.flatMap(key => drafted.get(key)?.person ?? []);
    const known: Known = {
      incumbents: new Map(changed.map(key => [key, this.#person(key)])),
      gone: gone.map(key => this.#person(key)),
      departments: new Map(this.departments.map(stored => [stored.value.group_no, stored])),
      ledger: this.#ledger(
        new Set(fresh),
        new Set(newcomers.map(one => fold(one.login))),
        new Set(newcomers.map(one => fold(one.email))),
      ),
    };
    const order = plans.map(one => one.name);
    const candidate = check({ merged, drafted, differing: { changed, fresh }, known, rules, problems, order });
    return { candidate, known, problems, ...changesOf(candidate, known), digest: digestOf(candidate) };
  }

  /** Keeps a candidate: its changes are applied to what is there. */
  publish({ candidate, people, departments, digest }: Trip): void {
    for (const change of people) apply(this.#people, change, candidate.people, personContent);
    for (const change of departments) apply(this.#departments, change, candidate.departments, departmentContent);
    for (const change of people) if (change.event !== 'removed') this.#enter(change.after.value);
    assert.equal(this.digest, digest, 'the changes do not lead from the old roster to the candidate');
  }

  #person(key: PersonKey): Stored<Person> {
    const kept = this.#people.get(key);
    assert(kept, `${key} is not on the shelf`);
    return this.#read(kept, readPerson);
  }

  #read<Value>({ leaf: kept, content, from }: Kept, read: (content: string) => Value): Stored<Value> {
    return { value: read(content), leaf: kept, from: JSON.parse(from) as Provenance };
  }

  #enter({ key, username, email }: Person): void {
    for (const [kind, name] of [
      ['username', username],
      ['email', email],
    ] as const) {
      const folded = fold(name);
      const same = this.#names.some(one => one.kind === kind && one.folded === folded && one.username === username);
      if (!same) this.#names.push({ kind, folded, username, key });
    }
  }

  #ledger(keys: ReadonlySet<string>, usernames: ReadonlySet<string>, emails: ReadonlySet<string>): Ledger {
    const published = this.#names.filter(one => one.kind === 'username');
    const mails = this.#names.filter(one => one.kind === 'email' && emails.has(one.folded));
    return {
      byKey: new Map(published.filter(one => keys.has(one.key)).map(one => [one.key, one.username])),
      byUsername: new Map(published.filter(one => usernames.has(one.folded)).map(one => [one.folded, one])),
      byEmail: new Map(
        [...Map.groupBy(mails, one => one.folded)].map(([folded, list]) => [folded, list.map(one => one.username)]),
      ),
    };
  }
}

const leavesOf = (rows: ReadonlyMap<string, { readonly leaf: Digest }>) =>
  [...rows].sort(([a], [b]) => byBytes(a, b)).map(([, one]) => one.leaf);

/** The digest of a candidate, over leaves made anew from its values. */
export function digestOf({ people, departments }: Candidate): Digest {
  const made = <Value>(members: ReadonlyMap<string, Stored<Value>>, content: (value: Value) => string) =>
    leavesOf(
      new Map(
        [...members].map(([key, { value, leaf: told }]) => {
          assert.equal(told, leaf(content(value)), `the leaf of ${key} is not that of its content`);
          return [key, { leaf: told }];
        }),
      ),
    );
  return rosterDigest(made(departments, departmentContent), made(people, personContent));
}

function apply<Value>(
  rows: Map<string, Kept>,
  change: Change<Value>,
  members: ReadonlyMap<string, Stored<Value>>,
  content: (value: Value) => string,
): void {
  const key = inUtf8(change.key);
  assert.equal(rows.has(key), change.event !== 'added', `${change.event}: ${JSON.stringify(key)}`);
  if (change.event === 'removed') {
    assert(change.before.removal, `${key} is removed without a reason`);
    rows.delete(key);
    return;
  }
  const member = members.get(change.key);
  assert(member, `${key} is ${change.event}, but not in the candidate`);
  rows.set(key, { leaf: member.leaf, content: content(member.value), from: JSON.stringify(member.from) });
}

/** What a run finds to have changed: it looks only at those that check has touched. */
function changesOf(candidate: Candidate, known: Known): Pick<Trip, 'people' | 'departments' | 'changes'> {
  const before = [...known.incumbents.values(), ...known.gone].map(stored =>
    entry(stored.value.key, stored, candidate.removedPeople.get(stored.value.key)),
  );
  const after = [...candidate.touched].flatMap(key => {
    const member = candidate.people.get(key);
    return member ? [entry(key, member)] : [];
  });
  const served = [...known.departments].map(([code, stored]) =>
    entry(code, stored, candidate.removedDepartments.get(code)),
  );
  const listed = [...candidate.departments].map(([code, member]) => entry(code, member));
  const people = [...comparePeople(before.sort(byKey), after.sort(byKey))];
  const departments = [...compareDepartments(served.sort(byKey), listed.sort(byKey))];
  return { people, departments, changes: countChanges(people, departments) };
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }) => byBytes(a.key, b.key);

/** One side of a comparison. */
export function entry<Value>(
  key: string,
  { value, leaf: kept, from }: Loaded<Value> & { readonly leaf: Digest },
  removal?: Removal,
): Entry<Value> {
  return { key, leaf: kept, load: () => ({ value, from, removal }) };
}

/** What OMFLOW gets of a candidate. */
export function answerOf({ people, departments }: Candidate): Answer {
  const writer = renderer();
  const inOrder = sorted(people.keys()).flatMap(key => people.get(key)?.value ?? []);
  const text = writer.people(inOrder) + writer.end([...departments.values()].map(one => one.value));
  return JSON.parse(text) as Answer;
}

export interface Answer {
  readonly status: string;
  readonly user_info_list: readonly Readonly<Record<string, string>>[];
  readonly group_info_list: readonly {
    readonly display_name: string;
    readonly group_no: GroupNo;
    readonly parent_group_no: GroupNo | '';
    readonly user_list: readonly string[];
  }[];
}
