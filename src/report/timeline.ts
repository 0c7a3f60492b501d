import type { ReportData, SnapshotData } from './data.ts';
import { type Content, type Html, html, plain } from './html.ts';
import type { Reader } from './reader.ts';
import { axis } from './timeline/axis.ts';
import { bars, type Stack } from './timeline/bars.ts';
import { curve, type Panel, rounded } from './timeline/curves.ts';
import { legend } from './timeline/legend.ts';
import { marks } from './timeline/marks.ts';
import { type Places, placesOf } from './timeline/places.ts';
import { fill } from './words.ts';

/** From top to bottom, in pixels; a panel's title stands above it. */
const PEOPLE = { top: 28, bottom: 92 };
const DEPARTMENTS = { top: 124, bottom: 160 };
const PEOPLE_CHANGES = { top: 196, bottom: 280 };
const DEPARTMENT_CHANGES = { top: 314, bottom: 350 };
const AXIS = 358;
const MARKS = { top: 396, row: 18 };
const HEIGHT = 462;
const TITLE = 13;
/** Pictures wider than this are scrolled on any page. */
const WIDE = 1190;
/** As far as a column can be pointed at beside its bar. */
const REACH = 20;

/**
 * The timeline: people and departments over time, below that what each snapshot changed, and marks for runs that came to
 * nothing and for deliveries. Each snapshot can be chosen, by whatever script the page has.
 */
export function timeline(data: ReportData, reader: Reader): Content {
  const { timeline: words } = reader.words;
  const { snapshots, runs, deliveries } = data;
  if (snapshots.length + runs.length + deliveries.length === 0) return html`<p class="muted">${words.none}</p>`;
  return [
    snapshots.length > 0 ? html`<p class="muted no-print">${words.help}</p>` : html`<p class="muted">${words.none}</p>`,
    legend(reader),
    picture(data, reader),
  ];
}

function picture(data: ReportData, reader: Reader): Html {
  const { timeline: words } = reader.words;
  const { snapshots } = data;
  const places = placesOf(data);
  const people = snapshots.map(snapshot => snapshot.people);
  const departments = snapshots.map(snapshot => snapshot.departments);
  // What can be scrolled has to be reached with the Tab key: by a column, or else by itself.
  const reached = snapshots.length === 0 && html` tabindex="0"`;
  return html`<div class="timeline-frame"${reached}>
<svg class="timeline${places.width > WIDE && ' wide'}" width="${places.width}" height="${HEIGHT}" viewBox="0 0 ${places.width} ${HEIGHT}" role="group" aria-label="${words.scroll}">
${axis(places, { top: PEOPLE.top, bottom: AXIS }, reader)}
${
  snapshots.length > 0 && [
    columns(data, places, reader),
    curve(people, places, { panel: PEOPLE, reader }),
    curve(departments, places, { panel: DEPARTMENTS, reader }),
  ]
}
${titles(places, snapshots.at(-1) ?? {}, reader)}
<g>${marks(data, places, { ...MARKS, reader })}</g>
</svg>
</div>`;
}

/** What each panel is about, on the left; on the right, too, for those who see only the newest at first. */
function titles({ left, right }: Places, { people, departments }: Partial<SnapshotData>, reader: Reader): Html {
  const { timeline: words } = reader.words;
  const title = (text: string, { top }: Panel, newest?: number) => [
    html`<text class="title" x="${left}" y="${top - TITLE}">${plain(text)}</text>`,
    html`<text class="title at-end" x="${right}" y="${top - TITLE}" text-anchor="end">${plain(
      newest === undefined ? text : `${text} ${reader.number(newest)}`,
    )}</text>`,
  ];
  return html`<g class="titles" aria-hidden="true">${title(words.people, PEOPLE, people)}${title(
    words.departments,
    DEPARTMENTS,
    departments,
  )}${title(words.peopleChanges, PEOPLE_CHANGES)}${title(words.departmentChanges, DEPARTMENT_CHANGES)}</g>`;
}

/** One column for each snapshot: what is pointed at and chosen. */
function columns(data: ReportData, places: Places, reader: Reader): Html {
  const { snapshots } = data;
  const people = bars(snapshots.map(peopleStack), PEOPLE_CHANGES, places);
  const departments = bars(snapshots.map(departmentStack), DEPARTMENT_CHANGES, places);
  const chosen = chosenIn(data);
  // One of them can be reached with the Tab key, the others from there with arrows.
  const reached = snapshots.findLast(({ number }) => chosen.includes(number)) ?? snapshots.at(-1);
  const all = snapshots.map((snapshot, at) => {
    const middle = places.columns[at] ?? places.left;
    const text = snapshotText(snapshot, reader);
    const slot = slotOf(places.columns, at);
    return html`
<g class="snapshot" data-snapshot="${snapshot.number}" role="option" tabindex="${snapshot === reached ? 0 : -1}" aria-selected="${chosen.includes(snapshot.number) ? 'true' : 'false'}" aria-label="${text}"><title>${plain(text)}</title><rect class="slot" x="${rounded(slot.left)}" y="${PEOPLE.top}" width="${rounded(slot.width)}" height="${AXIS - PEOPLE.top}"/>${people.draw(peopleStack(snapshot), middle)}${departments.draw(departmentStack(snapshot), middle)}</g>`;
  });
  return html`<g aria-hidden="true"><path class="base" d="M${places.left} ${people.zero}H${places.right}M${places.left} ${departments.zero}H${places.right}"/></g>
<g role="listbox" aria-multiselectable="true" aria-orientation="horizontal" aria-label="${reader.words.timeline.label}">${all}
</g>`;
}

function chosenIn({ diffs: [first] }: ReportData): readonly (number | string)[] {
  return first ? [first.before, first.after] : [];
}

/** Half way to the neighbours, and not too far; on the outer side of the first and the last as on the inner one. */
function slotOf(columns: readonly number[], at: number): { left: number; width: number } {
  const middle = columns[at] ?? 0;
  const half = (neighbour: number | undefined) =>
    neighbour === undefined ? undefined : Math.min(REACH, Math.abs(middle - neighbour) / 2);
  const before = half(columns[at - 1]);
  const after = half(columns[at + 1]);
  const left = before ?? after ?? REACH;
  return { left: middle - left, width: left + (after ?? before ?? REACH) };
}

const peopleStack = ({ changes }: SnapshotData): Stack => ({
  added: changes.people_added,
  modified: changes.people_modified,
  removed: changes.people_removed,
  renamed: changes.people_renamed,
});

const departmentStack = ({ changes }: SnapshotData): Stack => ({
  added: changes.departments_added,
  modified: changes.departments_modified,
  removed: changes.departments_removed,
  renamed: 0,
});

/** Everything that a column shows, in words; one line for each thing. */
function snapshotText(
  snapshot: SnapshotData,
  { words: { timeline: words, sizes }, moment, number, counted }: Reader,
): string {
  const told = (stack: Stack) =>
    Object.fromEntries(Object.entries(stack).map(([kind, count]: [string, number]) => [kind, number(count)]));
  const head = fill(words.snapshot, { number: snapshot.number, at: moment(snapshot.at) });
  return [
    snapshot.hold === undefined ? head : `${head}, ${fill(words.approved, { hold: snapshot.hold })}`,
    `${counted(sizes.people, snapshot.people)}: ${fill(words.changes, told(peopleStack(snapshot)))}`,
    `${counted(sizes.departments, snapshot.departments)}: ${fill(words.departmentsChanged, told(departmentStack(snapshot)))}`,
  ].join('\n');
}
