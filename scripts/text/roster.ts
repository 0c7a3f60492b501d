import { PERSON_FIELDS, type Person } from '../../src/roster/model.ts';
import { isHeld } from '../../src/views/held.ts';
import { type Place, type Roster, treeOf } from '../../src/views/roster.ts';
import { snapshotName } from './changes.ts';
import { blanks, counted, table } from './columns.ts';
import { personText } from './lines.ts';
import { type Look, shownName, shownValue, styled } from './look.ts';
import { problemsText, quarantineText } from './problems.ts';
import { minuteIn } from './time.ts';
import { shortTotals } from './totals.ts';

/** One snapshot in words: its size, its departments as a tree, its people, and what its run found wrong. */
export function rosterText({ snapshot, run, people, departments }: Roster, look: Look): string[] {
  const { at, memberships, digest, changes } = snapshot;
  const rows = [
    [
      isHeld(snapshot) ? 'held' : 'published',
      `${minuteIn(look.zone, at)} by run ${snapshot.run}${run ? ` (${run.cause})` : ''}`,
    ],
    [
      'holds',
      `${counted(snapshot.people, 'person', 'people')}, ${counted(snapshot.departments, 'department')}, ${counted(memberships, 'membership')}`,
    ],
    ['changed', shortTotals(changes)],
    ['digest', digest],
  ];
  return [
    styled('bold', snapshotName(snapshot), look),
    ...table(rows, { indent: 2 }),
    ...listed('departments', treeText(treeOf({ departments, people }), look), look),
    ...listed('people', peopleText(people, look), look),
    ...paragraph(run ? quarantineText(run, look) : []),
    ...paragraph(run ? problemsText(run, look) : []),
  ];
}

const listed = (title: string, lines: readonly string[], look: Look) =>
  paragraph([styled('bold', title, look), ...(lines.length > 0 ? lines : ['  none'])]);

const paragraph = (lines: readonly string[]) => (lines.length > 0 ? ['', ...lines] : []);

const treeText = (places: readonly Place[], look: Look) =>
  table(
    places.map(({ department, depth, own, all }) => [
      blanks(depth * 2) + shownName(department.group_no, look),
      shownValue('display_name', department.display_name, look),
      counted(own, 'person', 'people'),
      all === own ? '' : `${all} with those below`,
    ]),
    { indent: 2 },
  );

const peopleText = (people: readonly Person[], look: Look) =>
  table(
    people.map(person => [
      shownName(person.username, look),
      personText(person, look),
      person.departments.map(code => shownName(code, look)).join(', '),
      person.login === person.username ? '' : `logs in as ${shownName(person.login, look)}`,
    ]),
    { indent: 2 },
  );

/** The same as one object for scripts. */
export function rosterObject({ snapshot, run, people, departments }: Roster): object {
  const { number, ...rest } = snapshot;
  return {
    snapshot: number,
    ...rest,
    problems: run?.problems ?? [],
    problem_counts: run?.counts ?? [],
    department_list: treeOf({ departments, people }).map(({ department, own, all }) => ({
      ...department,
      people: own,
      people_with_below: all,
    })),
    people_list: people.map(personObject),
  };
}

/** A person, flat, with the attributes beyond OMFLOW's named as in a diff. */
const personObject = (person: Person): object => ({
  key: person.key,
  login: person.login,
  ...Object.fromEntries(PERSON_FIELDS.map(field => [field, person[field]])),
  departments: person.departments,
  ...Object.fromEntries(person.extra.map(([name, value]) => [`extra.${name}`, value])),
});
