import type { DiffData, SyncData } from '../data.ts';
import type { Context } from './context.ts';
import { type Child, h } from './dom.ts';
import { diffExplorer } from './explorer.ts';
import { foldedDetails } from './folded.ts';
import { foreignText } from './foreign.ts';
import { peopleChangedAtOmflow } from './served.ts';

/** What OMFLOW will do if it syncs now, and what it cannot do in one step. */
export function syncView(sync: SyncData | undefined, context: Context): Child {
  const { speech } = context;
  const { words } = speech;
  if (!sync) return h('p', {}, words.sync.none);
  const { delivered, diff, hazards } = sync;
  const deeds = deedsOf(diff, context);
  const since = speech.say(words.sync.since, {
    snapshot: String(delivered.snapshot),
    at: speech.time(delivered.at),
  });
  return [
    h('p', {}, since),
    hazards.length > 0 && [
      h('p', { class: 'failed' }, words.sync.hazards),
      h(
        'ul',
        { class: 'hazards' },
        hazards.map(hazard => h('li', {}, h('span', { class: 'failed' }, '! '), foreignText(hazard, context))),
      ),
    ],
    deeds.length === 0
      ? h('p', {}, words.sync.same)
      : [
          h('p', {}, words.sync.will),
          h(
            'ul',
            { class: 'deeds' },
            deeds.map(deed => h('li', {}, deed)),
          ),
        ],
    (deeds.length > 0 || diff.quarantined.length > 0) &&
      foldedDetails(words.sync.details, () => diffExplorer(diff, context, { label: words.sync.details })),
  ];
}

/** In words; what does not happen is not told. */
function deedsOf(diff: DiffData, { speech }: Context): string[] {
  const { sync } = speech.words;
  const { counts } = diff;
  const deeds = [
    [sync.peopleAdded, counts.people_added],
    [sync.peopleModified, peopleChangedAtOmflow(diff)],
    [sync.peopleRemoved, counts.people_removed],
    [sync.departmentsAdded, counts.departments_added],
    [sync.departmentsModified, counts.departments_modified],
    [sync.departmentsRemoved, counts.departments_removed],
  ] as const;
  const { memberships_added: added, memberships_removed: removed } = counts;
  return [
    ...deeds.flatMap(([text, count]) => (count > 0 ? [speech.counted(text, count)] : [])),
    ...(added + removed > 0 ? [speech.say(sync.memberships, { added, removed })] : []),
  ];
}
