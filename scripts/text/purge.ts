import type { Purged } from '../../src/store/store.ts';
import type { Leaver } from '../purge.ts';
import { counted, table } from './columns.ts';
import { type Look, shownName } from './look.ts';

/** What was erased, or would be. */
export function purgeText(
  { key, name, forms }: Leaver,
  purged: Purged,
  { done, look }: { done: boolean; look: Look },
): string[] {
  const last = forms.at(-1)?.last;
  const who = last === undefined ? 'never served' : `last served in snapshot ${last}`;
  const { versions, snapshots, records, problems, names } = purged;
  const rows = [
    [versions, versions === 1 ? 'form' : 'forms', `in ${counted(snapshots, 'snapshot')}, which still verify`],
    [problems, problems === 1 ? 'problem' : 'problems', 'in what runs and holds tell'],
    [records, records === 1 ? 'record' : 'records', 'in what is kept of sources'],
    [
      names,
      names === 1 ? 'name' : 'names',
      'a username or email, of which a keyed hash stays, so that nobody else gets it',
    ],
  ] as const;
  const lines = rows.flatMap(([count, what, where]) => (count > 0 ? [[String(count), what, where]] : []));
  const shown = shownName(name, look);
  return [
    `${shown} (${shownName(key, look)}), ${who}`,
    done ? 'erased:' : 'would be erased:',
    ...(lines.length > 0 ? table(lines, { indent: 2, right: [0] }) : ['  nothing']),
    ...(done ? [] : [`nothing was done; "rosterd purge ${shown} --yes" does it, for good`]),
  ];
}

/** The same for scripts. */
export const purgeObject = ({ key, name }: Leaver, purged: Purged, { done }: { done: boolean }): object => ({
  event: done ? 'purged' : 'would_purge',
  key,
  name,
  ...purged,
});

/** What is said of somebody who is gone already. */
export const purgedBefore = (name: string, look: Look): string =>
  `"${shownName(name, look)}" was purged before: nothing is left but keyed hashes`;
