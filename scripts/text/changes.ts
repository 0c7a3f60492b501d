import { isUnchanged, type MembershipChange } from '../../src/roster/compare.ts';
import type { Snapshot } from '../../src/roster/model.ts';
import { changedMemberships, countsOf, type Difference, type Pair } from '../../src/views/difference.ts';
import { isHeld } from '../../src/views/held.ts';
import { blanks, columns, counted, padEnd, table, widthOf, wrapped } from './columns.ts';
import { departmentItems, type Item, keptItems, type Mark, peopleItems } from './lines.ts';
import { type Look, shownName, styled } from './look.ts';
import { minuteIn } from './time.ts';
import { totalsText } from './totals.ts';

/** How changes look. */

export interface DiffOptions {
  /** Only marks and names. */
  readonly nameOnly?: boolean | undefined;
  /** At most so many people, departments and memberships each; the rest is counted, and `more` says how to see it. */
  readonly most?: { readonly count: number; readonly more: string } | undefined;
}

/** Both snapshots, each with its time and size. */
export function headerText({ before, after }: Pair, look: Look): string[] {
  if (before) return table([snapshotCells(before, look), snapshotCells(after, look)]);
  return ['nothing, before the first snapshot', ...table([snapshotCells(after, look)])];
}

const snapshotCells = (snapshot: Snapshot, look: Look) => [
  snapshotName(snapshot),
  // The blank at the end of the time sets it off from the numbers.
  `${minuteIn(look.zone, snapshot.at)} `,
  counted(snapshot.people, 'person', 'people'),
  counted(snapshot.departments, 'department'),
];

/** `snapshot 42`, or `hold 3`. */
export const snapshotName = (snapshot: Snapshot) =>
  isHeld(snapshot) ? `hold ${snapshot.held.number}` : `snapshot ${snapshot.number}`;

/** Of those with a last good value the first are listed; `show` counts them all. */
const MOST_KEPT = 20;

/**
 * What changed: a section each for people, departments and memberships, one for what is newly not served as its source
 * says, and a line of totals.
 */
export function differenceText(difference: Difference, look: Look, options: DiffOptions = {}): string[] {
  const counts = countsOf(difference);
  const isQuiet = difference.quarantined.length === 0 && !difference.kept?.length;
  if (isUnchanged(counts) && isQuiet) return ['nothing changed'];
  const [people, morePeople] = cut(peopleItems(difference, look), options);
  const [departments, moreDepartments] = cut(departmentItems(difference, look), options);
  const kept = keptItems(difference, look);
  const layout = { ...options, look, ...widthsOf([...people, ...departments, ...kept.slice(0, MOST_KEPT)]) };
  return [
    ...section('people', [...itemsText(people, layout), ...morePeople], look),
    ...section('departments', [...itemsText(departments, layout), ...moreDepartments], look),
    ...section('memberships', membershipsText(difference, layout), look),
    ...section('kept', keptText(kept, layout), look),
    '',
    totalsText(counts, difference.quarantined.length),
  ];
}

/** A list of people or departments by itself, its lines as in a diff. */
export const listText = (title: string, items: readonly Item[], look: Look): string[] =>
  section(title, itemsText(items, { look, ...widthsOf(items) }), look);

const section = (title: string, lines: readonly string[], look: Look) =>
  lines.length > 0 ? [styled('bold', title, look), ...lines] : [];

/** Where the parts of a line stand, the same in all sections. */
interface Layout extends DiffOptions {
  readonly look: Look;
  /** Columns of the names, with the blanks after them. */
  readonly name: number;
  /** Columns of what is said of them, with the blanks after it. */
  readonly detail: number;
}

const GAP = 3;
/** Sources stand at least so far to the right, so that they stand in one place from day to day. */
const LEAST_DETAIL = 50;

function widthsOf(items: readonly Item[]): Pick<Layout, 'name' | 'detail'> {
  const names = items.map(item => item.name);
  // The reason of a quarantine is a sentence, and would push all others aside.
  const details = items.flatMap(({ mark, details }) => (mark === '!' ? [] : details.map(detail => detail.text)));
  return {
    name: widthOf(names, { most: 40 }) + GAP,
    detail: widthOf(details, { least: LEAST_DETAIL, most: 80 }) + GAP,
  };
}

const itemsText = (items: readonly Item[], layout: Layout) => items.flatMap(item => itemText(item, layout));

function itemText(item: Item, { look, nameOnly, name, detail }: Layout): string[] {
  const mark = styled(STYLES[item.mark], item.mark, look);
  if (nameOnly) return [`  ${mark} ${item.name}`];
  return item.details.map(({ text, origin }, at) => {
    const start = at === 0 ? `  ${mark} ${cell(item.name, name)}` : blanks(name + 4);
    return origin === '' ? start + text : `${start}${cell(text, detail)}${styled('dim', origin, look)}`;
  });
}

/** A text in its column; after one that is too long for it stand the blanks all the same. */
const cell = (text: string, width: number) => padEnd(text, Math.max(width, columns(text) + GAP));

const STYLES: Readonly<Record<Mark, Parameters<typeof styled>[0]>> = {
  '+': 'green',
  '-': 'red',
  '~': 'yellow',
  R: 'cyan',
  '!': 'magenta',
};

function keptText(kept: readonly Item[], layout: Layout): string[] {
  const rest = kept.length - MOST_KEPT;
  const lines = itemsText(kept.slice(0, MOST_KEPT), layout);
  return rest > 0 ? [...lines, `    … and ${rest} more`] : lines;
}

function cut<One>(list: readonly One[], { most }: DiffOptions): [readonly One[], string[]] {
  if (!most || list.length <= most.count) return [list, []];
  return [list.slice(0, most.count), [`    … and ${list.length - most.count} more; ${most.more}`]];
}

function membershipsText(difference: Difference, { look, most }: Layout): string[] {
  const [groups, more] = cut([...changedMemberships(difference)], { most });
  const names = groups.map(([code]) => shownName(code, look));
  const width = widthOf(names, { most: 40 });
  const lines = groups.flatMap(([, changes], at) => {
    const start = `  ${padEnd(names[at] ?? '', width)}  `;
    return wrapped(membersText(changes, look), { start, width: look.width });
  });
  return [...lines, ...more];
}

/** Whoever came, then whoever went. */
const membersText = (changes: readonly MembershipChange[], look: Look) =>
  (['added', 'removed'] as const).flatMap(event =>
    changes
      .filter(change => change.event === event)
      .map(({ person }) => styledMember(event === 'added' ? '+' : '-', shownName(person.username, look), look)),
  );

const styledMember = (mark: '+' | '-', name: string, look: Look) => styled(STYLES[mark], `${mark} ${name}`, look);
