import type { ChangeCounts } from '../../roster/model.ts';
import type { Speech } from './words.ts';

/** The line of totals that the commands print, too. */
export function totalsLine(counts: ChangeCounts, quarantined: number, speech: Speech): string {
  const { diff } = speech.words;
  const people = [
    speech.say(diff.changed, {
      added: counts.people_added,
      modified: counts.people_modified,
      removed: counts.people_removed,
    }),
    counts.people_renamed > 0 ? speech.say(diff.alsoRenamed, { count: counts.people_renamed }) : '',
    quarantined > 0 ? speech.say(diff.alsoQuarantined, { count: quarantined }) : '',
  ];
  const departments = speech.say(diff.changed, {
    added: counts.departments_added,
    modified: counts.departments_modified,
    removed: counts.departments_removed,
  });
  const memberships = `+${speech.count(counts.memberships_added)} -${speech.count(counts.memberships_removed)}`;
  return speech.say(diff.totals, { people: people.join(''), departments, memberships });
}
