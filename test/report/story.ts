import type {
  DepartmentChangeData,
  DiffData,
  FieldData,
  MembershipChangeData,
  PersonChangeData,
  PlaceData,
  StepData,
} from '../../src/report/data.ts';
import type { ChangeCounts } from '../../src/roster/model.ts';

/** Somebody of a roster, as far as a report shows them. */
export interface Member {
  readonly username: string;
  readonly login: string;
  readonly nick_name: string;
  readonly email: string;
  readonly phone1: string;
  readonly departments: readonly string[];
  readonly source: string;
}

/** A department of a roster. */
export interface Unit {
  readonly group_no: string;
  readonly display_name: string;
  readonly parent_group_no: string;
}

/** A roster; people by username, departments by code. */
export interface State {
  readonly people: ReadonlyMap<string, Member>;
  readonly units: ReadonlyMap<string, Unit>;
}

export const EMPTY: State = { people: new Map(), units: new Map() };

/** Of people: whose absence their source explains; the others are simply not listed any more. */
export type Leavers = ReadonlySet<string>;

/** What differs between two rosters, in the order and the shapes of a report. */
export function diffOf(
  [before, old]: readonly [number, State],
  [after, now]: readonly [DiffData['after'], State],
  leavers: Leavers = new Set(),
): DiffData {
  const people = peopleChanges(old, now, leavers);
  const departments = departmentChanges(old, now);
  const memberships = membershipChanges(old, now);
  return {
    before,
    after,
    counts: countsOf(people, departments, memberships),
    people,
    departments,
    memberships,
    quarantined: [],
    omitted: { people: 0, departments: 0, memberships: 0 },
  };
}

function peopleChanges(old: State, now: State, leavers: Leavers): PersonChangeData[] {
  return keysOf(old.people, now.people).flatMap(username => {
    const [a, b] = [old.people.get(username), now.people.get(username)];
    const one = b ?? a;
    if (!one) return [];
    const fields = a && b ? fieldsOf(a, b, ['nick_name', 'email', 'phone1', 'login']) : [];
    if (a && b && fields.length === 0) return [];
    const { nick_name, email, departments, source } = one;
    const renamed = fields.some(({ field }) => field === 'login');
    const event = !a ? 'added' : !b ? 'removed' : renamed ? 'renamed' : 'modified';
    const reason = b ? '' : leavers.has(username) ? 'left' : 'missing';
    return { event, username, nick_name, email, departments, fields, source, reason };
  });
}

function departmentChanges(old: State, now: State): DepartmentChangeData[] {
  return keysOf(old.units, now.units).flatMap(code => {
    const [a, b] = [old.units.get(code), now.units.get(code)];
    const one = b ?? a;
    if (!one) return [];
    const fields = a && b ? fieldsOf({ ...a, source: 'hr' }, { ...b, source: 'hr' }, UNIT_FIELDS) : [];
    if (a && b && fields.length === 0) return [];
    return {
      event: !a ? 'added' : !b ? 'removed' : 'modified',
      ...one,
      fields,
      source: 'hr',
      reason: b ? '' : 'missing',
    };
  });
}

const UNIT_FIELDS = ['display_name', 'parent_group_no'] as const;

function fieldsOf<One extends { readonly source: string }>(
  a: One,
  b: One,
  names: readonly (string & keyof One)[],
): FieldData[] {
  const changed = names.filter(name => a[name] !== b[name]);
  return changed.map(field => ({ field, old: `${a[field]}`, new: `${b[field]}`, source: b.source }));
}

function membershipChanges(old: State, now: State): MembershipChangeData[] {
  const all = keysOf(old.people, now.people).flatMap(username => {
    const [a, b] = [old.people.get(username), now.people.get(username)];
    const [had, has] = [a?.departments ?? [], b?.departments ?? []];
    const shown = (event: 'added' | 'removed', one: Member | undefined) => (group_no: string) => ({
      event,
      group_no,
      username,
      nick_name: one?.nick_name ?? '',
      source: one?.source ?? '',
    });
    return [
      ...has.filter(code => !had.includes(code)).map(shown('added', b)),
      ...had.filter(code => !has.includes(code)).map(shown('removed', a)),
    ];
  });
  return all.sort((a, b) => (a.group_no < b.group_no ? -1 : a.group_no > b.group_no ? 1 : 0));
}

/** How many changes of each kind a diff has that holds all of them. */
export function countsOf(
  people: DiffData['people'],
  departments: DiffData['departments'],
  memberships: DiffData['memberships'],
): ChangeCounts {
  const count = (list: readonly { readonly event: string }[], event: string) =>
    list.filter(one => one.event === event).length;
  return {
    people_added: count(people, 'added'),
    people_modified: count(people, 'modified'),
    people_removed: count(people, 'removed'),
    people_renamed: count(people, 'renamed'),
    departments_added: count(departments, 'added'),
    departments_modified: count(departments, 'modified'),
    departments_removed: count(departments, 'removed'),
    memberships_added: count(memberships, 'added'),
    memberships_removed: count(memberships, 'removed'),
  };
}

/** The departments of a roster, each after the one that it is in, marked with what a diff did to them. */
export function treeOf(state: State, diff: DiffData, lingering: ReadonlySet<string> = new Set()): PlaceData[] {
  const children = Map.groupBy([...state.units.values()], one => one.parent_group_no);
  const inside = (codes: ReadonlySet<string>) =>
    [...state.people.values()].filter(one => one.departments.some(code => codes.has(code))).length;
  const moved = (code: string, event: string) =>
    diff.memberships.filter(one => one.group_no === code && one.event === event).length;
  const below = (parent: string, depth: number): PlaceData[] =>
    (children.get(parent) ?? []).toSorted(byCode).flatMap(({ group_no, display_name }) => {
      const others = below(group_no, depth + 1);
      const one: PlaceData = {
        group_no,
        display_name,
        depth,
        own: inside(new Set([group_no])),
        all: inside(new Set([group_no, ...others.map(other => other.group_no)])),
        change: diff.departments.find(change => change.group_no === group_no)?.event,
        came: moved(group_no, 'added'),
        went: moved(group_no, 'removed'),
        lingers: lingering.has(group_no),
      };
      return [one, ...others];
    });
  return below('', 0);
}

const byCode = (a: Unit, b: Unit): number => (a.group_no < b.group_no ? -1 : 1);

/** What some diffs of neighbours, oldest first, say happened to somebody. */
export function stepsOf(username: string, diffs: readonly DiffData[], at: (snapshot: number) => string): StepData[] {
  return diffs.flatMap(({ after, people, memberships }) => {
    if (after === 'held') return [];
    const change = people.find(one => one.username === username);
    const moves = memberships.filter(one => one.username === username);
    if (!change && moves.length === 0) return [];
    const codes = (event: string) => moves.filter(one => one.event === event).map(one => one.group_no);
    return {
      snapshot: after,
      at: at(after),
      event: change?.event ?? 'modified',
      fields: change?.fields ?? [],
      joined: codes('added'),
      left: codes('removed'),
      source: change?.source ?? moves[0]?.source ?? '',
      reason: change?.reason ?? '',
    };
  });
}

const keysOf = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): string[] =>
  [...new Set([...a.keys(), ...b.keys()])].sort();
