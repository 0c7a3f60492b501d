import { type Change, membershipChanges, NO_CHANGES } from '../roster/compare.ts';
import { type ChangeCounts, type Department, type Person, type Problem, splitKey } from '../roster/model.ts';
import { byBytes } from '../roster/order.ts';
import type { Store } from '../store/store.ts';
import { changesBetween } from '../views/changes.ts';
import { eventOf, newProblems, type Pair, subjectOf } from '../views/difference.ts';
import { isHeld } from '../views/held.ts';
import { EmailMoves, type Hazard } from '../views/transition.ts';
import { Choice, firstOf, type Room } from './choice.ts';
import {
  type DepartmentChangeData,
  type DiffData,
  type EventName,
  LIMITS,
  type MembershipChangeData,
  type PersonChangeData,
  type ProblemData,
  WHOLE,
} from './data.ts';

/** A diff, and what only looking at all of it tells. */
export interface Gathered {
  readonly diff: DiffData;
  /** About how many bytes it takes in a page. */
  readonly bytes: number;
  /** By department, how many came into it and went from it. */
  readonly moves: ReadonlyMap<string, Moves>;
  /** By department, what became of it. */
  readonly departments: ReadonlyMap<string, DepartmentChangeData['event']>;
  /** Emails that go from one person to another. */
  readonly emailMoves: readonly Hazard[];
}

export interface Moves {
  came: number;
  went: number;
}

/** The lower, the longer it stays: what goes matters most, then what is otherwise, then what is new. */
const RANK: Readonly<Record<EventName, number>> = { removed: 0, renamed: 0, modified: 1, added: 2 };

/** How much room there is for the chosen diff, for one besides it, and for one that is asked for as a whole. */
export const ROOM = {
  chosen: { count: LIMITS.changes, bytes: LIMITS.chosen },
  aside: { count: LIMITS.changes, bytes: LIMITS.aside },
  whole: { count: WHOLE.changes, bytes: WHOLE.bytes },
} as const satisfies Record<string, Room>;

/** What differs between two rosters, as far as there is room: so many of each kind, and so many bytes. */
export async function gather(store: Store, pair: Pair, room: Room): Promise<Gathered> {
  const gathering = new Gathering(room);
  const { people, departments } = await changesBetween(store, pair);
  for await (const change of people) gathering.person(change);
  for await (const change of departments) gathering.department(change);
  const { quarantined } = await newProblems(store, pair);
  return gathering.end(pair, quarantined);
}

/** Sees one change after the other, and keeps what there is room for. */
class Gathering {
  readonly #people: Choice<PersonChangeData>;
  readonly #departments: Choice<DepartmentChangeData>;
  readonly #memberships: Choice<MembershipChangeData>;
  readonly #counts: { -readonly [Name in keyof ChangeCounts]: number } = { ...NO_CHANGES };
  readonly #moves = new Map<string, Moves>();
  readonly #events = new Map<string, DepartmentChangeData['event']>();
  readonly #emails = new EmailMoves();

  constructor({ count, bytes }: Room) {
    // People have most to say.
    this.#people = new Choice({ count, bytes: (bytes * 3) / 5 });
    this.#departments = new Choice({ count, bytes: bytes / 5 });
    this.#memberships = new Choice({ count, bytes: bytes / 5 });
  }

  person(change: Change<Person>): void {
    this.#emails.see(change);
    const event = eventOf(change);
    // Of whom only the departments changed, only those are told.
    if (change.event !== 'modified' || change.fields.length > 0) {
      this.#counts[`people_${event}`] += 1;
      this.#people.offer(RANK[event], () => personData(change));
    }
    for (const one of membershipChanges(change)) {
      this.#counts[`memberships_${one.event}`] += 1;
      const moves = this.#moves.get(one.group_no) ?? { came: 0, went: 0 };
      this.#moves.set(one.group_no, moves);
      moves[one.event === 'added' ? 'came' : 'went'] += 1;
      const { event, group_no, person, source } = one;
      const { username, nick_name } = person;
      this.#memberships.offer(RANK[event], () => ({ event, group_no, username, nick_name, source }));
    }
  }

  department(change: Change<Department>): void {
    this.#counts[`departments_${change.event}`] += 1;
    this.#events.set(change.key, change.event);
    this.#departments.offer(RANK[change.event], () => departmentData(change));
  }

  end({ before, after }: Pair, quarantined: readonly Problem[]): Gathered {
    const problems = firstOf(quarantined.map(problemData), { count: LIMITS.problems, bytes: LIMITS.problemBytes / 2 });
    return {
      diff: {
        before: before?.number ?? 0,
        after: isHeld(after) ? 'held' : after.number,
        counts: this.#counts,
        people: this.#people.kept.sort((a, b) => byBytes(a.username, b.username)),
        departments: this.#departments.kept.sort((a, b) => byBytes(a.group_no, b.group_no)),
        memberships: this.#memberships.kept.sort(
          (a, b) => byBytes(a.group_no, b.group_no) || byBytes(a.username, b.username),
        ),
        quarantined: problems.kept,
        omitted: {
          people: this.#people.omitted,
          departments: this.#departments.omitted,
          memberships: this.#memberships.omitted,
        },
      },
      bytes: this.#people.bytes + this.#departments.bytes + this.#memberships.bytes + problems.bytes,
      moves: this.#moves,
      departments: this.#events,
      emailMoves: this.#emails.found,
    };
  }
}

function personData(change: Change<Person>): PersonChangeData {
  const { key, username, nick_name, email, departments } = subjectOf(change);
  return {
    event: eventOf(change),
    username,
    nick_name,
    email,
    departments,
    fields: change.event === 'modified' ? change.fields : [],
    source: splitKey(key).source,
    reason: reasonOf(change),
  };
}

function departmentData(change: Change<Department>): DepartmentChangeData {
  const { group_no, display_name, parent_group_no } = subjectOf(change);
  const { from } = change.event === 'removed' ? change.before : change.after;
  return {
    event: change.event,
    group_no,
    display_name,
    parent_group_no,
    fields: change.event === 'modified' ? change.fields : [],
    source: from['group_no'] ?? '',
    reason: reasonOf(change),
  };
}

/** Why somebody or something went, as far as anybody knows; back in time there is no reason. */
export const reasonOf = (change: Change<Person> | Change<Department>) =>
  change.event === 'removed' ? (change.before.removal?.reason ?? '') : '';

/** A problem as it is shown: whoever has no name is known by their key. */
export const problemData = ({ code, effect, source, kind, key, name, text }: Problem): ProblemData => ({
  ...{ code, effect, source, kind, text },
  name: name || key,
});
