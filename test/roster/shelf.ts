import assert from 'node:assert/strict';
import { type Candidate, leavesOfPeople, sizeOf } from '../../src/roster/candidate.ts';
import { check, type Drafted, draft, setAside, takeRivals, wantedBy } from '../../src/roster/check.ts';
import {
  type Change,
  compareDepartments,
  comparePeople,
  countChanges,
  type Entry,
  isUnchanged,
  type Loaded,
  withAdded,
} from '../../src/roster/compare.ts';
import {
  type ClientDeliveries,
  deliveredWords,
  type Held,
  holdersOf,
  oldestOf,
  placesOf,
  strangers,
  wantedEmails,
} from '../../src/roster/delivered.ts';
import type { SourcePlan } from '../../src/roster/drafts.ts';
import { fold } from '../../src/roster/fold.ts';
import { Head } from '../../src/roster/head.ts';
import { type Delivered, type Known, NOTHING_DELIVERED, type Removal, type Stored } from '../../src/roster/known.ts';
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
  groupNo,
  type Person,
  type PersonField,
  type PersonKey,
  type PersonRecord,
  type Provenance,
  type SnapshotNumber,
  snapshotNumber,
  sourceName,
  type Username,
} from '../../src/roster/model.ts';
import { byBytes, sorted } from '../../src/roster/order.ts';
import { ProblemList } from '../../src/roster/problems.ts';
import { renderer } from '../../src/roster/render.ts';
import { Steady } from '../../src/roster/steady.ts';
import type { Rules } from '../../src/roster/tidy.ts';
import { DEPARTMENT_WAITS } from '../../src/roster/tree.ts';
import { type Habits, LeanIntake, type Taken } from '../../src/runs/intake.ts';
import { Names } from './names.ts';

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

/** A form as history has it; `last` is absent while it holds. */
interface Form extends Kept {
  readonly key: string;
  readonly first: SnapshotNumber;
  last: SnapshotNumber | undefined;
}

const inUtf8 = (key: string) => Buffer.from(key).toString();

/**
 * Snapshots, the ledger and deliveries, in memory: a second honest implementation of what a run asks of the store. Like
 * the real one it is told changes, never whole rosters, and refuses those that do not fit what it has.
 */
export class Shelf {
  readonly #people = new Map<string, Kept>();
  readonly #departments = new Map<string, Kept>();
  #pastPeople: Form[] = [];
  readonly #pastDepartments: Form[] = [];
  readonly #names = new Names();
  #newest = snapshotNumber(0);
  /** By client, the newest first. */
  readonly #deliveries = new Map<string, SnapshotNumber[]>();
  /** The departments that waited when the newest run ended. */
  #waiting: ReadonlySet<GroupNo> = new Set();

