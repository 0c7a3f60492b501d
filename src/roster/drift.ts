import type { Change } from './compare.ts';
import { fold } from './fold.ts';
import type { Toll } from './guard.ts';
import type { Department, Person, SnapshotNumber } from './model.ts';

/** One form of a person or department, and the snapshots in which it held; `last` is absent while it does. */
export interface Form<Value> {
  readonly value: Value;
  readonly first: SnapshotNumber;
  readonly last: SnapshotNumber | undefined;
}

/** What happened since a snapshot, the candidate's changes included. */
export interface Drift {
  readonly since: SnapshotNumber;
  /** Forms that held in that snapshot or came after it, of whoever has changed since; by key, oldest first. */
  readonly people: readonly Form<Person>[];
  readonly departments: readonly Form<Department>[];
  /** What the candidate changes of the newest snapshot. */
  readonly candidate: Changes;
  /** The snapshots that an administrator approved: what they did does not count again. */
  readonly approved: ReadonlySet<SnapshotNumber>;
}

export interface Changes {
  readonly people: readonly Change<Person>[];
  readonly departments: readonly Change<Department>[];
}

/** Whether something happened to somebody, by what they were and are; undefined is not there. */
type Fate<Value> = (was: Value | undefined, is: Value | undefined) => boolean;

const removed: Fate<unknown> = (was, is) => was !== undefined && is === undefined;
const added: Fate<unknown> = (was, is) => was === undefined && is !== undefined;
const emailChanged: Fate<Person> = (was, is) => !!was && !!is && fold(was.email) !== fold(is.email);
const lostDepartments: Fate<Person> = (was, is) =>
  !!was && !!is && was.departments.length > 0 && is.departments.length === 0;

/** What a candidate does to the newest snapshot. */
export function tollNow({ people, departments }: Changes): Toll {
  return toll([...livesOf(people).values()], [...livesOf(departments).values()], new Set());
}

/** What was done to an older snapshot, the candidate's part included. */
export function tollSince({ since, people, departments, candidate, approved }: Drift): Toll {
  const lived = <Value>(
    forms: readonly Form<Value>[],
    keyOf: (value: Value) => string,
    changes: readonly Change<Value>[],
  ) => [...livesOf(changes, livesSince(forms, keyOf, since)).values()];
  return toll(
    lived(people, one => one.key, candidate.people),
    lived(departments, one => one.group_no, candidate.departments),
    approved,
  );
}

/** What somebody was at first, and became step by step. */
interface Life<Value> {
  readonly was: Value | undefined;
  /** In order; `at` is absent for what the candidate does. */
  readonly steps: { readonly at: SnapshotNumber | undefined; readonly is: Value | undefined }[];
}

function livesSince<Value>(
  forms: readonly Form<Value>[],
  keyOf: (value: Value) => string,
  since: SnapshotNumber,
): Map<string, Life<Value>> {
  const lives = new Map<string, Life<Value>>();
  for (const [key, own] of Map.groupBy(forms, form => keyOf(form.value))) {
    const life: Life<Value> = { was: own.find(form => form.first <= since)?.value, steps: [] };
    own.forEach(({ value, first, last }, place) => {
      if (first > since) life.steps.push({ at: first, is: value });
      const end = last === undefined ? undefined : ((last + 1) as SnapshotNumber);
      if (end !== undefined && own[place + 1]?.first !== end) life.steps.push({ at: end, is: undefined });
    });
    lives.set(key, life);
  }
  return lives;
}

/** Lives with what the candidate does at their ends. */
function livesOf<Value>(changes: readonly Change<Value>[], lives = new Map<string, Life<Value>>()) {
  for (const change of changes) {
    const life = lives.get(change.key) ?? {
      was: change.event === 'added' ? undefined : change.before.value,
      steps: [],
    };
    life.steps.push({ at: undefined, is: change.event === 'removed' ? undefined : change.after.value });
    lives.set(change.key, life);
  }
  return lives;
}

function toll(
  people: readonly Life<Person>[],
  departments: readonly Life<Department>[],
  approved: ReadonlySet<SnapshotNumber>,
): Toll {
  const count = <Value>(lives: readonly Life<Value>[], fate: Fate<Value>) =>
    lives.filter(life => counts(life, fate, approved)).length;
  return {
    people_removed: count(people, removed),
    departments_removed: count(departments, removed),
    no_department: count(people, lostDepartments),
    emails_changed: count(people, emailChanged),
    people_added: count(people, added),
  };
}

/** Whether something happened in a life and has not been undone since, unless the step that did it was approved. */
function counts<Value>({ was, steps }: Life<Value>, fate: Fate<Value>, approved: ReadonlySet<SnapshotNumber>): boolean {
  if (!fate(was, steps.at(-1)?.is)) return false;
  const step = steps.findLast(({ is }, place) => {
    const before = place === 0 ? was : steps[place - 1]?.is;
    // Who got one email with approval, and then another, has one that nobody approved.
    return fate(was, is) && (fate(before, is) || !fate(was, before));
  });
  return step?.at === undefined || !approved.has(step.at);
}
