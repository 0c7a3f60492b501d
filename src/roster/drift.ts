import type { Change } from './compare.ts';
import { fold } from './fold.ts';
import type { Toll } from './guard.ts';
import type { Form } from './known.ts';
import type { Department, Person, SnapshotNumber } from './model.ts';

/** What a candidate is measured by against an older snapshot. */
export interface Drift {
  readonly since: SnapshotNumber;
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
export function tollNow(candidate: Changes): Toll {
  return new DriftCount({ since: 0 as SnapshotNumber, candidate, approved: new Set() }).toll();
}

/**
 * Counts what was done to an older snapshot, the candidate's part included. Whoever has changed since then is told one after
 * the other, so that nobody has to be kept; whoever is not told has been as they are now all the time.
 */
export class DriftCount {
  readonly #drift: Drift;
  readonly #people: ReadonlyMap<string, Change<Person>>;
  readonly #departments: ReadonlyMap<string, Change<Department>>;
  readonly #told = new Set<string>();
  readonly #toll: { -readonly [name in keyof Toll]: number } = {
    people_removed: 0,
    departments_removed: 0,
    no_department: 0,
    emails_changed: 0,
    people_added: 0,
  };

  constructor(drift: Drift) {
    this.#drift = drift;
    this.#people = new Map(drift.candidate.people.map(change => [change.key, change]));
    this.#departments = new Map(drift.candidate.departments.map(change => [change.key, change]));
  }

  /** All forms of one person that held in the older snapshot or came after it, oldest first. */
  person(key: string, forms: readonly Form<Person>[]): void {
    this.#told.add(`person ${key}`);
    this.#countPerson(lifeOf(forms, this.#drift.since, this.#people.get(key)));
  }

  /** The same of one department. */
  department(key: string, forms: readonly Form<Department>[]): void {
    this.#told.add(`department ${key}`);
    this.#countDepartment(lifeOf(forms, this.#drift.since, this.#departments.get(key)));
  }

  toll(): Toll {
    for (const [key, change] of this.#people) {
      if (!this.#told.has(`person ${key}`)) this.#countPerson(lifeOfChange(change));
    }
    for (const [key, change] of this.#departments) {
      if (!this.#told.has(`department ${key}`)) this.#countDepartment(lifeOfChange(change));
    }
    return { ...this.#toll };
  }

  #countPerson(life: Life<Person>): void {
    const { approved } = this.#drift;
    if (counts(life, removed, approved)) this.#toll.people_removed += 1;
    if (counts(life, added, approved)) this.#toll.people_added += 1;
    if (counts(life, emailChanged, approved)) this.#toll.emails_changed += 1;
    if (counts(life, lostDepartments, approved)) this.#toll.no_department += 1;
  }

  #countDepartment(life: Life<Department>): void {
    if (counts(life, removed, this.#drift.approved)) this.#toll.departments_removed += 1;
  }
}

/** What somebody was at first, and became step by step. */
interface Life<Value> {
  readonly was: Value | undefined;
  /** In order; `at` is absent for what the candidate does. */
  readonly steps: { readonly at: SnapshotNumber | undefined; readonly is: Value | undefined }[];
}

function lifeOf<Value>(
  forms: readonly Form<Value>[],
  since: SnapshotNumber,
  candidate: Change<Value> | undefined,
): Life<Value> {
  const life: Life<Value> = { was: forms.find(form => form.first <= since)?.value, steps: [] };
  forms.forEach(({ value, first, last }, place) => {
    if (first > since) life.steps.push({ at: first, is: value });
    const end = last === undefined ? undefined : ((last + 1) as SnapshotNumber);
    if (end !== undefined && forms[place + 1]?.first !== end) life.steps.push({ at: end, is: undefined });
  });
  if (candidate) life.steps.push({ at: undefined, is: afterOf(candidate) });
  return life;
}

/** Of somebody who had not changed before the candidate. */
const lifeOfChange = <Value>(change: Change<Value>): Life<Value> => ({
  was: change.event === 'added' ? undefined : change.before.value,
  steps: [{ at: undefined, is: afterOf(change) }],
});

const afterOf = <Value>(change: Change<Value>) => (change.event === 'removed' ? undefined : change.after.value);

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
