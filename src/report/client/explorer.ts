import type { DiffData } from '../data.ts';
import type { Context } from './context.ts';
import { filterControls } from './controls.ts';
import { fill, h } from './dom.ts';
import { countItems, type Found, findItems } from './filters.ts';
import { type Items, itemsOf } from './items.ts';
import { stepList } from './list.ts';
import { reportCommand } from './pair.ts';
import { departmentRow, membershipRow, personRow, problemRow } from './rows.ts';
import { totalsLine } from './totals.ts';

/** What is shown of a diff besides its changes. */
export interface ExplorerTerms {
  /** What its search is called, so that it can be told from those of others. */
  readonly label: string;
  /** Gets the changes that were left out; absent where nobody can be asked for them. */
  readonly loadAll?: (() => void) | undefined;
}

/** Everything that differs between two snapshots, to be searched. */
export function diffExplorer(diff: DiffData, context: Context, terms: ExplorerTerms): HTMLElement {
  const { speech, departments } = context;
  departments.learnFrom(diff.departments);
  const all = itemsOf(diff, departments);
  const totals = h('p', { class: 'totals' }, totalsLine(diff.counts, diff.quarantined.length, speech));
  if (countItems(all) === 0) {
    return h('div', { class: 'explorer' }, h('p', {}, speech.words.diff.none), omittedNote(diff, context, terms));
  }
  const lists = changeLists(context);
  const status = h('p', { class: 'muted matching', role: 'status' });
  const none = h('p', { hidden: true }, speech.words.diff.noneLeft);
  const update = () => {
    const found = findItems(all, controls.filter());
    controls.tell(found.tallies);
    lists.show(found);
    none.hidden = found.count > 0;
    fill(status, speech.counted(speech.words.filters.found, found.count));
  };
  const controls = filterControls(all, context, { label: terms.label, changed: update });
  update();
  return h(
    'div',
    { class: 'explorer' },
    totals,
    controls.element,
    status,
    none,
    lists.elements,
    omittedNote(diff, context, terms),
  );
}

/** A list for each kind of thing. */
function changeLists(context: Context) {
  const { speech } = context;
  const what = [speech.words.filters.kinds, speech.words.diff.person, speech.words.diff.changes];
  const people = stepList<Items['people'][number]>(
    { title: speech.words.diff.people, columns: what, rowsOf: items => items.map(item => personRow(item, context)) },
    context,
  );
  const departments = stepList<Items['departments'][number]>(
    {
      title: speech.words.diff.departments,
      columns: [speech.words.filters.kinds, speech.words.diff.department, speech.words.diff.changes],
      rowsOf: items => items.map(item => departmentRow(item, context)),
    },
    context,
  );
  const memberships = stepList<Items['memberships'][number]>(
    {
      title: speech.words.diff.memberships,
      columns: [speech.words.diff.department, speech.words.diff.members],
      rowsOf: items =>
        [...Map.groupBy(items, item => item.change.group_no).values()].map(group => membershipRow(group, context)),
    },
    context,
  );
  const quarantined = stepList<Items['quarantined'][number]>(
    {
      title: speech.words.diff.quarantined,
      columns: [speech.words.filters.kinds, speech.words.diff.person, speech.words.diff.problem],
      rowsOf: items => items.map(item => problemRow(item, context)),
    },
    context,
  );
  return {
    elements: [people, departments, memberships, quarantined].map(list => list.element),
    show({ items }: Found) {
      people.show(items.people);
      departments.show(items.departments);
      memberships.show(items.memberships);
      quarantined.show(items.quarantined);
    },
  };
}

/** What the page does not have of a diff, and how to see it. */
function omittedNote({ omitted, before, after }: DiffData, { speech }: Context, { loadAll }: ExplorerTerms) {
  const { people, departments, memberships } = omitted;
  if (people + departments + memberships === 0) return undefined;
  const command = before === 0 ? reportCommand({ before, after }) : `rosterd diff ${before} ${after}`;
  return h(
    'p',
    { class: 'omitted' },
    speech.counted(speech.words.diff.omitted, people + departments + memberships),
    ' ',
    loadAll
      ? h('button', { type: 'button', onclick: loadAll }, speech.words.diff.all)
      : [speech.words.diff.command, ' ', h('code', {}, command)],
  );
}
