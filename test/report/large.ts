import {
  type DepartmentChangeData,
  type DiffData,
  LIMITS,
  type MembershipChangeData,
  type PersonChangeData,
  type PlaceData,
  type ReportData,
} from '../../src/report/data.ts';
import { smallReport } from './fixtures.ts';
import { countsOf } from './story.ts';

const SNAPSHOTS = 365;
const UNITS = 5000;
const PEOPLE = 100_000;

/**
 * As much as a report ever has: a year of snapshots, the most changes and the most problems that {@link LIMITS} let in, as
 * many departments as changes, neighbours and histories up to their bytes. As JSON some 10 MiB.
 */
export function largeReport(changes: Partial<ReportData> = {}): ReportData {
  const chosen = diff(SNAPSHOTS - 1, SNAPSHOTS, LIMITS.changes, 2500);
  return {
    ...smallReport(),
    snapshots: range(SNAPSHOTS).map(place => ({
      number: place + 1,
      at: day(place),
      people: PEOPLE + 40 * place + ((place * 37) % 90),
      departments: UNITS - ((place * 7) % 60),
      memberships: 2 * PEOPLE,
      changes: {
        ...countsOf([], [], []),
        people_added: 300 + ((place * 53) % 200),
        people_modified: 400,
        people_removed: 260,
      },
      hold: place % 90 === 89 ? place : undefined,
    })),
    runs: range(LIMITS.runs).map(place => ({
      number: place * 8,
      started: day((place * SNAPSHOTS) / LIMITS.runs),
      status: 'failed' as const,
      hold: undefined,
      why: 'source hr: connection refused by db.harbour.example:3306',
    })),
    deliveries: range(LIMITS.deliveries).map(place => ({
      snapshot: 1 + Math.floor((place * SNAPSHOTS) / LIMITS.deliveries),
      client: 'omflow',
      at: day((place * SNAPSHOTS) / LIMITS.deliveries),
      finished: place % 50 !== 0,
    })),
    diffs: [chosen, ...neighbours()],
    sync: { ...need(smallReport().sync), diff: diff(SNAPSHOTS - 2, SNAPSHOTS, 1000, 0) },
    hold: {
      ...need(smallReport().hold),
      diff: { ...diff(0, SNAPSHOTS, 1000, 3000), before: SNAPSHOTS, after: 'held' },
    },
    standing: { ...smallReport().standing, newest: SNAPSHOTS, served: SNAPSHOTS },
    tree: tree(),
    problems: {
      run: 3000,
      listed: range(LIMITS.problems).map(place => ({
        code: 'email_missing',
        effect: 'quarantined' as const,
        source: 'hr',
        kind: 'person',
        name: username(place),
        text: 'has no email; it is left out until the source gives one',
      })),
      counts: [{ code: 'email_missing', effect: 'quarantined', count: 4321 }],
    },
    renamed: range(2000).map(place => ({ username: username(place), login: `${username(place)}.new` })),
    histories: histories(chosen),
    ...changes,
  };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, place) => place);
const day = (place: number): string => new Date(Date.UTC(2024, 10, 21) + place * 86_400_000).toISOString();
const username = (place: number): string => `employee.${`${place}`.padStart(6, '0')}`;
const code = (place: number): string => (place === 0 ? 'HQ' : `D-${`${place}`.padStart(4, '0')}`);

function need<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the small report lacks something');
  return value;
}

/** Neighbours of 150 changes each, until they have the bytes that they may have. */
function neighbours(): DiffData[] {
  const one = diff(1, 2, 150, 0);
  const fits = Math.floor(LIMITS.neighbours / JSON.stringify(one).length);
  return range(Math.min(fits, SNAPSHOTS - 2)).map(place => diff(SNAPSHOTS - 2 - place, SNAPSHOTS - 1 - place, 150, 0));
}

function diff(before: number, after: number, changes: number, omitted: number): DiffData {
  const people = range(changes).map(person);
  const departments = range(Math.min(changes, UNITS - 1)).map(department);
  const memberships = range(changes).map(membership);
  const counts = countsOf(people, departments, memberships);
  return {
    before,
    after,
    counts: { ...counts, people_modified: counts.people_modified + omitted },
    people,
    departments,
    memberships,
    quarantined: [],
    omitted: { people: omitted, departments: 0, memberships: 0 },
  };
}

function person(place: number): PersonChangeData {
  const event = (['added', 'modified', 'removed', 'renamed', 'modified'] as const)[place % 5] ?? 'modified';
  const name = username(place);
  const email = `${name}@harbour.example`;
  const fields = {
    added: [],
    removed: [],
    renamed: [{ field: 'login', old: name, new: `${name}.new`, source: 'hr' }],
    modified: [
      { field: 'nick_name', old: `社員 ${place}`, new: `員工 ${place}`, source: 'hr' },
      { field: 'phone1', old: '07700 900126', new: '07700 900127', source: 'telephones' },
    ],
  }[event];
  return {
    event,
    username: name,
    nick_name: `員工 ${place}`,
    email,
    departments: [code(1 + (place % (UNITS - 1)))],
    fields,
    source: place % 3 ? 'hr' : 'hr-tokyo',
    reason: event === 'removed' ? (place % 2 ? 'left' : 'missing') : '',
  };
}

function department(place: number): DepartmentChangeData {
  const event = place % 3 ? 'modified' : 'added';
  const display_name = `部門 ${place}`;
  const fields =
    event === 'added' ? [] : [{ field: 'display_name', old: `課 ${place}`, new: display_name, source: 'hr' }];
  return {
    event,
    group_no: code(place + 1),
    display_name,
    parent_group_no: parent(place + 1),
    fields,
    source: 'hr',
    reason: '',
  };
}

function membership(place: number): MembershipChangeData {
  const event = place % 2 ? 'added' : 'removed';
  return {
    event,
    group_no: code(1 + (place >> 3)),
    username: username(place),
    nick_name: `員工 ${place}`,
    source: 'hr',
  };
}

/** Nine below each. */
const parent = (place: number): string => code(Math.floor((place - 1) / 9));

function tree(): PlaceData[] {
  const below = (place: number, depth: number): PlaceData[] => {
    const children = range(9)
      .map(child => place * 9 + child + 1)
      .filter(child => child < UNITS);
    const inside = children.flatMap(child => below(child, depth + 1));
    const own = 20;
    const one: PlaceData = {
      group_no: code(place),
      display_name: `部門 ${place}`,
      depth,
      own,
      all: own * (inside.length + 1),
      change: place === 0 ? undefined : (place - 1) % 3 ? 'modified' : 'added',
      came: place % 7,
      went: place % 5,
      lingers: place % 100 === 99,
    };
    return [one, ...inside];
  };
  return below(0, 0);
}

function histories(chosen: DiffData): ReportData['histories'] {
  const found: [string, ReportData['histories'][string]][] = [];
  let bytes = 0;
  for (const { username: name } of chosen.people) {
    const steps = [SNAPSHOTS - 100, SNAPSHOTS].map(snapshot => ({
      snapshot,
      at: day(snapshot - 1),
      event: 'modified' as const,
      fields: [{ field: 'phone1', old: '07700 900126', new: '07700 900127', source: 'telephones' }],
      joined: [],
      left: [],
      source: 'hr',
      reason: '' as const,
    }));
    bytes += JSON.stringify([name, steps]).length;
    if (bytes > LIMITS.histories) break;
    found.push([name, steps]);
  }
  return Object.fromEntries(found);
}
