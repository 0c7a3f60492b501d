import type { ChangeCounts } from '../../src/roster/model.ts';
import type { Mark } from './lines.ts';

/** `people 1 added, 1 modified, 1 removed · departments 0, 1, 0 · memberships +1 -1`. */
export function totalsText(counts: ChangeCounts, quarantined = 0): string {
  const people = [
    `${counts.people_added} added`,
    `${counts.people_modified} modified`,
    `${counts.people_removed} removed`,
    ...(counts.people_renamed > 0 ? [`${counts.people_renamed} renamed`] : []),
    ...(quarantined > 0 ? [`${quarantined} newly quarantined`] : []),
  ];
  const departments = [counts.departments_added, counts.departments_modified, counts.departments_removed];
  const memberships = `+${counts.memberships_added} -${counts.memberships_removed}`;
  return `people ${people.join(', ')} · departments ${departments.join(', ')} · memberships ${memberships}`;
}

/** The same in the few words of a list, with what did not happen left out: `people +1 ~1 -1 · memberships +1`. */
export function shortTotals(counts: ChangeCounts): string {
  const part = (name: string, marks: readonly (readonly [Mark, number])[]) => {
    const words = marks.flatMap(([mark, count]) => (count > 0 ? [`${mark}${count}`] : []));
    return words.length > 0 ? [`${name} ${words.join(' ')}`] : [];
  };
  return [
    ...part('people', [
      ['+', counts.people_added],
      ['~', counts.people_modified],
      ['-', counts.people_removed],
      ['R', counts.people_renamed],
    ]),
    ...part('departments', [
      ['+', counts.departments_added],
      ['~', counts.departments_modified],
      ['-', counts.departments_removed],
    ]),
    ...part('memberships', [
      ['+', counts.memberships_added],
      ['-', counts.memberships_removed],
    ]),
  ].join(' · ');
}
