import { type Candidate, leavesOfPeople, sizeOf } from '../roster/candidate.ts';
import type { Change } from '../roster/compare.ts';
import type { Stored } from '../roster/known.ts';
import { departmentContent, personContent, rosterDigest } from '../roster/leaf.ts';
import {
  type ChangeCounts,
  type Department,
  type Digest,
  type Person,
  type SnapshotNumber,
  snapshotNumber,
} from '../roster/model.ts';
import type { Newcomers } from '../roster/newcomers.ts';
import { sorted } from '../roster/order.ts';
import type { EndedRow, NewName, NewRow, Publication, RowChanges } from '../store/store.ts';

interface Context {
  readonly people: readonly Change<Person>[];
  readonly departments: readonly Change<Department>[];
  readonly changes: ChangeCounts;
  /** The newest snapshot. */
  readonly after: SnapshotNumber | undefined;
}

/** What has to be written so that a candidate is the next snapshot. */
export function publicationOf(candidate: Candidate, { people, departments, changes, after }: Context): Publication {
  const fresh = people.flatMap(change => (change.event === 'removed' ? [] : [change.after.value]));
  return {
    number: snapshotNumber((after ?? 0) + 1),
    digest: rosterDigest(leaves(candidate.departments), leavesOfPeople(candidate)),
    counts: sizeOf(candidate),
    changes,
    people: withNewcomers(
      rowChanges(people, candidate.people, person => [person.username, personContent(person)]),
      candidate,
    ),
    departments: rowChanges(departments, candidate.departments, one => [one.group_no, departmentContent(one)]),
    names: { [Symbol.iterator]: () => namesOf(fresh, candidate) },
  };
}

function* namesOf(fresh: readonly Person[], { newcomers }: Candidate): Generator<NewName> {
  for (const person of fresh) yield nameOf(person);
  for (const { value } of newcomers?.members() ?? []) yield nameOf(value);
}

const nameOf = ({ key, username, email }: Person): NewName => ({ key, username, email });

/** With those who are unpacked only while they are written. */
function withNewcomers({ ended, fresh }: RowChanges, { newcomers }: Candidate): RowChanges {
  if (!newcomers) return { ended, fresh };
  return { ended, fresh: { [Symbol.iterator]: () => rowsWith(fresh, newcomers) } };
}

function* rowsWith(fresh: Iterable<NewRow>, newcomers: Newcomers): Generator<NewRow> {
  yield* fresh;
  for (const { value, content, leaf } of newcomers.members()) {
    yield { key: value.key, name: value.username, content, leaf, from: {} };
  }
}

/** In key order, which is what makes the digest a function of content alone. */
function leaves(members: ReadonlyMap<string, Stored<unknown>>): Digest[] {
  return sorted(members.keys()).flatMap(key => members.get(key)?.leaf ?? []);
}

function rowChanges<Value>(
  changes: readonly Change<Value>[],
  members: ReadonlyMap<string, Stored<Value>>,
  form: (value: Value) => [name: string, content: string],
): RowChanges {
  const ended: EndedRow[] = [];
  const fresh: NewRow[] = [];
  for (const change of changes) {
    if (change.event !== 'added') {
      ended.push({ key: change.key, removal: change.event === 'removed' ? change.before.removal : undefined });
    }
    const member = members.get(change.key);
    if (change.event === 'removed' || !member) continue;
    const [name, content] = form(member.value);
    fresh.push({ key: change.key, name, content, leaf: member.leaf, from: member.from });
  }
  return { ended, fresh };
}