  get people(): Stored<Person>[] {
    return [...this.#people.values()].map(kept => this.#read(kept, readPerson));
  }

  get departments(): Stored<Department>[] {
    return [...this.#departments.values()].map(kept => this.#read(kept, readDepartment));
  }

  get digest(): Digest {
    return rosterDigest(leavesOf(this.#departments), leavesOf(this.#people));
  }

  /**
   * One trip down the line, as `prepare` makes it. Nothing is kept until it is published. Where there is one source, it comes
   * to the same whether everybody is kept who is read, or only those who have to be looked at.
   */
  trip(extracts: readonly Extract[], settings: Settings = {}): Trip {
    const rules = { ...RULES, ...settings.rules };
    const plans = settings.plans ?? extracts.map(one => plan(one.source));
    const trip = this.#trip(extracts, { rules, plans });
    const [only, ...others] = extracts;
    const [own] = plans;
    if (!only || !own || others.length > 0 || plans.length > 1 || own.action !== 'create') return trip;
    const taken = takenIn(only, { plan: own, rules, head: this.#head, isFirst: this.#newest === 0 });
    if (!taken) return trip;
    const lean = this.#trip([], { rules, plans, taken });
    assert.deepEqual(told(lean), told(trip), 'it comes to something else when only those who are otherwise are kept');
    return trip;
  }

  get #head(): Head {
    const head = new Head();
    for (const key of sorted(this.#people.keys())) head.add(key, this.#people.get(key)?.leaf as Digest);
    return head;
  }

  #trip(
    whole: readonly Extract[],
    { rules, plans, taken }: { rules: Rules; plans: readonly SourcePlan[]; taken?: Taken | undefined },
  ): Trip {
    const problems = new ProblemList();
    const extracts = taken ? [taken.extract] : whole;
    const newcomers = taken?.lean?.newcomers;
    const aside = [taken?.lean?.steady, newcomers].flatMap(some => [...(some?.departments ?? [])]);
    const merged = merge(extracts, plans, problems, aside);
    if (taken?.lean) problems.addAll(taken.lean.notes);
    const drafted = draft(merged, rules, problems);
    if (newcomers) takeRivals(drafted, newcomers);
    const steady = taken?.lean?.steady ?? new Steady(this.#head);
    const differing = setAside(drafted, steady);
    const known = this.#known(drafted, differing);
    const rivals = steady.rivals(wantedBy(drafted, known)).map(key => this.#person(key).value);
    const order = plans.map(one => one.name);
    const looked = check({ merged, drafted, differing, steady, newcomers, rivals, known, rules, problems, order });
    const digest = rosterDigest(leavesOf(looked.departments), leavesOfPeople(looked));
    const others = [...steady.leaves()].map(([key]) => [key, this.#person(key)] as const);
    const added = Array.from(newcomers?.members() ?? [], ({ value }) => {
      return [value.key, { value, leaf: leaf(personContent(value)), from: {} }] as const;
    });
    const candidate = {
      ...looked,
      people: new Map([...others, ...added, ...looked.people]),
      steady: new Steady(new Head()),
      newcomers: undefined,
    };
    assert.deepEqual(sizeOf(looked), sizeOf(candidate));
    const changes = changesOf({ ...looked, people: new Map([...added, ...looked.people]) }, known);
    const counts = changesOf(looked, known).changes;
    assert.deepEqual(newcomers ? withAdded(counts, newcomers) : counts, changes.changes);
    return { candidate, known, problems, ...changes, digest };
  }

  /** Keeps a candidate: its changes are applied to what is there. One that changes nothing is no snapshot. */
  publish({ candidate, people, departments, digest, changes, problems }: Trip): void {
    const waits = problems.listed.filter(one => one.code === DEPARTMENT_WAITS);
    this.#waiting = new Set(waits.map(one => groupNo(one.key)));
    if (isUnchanged(changes) && this.#newest > 0) return;
    this.#newest = snapshotNumber(this.#newest + 1);
    const [first, forms] = [this.#newest, this.#pastPeople];
    for (const change of people)
      apply(this.#people, { change, members: candidate.people, content: personContent, first, forms });
    for (const change of departments) {
      const [members, past] = [candidate.departments, this.#pastDepartments];
      apply(this.#departments, { change, members, content: departmentContent, first, forms: past });
    }
    for (const change of people) if (change.event !== 'removed') this.#names.enter(change.after.value);
    assert.equal(this.digest, digest, 'the changes do not lead from the old roster to the candidate');
  }

  /** The number of the newest snapshot. */
  get newest(): SnapshotNumber {
    return this.#newest;
  }

  /** A client gets a snapshot whole: the newest, or after a rollback an older one. */
  deliver({ client = 'omflow', snapshot = this.#newest as number } = {}): void {
    this.#deliveries.set(client, [snapshotNumber(snapshot), ...(this.#deliveries.get(client) ?? [])]);
  }

  /** Retention: nothing is left of somebody but what is served, and the ledger. */
  forget(key: string): void {
    this.#pastPeople = this.#pastPeople.filter(form => form.key !== key || form.last === undefined);
  }

  /** Erasure: the same, and the ledger knows only what they were called by when it is asked for just that. */
  erase(key: string): void {
    this.forget(key);
    this.#names.erase(key);
  }

  #known(
    drafted: ReadonlyMap<PersonKey, Drafted>,
    { changed, fresh, gone }: Readonly<Record<'changed' | 'fresh' | 'gone', readonly PersonKey[]>>,
  ): Known {
    const newcomers = fresh.flatMap(key => drafted.get(key)?.person ?? []);
    const incumbents = changed.map(key => this.#person(key));
    const served = [...incumbents, ...gone.map(key => this.#person(key))].map(one => one.value);
    const wanted = wantedEmails({ incumbents: served, newcomers, drafted });
    const ledger = this.#names.ledger(
      new Set(fresh),
      new Set(newcomers.map(one => fold(one.login))),
      new Set(wanted.map(one => one.email)),
    );
    const deliveries = [...this.#deliveries].map(([client, snapshots]) => ({ client, snapshots }));
    const names = strangers(wanted, { ledger, served });
    const histories = new Map([...names].map(name => [name, this.#history(name)]));
    const { emails, left } = holdersOf({ ledger, served, histories, deliveries });
    const departments = new Map(this.departments.map(stored => [stored.value.group_no, stored]));
    return {
      incumbents: new Map(incumbents.map(stored => [stored.value.key, stored])),
      gone: gone.map(key => this.#person(key)),
      departments,
      ledger,
      former: new Map(fresh.flatMap(key => this.#latest(key))),
      left,
      delivered: { ...this.#delivered(departments, deliveries), emails },
    };
  }

  #delivered(served: Known['departments'], deliveries: readonly ClientDeliveries[]): Omit<Delivered, 'emails'> {
    const oldest = oldestOf(deliveries);
    if (oldest === undefined) return NOTHING_DELIVERED;
    const since = this.#pastDepartments.filter(
      one => one.first > oldest || (one.last !== undefined && one.last >= oldest),
    );
    return {
      what: deliveredWords(deliveries),
      departments: placesOf(
        served,
        since.map(form => this.#read(form, readDepartment)),
      ),
      waiting: this.#waiting,
    };
  }

  #history(name: Username): Held<Person>[] {
    const forms = this.#pastPeople.map(form => ({
      ...this.#read(form, readPerson),
      first: form.first,
      last: form.last,
    }));
    return forms.filter(form => form.value.username === name);
  }

  #latest(key: PersonKey): [PersonKey, Person][] {
    const last = this.#pastPeople.findLast(form => form.key === key);
    return last ? [[key, readPerson(last.content)]] : [];
  }

  #person(key: PersonKey): Stored<Person> {
    const kept = this.#people.get(key);
    assert(kept, `${key} is not on the shelf`);
    return this.#read(kept, readPerson);
  }

  #read<Value>({ leaf: kept, content, from }: Kept, read: (content: string) => Value): Stored<Value> {
    return { value: read(content), leaf: kept, from: JSON.parse(from) as Provenance };
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

/** A change that is to be kept, and the snapshot that it makes. */
interface Written<Value> {
  readonly change: Change<Value>;
  readonly members: ReadonlyMap<string, Stored<Value>>;
  readonly content: (value: Value) => string;
  readonly first: SnapshotNumber;
  readonly forms: Form[];
}

function apply<Value>(rows: Map<string, Kept>, { change, members, content, first, forms }: Written<Value>): void {
  const key = inUtf8(change.key);
  assert.equal(rows.has(key), change.event !== 'added', `${change.event}: ${JSON.stringify(key)}`);
  const before = forms.find(form => form.key === key && form.last === undefined);
  if (before) before.last = snapshotNumber(first - 1);
  if (change.event === 'removed') {
    assert(change.before.removal, `${key} is removed without a reason`);
    rows.delete(key);
    return;
  }
  const member = members.get(change.key);
  assert(member, `${key} is ${change.event}, but not in the candidate`);
  const kept = { leaf: member.leaf, content: content(member.value), from: JSON.stringify(member.from) };
  rows.set(key, kept);
  forms.push({ ...kept, key, first, last: undefined });
}

/** What a run finds to have changed: it looks only at those that check has touched. */
function changesOf(candidate: Candidate, known: Known): Pick<Trip, 'people' | 'departments' | 'changes'> {
  const before = [...known.incumbents.values(), ...known.gone].map(stored =>
    entry(stored.value.key, stored, candidate.removedPeople.get(stored.value.key)),
  );
  const after = [...candidate.people].map(([key, member]) => entry(key, member));
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

/** What is taken in of a source that gives its people last, read as often as it takes. */
function takenIn(
  { people, departments, memberships, problems, rows, source }: Extract,
  settings: { plan: SourcePlan; rules: Rules; head: Head; isFirst: boolean },
): Taken | undefined {
  const habits: Habits = { several: new Set(), isMixed: false };
  for (let look = 1; look <= 2 && !habits.isMixed; look += 1) {
    const intake = new LeanIntake({ ...settings, habits });
    intake.add({ kind: 'problems', problems });
    if (departments) intake.add({ kind: 'departments', records: departments, rows: rows.departments });
    intake.add({ kind: 'memberships', records: memberships, rows: rows.memberships });
    intake.add({ kind: 'people', records: people, rows: rows.people });
    const taken = intake.end();
    assert(taken || look === 1 || habits.isMixed, `source ${source} had to be read a third time`);
    if (taken) return taken;
  }
  return undefined;
}

/** What a trip came to, however it was made. */
const told = ({ candidate, problems, people, departments, changes, digest }: Trip) => ({
  digest,
  changes,
  events: [...people, ...departments],
  removed: [...candidate.removedPeople, ...candidate.removedDepartments],
  problems: problems.listed.map(one => JSON.stringify(one)).sort(),
  counts: problems.counts.map(one => JSON.stringify(one)).sort(),
});

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
