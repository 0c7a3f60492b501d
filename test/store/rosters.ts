import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { type Change, comparePeople, NO_CHANGES } from '../../src/roster/compare.ts';
import type { Removal } from '../../src/roster/known.ts';
import { departmentContent, leaf, personContent, rosterDigest } from '../../src/roster/leaf.ts';
import {
  type Department,
  groupNo,
  type Outcome,
  type Person,
  type Provenance,
  type RunNumber,
  type SnapshotNumber,
  snapshotNumber,
  sourceName,
  storedKey,
  username,
} from '../../src/roster/model.ts';
import type { Publication, Records, RowChanges, RunReport, Store } from '../../src/store/store.ts';

/** Everybody and every department, by key, as the simplest thing that it could be. */
export interface Roster {
  readonly people: ReadonlyMap<string, Person>;
  readonly departments: ReadonlyMap<string, Department>;
}

export const NOBODY: Roster = { people: new Map(), departments: new Map() };

export function person(key: string, fields: Partial<Record<keyof Person, unknown>> = {}): Person {
  const name = key.slice(key.indexOf('/') + 1);
  return {
    key: storedKey(key),
    username: username(name),
    login: name,
    email: `${name}@corp.example`,
    nick_name: '',
    ad_no: '',
    company: '',
    phone1: '',
    phone2: '',
    extension_no: '',
    gender: 'male',
    departments: [],
    extra: [],
    ...fields,
  } as Person;
}

export const department = (code: string, name = code, parent = ''): Department => ({
  group_no: groupNo(code),
  display_name: name,
  parent_group_no: groupNo(parent),
});

export const roster = (people: readonly Person[], departments: readonly Department[] = []): Roster => ({
  people: new Map(people.map(one => [one.key, one])),
  departments: new Map(departments.map(one => [one.group_no, one])),
});

/** In the order of their UTF-8 bytes, told by the bytes themselves. */
export const inOrder = (keys: Iterable<string>) =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

export const MISSING: Removal = { reason: 'missing', source: sourceName('hr') };
export const NO_REPORT: RunReport = { sources: [], problems: [], counts: [] };

export interface Details {
  readonly removal?: Removal;
  readonly from?: Provenance;
}

/** The publication that makes `after` of `before`. */
export function publication(before: Roster, after: Roster, number: number, details: Details = {}): Publication {
  const content = (one: Person | Department) => ('key' in one ? personContent(one) : departmentContent(one));
  const rows = <One extends Person | Department>(
    old: ReadonlyMap<string, One>,
    now: ReadonlyMap<string, One>,
    name: (one: One) => string,
  ): RowChanges => {
    const differs = ([key, one]: [string, One]) => {
      const other = now.get(key);
      return other === undefined || content(other) !== content(one);
    };
    const fresh = [...now].filter(([key, one]) => {
      const other = old.get(key);
      return other === undefined || content(other) !== content(one);
    });
    return {
      ended: [...old]
        .filter(differs)
        .map(([key]) => ({ key, removal: now.has(key) ? undefined : (details.removal ?? MISSING) })),
      fresh: fresh.map(([key, one]) => ({
        key,
        name: name(one),
        content: content(one),
        leaf: leaf(content(one)),
        from: details.from ?? {},
      })),
    };
  };
  const people = rows(before.people, after.people, one => one.username);
  return {
    number: snapshotNumber(number),
    digest: digestOfRoster(after),
    counts: { people: after.people.size, departments: after.departments.size, memberships: membershipsOf(after) },
    changes: NO_CHANGES,
    people,
    departments: rows(before.departments, after.departments, one => one.group_no),
    names: [...people.fresh].flatMap(({ key }) => after.people.get(key) ?? []),
  };
}

const membershipsOf = ({ people }: Roster) =>
  [...people.values()].reduce((sum, one) => sum + one.departments.length, 0);

export function digestOfRoster({ people, departments }: Roster) {
  return rosterDigest(
    inOrder(departments.keys()).map(key => leaf(departmentContent(departments.get(key) as Department))),
    inOrder(people.keys()).map(key => leaf(personContent(people.get(key) as Person))),
  );
}

export const AT = new Date('2026-11-22T03:04:05.678Z');

export const begin = (store: Store) => store.runs.begin({ cause: 'pull', at: AT, fingerprint: 'f1' });

export function published(number: number): Outcome {
  return { status: 'published', snapshot: snapshotNumber(number), changes: NO_CHANGES };
}

/** Publishes `after` upon `before`, in a run of its own. */
export async function publish(
  store: Store,
  before: Roster,
  after: Roster,
  details: Details & { readonly number?: number } = {},
): Promise<SnapshotNumber> {
  const newest = await store.snapshots.newest();
  const number = details.number ?? (newest?.number ?? 0) + 1;
  const run = await begin(store);
  const { recorded } = await finish(store, run, published(number), publication(before, after, number, details));
  // Whoever began a run meanwhile has declared this one dead, and nothing of it was published.
  if (!recorded) throw new Error(`run ${run} had ended before it published`);
  return snapshotNumber(number);
}

export const finish = (store: Store, run: RunNumber, outcome: Outcome, what?: Publication) =>
  store.runs.finish(run, { at: AT, outcome, report: NO_REPORT, publication: what });

/** A snapshot as it is read back, with its digest checked against what the store says. */
export async function readBack(store: Store, number: SnapshotNumber): Promise<Roster> {
  const read = async <Value>(records: Records<Value>, keyOf: (value: Value) => string) => {
    const found: [string, Value][] = [];
    for await (const page of records.at(number))
      found.push(...page.map(({ value }) => [keyOf(value), value] as [string, Value]));
    assert.deepEqual(
      found.map(([key]) => key),
      inOrder(found.map(([key]) => key)),
      'keys come in the order of their bytes',
    );
    return new Map(found);
  };
  const back: Roster = {
    people: await read(store.people, one => one.key),
    departments: await read(store.departments, one => one.group_no),
  };
  const snapshot = await store.snapshots.get(number);
  assert.equal(digestOfRoster(back), snapshot?.digest, `the digest of snapshot ${number}`);
  return back;
}

/** What the store says differs between two snapshots, in people. */
export async function changesBetween(store: Store, a: SnapshotNumber, b: SnapshotNumber): Promise<Change<Person>[]> {
  const { before, after } = await store.people.between(a, b);
  return [...comparePeople(before, after)];
}

/** The same as it comes in pages, with how many keys each of those has. */
export async function changesInPages(store: Store, a: SnapshotNumber, b: SnapshotNumber) {
  const pages = await Array.fromAsync(store.people.differing(a, b));
  const keys = pages.map(({ before, after }) => new Set([...before, ...after].map(one => one.key)).size);
  return { keys, changes: pages.flatMap(({ before, after }) => [...comparePeople(before, after)]) };
}

/** What differs between two rosters that are there in full, found by looking at everybody. */
export function naiveChanges(a: Roster, b: Roster, kind: keyof Roster = 'people') {
  return inOrder(new Set([...a[kind].keys(), ...b[kind].keys()])).flatMap(key => {
    const [old, now] = [a[kind].get(key), b[kind].get(key)];
    if (isDeepStrictEqual(old, now)) return [];
    return [{ event: old === undefined ? 'added' : now === undefined ? 'removed' : 'modified', key, old, now }];
  });
}

/** A change without the reasons, which only the store knows. */
export function bare<Value>(change: Change<Value>) {
  const old = change.event === 'added' ? undefined : change.before.value;
  const now = change.event === 'removed' ? undefined : change.after.value;
  return { event: change.event, key: change.key, old, now };
}
