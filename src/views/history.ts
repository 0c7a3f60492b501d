import { type Change, compareDepartments, comparePeople, type Entry, entryOf } from '../roster/compare.ts';
import { type Department, type Person, type Snapshot, type SnapshotNumber, snapshotNumber } from '../roster/model.ts';
import type { Snapshots, Version } from '../store/store.ts';

/** One thing that happened to a person or department, with the snapshot that brought it. */
export interface Step<Value> {
  readonly number: SnapshotNumber;
  /** Absent when that snapshot is not kept any more. */
  readonly snapshot: Snapshot | undefined;
  readonly change: Change<Value>;
}

/** Where snapshots are looked up. */
type Shelf = Pick<Snapshots, 'get'>;

/** What happened to whoever was known by a username, oldest first. */
export const personSteps = (versions: readonly Version<Person>[], snapshots: Shelf) =>
  steps(versions, snapshots, { keyOf: person => person.key, compare: comparePeople });

/** The same for a department. */
export const departmentSteps = (versions: readonly Version<Department>[], snapshots: Shelf) =>
  steps(versions, snapshots, { keyOf: department => department.group_no, compare: compareDepartments });

interface Kind<Value> {
  keyOf(value: Value): string;
  compare(before: Iterable<Entry<Value>>, after: Iterable<Entry<Value>>): Iterable<Change<Value>>;
}

async function steps<Value>(
  versions: readonly Version<Value>[],
  snapshots: Shelf,
  kind: Kind<Value>,
): Promise<Step<Value>[]> {
  const moments = versions.flatMap((version, at) => momentsOf(version, versions[at - 1], versions[at + 1]));
  const found: Step<Value>[] = [];
  for (const { number, before, after } of moments) {
    const snapshot = await snapshots.get(number);
    for (const change of kind.compare(entries(before, kind), entries(after, kind))) {
      found.push({ number, snapshot, change });
    }
  }
  return found;
}

interface Moment<Value> {
  readonly number: SnapshotNumber;
  readonly before: Version<Value> | undefined;
  readonly after: Version<Value> | undefined;
}

/** A version begins, after another or out of nothing, and may end without another. */
function momentsOf<Value>(
  version: Version<Value>,
  before: Version<Value> | undefined,
  after: Version<Value> | undefined,
): Moment<Value>[] {
  const begins = { number: version.first, before: follows(before, version) ? before : undefined, after: version };
  if (version.last === undefined || follows(version, after)) return [begins];
  return [begins, { number: snapshotNumber(version.last + 1), before: version, after: undefined }];
}

const follows = <Value>(a: Version<Value> | undefined, b: Version<Value> | undefined) =>
  a?.last !== undefined && b !== undefined && a.last + 1 === b.first;

function entries<Value>(version: Version<Value> | undefined, kind: Kind<Value>): Entry<Value>[] {
  return version ? [entryOf(kind.keyOf(version.value), version, version.removal)] : [];
}

/** The snapshot that each field of the newest form came with: the last one that changed it, or brought it all. */
export function since<Value>(
  found: readonly Step<Value>[],
  further: (change: Change<Value>) => readonly string[],
): (field: string) => SnapshotNumber | undefined {
  const begun = found.findLastIndex(step => step.change.event === 'added');
  const later = found.slice(begun + 1).flatMap(({ number, change }) => {
    const fields = change.event === 'modified' ? change.fields.map(one => one.field) : [];
    return [...fields, ...further(change)].map(field => [field, number] as const);
  });
  const changed = new Map(later);
  return field => changed.get(field) ?? found[begun]?.number;
}
